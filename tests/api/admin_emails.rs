//! The outbox as administrators see it.

use std::collections::BTreeSet;

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::server::{Answer, TestServer};

async fn ask(server: &TestServer, path: &str) -> Answer {
    let admin = server.admin().await;
    server.get_as(&admin.token, &format!("/api/admin/emails{path}")).await
}

async fn retry(server: &TestServer, id: &str) -> Answer {
    let admin = server.admin().await;
    server.call(Method::POST, &format!("/api/admin/emails/{id}/retry"), Some(&admin.token), None).await
}

/// Mails of one instant: every fifth dead, every other one sent.
async fn mails(server: &TestServer, count: u32) {
    let row = |number: u32| {
        format!(
            "(UNHEX(REPLACE(UUID(), '-', '')), 'key{number}', ELT(1 + {number} % 2, 'welcome-user', 'invoice-user'),
              'lecteur{number}@example.com', 'Zoé', '{{}}', IF({number} % 5 = 0, 'DEAD', 'SENT'), 1, '2026-03-09 22:59:00', '2026-03-09 22:59:00')"
        )
    };
    let rows: Vec<_> = (0..count).map(row).collect();
    server
        .execute(&format!(
            "INSERT INTO email_outbox (id, dedupe_key, template, to_email, to_name, payload, status, attempts, created_at, updated_at)
             VALUES {}",
            rows.join(",")
        ))
        .await;
}

#[tokio::test]
async fn the_outbox_is_listed_in_pages_by_state_kind_addressee_and_day() {
    let server = TestServer::empty().await;
    mails(&server, 25).await;
    server
        .execute(r"UPDATE email_outbox SET to_name = 'cent%_\\' WHERE to_email = 'lecteur3@example.com'")
        .await;
    let mut seen = BTreeSet::new();
    for number in 1..=3 {
        let page = ask(&server, &format!("?page={number}&limit=10")).await.ok(200).clone();
        assert_eq!(page["pagination"], json!({"page": number, "limit": 10, "total": 25, "totalPages": 3}));
        assert_eq!(page["counts"], json!({"pending": 0, "sent": 20, "dead": 5}));
        seen.extend(page["data"].as_array().unwrap().iter().map(|mail| mail["id"].to_string()));
    }
    assert_eq!(seen.len(), 25, "all of the same instant, each once");
    for (query, total) in [
        ("status=DEAD", 5),
        ("status=", 25),
        ("template=invoice-user", 12),
        ("template=é", 0),
        ("status=DEAD&template=invoice-user", 2),
        ("to=LECTEUR3@example.com", 1),
        ("to=lecteur", 0),
        ("search=lecteur1", 11),
        ("search=lecteur1%20zo%C3%A9", 11),
        ("search=%25_%5C", 1),
        ("search=%25%25", 0),
        ("dateFrom=2026-03-09&dateTo=2026-03-09", 25),
        ("dateFrom=2026-03-10", 0),
        ("dateTo=2026-03-08", 0),
    ] {
        let list = ask(&server, &format!("?{query}")).await.ok(200).clone();
        assert_eq!(list["pagination"]["total"], total, "{query}");
    }
    for (query, field) in [("status=LOST", "status"), ("dateFrom=hier", "dateFrom"), ("page=-1", "page")] {
        ask(&server, &format!("?{query}")).await.refused_fields(&[field]);
    }
    let long = "a".repeat(101);
    ask(&server, &format!("?search={long}")).await.refused_fields(&["search"]);
    server.count("email_outbox").await;
}

#[tokio::test]
async fn a_preview_shows_what_the_reader_sees_and_no_secret() {
    let server = TestServer::start().await;
    server.person("zoe@example.com", staka::auth::Role::User).await;
    let asked = json!({"email": "zoe@example.com"});
    server.post("/api/auth/request-password-reset", &asked).await.ok(200);
    server.mails.drain().await;
    let sent = server.mailbox().await;
    let secret = sent[0]["text"].as_str().unwrap().split_once("token=").unwrap().1;
    let secret = secret.split_whitespace().next().unwrap().to_owned();
    let list = ask(&server, "?to=zoe@example.com").await.ok(200).clone();
    let mail = &list["data"][0];
    assert_eq!(
        (&mail["template"], &mail["status"], &mail["attempts"]),
        (&json!("reset-password"), &json!("SENT"), &json!(1))
    );
    let id = mail["id"].as_str().unwrap();
    let answer = ask(&server, &format!("/{id}")).await;
    let preview = answer.ok(200)["data"].clone();
    assert_eq!((&preview["id"], &preview["to"]), (&mail["id"], &json!("zoe@example.com")));
    assert_eq!(preview["subject"], sent[0]["subject"]);
    assert!(
        preview["html"].as_str().unwrap().contains("/lien-masque")
            && preview["text"].as_str().unwrap().contains("/lien-masque")
    );
    assert!(!answer.text().contains(&secret));
    assert_eq!(preview["attachments"], json!([]));
    let looked = "audit_logs WHERE action = 'EMAIL_ACCESSED' AND actor_email = 'admin@example.com' AND severity = 'LOW'";
    assert_eq!(server.count(looked).await, 1);
    // One that this release cannot read has no preview, and is still there.
    server.execute(r#"UPDATE email_outbox SET payload = '{"kind":"of-another-time","data":{}}' WHERE to_email = 'zoe@example.com'"#).await;
    let preview = ask(&server, &format!("/{id}")).await.ok(200)["data"].clone();
    assert_eq!((&preview["html"], &preview["template"]), (&Value::Null, &json!("reset-password")));
    ask(&server, "/00000000-0000-7000-8000-000000000000").await.refused(404, "NOT_FOUND");
    ask(&server, "/x").await.refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_mail_that_was_given_up_leaves_after_all() {
    let server = TestServer::start().await;
    server.person("zoe@example.com", staka::auth::Role::User).await;
    server.post("/api/auth/request-password-reset", &json!({"email": "zoe@example.com"})).await.ok(200);
    let dead = "UPDATE email_outbox SET status = 'DEAD', attempts = 12, next_attempt_at = NULL, last_error = 'refused'
                WHERE template = 'reset-password'";
    server.execute(dead).await;
    let list = ask(&server, "?status=DEAD").await.ok(200).clone();
    let id = list["data"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(list["data"][0]["lastError"], "refused");
    server.advance(Duration::hours(3));
    // Of those who ask at once, one does it.
    let asked = futures_util::future::join_all((0..4).map(|_| retry(&server, &id))).await;
    let done: Vec<_> = asked.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(done.len(), 1);
    assert_eq!(
        (
            &done[0].body["data"]["status"],
            &done[0].body["data"]["attempts"],
            &done[0].body["data"]["lastError"]
        ),
        (&json!("PENDING"), &json!(0), &Value::Null)
    );
    for refused in asked.iter().filter(|answer| answer.status != 200) {
        refused.refused(409, "NOT_DEAD");
    }
    assert_eq!(server.count("audit_logs WHERE action = 'EMAIL_RETRIED' AND severity = 'MEDIUM'").await, 1);
    server.mails.drain().await;
    assert_eq!(server.mail_kinds().await, [("reset-password".to_owned(), "zoe@example.com".to_owned())]);
    retry(&server, &id).await.refused(409, "NOT_DEAD");
    retry(&server, "00000000-0000-7000-8000-000000000000").await.refused(404, "NOT_FOUND");
    server.count("email_outbox").await;
}
