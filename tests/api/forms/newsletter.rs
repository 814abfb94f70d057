//! The newsletter: asked for, confirmed and left.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;

use crate::support::{answer::send, server::TestServer};

async fn ask(server: &TestServer, email: &str) {
    let answer = server.post("/api/public/newsletter", &json!({ "email": email })).await;
    assert_eq!(answer.ok(200)["success"], true);
}

async fn page(server: &TestServer, method: Method, path: &str) -> (u16, String) {
    let answer = send(server.request(method, path)).await;
    assert!(answer.header("content-type").unwrap().starts_with("text/html"), "{}", answer.text());
    (answer.status.as_u16(), answer.text().to_owned())
}

async fn status(server: &TestServer) -> Option<String> {
    server.value("SELECT GROUP_CONCAT(status) FROM newsletter_subscribers").await
}

const CONFIRM: &str = "/api/public/newsletter/confirm/";
const LEAVE: &str = "/api/public/newsletter/leave/";

#[tokio::test]
async fn a_subscription_is_confirmed_by_its_mail_and_left_in_one_click() {
    let server = TestServer::start().await;
    ask(&server, " Zoe@Example.COM ").await;
    let link = format!("{CONFIRM}{}", server.mailed(CONFIRM).await);
    // A scanner of mails opens every link.
    for _ in 0..2 {
        let (code, html) = page(&server, Method::GET, &link).await;
        assert!(code == 200 && html.contains("Confirmer mon inscription"), "{html}");
    }
    assert_eq!(status(&server).await.as_deref(), Some("PENDING"));
    for _ in 0..2 {
        let (code, html) = page(&server, Method::POST, &link).await;
        assert!(code == 200 && html.contains("confirmée"), "{html}");
    }
    assert!(!page(&server, Method::GET, &link).await.1.contains("<form"));
    assert_eq!(status(&server).await.as_deref(), Some("CONFIRMED"));
    let way_out = format!("{LEAVE}{}", server.mailed(LEAVE).await);
    assert_eq!(server.mail_kinds().await.len(), 2, "joined once, however often the button is pressed");
    // Who has it already is not written to, and nobody learns that.
    server.advance(TimeDelta::hours(1));
    ask(&server, "zoe@example.com").await;
    assert_eq!(server.count("email_outbox").await, 2);

    let (code, html) = page(&server, Method::GET, &way_out).await;
    assert!(code == 200 && html.contains("Ne plus recevoir"), "{html}");
    assert_eq!(status(&server).await.as_deref(), Some("CONFIRMED"));
    // From the mail program, in one click (RFC 8058).
    let click =
        server.request(Method::POST, &way_out).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(send(click.body("List-Unsubscribe=One-Click")).await.status, 200);
    assert_eq!(status(&server).await.as_deref(), Some("UNSUBSCRIBED"));
    assert!(page(&server, Method::GET, &way_out).await.1.contains("désinscrit"));
    assert_eq!(page(&server, Method::POST, &way_out).await.0, 200);
    // The link of the first mail brings nobody back.
    assert_eq!(page(&server, Method::POST, &link).await.0, 404);
    server.advance(TimeDelta::hours(1));
    ask(&server, "zoe@example.com").await;
    assert_eq!(page(&server, Method::POST, &link).await.0, 200);
    assert_eq!(status(&server).await.as_deref(), Some("CONFIRMED"));
    server.work().await;
    assert_eq!(server.mail_kinds().await.len(), 4);
}

#[tokio::test]
async fn links_expire_and_are_good_for_one_thing() {
    let server = TestServer::start().await;
    ask(&server, "zoe@example.com").await;
    let token = server.mailed(CONFIRM).await;
    for forged in [
        format!("{CONFIRM}{token}A"),
        format!("{CONFIRM}abc"),
        format!("{LEAVE}{token}"),
        format!("{LEAVE}%C3%A9"),
    ] {
        for method in [Method::GET, Method::POST] {
            assert_eq!(page(&server, method, &forged).await.0, 404, "{forged}");
        }
    }
    server.advance(TimeDelta::days(7));
    for method in [Method::GET, Method::POST] {
        assert_eq!(page(&server, method, &format!("{CONFIRM}{token}")).await.0, 404);
    }
    assert_eq!(server.run_job("newsletter_unconfirmed").await, 0);
    server.advance(TimeDelta::seconds(1));
    assert_eq!(server.run_job("newsletter_unconfirmed").await, 1);
    assert_eq!(status(&server).await, None);
}

#[tokio::test]
async fn nobody_fills_somebody_elses_mailbox() {
    let server = TestServer::start().await;
    for _ in 0..6 {
        ask(&server, "zoe@example.com").await;
    }
    assert_eq!(server.count("email_outbox").await, 1);
    for _ in 0..6 {
        server.advance(TimeDelta::minutes(11));
        ask(&server, "zoe@example.com").await;
    }
    assert_eq!(server.count("email_outbox").await, 3);
    ask(&server, "no-reply@example.com").await;
    assert_eq!((server.count("email_outbox").await, server.count("newsletter_subscribers").await), (3, 1));
    let trapped = json!({ "email": "robot@example.com", "website": "x" });
    server.post("/public/newsletter", &trapped).await.ok(200);
    assert_eq!(server.count("newsletter_subscribers").await, 1);
    for wrong in [json!({}), json!({ "email": null }), json!({ "email": "zoe" }), json!({ "email": 7 })] {
        server.post("/public/newsletter", &wrong).await.refused_fields(&["email"]);
    }
}
