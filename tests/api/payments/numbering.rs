//! Numbers without a hole.

use chrono::{Duration, TimeZone, Utc};
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::bench::{PRICE, accepted, completed, deliver, event, execute, sessions, value, values};
use crate::support::server::TestServer;

/// Three hundred webhooks, sixteen at a time: one in ten comes twice, one in ten fails first.
#[tokio::test]
async fn three_hundred_settlements_by_sixteen_workers_leave_no_hole() {
    let server = TestServer::start().await;
    sessions(&server, 300).await;
    // A settlement that fails gives its number back.
    execute(
        &server,
        "CREATE TRIGGER sometimes BEFORE INSERT ON payments FOR EACH ROW
         IF NEW.stripe_id LIKE '%7' AND (SELECT attempts FROM stripe_events WHERE object_id = NEW.stripe_id) = 1
         THEN SIGNAL SQLSTATE '45000'; END IF",
    )
    .await;
    let events = (1..=300).map(|n| (n, completed(&format!("cs_{n}"))));
    let answers: Vec<u16> = stream::iter(events)
        .map(|(n, event)| {
            let server = &server;
            async move {
                let mut status = deliver(server, &event).await.status.as_u16();
                while status == 500 {
                    status = deliver(server, &event).await.status.as_u16();
                }
                if n % 10 == 0 {
                    status = status.max(deliver(server, &event).await.status.as_u16());
                }
                status
            }
        })
        .buffer_unordered(16)
        .collect()
        .await;
    assert!(answers.iter().all(|status| *status == 200));
    let numbers = values(&server, "SELECT CAST(number AS CHAR) FROM invoices ORDER BY number").await;
    assert_eq!(numbers, (1..=300).map(|n| format!("FA-2026-{n:06}")).collect::<Vec<_>>());
    assert_eq!(server.count("(SELECT DISTINCT stripe_session_id FROM invoices) AS each_session").await, 300);
    assert_eq!(server.count("commandes").await, 300);
    assert_eq!(server.count("users WHERE email LIKE 'zoe%'").await, 300);
    assert_eq!(server.count("payments").await, 300);
    assert_eq!(server.count("email_outbox WHERE template = 'activation-user'").await, 300);
    assert_eq!(server.count("stripe_events WHERE status = 'PROCESSED'").await, 300);
}

#[tokio::test]
async fn a_settlement_rolled_back_gives_its_number_back() {
    let server = TestServer::start().await;
    server.ignore_mails();
    sessions(&server, 3).await;
    accepted(&server, &completed("cs_1")).await;
    execute(&server, "CREATE TRIGGER broken BEFORE INSERT ON payments FOR EACH ROW SIGNAL SQLSTATE '45000'")
        .await;
    assert_eq!(deliver(&server, &completed("cs_2")).await.status, 500);
    execute(&server, "DROP TRIGGER broken").await;
    accepted(&server, &completed("cs_3")).await;
    let numbers = "SELECT CONCAT(number, ' ', stripe_session_id) FROM invoices ORDER BY number";
    assert_eq!(values(&server, numbers).await, ["FA-2026-000001 cs_1", "FA-2026-000002 cs_3"]);
    let failed = "SELECT object_id FROM stripe_events WHERE status = 'FAILED'";
    assert_eq!(values(&server, failed).await, ["cs_2"], "it is tried again later");
}

#[tokio::test]
async fn each_series_begins_again_with_the_year_in_france() {
    let server = TestServer::start().await;
    server.ignore_mails();
    sessions(&server, 4).await;
    let refund = |session: &str, sum: i64| {
        let charge = json!({ "id": "ch_1", "payment_intent": format!("pi_of_{session}"), "amount": PRICE,
            "amount_refunded": sum, "metadata": { "source": "livrestaka.fr" } });
        event("charge.refunded", charge)
    };
    let to = |hour: u32, minute: u32| {
        let target = Utc.with_ymd_and_hms(2026, 12, 31, hour, minute, 0).unwrap();
        server.clock.advance(target - server.state.clock.now());
    };
    accepted(&server, &completed("cs_1")).await;
    to(22, 59); // a minute before midnight in France
    accepted(&server, &completed("cs_2")).await;
    accepted(&server, &refund("cs_1", 100)).await;
    to(23, 30); // still 2026 in UTC
    accepted(&server, &completed("cs_3")).await;
    accepted(&server, &refund("cs_1", 200)).await;
    server.clock.advance(Duration::days(1));
    accepted(&server, &completed("cs_4")).await;
    let numbers = values(&server, "SELECT CAST(number AS CHAR) FROM invoices ORDER BY number").await;
    assert_eq!(
        numbers,
        [
            "AV-2026-000001",
            "AV-2027-000001",
            "FA-2026-000001",
            "FA-2026-000002",
            "FA-2027-000001",
            "FA-2027-000002"
        ]
    );
    // The books of the day follow France as well.
    let day = "SELECT day FROM payments WHERE stripe_id = 'cs_3'";
    assert_eq!(value(&server, day).await.unwrap(), "2027-01-01");
}

/// What another transaction wrote and has not committed yet, seen at last.
async fn seen_uncommitted(server: &TestServer, rows: &str) {
    let mut conn = server.state.db.pool().acquire().await.unwrap();
    sqlx::query("SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED")
        .execute(&mut *conn)
        .await
        .unwrap();
    let count = format!("SELECT COUNT(*) FROM {rows}");
    while sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(count.clone()))
        .fetch_one(&mut *conn)
        .await
        .unwrap()
        == 0
    {}
    conn.close().await.unwrap();
}

#[tokio::test]
async fn a_settlement_asks_for_its_number_when_all_else_is_settled() {
    let server = TestServer::start().await;
    server.ignore_mails();
    sessions(&server, 2).await;
    accepted(&server, &completed("cs_1")).await;
    let mut other = server.state.db.begin().await.unwrap();
    sqlx::query("SELECT last_number FROM invoice_counters FOR UPDATE").execute(&mut *other).await.unwrap();
    let event = completed("cs_2");
    let look = async {
        for rows in [
            "checkout_sessions WHERE stripe_session_id = 'cs_2' AND status = 'PAID'",
            "commandes WHERE stripe_session_id = 'cs_2'",
            "messages m JOIN users u ON u.id = m.receiver_id WHERE u.email = 'zoe2@example.com'",
        ] {
            seen_uncommitted(&server, rows).await;
        }
        drop(other);
    };
    let both = async { tokio::join!(deliver(&server, &event), look) };
    let (answer, ()) =
        tokio::time::timeout(std::time::Duration::from_secs(20), both).await.expect("it waits first");
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert_eq!(server.count("invoices WHERE number = 'FA-2026-000002'").await, 1);
}
