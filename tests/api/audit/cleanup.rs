//! What is old enough goes, and the chain stays whole.

use serde_json::{Value, json};
use staka::audit::chain::{Finding, verify};

use super::{acts, ask, clean};
use crate::support::server::TestServer;

#[tokio::test]
async fn a_cleanup_removes_whole_seals_and_is_on_record() {
    let server = TestServer::empty().await;
    acts(&server, 5, "2025-11-01 09:00:00", 1).await;
    server.run_job("audit_seals").await;
    // Nothing is to be taken for backdated: what follows is later than the seal.
    acts(&server, 3, "2026-03-10 09:00:00", 1).await;
    let before = verify(&server.state.db, &[], |_, _| {}).await.unwrap();
    assert_eq!(before.findings, []);
    for (query, reason) in
        [("?days=29", "days"), ("?days=3651", "days"), ("?days=1", "days"), ("?days=-1", "days")]
    {
        clean(&server, query).await.refused_fields(&[reason]);
    }
    assert_eq!(server.count("audit_logs").await, 8);
    let gone = clean(&server, "").await.ok(200).clone();
    assert_eq!((&gone["deletedCount"], &gone["cutoffDate"]), (&json!(5), &json!("2025-12-10T09:00:00.000Z")));
    assert!(gone["message"].is_string());
    let left = server.texts("SELECT action FROM audit_logs ORDER BY seq").await;
    assert_eq!(left, ["LOGIN_SUCCESS", "FILE_DELETED", "INVOICE_SENT", "AUDIT_LOGS_CLEANUP"]);
    let act = server
        .row("SELECT severity, actor_email, details FROM audit_logs WHERE action = 'AUDIT_LOGS_CLEANUP'")
        .await;
    assert_eq!((act[0].as_deref(), act[1].as_deref()), (Some("HIGH"), Some("admin@example.com")));
    let details: Value = serde_json::from_str(act[2].as_deref().unwrap()).unwrap();
    assert_eq!(
        details,
        json!({"action": "CLEANUP_AUDIT_LOGS", "daysToKeep": 90, "cutoffDate": "2025-12-10T09:00:00.000Z", "throughSeal": 1, "rows": 5})
    );
    // It rings, once in ten minutes.
    let bells = server.texts("SELECT CONCAT(title, ' ', action_url) FROM notifications").await;
    assert_eq!(bells, ["Le journal d’audit a été épuré /admin/audit-logs"]);
    for query in ["?days=0", "?days=abc", "?days=3650"] {
        assert_eq!(clean(&server, query).await.ok(200)["deletedCount"], 0);
    }
    assert_eq!(server.count("notifications").await, 1);
    let report = verify(&server.state.db, &[], |_, _| {}).await.unwrap();
    assert_eq!((report.findings.as_slice(), report.purged), (&[][..], 1));
    assert_eq!(
        server.texts("SELECT CONCAT(id, ' ', state) FROM audit_seals WHERE id < 3 ORDER BY id").await,
        ["1 PURGED", "2 SEALED"]
    );
    // A row among those that went, and rows that go without a word.
    server.execute("UPDATE audit_logs SET seal_id = 1 WHERE action = 'INVOICE_SENT'").await;
    let found = verify(&server.state.db, &[], |_, _| {}).await.unwrap().findings;
    assert!(found.contains(&Finding::RowsOfPurged { seal: 1 }), "{found:?}");
    server.execute("DELETE FROM audit_logs WHERE seal_id <= 2").await;
    server.execute("UPDATE audit_seals SET state = 'PURGED', digests = NULL WHERE id = 2").await;
    let found = verify(&server.state.db, &[], |_, _| {}).await.unwrap().findings;
    assert_eq!(found, [Finding::PurgeUnrecorded { seal: 2 }]);
}

#[tokio::test]
async fn rows_of_one_seal_go_together_and_a_job_finishes_what_was_cut_off() {
    let server = TestServer::empty().await;
    acts(&server, 4, "2025-11-01 09:00:00", 1).await;
    server.run_job("audit_seals").await;
    server.execute("UPDATE audit_seals SET state = 'PURGING'").await;
    assert_eq!(server.run_job("audit_cleanup").await, 4);
    assert_eq!(server.run_job("audit_cleanup").await, 0);
    // Old and new in one seal: it stays whole until all of it is old.
    acts(&server, 2, "2025-11-02 09:00:00", 1).await;
    acts(&server, 2, "2026-03-09 09:00:00", 1).await;
    assert_eq!(clean(&server, "?days=30").await.ok(200)["deletedCount"], 0);
    server.advance(chrono::Duration::days(40));
    assert_eq!(
        clean(&server, "?days=30").await.ok(200)["deletedCount"],
        5,
        "with the first cleanup's own row"
    );
    assert_eq!(ask(&server, "/stats").await.ok(200)["overview"]["totalLogs"], 2);
}
