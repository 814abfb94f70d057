//! What the administrators' lists cost on tables that have grown.

use reqwest::Method;

use super::acts;
use crate::support::server::TestServer;

/// Doubles a table until it has so many rows; instants spread over the past.
async fn grow(server: &TestServer, table: &str, columns: &str, values: &str, doublings: u32) {
    for round in 0..doublings {
        let values = values.replace("$seconds", &(1 + 7 * 2_u32.pow(round)).to_string());
        server.execute(&format!("INSERT INTO {table} ({columns}) SELECT {values} FROM {table}")).await;
    }
    server.execute(&format!("ANALYZE TABLE {table}")).await;
}

async fn plan_of(conn: &mut sqlx::MySqlConnection, sql: &str) -> Vec<String> {
    use sqlx::Row;
    let explained = sqlx::AssertSqlSafe(format!("EXPLAIN FORMAT=TRADITIONAL {sql}"));
    let explained = match sqlx::raw_sql(explained).fetch_all(&mut *conn).await {
        Ok(rows) => rows,
        Err(_) => sqlx::raw_sql(sqlx::AssertSqlSafe(format!("EXPLAIN {sql}"))).fetch_all(conn).await.unwrap(),
    };
    let read = |row: &sqlx::mysql::MySqlRow, column: &str| {
        row.get_unchecked::<Option<String>, _>(column).unwrap_or_default()
    };
    explained.iter().map(|row| format!("{} {}", read(row, "key"), read(row, "Extra"))).collect()
}

/// Every list in its usual forms, with the index it is read by; of a third of the rows, either of two.
const PLANS: [(&str, &str); 12] = [
    ("SELECT id, details FROM audit_logs ORDER BY timestamp DESC, id DESC LIMIT 51", "audit_logs_timestamp"),
    (
        "SELECT id, details FROM audit_logs WHERE action = 'FILE_DELETED' ORDER BY timestamp DESC, id DESC LIMIT 51",
        "audit_logs_action",
    ),
    (
        "SELECT id, details FROM audit_logs WHERE severity = 'CRITICAL' ORDER BY timestamp DESC, id DESC LIMIT 51",
        "audit_logs_severity",
    ),
    (
        "SELECT id, details FROM audit_logs WHERE target_type = 'invoice' ORDER BY timestamp DESC, id DESC LIMIT 51",
        "audit_logs_kind audit_logs_timestamp",
    ),
    ("SELECT id, details FROM audit_logs ORDER BY action, timestamp, id LIMIT 51", "audit_logs_action"),
    ("SELECT id, details FROM audit_logs WHERE seal_id = 3 ORDER BY seq", "audit_logs_seal"),
    (
        "SELECT id, payload FROM email_outbox ORDER BY created_at DESC, id DESC LIMIT 21",
        "email_outbox_created",
    ),
    (
        "SELECT id, payload FROM email_outbox WHERE status = 'DEAD' ORDER BY created_at DESC, id DESC LIMIT 21",
        "email_outbox_status",
    ),
    (
        "SELECT id, payload FROM email_outbox WHERE to_email = 'a@example.com' ORDER BY created_at DESC, id DESC LIMIT 21",
        "email_outbox_address",
    ),
    (
        "SELECT id, payload FROM stripe_events ORDER BY received_at DESC, id DESC LIMIT 21",
        "stripe_events_received",
    ),
    (
        "SELECT id, payload FROM stripe_events WHERE status = 'UNMATCHED' ORDER BY received_at DESC, id DESC LIMIT 21",
        "stripe_events_status",
    ),
    (
        "SELECT id, payload FROM stripe_events WHERE type = 'charge.refunded' ORDER BY received_at DESC, id DESC LIMIT 21",
        "stripe_events_type",
    ),
];

async fn grown() -> TestServer {
    let server = TestServer::counted().await;
    server.ignore_mails();
    server.execute("DELETE FROM audit_logs").await;
    acts(&server, 100, "2026-01-01 00:00:00", 60).await;
    grow(
        &server,
        "audit_logs",
        "id, timestamp, actor_email, action, target_type, severity, created_at",
        "UNHEX(REPLACE(UUID(), '-', '')), timestamp + INTERVAL $seconds SECOND, actor_email, action, target_type, severity, created_at",
        10,
    )
    .await;
    server
        .execute(
            "INSERT INTO email_outbox (id, dedupe_key, template, to_email, payload, status, created_at, updated_at)
             SELECT id, HEX(id), ELT(1 + seq DIV 3 % 3, 'invoice-user', 'welcome-user', 'info-user'), CONCAT('p', seq DIV 3 % 99, '@example.com'), '{}',
                    IF(seq % 150 = 0, 'DEAD', 'SENT'), timestamp, timestamp FROM audit_logs WHERE seq % 3 = 0",
        )
        .await;
    server
        .execute(
            "INSERT INTO stripe_events (id, type, status, object_id, payload, received_at)
             SELECT CONCAT('evt_', HEX(id)), ELT(1 + seq DIV 3 % 3, 'charge.refunded', 'charge.dispute.created', 'checkout.session.completed'),
                    IF(seq % 150 = 0, 'UNMATCHED', 'PROCESSED'), 'cs_1', '{}', timestamp FROM audit_logs WHERE seq % 3 = 0",
        )
        .await;
    for table in ["email_outbox", "stripe_events"] {
        server.execute(&format!("ANALYZE TABLE {table}")).await;
    }
    server.looked("email_outbox stripe_events").await;
    server
}

#[tokio::test]
async fn lists_of_a_hundred_thousand_rows_are_read_in_the_order_of_an_index() {
    let server = grown().await;
    let mut conn = server.state.db.conn().await.unwrap();
    for (sql, index) in PLANS {
        let plan = plan_of(&mut conn, sql).await;
        assert_eq!(plan.len(), 1, "{sql}: {plan:?}");
        let known = index.split(' ').any(|index| plan[0].starts_with(index));
        assert!(known && !plan[0].contains("filesort"), "{sql}: {plan:?}");
    }
    drop(conn);
    let admin = server.admin().await;
    for path in [
        "/admin/emails",
        "/admin/emails?status=DEAD&page=2",
        "/admin/stripe-events",
        "/admin/stripe-events?status=UNMATCHED",
    ] {
        let ask = || server.request(Method::GET, path).bearer_auth(&admin.token);
        // A short total is counted anew, a long one and the figures by state are remembered.
        let statements = if path.contains('?') { 2 } else { 1 };
        let page = server.assert_statements(statements, ask()).await;
        assert!(page.ok(200)["pagination"]["total"].as_u64().unwrap() > 200, "{path}");
    }
    // The look on record, in its transaction, and the page.
    for path in [
        "/admin/audit/logs?limit=200",
        "/admin/audit?action=FILE_DELETED",
        "/admin/audit?severity=HIGH&page=3",
        "/admin/audit?adminEmail=nobody-at-all",
        "/admin/audit?adminEmail=actor3",
    ] {
        let ask = || server.request(Method::GET, path).bearer_auth(&admin.token);
        server.statements_of(ask()).await.answer.ok(200);
        let warm = server.statements_of(ask()).await;
        let reads = warm.executed.iter().filter(|sql| sql.trim_start().starts_with("SELECT")).count();
        // Whom a search means is a question of its own; the totals are remembered.
        assert!(reads <= 2 && warm.executed.len() <= reads + 3, "{path}: {:#?}", warm.executed);
    }
}
