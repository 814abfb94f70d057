//! The log as a file.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use staka::auth::Role;

use super::{acts, ask};
use crate::support::{program::Program, scratch::Scratch, server::TestServer, settings::variables};

#[tokio::test]
async fn a_table_is_quoted_and_holds_no_formula() {
    let server = TestServer::empty().await;
    acts(&server, 2, "2026-03-09 12:00:00", 60).await;
    server
        .execute("UPDATE audit_logs SET actor_email = '=HYPERLINK(\"x\")@example.com', details = '{\"a\":\"b,\\nc\"}' WHERE target_id = 'T1'")
        .await;
    let answer = ask(&server, "/export?format=csv&page=3&limit=1&sortBy=timestamp&dateTo=2026-03-09").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    let disposition = answer.header("content-disposition").unwrap();
    assert!(disposition.starts_with("attachment; filename=\"audit-logs-2026-03-10.csv\""), "{disposition}");
    assert_eq!(
        answer.text(),
        "Timestamp,Admin Email,Action,Target Type,Target ID,Severity,IP Address,Details\n\
         \"2026-03-09T12:01:00.000Z\",\"'=HYPERLINK(\"\"x\"\")@example.com\",\"FILE_DELETED\",\"file\",\"T1\",\"HIGH\",\"::1\",\
         \"{\"\"a\"\":\"\"b,\nc\"\"}\"\n\
         \"2026-03-09T12:00:00.000Z\",\"actor0@example.com\",\"LOGIN_SUCCESS\",\"auth\",\"T0\",\"LOW\",\"::1\",\"\""
    );
    let act = server.row("SELECT action, severity, details FROM audit_logs ORDER BY seq DESC LIMIT 1").await;
    let filters =
        json!({"action": "EXPORT_AUDIT_LOGS", "format": "csv", "filters": {"dateTo": "2026-03-09"}});
    assert_eq!((act[0].as_deref(), act[1].as_deref()), (Some("AUDIT_LOGS_EXPORTED"), Some("HIGH")));
    assert_eq!(serde_json::from_str::<Value>(act[2].as_deref().unwrap()).unwrap(), filters);
    assert_eq!(server.count("notifications").await, 0, "no bell");
    // Nothing at all is a table, and an array, too.
    let none = "/export?action=NOTHING_OF_THE_KIND";
    assert_eq!(ask(&server, none).await.text().lines().count(), 1);
    assert_eq!(ask(&server, &format!("{none}&format=json")).await.ok(200), &json!([]));
}

#[tokio::test]
async fn nothing_is_left_out_however_long_it_is() {
    let server = TestServer::empty().await;
    // Batches of a thousand that end in the midst of equal instants.
    acts(&server, 2_500, "2026-03-09 12:00:00", 0).await;
    let all = ask(&server, "/export?format=json&dateTo=2026-03-09").await;
    assert_eq!(all.header("content-type"), Some("application/json; charset=utf-8"));
    let logs = all.ok(200).as_array().unwrap().clone();
    let ids: BTreeSet<_> = logs.iter().map(|log| log["id"].as_str().unwrap()).collect();
    assert_eq!((logs.len(), ids.len()), (2_500, 2_500));
    assert!(logs.iter().all(|log| log["details"].is_null() || log["details"].is_string()));
    let table = ask(&server, "/export?dateTo=2026-03-09&format=xml").await;
    assert_eq!(table.text().lines().count(), 2_501, "anything else is a table");
    let exact = ask(&server, "/export?format=json&dateTo=2026-03-09&action=LOGIN_SUCCESS").await;
    assert_eq!(exact.ok(200).as_array().unwrap().len(), 834);
}

/// A figure of the process, in KiB.
fn figure(program: &Program, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap()
}

#[tokio::test]
async fn a_long_export_costs_no_more_memory_than_a_short_one() {
    let server = TestServer::empty().await;
    acts(&server, 1_563, "2026-03-09 12:00:00", 1).await;
    server.execute("UPDATE audit_logs SET details = CONCAT('{\"a\":\"', REPEAT('x', 300), '\"}')").await;
    for _ in 0..5 {
        server
            .execute(
                "INSERT INTO audit_logs (id, timestamp, actor_email, action, target_type, target_id, details, severity, created_at)
                 SELECT UNHEX(REPLACE(UUID(), '-', '')), timestamp, actor_email, action, target_type, target_id, details, severity,
                        created_at FROM audit_logs",
            )
            .await;
    }
    let admin = server.person("autre.admin@example.com", Role::Admin).await;
    let files = Scratch::new();
    let own = [
        ("PORT", "0"),
        ("BIND_ADDRESS", "127.0.0.1"),
        ("LOG_LEVEL", "warn,staka=info"),
        ("MIGRATE_ON_START", "false"),
    ];
    let vars = variables(server.database.url(), &files, &own);
    let vars: Vec<_> = vars.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let program = Program::start(&["serve"], &vars).await;
    let tokens =
        staka::auth::SessionTokens::new(&secrecy::SecretString::from(crate::support::settings::JWT_SECRET));
    let token = tokens.issue(admin.id, &admin.email, Role::Admin, 0, chrono::Utc::now()).unwrap();
    let fetch = async |query: &str| {
        let request = reqwest::Client::new().get(format!("{}/admin/audit/export?{query}", program.base));
        let mut answer = request.bearer_auth(&token).send().await.unwrap();
        let mut length = 0;
        while let Some(chunk) = answer.chunk().await.unwrap() {
            length += chunk.len();
        }
        length
    };
    fetch("dateTo=2026-03-08").await;
    let before = figure(&program, "VmRSS:");
    std::fs::write(format!("/proc/{}/clear_refs", program.pid()), "5").unwrap();
    for format in ["csv", "json"] {
        let length = fetch(&format!("format={format}")).await;
        assert!(length > 50_000 * 400, "{length}");
    }
    let grown = figure(&program, "VmHWM:").saturating_sub(before);
    assert!(grown < 16 * 1024, "{grown} KiB for some 25 MB, twice");
}
