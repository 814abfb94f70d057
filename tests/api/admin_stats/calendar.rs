//! Months are those of Paris, whatever the day.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{last, stats};
use crate::support::server::{Setup, TestServer};

async fn at(now: &str) -> TestServer {
    Setup::default().without_seeds().at(now.parse::<DateTime<Utc>>().unwrap()).start().await
}

#[tokio::test]
async fn twelve_months_end_with_the_one_in_progress() {
    for (now, months) in [
        ("2026-12-31T22:30:00Z", ["2026-11", "2026-12"]),
        // Half an hour after midnight in Paris it is another year there.
        ("2026-12-31T23:30:00Z", ["2026-12", "2027-01"]),
        ("2026-03-31T21:59:00Z", ["2026-02", "2026-03"]),
        // The clocks went forward on the 29th: midnight is at 22:00 now.
        ("2026-03-31T22:01:00Z", ["2026-03", "2026-04"]),
        // And back on the 25th of October.
        ("2026-10-31T22:59:00Z", ["2026-09", "2026-10"]),
        ("2026-10-31T23:01:00Z", ["2026-10", "2026-11"]),
        ("2028-02-29T12:00:00Z", ["2028-01", "2028-02"]),
        ("2026-05-31T12:00:00Z", ["2026-04", "2026-05"]),
    ] {
        let server = at(now).await;
        let admin = server.admin().await;
        let body = stats(&server, &admin, "").await;
        assert_eq!(last(&body, "months", 2), months, "{now}");
        let months: Vec<&str> =
            body["months"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
        assert!(months.is_sorted() && months.windows(2).all(|two| two[0] != two[1]), "{now}: {months:?}");
    }
}

#[tokio::test]
async fn a_row_counts_in_the_month_of_paris_it_was_made_in() {
    let server = at("2026-04-15T09:00:00Z").await;
    let admin = server.admin().await;
    let author = server.person("author@example.com", staka::auth::Role::User).await;
    for (title, made) in [
        ("mars", "2026-03-31 21:59:59.999"),
        ("avril", "2026-03-31 22:00:00.000"),
        ("mars, l’heure d’hiver", "2026-02-28 23:00:00.000"),
        ("février", "2026-02-28 22:59:59.999"),
        ("il y a douze mois", "2025-04-30 21:59:00.000"),
    ] {
        let id = server.commande(&author, title, "EN_COURS").await;
        server
            .execute(&format!(
                "UPDATE commandes SET created_at = '{made}' WHERE id = UNHEX('{}')",
                id.simple()
            ))
            .await;
    }
    let expected = [json!(1), json!(2), json!(1)];
    for path in ["", "/monthly", "/orders"] {
        let body = stats(&server, &admin, path).await;
        assert_eq!(last(&body, "orders", 3), expected, "{path}");
        assert_eq!(body["orders"][0], 0, "{path}: more than eleven months ago");
    }
    // The same once the days that are over are counted.
    assert!(server.run_job("daily_totals").await > 300);
    let body = stats(&server, &admin, "").await;
    assert_eq!(last(&body, "orders", 3), expected);
    assert_eq!(last(&body, "newUsers", 3), [json!(0), json!(0), json!(2)]);
}
