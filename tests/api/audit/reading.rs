//! The list and the figures, as the web application asks for them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{acts, ask, ids};
use crate::support::server::TestServer;

#[tokio::test]
async fn the_list_has_what_the_web_application_reads() {
    let server = TestServer::empty().await;
    acts(&server, 130, "2026-03-09 12:00:00", 0).await;
    // As it asks: every key, most of them empty.
    let query = "page=1&limit=50&action=&adminEmail=&severity=&targetType=&dateFrom=&dateTo=&sortBy=timestamp&sortOrder=desc";
    let first = ask(&server, &format!("/logs?{query}")).await.ok(200).clone();
    assert_eq!(first["pagination"], json!({"page": 1, "limit": 50, "total": 131, "pages": 3}));
    let newest = first["logs"][0].as_object().unwrap();
    let keys: BTreeSet<_> = newest.keys().map(String::as_str).collect();
    let expected = [
        "action",
        "adminEmail",
        "details",
        "id",
        "ipAddress",
        "severity",
        "targetId",
        "targetType",
        "timestamp",
        "userAgent",
    ];
    assert_eq!(keys, BTreeSet::from(expected));
    assert_eq!(
        (&newest["action"], &newest["severity"], &newest["targetType"], &newest["targetId"]),
        (&json!("AUDIT_LOGS_ACCESSED"), &json!("HIGH"), &json!("system"), &Value::Null)
    );
    // The look itself, with what was asked for and nothing that was left empty.
    let details: Value = serde_json::from_str(newest["details"].as_str().unwrap()).unwrap();
    assert_eq!(details, json!({"action": "LIST_AUDIT_LOGS", "filters": {}}));
    assert!(
        first["logs"]
            .as_array()
            .unwrap()
            .iter()
            .all(|log| log["details"].is_string() || log["details"].is_null())
    );
    assert_eq!(first["stats"]["bySeverity"], json!({"HIGH": 44, "LOW": 44, "MEDIUM": 43}));
    assert_eq!(first["stats"]["topActions"][0], json!({"action": "LOGIN_SUCCESS", "count": 44}));
    assert_eq!(first["stats"]["total"], 131);

    // Three pages of equal instants: nothing twice, nothing lost.
    let mut seen = BTreeSet::new();
    for page in 1..=3 {
        let page = ask(&server, &format!("?action=in&limit=30&page={page}")).await.ok(200).clone();
        assert_eq!(
            page["pagination"],
            json!({"page": page["pagination"]["page"], "limit": 30, "total": 87, "pages": 3})
        );
        seen.extend(ids(&page));
    }
    assert_eq!(seen.len(), 87, "LOGIN_SUCCESS and INVOICE_SENT");
    // Nobody's bell rang for any of it, and all names of the list answer.
    assert_eq!(server.count("notifications").await, 0);
    let admin = server.admin().await;
    for path in ["/admin/audit", "/admin/audit/logs", "/api/admin/audit", "/api/admin/logs"] {
        assert!(server.get_as(&admin.token, path).await.ok(200)["logs"].is_array());
    }
}

#[tokio::test]
async fn every_filter_keeps_what_it_says() {
    let server = TestServer::empty().await;
    acts(&server, 30, "2026-03-09 22:59:00", 0).await;
    acts(&server, 3, "2026-03-07 11:00:00", 0).await;
    server
        .execute(
            r"UPDATE audit_logs SET actor_email = 'cent%_\\@example.com' WHERE target_id IN ('T1', 'T4') AND timestamp > '2026-03-08'",
        )
        .await;
    server.execute("UPDATE audit_logs SET severity = 'CRITICAL' WHERE target_id = 'T29'").await;
    for (query, total) in [
        ("action=FILE_DELETED", 11),
        ("action=file_del", 11),
        ("action=LOGIN_SUCCESS&severity=LOW", 11),
        ("action=NOTHING_OF_THE_KIND", 0),
        ("action=%25", 0),
        ("adminEmail=ACTOR1", 5),
        ("adminEmail=actor1%20example&severity=LOW", 1),
        ("adminEmail=%25_%5C", 2),
        ("adminEmail=%25%25", 0),
        ("adminEmail=cent%20example", 2),
        ("severity=CRITICAL", 1),
        ("targetType=invoice", 11),
        // The evening of the ninth in Paris is still the ninth; a minute later it is not.
        ("dateFrom=2026-03-09&dateTo=2026-03-09&targetType=file", 10),
        ("dateTo=2026-03-08&targetType=file", 1),
        ("dateFrom=2026-03-10&targetType=file", 0),
        ("dateFrom=2026-03-09T10:00:00.000Z&targetType=file", 10),
        ("sortBy=action&sortOrder=asc&targetType=file&limit=0", 11),
    ] {
        let list = ask(&server, &format!("/logs?{query}")).await.ok(200).clone();
        assert_eq!(list["pagination"]["total"], total, "{query}");
        assert_eq!(list["logs"].as_array().unwrap().len() as u64, total, "{query}");
    }
    let clamped = ask(&server, "?limit=1000").await.ok(200).clone();
    assert_eq!(clamped["pagination"]["limit"], 200);
    let sorted = ask(&server, "?sortBy=adminEmail&sortOrder=asc&limit=200").await.ok(200).clone();
    let emails: Vec<_> =
        sorted["logs"].as_array().unwrap().iter().map(|log| log["adminEmail"].to_string()).collect();
    assert!(emails.is_sorted(), "{emails:?}");
    let long = format!("adminEmail={}", "a".repeat(101));
    let long_action = format!("action={}", "A".repeat(101));
    for (query, field) in [
        ("severity=NOPE", "severity"),
        ("targetType=FILE", "targetType"),
        ("dateFrom=hier", "dateFrom"),
        ("dateTo=2026-13-01", "dateTo"),
        ("page=-1", "page"),
        ("limit=-5", "limit"),
        (&long, "adminEmail"),
        (&long_action, "action"),
    ] {
        for path in ["/logs", "/export"] {
            if path == "/logs" || !["page", "limit"].contains(&field) {
                ask(&server, &format!("{path}?{query}")).await.refused_fields(&[field]);
            }
        }
    }
}

#[tokio::test]
async fn the_figures_add_up_by_day() {
    let server = TestServer::empty().await;
    acts(&server, 4, "2026-03-10 01:00:00", 0).await;
    acts(&server, 3, "2026-03-06 23:30:00", 0).await;
    acts(&server, 2, "2026-02-20 12:00:00", 0).await;
    acts(&server, 1, "2025-02-20 12:00:00", 0).await;
    let stats = ask(&server, "/stats").await.ok(200).clone();
    // With the look at them.
    assert_eq!(
        stats["overview"],
        json!({"totalLogs": 11, "last24hLogs": 5, "last7dLogs": 8, "last30dLogs": 10})
    );
    assert_eq!(
        stats["dailyActivity"],
        json!([{"date": "2026-03-06", "count": 3}, {"date": "2026-03-10", "count": 5}])
    );
    assert_eq!(stats["severityStats"], json!({"HIGH": 3, "LOW": 5, "MEDIUM": 3}));
    assert_eq!(stats["topActions"][0], json!({"action": "LOGIN_SUCCESS", "count": 5}));
    let act = server
        .row("SELECT action, severity, target_type, details FROM audit_logs ORDER BY seq DESC LIMIT 1")
        .await;
    let expected = ["AUDIT_STATS_ACCESSED", "MEDIUM", "system", r#"{"action":"VIEW_AUDIT_STATS"}"#];
    assert_eq!(act.into_iter().flatten().collect::<Vec<_>>(), expected);
}
