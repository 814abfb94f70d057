//! Someone of whom everything is held asks for it, and leaves: afterwards nobody finds them.

use reqwest::Method;
use serde_json::Value;
use staka::privacy::exporting;

use super::{
    found, kept,
    scene::{EMAIL, Scene, TRACES},
};
use crate::{http::log, support::answer::send};
use staka::privacy::register::TABLES;

#[tokio::test]
async fn who_was_exported_and_erased_is_in_no_table_no_object_no_mail_and_no_log() {
    log::capture();
    let scene = Scene::open().await;
    let server = &scene.server;
    // Mails in every state.
    for sql in [
        "UPDATE email_outbox SET status = 'DEAD', last_error = 'refused: zephyrine.q@example.com' WHERE user_id = @author LIMIT 1",
        "UPDATE email_outbox SET status = 'PENDING', next_attempt_at = @now WHERE user_id = @author AND status = 'SENT' LIMIT 2",
    ] {
        scene.run(sql).await;
    }
    let token = server.login((EMAIL, "")).await;
    server.get_as(&token, "/api/users/me/export").await.ok(200);
    exporting::drain(&server.state).await.unwrap();
    server.mails.drain().await;
    let mailbox = server.mailbox().await;
    let mail = mailbox.iter().find(|mail| mail["template"] == "data-export").unwrap();
    let (_, path) = mail["text"].as_str().unwrap().split_once("/mes-donnees/").unwrap();
    let path = path.split_whitespace().next().unwrap();
    let archive = send(server.request(Method::POST, &format!("/api/public/mes-donnees/{path}"))).await;
    assert_eq!(archive.status, 200);
    // One export made, another one asked for.
    server.get_as(&token, "/api/users/me/export").await.ok(200);
    server.call(Method::DELETE, "/dev/mailbox/messages", None, None).await.ok(200);

    server.call(Method::DELETE, "/api/users/me", Some(&token), None).await.ok(200);
    server.work().await;
    exporting::drain(&server.state).await.unwrap();
    for job in ["storage_deletions", "stripe_closings", "mails_of_erased", "refused_payments", "erasure_log"]
    {
        server.run_job(job).await;
    }

    let allowed: Vec<_> =
        TABLES.iter().flat_map(|table| table.held.iter().filter_map(move |held| kept(table, held))).collect();
    let left = found(&scene).await;
    let wrong: Vec<_> = left.iter().filter(|column| !allowed.contains(column)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    // What Stripe calls a card stays until the card is detached there, and says nothing to anybody else.
    let duties = ["invoices.", "audit_logs.", "stripe_departures.stripe_id"];
    let beyond: Vec<_> =
        left.iter().filter(|column| !duties.iter().any(|duty| column.starts_with(duty))).collect();
    assert!(beyond.is_empty(), "only invoices, audit rows and a card to detach: {beyond:?}");

    let objects = server.objects();
    assert!(objects.iter().all(|key| key.starts_with("invoices/")) && objects.len() == 1, "{objects:?}");
    let owed = |mail: &Value| ["invoice-user", "payment-user"].contains(&mail["template"].as_str().unwrap());
    for mail in server.mailbox().await.iter().filter(|mail| !owed(mail)) {
        assert!(TRACES.iter().all(|trace| !mail.to_string().contains(trace)), "{mail:#}");
    }
    let logged = log::text();
    assert!(logged.contains("/users/me"), "the log was read");
    for trace in TRACES {
        let line = logged.lines().find(|line| line.contains(trace));
        assert!(line.is_none(), "{trace} in the log: {line:?}");
    }
    let erasures = std::fs::read_to_string(&server.state.config.erasure_log).unwrap();
    assert!(erasures.contains(&scene.author.to_string()) && !erasures.contains('@'), "{erasures}");
}
