//! Revenue: one definition, in every figure.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{last, stats};
use crate::{
    payments::bench::{PRICE, accepted, author_order, event_at, guest_order, paid_session},
    support::server::{CLIENT, Setup, TestServer},
};

fn charge(session: &str, refunded: i64) -> Value {
    json!({ "id": "ch_1", "object": "charge", "payment_intent": format!("pi_of_{session}"), "amount": PRICE,
        "amount_refunded": refunded, "metadata": { "source": "livrestaka.fr" } })
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[tokio::test]
async fn money_counts_when_it_came_and_when_it_went_back() {
    let server = Setup::default().at(instant("2026-03-31T21:50:00Z")).start().await;
    server.ignore_mails();
    let admin = server.admin().await;
    let first = guest_order(&server, "zoe@example.com").await;
    let paid =
        event_at(instant("2026-03-31T21:55:00Z"), "checkout.session.completed", paid_session(&first.session));
    // Told of after midnight in Paris, it belongs to March.
    server.advance(Duration::minutes(30));
    accepted(&server, &paid).await;
    let token = server.login(CLIENT).await;
    let second = author_order(&server, &token).await;
    let paid = event_at(
        instant("2026-03-31T22:15:00Z"),
        "checkout.session.completed",
        paid_session(&second.session),
    );
    accepted(&server, &paid).await;
    let back = event_at(instant("2026-03-31T22:18:00Z"), "charge.refunded", charge(&first.session, 8_000));
    accepted(&server, &back).await;

    let euros = |cents: i64| json!(cents as f64 / 100.0);
    let expected = [euros(PRICE), euros(PRICE - 8_000)];
    let body = stats(&server, &admin, "").await;
    assert_eq!(last(&body, "revenue", 2), expected);
    assert_eq!(body["dashboard"]["revenue"]["monthly"], expected[1]);
    assert_eq!(body["dashboard"]["users"], body["users"]);
    assert_eq!(body["dashboard"]["messages"], body["messages"]);
    let latest = body["derniersPaiements"].as_array().unwrap();
    assert_eq!(latest.len(), 2);
    assert_eq!(latest[0]["montant"], euros(PRICE));
    assert_eq!(latest[0]["clientEmail"], CLIENT.0);
    for key in ["id", "date", "clientNom", "projetTitre"] {
        assert!(latest[0][key].is_string(), "{key}: {latest:?}");
    }
    let revenue = stats(&server, &admin, "/revenue").await;
    assert_eq!(last(&revenue, "revenue", 2), expected);
    assert_eq!(revenue["total"], euros(2 * PRICE - 8_000));
    assert_eq!(revenue["trend"], json!(-28.6));
    let advanced = stats(&server, &admin, "/advanced").await;
    let compared = json!({ "current": expected[1], "previous": expected[0], "changePercent": -28.6 });
    assert_eq!(advanced["monthlyRevenue"], compared);
    assert_eq!(advanced["averageOrderValue"]["current"], euros(PRICE));
    assert_eq!(advanced["conversionRate"]["current"], 100.0);
}

#[tokio::test]
async fn figures_of_the_day_are_real() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let (admin, client) = (server.admin().await, server.client().await);
    for (titre, statut) in
        [("Un", "EN_COURS"), ("Deux", "EN_COURS"), ("Trois", "TERMINE"), ("Quatre", "ANNULEE")]
    {
        server.commande(&client, titre, statut).await;
    }
    let asked = json!({ "content": "Où en est ma commande ?", "subject": "Question" });
    server.post_as(&client.token, "/api/messages", &asked).await.ok(201);
    let body = stats(&server, &admin, "").await;
    assert_eq!(body["messages"], json!({ "pending": 1, "response_time": null }));
    assert_eq!(body["dashboard"]["orders"], json!({ "active": 2, "completed": 1 }));
    let orders = stats(&server, &admin, "/orders").await;
    assert_eq!(
        (&orders["active"], &orders["completed"], &orders["completionRate"]),
        (&json!(2), &json!(1), &json!(25.0))
    );
    assert_eq!(orders["byStatut"], json!({ "ANNULEE": 1, "EN_COURS": 2, "TERMINE": 1 }));
    server.advance(Duration::minutes(90));
    let answer = json!({ "content": "Elle sera prête lundi." });
    server
        .post_as(&admin.token, &format!("/api/messages/threads/{}/reply", client.id), &answer)
        .await
        .ok(201);
    let body = stats(&server, &admin, "").await;
    assert_eq!(body["messages"], json!({ "pending": 1, "response_time": 90 }));
    let users = stats(&server, &admin, "/users").await;
    let active = server.value("SELECT COUNT(*) FROM users WHERE is_active").await.unwrap();
    assert_eq!(users["total"].to_string(), active);
    // What belongs to the demonstration counts nowhere.
    server.execute("UPDATE commandes SET is_demo = TRUE WHERE titre = 'Deux'").await;
    assert_eq!(stats(&server, &admin, "/orders").await["active"], 1);
}
