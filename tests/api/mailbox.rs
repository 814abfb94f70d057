//! The development mailbox.

use axum::http::{Method, StatusCode};
use staka::emails::transport::Mailbox;
use staka::emails::transport::{Attachment, Outgoing, SendError, Sender, Transport};
use staka::emails::worker::Worker;

use crate::support::outbox::Lab;

fn sender() -> Sender {
    Sender {
        from_name: "Staka Livres".to_owned(),
        from_email: "contact@livrestaka.example".to_owned(),
        reply_to: None,
    }
}

fn mail(number: u32, to: &str) -> Outgoing {
    Outgoing {
        message_id: format!("<{number}@livrestaka.example>"),
        to: to.to_owned(),
        to_name: None,
        subject: format!("Sujet {number}"),
        html: "<p>L’été <script>alert(1)</script></p>".to_owned(),
        text: "L’été".to_owned(),
        attachments: vec![],
        unsubscribe_url: None,
        template: "welcome-user".to_owned(),
    }
}

#[tokio::test]
async fn mails_are_listed_newest_first_and_filtered() {
    let lab = Lab::start().await;
    let mailbox = Mailbox::new(lab.state.db.clone());
    mailbox.prepare().await.unwrap();
    mailbox.prepare().await.unwrap();
    for number in 1..=3 {
        let to = if number == 2 { "a@example.com" } else { "b@example.com" };
        mailbox.send(&sender(), &mail(number, to), lab.state.clock.now()).await.unwrap();
        mailbox.send(&sender(), &mail(number, to), lab.state.clock.now()).await.unwrap();
    }
    let all = lab.call(Method::GET, "/dev/mailbox/messages", None, None).await.json();
    let subjects: Vec<_> =
        all.as_array().unwrap().iter().map(|mail| mail["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["Sujet 3", "Sujet 2", "Sujet 1"], "and a repeated Message-ID arrives once");
    let newest = &all[0];
    assert_eq!(newest["from"], "Staka Livres <contact@livrestaka.example>");
    assert_eq!(newest["template"], "welcome-user");
    assert_eq!(newest["createdAt"], "2026-03-09T10:00:00.000Z");
    assert_eq!((&newest["text"], &newest["attachments"]), (&"L’été".into(), &serde_json::json!([])));
    let some = lab.call(Method::GET, "/dev/mailbox/messages?to=A@example.com", None, None).await.json();
    assert_eq!(some.as_array().unwrap().len(), 1);
    let cleared = lab.call(Method::DELETE, "/dev/mailbox/messages", None, None).await;
    assert_eq!(cleared.json()["count"], 3);
    assert_eq!(lab.call(Method::GET, "/dev/mailbox/messages", None, None).await.text(), "[]");
}

#[tokio::test]
async fn attachments_come_back_byte_for_byte() {
    let lab = Lab::start().await;
    let mailbox = Mailbox::new(lab.state.db.clone());
    mailbox.prepare().await.unwrap();
    let bytes: Vec<u8> = (0..=255u8).cycle().take(100_000).collect();
    let filename = "facture d’été & co/1.pdf".to_owned();
    let file = Attachment {
        filename: filename.clone(),
        content_type: "application/pdf".to_owned(),
        bytes: bytes.clone(),
    };
    let with_file = Outgoing { attachments: vec![file], ..mail(1, "a@example.com") };
    mailbox.send(&sender(), &with_file, lab.state.clock.now()).await.unwrap();
    let listed = lab.call(Method::GET, "/dev/mailbox/messages", None, None).await.json();
    let expected =
        serde_json::json!([{ "filename": filename, "contentType": "application/pdf", "size": 100_000 }]);
    assert_eq!(listed[0]["attachments"], expected);
    let id = listed[0]["id"].as_str().unwrap();
    let path = format!(
        "/dev/mailbox/messages/{id}/attachments/facture%20d%E2%80%99%C3%A9t%C3%A9%20%26%20co%2F1.pdf"
    );
    let answer = lab.call(Method::GET, &path, None, None).await;
    assert_eq!((answer.status, &answer.bytes), (StatusCode::OK, &bytes));
    assert_eq!(answer.headers["content-type"], "application/pdf");
    assert!(
        answer.headers["content-disposition"]
            .to_str()
            .unwrap()
            .ends_with("; filename*=UTF-8''facture%20d%E2%80%99%C3%A9t%C3%A9%20&%20co%2F1.pdf")
    );
    let absent =
        lab.call(Method::GET, &format!("/dev/mailbox/messages/{id}/attachments/rien.pdf"), None, None).await;
    assert_eq!(absent.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_page_lets_no_mail_run_a_script() {
    let lab = Lab::start().await;
    let page = lab.call(Method::GET, "/dev/mailbox", None, None).await;
    assert_eq!(page.status, StatusCode::OK);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    let script = page.text().split("<script>").nth(1).unwrap().split("</script>").next().unwrap();
    let hash = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        <sha2::Sha256 as sha2::Digest>::digest(script),
    );
    assert!(policy.contains(&format!("script-src 'sha256-{hash}'")), "{policy}");
    let sandbox = page.text().split("sandbox=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(!sandbox.contains("allow-scripts") && !sandbox.contains("allow-same-origin"), "{sandbox}");
}

#[tokio::test]
async fn the_page_asks_before_it_forgets_and_marks_what_is_unread() {
    let lab = Lab::start().await;
    let page = lab.call(Method::GET, "/dev/mailbox", None, None).await;
    let clearing = page.text().split("at(\"clear\").addEventListener").nth(1).unwrap();
    assert!(clearing.find("confirm(").unwrap() < clearing.find("DELETE").unwrap());
    assert!(page.text().contains("\"unread\"") && page.text().contains("#list .unread b"));
    let long = format!("/dev/mailbox/messages?to={}", "a".repeat(256));
    lab.call(Method::GET, &long, None, None).await.refused_fields(&["to"]);
}

#[tokio::test]
async fn the_worker_delivers_into_it() {
    let lab = Lab::start().await;
    let transport = Transport::from_settings(&lab.state.config.mail, &lab.state.db).await.unwrap();
    assert!(matches!(transport, Transport::Mailbox(_)), "the default of development");
    transport.probe().await.unwrap();
    lab.record_alerts(1).await;
    assert_eq!(Worker::new(lab.state.clone(), transport).unwrap().drain().await, 1);
    let mails =
        lab.call(Method::GET, "/dev/mailbox/messages?to=equipe@livrestaka.example", None, None).await.json();
    assert_eq!(mails[0]["subject"], "[Admin] À vérifier\u{a0}: Alerte 0");
    assert_eq!(mails[0]["template"], "admin-warning");
    assert!(mails[0]["html"].as_str().unwrap().contains("<html"));
}

#[tokio::test]
async fn it_refuses_what_a_mail_server_would_refuse() {
    let lab = Lab::start().await;
    let mailbox = Mailbox::new(lab.state.db.clone());
    mailbox.prepare().await.unwrap();
    let refused = mailbox.send(&sender(), &mail(1, "pas une adresse"), lab.state.clock.now()).await;
    assert!(matches!(refused, Err(SendError::Permanent(_))), "{refused:?}");
}
