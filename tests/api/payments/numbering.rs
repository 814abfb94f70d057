//! Numbers without a hole.

use chrono::{Duration, TimeZone, Utc};
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::bench::{PRICE, accepted, completed, deliver, event, execute, value, values};
use crate::support::server::TestServer;

/// Writes `count` pending orders with their open sessions, `cs_1` and on.
async fn sessions(server: &TestServer, count: u32) {
    let now = server.state.clock.now().format("%Y-%m-%d %H:%M:%S");
    let numbers: Vec<_> = (1..=count).collect();
    for part in numbers.chunks(500) {
        let rows = |row: &dyn Fn(u32) -> String| part.iter().map(|n| row(*n)).collect::<Vec<_>>().join(",");
        let orders = rows(&|n| {
            format!(
                "(UNHEX('{n:032x}'), 'Zoé', 'Lefèvre', 'zoe{n}@example.com', (SELECT id FROM tarifs LIMIT 1), 'Roman {n}',
                  {PRICE}, TRUE, '{now}', '{now}')"
            )
        });
        let insert = "INSERT INTO pending_commandes
            (id, prenom, nom, email, tarif_id, titre, amount, consentement_rgpd, created_at, updated_at) VALUES";
        execute(server, &format!("{insert} {orders}")).await;
        let pages = rows(&|n| {
            format!(
                "(UNHEX('{n:032x}'), 'cs_{n}', UNHEX('{n:032x}'), {PRICE}, 'OPEN', '{now}', '{now}', '{now}', '{now}')"
            )
        });
        let insert = "INSERT INTO checkout_sessions
            (id, stripe_session_id, pending_commande_id, amount, status, expires_at, checked_at, created_at, updated_at)
            VALUES";
        execute(server, &format!("{insert} {pages}")).await;
    }
}

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
    assert_eq!(server.count("email_outbox WHERE template = 'payment-user'").await, 300);
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
