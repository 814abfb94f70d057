//! Writing to the team.

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    addresses::BAD,
    support::{answer::Answer, server::TestServer},
};

fn form() -> Value {
    json!({
        "nom": " Zoé Lefèvre ", "email": " Zoe@Example.COM ", "telephone": "06 01 02 03 04",
        "sujet": "Une question", "message": "Bonjour,\n\nCombien coûte une relecture ?",
    })
}

async fn send(server: &TestServer, changes: Value) -> Answer {
    let mut body = form();
    for (key, value) in changes.as_object().unwrap() {
        body[key] = value.clone();
    }
    server.post("/api/public/contact", &body).await
}

#[tokio::test]
async fn a_message_is_kept_told_and_acknowledged() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let sent = send(&server, json!({})).await;
    assert_eq!(sent.ok(200)["success"], true);
    assert!(sent.body["message"].is_string());
    let row = server
        .row(
            "SELECT v.visitor_email, CONCAT(v.admin_unread), m.subject, m.content, m.visitor_name, m.visitor_phone, m.type,
                    JSON_UNQUOTE(JSON_EXTRACT(m.metadata, '$.source'))
             FROM messages m JOIN conversations v ON v.id = m.conversation_id",
        )
        .await;
    let expected = [
        "zoe@example.com",
        "1",
        "Une question",
        "Bonjour,\n\nCombien coûte une relecture ?",
        "Zoé Lefèvre",
        "06 01 02 03 04",
        "USER_MESSAGE",
        "contact",
    ];
    assert_eq!(row, expected.map(|text| Some(text.to_owned())));
    let bell = server.get_as(&admin.token, "/notifications").await.ok(200)["notifications"][0].clone();
    assert_eq!((&bell["type"], &bell["priority"]), (&json!("MESSAGE"), &json!("NORMALE")));
    assert_eq!(bell["actionUrl"], "/admin/messagerie");
    server.work().await;
    let told = ["admin-contact-message equipe@staka.test", "visitor-contact-confirmation zoe@example.com"];
    assert_eq!(server.queued().await, told);
    for mail in server.mailbox().await {
        let text = mail["text"].as_str().unwrap();
        match mail["template"].as_str().unwrap() {
            "admin-contact-message" => assert!(text.contains("Combien coûte une relecture ?"), "{text}"),
            _ => assert!(text.contains("24 h") && !text.contains("Combien"), "{text}"),
        }
    }
}

#[tokio::test]
async fn the_same_message_counts_once_and_robots_are_thanked() {
    let server = TestServer::start().await;
    let alike = join_all((0..8).map(|_| send(&server, json!({})))).await;
    for answer in &alike {
        answer.ok(200);
    }
    send(&server, json!({ "website": "https://spam.example", "message": "Achetez !" })).await.ok(200);
    assert_eq!((server.count("messages").await, server.count("email_outbox").await), (1, 2));
    server.advance(TimeDelta::minutes(10));
    send(&server, json!({})).await.ok(200);
    assert_eq!((server.count("messages").await, server.count("conversations").await), (2, 1));
    assert_eq!(server.count("email_outbox").await, 4);
}

#[tokio::test]
async fn an_address_is_acknowledged_so_many_times_a_day_and_robots_never() {
    let server = TestServer::start().await;
    for number in 0..6 {
        send(&server, json!({ "message": format!("Message {number}") })).await.ok(200);
    }
    let told = || server.queued();
    let acknowledged = |told: Vec<String>| told.iter().filter(|mail| mail.starts_with("visitor-")).count();
    assert_eq!(acknowledged(told().await), 3);
    // The team reads all of them.
    assert_eq!(server.count("messages").await, 6);
    assert_eq!(server.count("email_outbox WHERE template = 'admin-contact-message'").await, 6);
    for robot in
        ["no-reply@example.com", "mailer-daemon@example.com", "equipe@staka.test", "contact@staka.fr"]
    {
        send(&server, json!({ "email": robot })).await.ok(200);
    }
    assert_eq!((acknowledged(told().await), server.count("messages").await), (3, 10));
    server.advance(TimeDelta::days(1));
    send(&server, json!({ "message": "Le lendemain" })).await.ok(200);
    assert_eq!(acknowledged(told().await), 4);
    server.run_job("form_receipts").await;
    server.advance(TimeDelta::seconds(1));
    assert!(server.run_job("form_receipts").await > 0);
    assert_eq!(server.count("form_receipts").await, 1);
}

#[tokio::test]
async fn what_is_wrong_is_said_in_one_sentence() {
    let server = TestServer::start().await;
    for (changes, sentence) in [
        (json!({ "nom": " " }), "Le nom est obligatoire."),
        (json!({ "nom": "é".repeat(101) }), "Le nom ne peut pas dépasser 100 caractères."),
        (json!({ "email": "zoe" }), "L’adresse e-mail n’est pas valide."),
        (json!({ "telephone": null }), "Le téléphone est obligatoire."),
        (json!({ "sujet": "é".repeat(201) }), "Le sujet ne peut pas dépasser 200 caractères."),
        (json!({ "message": "\n" }), "Le message est obligatoire."),
        (json!({ "nom": "", "sujet": "" }), "Le nom est obligatoire. Le sujet est obligatoire."),
    ] {
        let answer = send(&server, changes).await;
        let body = answer.refused(400, "VALIDATION_ERROR");
        assert_eq!(body["error"], sentence);
        // The web application shows `details` in place of the sentence, as text.
        assert!(body.get("details").is_none(), "{body}");
    }
    for bad in BAD {
        let refused = send(&server, json!({ "email": bad })).await;
        let sentence = refused.refused(400, "VALIDATION_ERROR")["error"].as_str().unwrap();
        assert!(sentence.contains("adresse e-mail"), "{bad}: {sentence}");
    }
    let typed = send(&server, json!({ "nom": 7 })).await;
    assert!(typed.refused(400, "VALIDATION_ERROR").get("details").is_none());
    send(&server, json!({ "message": "é".repeat(5_001) })).await.refused(400, "VALIDATION_ERROR");
    assert_eq!(server.count("messages").await + server.count("form_receipts").await, 0);
}

#[tokio::test]
async fn each_form_has_a_budget_of_its_own() {
    let server = TestServer::with(&[("RATE_LIMIT_ENABLED", "true")]).await;
    server.ignore_mails();
    for _ in 0..12 {
        send(&server, json!({ "nom": "" })).await.refused(400, "VALIDATION_ERROR");
    }
    for number in 0..10 {
        send(&server, json!({ "message": format!("Message {number}") })).await.ok(200);
    }
    send(&server, json!({})).await.refused(429, "TOO_MANY_REQUESTS");
    server.post("/api/public/newsletter", &json!({ "email": "zoe@example.com" })).await.ok(200);
}

#[tokio::test]
async fn a_connected_author_writes_into_their_own_conversation() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let author = server.client().await;
    server.post_as(&author.token, "/public/contact", &form()).await.ok(200);
    assert_eq!(server.count("messages WHERE sender_id IS NOT NULL").await, 1);
    assert_eq!(server.count("conversations WHERE user_id IS NOT NULL").await, 1);
    // A session that has ended loses nothing that was typed.
    let mut other = form();
    other["message"] = json!("Une autre question.");
    server.post_as("perdu", "/public/contact", &other).await.ok(200);
    assert_eq!(server.count("conversations WHERE visitor_email = 'zoe@example.com'").await, 1);
}
