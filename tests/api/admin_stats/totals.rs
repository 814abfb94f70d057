//! The totals of the days: kept by the settlements, checked against the invoices.

use std::collections::BTreeMap;

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::json;

use super::{last, stats};
use crate::{
    payments::bench::{PRICE, accepted, completed, deliver, guest_order},
    support::server::TestServer,
};

/// Revenue of each month as the invoices say it, in cents: the journal, added up here.
async fn journal(server: &TestServer) -> BTreeMap<String, i64> {
    let rows = server
        .texts("SELECT CONCAT(paid_at, '|', IF(kind = 'INVOICE', amount, -amount)) FROM invoices WHERE is_demo = FALSE")
        .await;
    let mut months = BTreeMap::new();
    for row in rows {
        let (at, amount) = row.split_once('|').unwrap();
        let at = chrono::NaiveDateTime::parse_from_str(at, "%Y-%m-%d %H:%M:%S%.f").unwrap().and_utc();
        let month = staka::clock::day_in_paris(at).format("%Y-%m").to_string();
        *months.entry(month).or_default() += amount.parse::<i64>().unwrap();
    }
    months
}

#[tokio::test]
async fn settlements_at_once_are_all_added() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let admin = server.admin().await;
    let mut sessions = Vec::new();
    for number in 0..12 {
        sessions.push(guest_order(&server, &format!("author{number}@example.com")).await.session);
    }
    let events: Vec<_> = sessions.iter().map(|session| completed(session)).collect();
    // Twice each, all at the same time.
    let told = join_all(events.iter().chain(&events).map(|event| deliver(&server, event))).await;
    assert!(told.iter().all(|answer| answer.status == 200 || answer.status == 503));
    for event in &events {
        accepted(&server, event).await;
    }
    let body = stats(&server, &admin, "").await;
    assert_eq!(last(&body, "revenue", 1), [json!((12 * PRICE) as f64 / 100.0)]);
    // Nothing to repair, neither while the day lasts nor once it is over.
    server.advance(Duration::days(1));
    for _ in 0..2 {
        server.run_job("daily_totals").await;
        assert_eq!(server.count("audit_logs WHERE action = 'DAILY_TOTALS_REPAIRED'").await, 0);
        let body = stats(&server, &admin, "").await;
        assert_eq!(last(&body, "revenue", 1), [json!((12 * PRICE) as f64 / 100.0)]);
    }
    assert_eq!(server.count("daily_totals WHERE slot > 0").await, 0, "the slots are folded");
}

#[tokio::test]
async fn totals_that_went_wrong_are_repaired_and_told() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let admin = server.admin().await;
    let session = guest_order(&server, "zoe@example.com").await.session;
    accepted(&server, &completed(&session)).await;
    server.execute("UPDATE daily_totals SET invoiced = invoiced + 1").await;
    server.advance(Duration::days(2));
    server.run_job("daily_totals").await;
    let body = stats(&server, &admin, "").await;
    assert_eq!(last(&body, "revenue", 1), [json!(PRICE as f64 / 100.0)]);
    let row =
        server.row("SELECT severity, target_id FROM audit_logs WHERE action = 'DAILY_TOTALS_REPAIRED'").await;
    assert_eq!(row, [Some("HIGH".to_owned()), Some("2026-03-10".to_owned())]);
    // Totals nobody kept, as of invoices brought from elsewhere, are made without a word.
    server.execute("DELETE FROM daily_totals").await;
    assert_eq!(last(&stats(&server, &admin, "").await, "revenue", 1), [json!(0.0)]);
    server.run_job("daily_totals").await;
    assert_eq!(last(&stats(&server, &admin, "").await, "revenue", 1), [json!(PRICE as f64 / 100.0)]);
    assert_eq!(server.count("audit_logs WHERE action = 'DAILY_TOTALS_REPAIRED'").await, 1);
}

#[tokio::test]
async fn figures_agree_with_the_journal_to_the_cent() {
    use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
    let server = TestServer::start().await;
    server.ignore_mails();
    let admin = server.admin().await;
    let mut runner = TestRunner::deterministic();
    let payment =
        (0i64..420 * 24 * 60, 1i64..500_000, proptest::option::of((0i64..60 * 24 * 60, 1i64..1_000)));
    let drawn = proptest::collection::vec(payment, 120).new_tree(&mut runner).unwrap().current();
    let author = server.client().await;
    let order = server.commande(&author, "Un roman", "PAYEE").await;
    let now = server.state.clock.now();
    let mut number = 0;
    let mut issue = async |kind: &str, amount: i64, at: chrono::DateTime<chrono::Utc>| {
        number += 1;
        server
            .execute(&format!(
                "INSERT INTO invoices (id, commande_id, user_id, kind, number, amount, tax_amount, vat_regime, vat_rate_bp, issued_at,
                                       paid_at, seller, buyer, items, created_at, updated_at)
                 VALUES (UNHEX('{}'), UNHEX('{}'), UNHEX('{}'), '{kind}', 'T-{number}', {amount}, 0, 'FRANCHISE', 0, '{at}', '{at}',
                         '{{}}', '{{}}', '[]', '{at}', '{at}')",
                staka::clock::new_id().simple(),
                order.simple(),
                author.id.simple(),
                at = at.format("%Y-%m-%d %H:%M:%S%.3f")
            ))
            .await;
    };
    for (minutes, amount, refund) in drawn {
        let paid = now - Duration::minutes(minutes) - Duration::days(1);
        issue("INVOICE", amount, paid).await;
        if let Some((later, share)) = refund {
            let back = (paid + Duration::minutes(later)).min(now - Duration::days(1));
            issue("CREDIT_NOTE", (amount * share / 1_000).max(1), back).await;
        }
    }
    server.run_job("daily_totals").await;
    let body = stats(&server, &admin, "/revenue").await;
    let journal = journal(&server).await;
    let mut total = 0;
    for (month, revenue) in body["months"].as_array().unwrap().iter().zip(body["revenue"].as_array().unwrap())
    {
        let cents = journal.get(month.as_str().unwrap()).copied().unwrap_or_default();
        assert_eq!((revenue.as_f64().unwrap() * 100.0).round() as i64, cents, "{month}");
        total += cents;
    }
    assert_eq!((body["total"].as_f64().unwrap() * 100.0).round() as i64, total);
}
