//! What administrators change of an order, and whom it tells.

use reqwest::{Method, multipart::Form};
use serde_json::json;

use super::Desk;
use crate::{shop::word, support::server::send};

#[tokio::test]
async fn fields_change_stay_or_are_emptied() {
    let desk = Desk::open().await;
    let id = desk.order("Un roman", "EN_ATTENTE").await;
    let path = format!("/{id}");
    let change = json!({
        "titre": " Un autre titre ", "description": "Une note", "priorite": "URGENTE", "prixFinal": 42_000,
        "pagesVerifiees": 120, "prixEstime": 40_000, "dateEcheance": "2026-04-01", "motif": "Un texte plus long que prévu.",
    });
    let changed = desk.ask(Method::PUT, &path, Some(change)).await.ok(200)["commande"].clone();
    let expected = json!({ "titre": "Un autre titre", "description": "Une note", "priorite": "URGENTE", "prixFinal": 42_000,
        "pagesVerifiees": 120, "prixEstime": 40_000, "dateEcheance": "2026-03-31T22:00:00.000Z" });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&changed[key], value, "{key}");
    }
    // The client hears of the date, and why.
    desk.server.work().await;
    let mail = desk.server.mailbox().await[0].clone();
    assert_eq!(mail["to"], desk.client.email);
    let text = mail["text"].as_str().unwrap();
    assert!(text.contains("avril 2026") && text.contains("Un texte plus long que prévu."), "{text}");
    assert_eq!(desk.acts(id).await, ["COMMAND_UPDATED"]);
    // The same again changes nothing; null empties, absence keeps.
    let changed =
        desk.ask(Method::PUT, &path, Some(json!({ "titre": "Un autre titre" }))).await.ok(200).clone();
    assert_eq!(changed["commande"]["description"], "Une note");
    assert_eq!(changed["data"], changed["commande"]);
    let emptied = json!({ "description": null, "pagesVerifiees": null, "dateEcheance": null });
    let changed = desk.ask(Method::PUT, &path, Some(emptied)).await.ok(200)["commande"].clone();
    for key in ["description", "pagesVerifiees", "dateEcheance"] {
        assert!(changed[key].is_null(), "{key}: {changed}");
    }
    assert_eq!(desk.acts(id).await, ["COMMAND_UPDATED"; 2]);
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_changes_nothing() {
    let desk = Desk::open().await;
    let (id, _) = desk.server.paid_order(&desk.client).await;
    let put = async |body| desk.ask(Method::PUT, &format!("/{id}"), Some(body)).await;
    put(json!({})).await.refused(400, "EMPTY_BODY");
    put(json!({ "prixFinal": 1 })).await.refused(409, "ALREADY_PAID");
    put(json!({ "titre": "Un titre", "statut": "EN_ATTENTE" })).await.refused(409, "INVALID_TRANSITION");
    for body in [
        json!({ "dateEcheance": "demain" }),
        json!({ "pagesVerifiees": 0 }),
        json!({ "dateEcheance": "9999-01-01" }),
    ] {
        put(body).await.refused(400, "VALIDATION_ERROR");
    }
    assert_eq!(put(json!({ "statut": "NULLE_PART" })).await.status, 400);
    assert!(desk.acts(id).await.is_empty());
    assert_eq!(desk.server.value("SELECT titre FROM commandes").await.as_deref(), Some("Un roman payé"));
    let status = async |body| desk.ask(Method::PUT, &format!("/{id}/status"), Some(body)).await;
    assert_eq!(status(json!({})).await.status, 400);
    let nobody = uuid::Uuid::nil();
    desk.ask(Method::PUT, &format!("/{nobody}"), Some(json!({ "titre": "Un titre" })))
        .await
        .refused(404, "NOT_FOUND");
    desk.ask(Method::DELETE, &format!("/{id}"), None).await.refused(409, "ORDER_PAID");
}

#[tokio::test]
async fn an_order_is_given_to_a_corrector_who_hears_of_it() {
    let desk = Desk::open().await;
    let id = desk.order("Un roman", "EN_COURS").await;
    let corrector = desk.server.corrector().await;
    let assign =
        async |to| desk.ask(Method::PUT, &format!("/{id}/assign"), Some(json!({ "correcteurId": to }))).await;
    for _ in 0..2 {
        assert_eq!(
            assign(Some(corrector.id)).await.ok(200)["commande"]["correcteur"]["id"],
            corrector.id.to_string()
        );
    }
    desk.server.work().await;
    assert_eq!(desk.server.mail_kinds().await, [("info-user".to_owned(), corrector.email.clone())]);
    let bell =
        desk.server.get_as(&corrector.token, "/api/notifications").await.ok(200)["notifications"][0].clone();
    assert_eq!(bell["title"], "Une commande vous est confiée");
    assign(Some(desk.client.id)).await.refused(400, "VALIDATION_ERROR");
    assert!(assign(None).await.ok(200)["commande"]["correcteur"].is_null());
    desk.ask(Method::PUT, &format!("/{id}/assign"), Some(json!({}))).await.refused(400, "VALIDATION_ERROR");
    assert_eq!(desk.acts(id).await, ["COMMAND_ASSIGNED"; 2]);
}

#[tokio::test]
async fn an_order_nobody_paid_for_goes_with_its_documents() {
    let desk = Desk::open().await;
    let id = desk.server.unpaid_order(&desk.client).await;
    let sent = desk.server.request(Method::POST, &format!("/files/projects/{id}/upload"));
    send(sent.bearer_auth(&desk.client.token).multipart(Form::new().part("file", word()))).await.ok(201);
    assert_eq!(desk.server.objects().len(), 1);
    let opened = json!({ "commandeId": id });
    desk.server.post_as(&desk.client.token, "/api/payments/create-checkout-session", &opened).await.ok(200);
    desk.ask(Method::DELETE, &format!("/{id}"), None).await.ok(200);
    assert_eq!(desk.server.count("commandes").await, 0);
    assert_eq!(desk.server.objects(), Vec::<String>::new());
    desk.server.run_job("stripe_closings").await;
    assert_eq!(
        desk.server.count("checkout_sessions WHERE status = 'EXPIRED'").await,
        1,
        "nobody can pay for it any more"
    );
    assert_eq!(desk.acts(id).await.last().map(String::as_str), Some("COMMAND_DELETED"));
    desk.ask(Method::DELETE, &format!("/{id}"), None).await.refused(404, "NOT_FOUND");
    desk.server.ignore_mails();
}
