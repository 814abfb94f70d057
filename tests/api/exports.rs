//! Exports of personal data, from the wish to the archive.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};
use staka::{files::storage::Kind, privacy::exporting};
use zip::ZipArchive;

use crate::support::{
    answer::send,
    server::{Person, TestServer},
};

async fn wish(server: &TestServer, client: &Person) -> Value {
    server.get_as(&client.token, "/api/users/me/export").await.ok(200).clone()
}

/// Makes what is due, mails it, and gives the path of the link of the latest mail.
async fn link(server: &TestServer) -> String {
    exporting::drain(&server.state).await.unwrap();
    format!("/api/public/mes-donnees/{}", server.mailed("/mes-donnees/").await)
}

/// The files of an archive.
fn files(archive: &[u8]) -> BTreeMap<String, String> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        files.insert(file.name().unwrap().into_owned(), text);
    }
    files
}

#[tokio::test]
async fn who_asks_is_mailed_all_that_is_held_of_them() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let (order, _) = server.paid_order(&client).await;
    server.invoice(order).await;
    server.conversation(&client).await;
    let answer = wish(&server, &client).await;
    assert_eq!(answer["email"], client.email.as_str());
    assert_eq!(answer["timestamp"], "2026-03-10T09:00:00.000Z");
    let details =
        server.value("SELECT details FROM audit_logs WHERE action = 'USER_DATA_EXPORTED'").await.unwrap();
    assert!(details.contains("\"commandes\"") && details.contains("\"journal\""), "{details}");

    let path = link(&server).await;
    let mail = &server.mailbox().await[0];
    assert_eq!((&mail["template"], &mail["to"]), (&json!("data-export"), &json!(client.email)));
    let attached = &mail["attachments"][0];
    assert_eq!(attached["filename"], format!("export-donnees-{}-2026-03-10.json", client.id));
    let attachment = format!(
        "/dev/mailbox/messages/{}/attachments/{}",
        mail["id"].as_str().unwrap(),
        attached["filename"].as_str().unwrap()
    );
    let attachment = server.get(&attachment).await;

    // The link shows a page; its button fetches.
    let page = server.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Télécharger mes données") && !page.text().contains(&client.email));
    for _ in 0..2 {
        let fetched = send(server.request(Method::POST, &path)).await;
        assert_eq!((fetched.status.as_u16(), fetched.header("content-type")), (200, Some("application/zip")));
        let name = fetched.header("content-disposition").unwrap();
        assert!(name.starts_with("attachment; filename=\"mes-donnees-2026-03-10.zip\""), "{name}");
        assert_eq!(fetched.header("cache-control"), Some("private, no-store"));
        let files = files(&fetched.bytes);
        let json: Value = serde_json::from_str(&files["export.json"]).unwrap();
        assert_eq!(json, attachment.json());
        assert_eq!(
            (&json["totalCommandes"], &json["totalInvoices"], &json["totalMessages"]),
            (&json!(1), &json!(1), &json!(1))
        );
        assert_eq!(json["user"]["email"], client.email.as_str());
        assert!(!files["export.json"].contains("$argon2"));
        for table in ["profil", "commandes", "factures", "messages", "journal", "exports"] {
            assert!(files.contains_key(&format!("{table}.csv")), "{table}: {:?}", files.keys());
        }
        assert!(files["messages.csv"].contains("\"Bonjour\""), "{}", files["messages.csv"]);
    }
    assert_eq!(
        server.count("audit_logs WHERE action = 'USER_DATA_DOWNLOADED'").await,
        1,
        "once a quarter of an hour"
    );

    // Seven days later it is gone, and its objects with it.
    assert_eq!(server.objects().iter().filter(|key| key.starts_with("exports/")).count(), 2);
    assert_eq!(server.run_job("purge_exports").await, 0);
    server.advance(Duration::days(7));
    assert_eq!(server.get(&path).await.status, 404);
    assert_eq!(send(server.request(Method::POST, &path)).await.status, 404);
    assert_eq!(server.run_job("purge_exports").await, 1);
    assert_eq!(server.run_job("storage_deletions").await, 2);
    assert_eq!(server.objects().iter().filter(|key| key.starts_with("exports/")).count(), 0);
    assert_eq!(server.get("/api/public/mes-donnees/rien").await.status, 404);
}

#[tokio::test]
async fn three_a_day_and_no_more() {
    let server = TestServer::with(&[("RATE_LIMIT_ENABLED", "true")]).await;
    let client = server.client().await;
    for _ in 0..3 {
        wish(&server, &client).await;
    }
    let refused = server.get_as(&client.token, "/api/users/me/export").await;
    assert!(refused.refused(429, "TOO_MANY_REQUESTS")["retryAfter"].as_u64().unwrap() > 0);
    wish(&server, &server.other_client().await).await;
    server.advance(Duration::days(1));
    wish(&server, &client).await;
}

#[tokio::test]
async fn an_export_of_much_is_mailed_as_a_link_alone() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let (conversation, _) = server.conversation(&client).await;
    let long = "Une phrase de plus. ".repeat(2_000);
    for number in 0..130 {
        let message = sqlx::query(
            "INSERT INTO messages (id, conversation_id, sender_id, content, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
        );
        let now = server.state.clock.now();
        let message = message
            .bind(staka::clock::new_id())
            .bind(conversation)
            .bind(client.id)
            .bind(format!("{number} {long}"));
        message.bind(now).bind(now).execute(server.state.db.pool()).await.unwrap();
    }
    wish(&server, &client).await;
    let path = link(&server).await;
    let mailbox = server.mailbox().await;
    assert_eq!(mailbox[0]["attachments"], json!([]));
    assert!(!mailbox[0]["text"].as_str().unwrap().contains("JSON"));
    let fetched = send(server.request(Method::POST, &path)).await;
    assert!(fetched.bytes.len() < 1_000_000, "compressed");
    let json: Value = serde_json::from_str(&files(&fetched.bytes)["export.json"]).unwrap();
    assert_eq!(json["totalMessages"], 131);
}

#[tokio::test]
async fn who_leaves_meanwhile_gets_none() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let client = server.client().await;
    wish(&server, &client).await;
    let path = link(&server).await;
    wish(&server, &client).await;
    server.call(Method::DELETE, "/api/users/me", Some(&client.token), None).await.ok(200);
    assert_eq!(exporting::drain(&server.state).await.unwrap(), 0);
    assert_eq!(server.get(&path).await.status, 404);
    server.run_job("storage_deletions").await;
    assert_eq!(server.objects(), Vec::<String>::new());
    assert_eq!(server.count("data_exports").await, 0);
    assert_eq!(server.count("email_outbox WHERE template = 'data-export'").await, 0);
}

#[tokio::test]
async fn what_cannot_be_kept_is_tried_again_and_given_up_visibly() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let client = server.client().await;
    wish(&server, &client).await;
    // Nothing can be written below a file.
    std::fs::remove_dir_all(server.files.join("tmp")).unwrap();
    std::fs::write(server.files.join("tmp"), "").unwrap();
    assert_eq!(exporting::drain(&server.state).await.unwrap(), 1);
    let row = "SELECT CONCAT_WS(' ', attempts, last_error IS NOT NULL, next_attempt_at > created_at, archive_key IS NULL) FROM data_exports";
    assert_eq!(server.texts(row).await, ["1 1 1 1"]);
    for _ in 0..11 {
        server.advance(Duration::hours(1));
        exporting::drain(&server.state).await.unwrap();
    }
    assert_eq!(server.count("data_exports WHERE next_attempt_at IS NULL AND attempts = 12").await, 1);
    assert_eq!(server.count("notifications WHERE title LIKE 'Un export de données%'").await, 1);
}

#[tokio::test]
async fn an_archive_whose_row_was_never_written_is_swept() {
    let server = TestServer::start().await;
    let client = server.client().await;
    wish(&server, &client).await;
    exporting::drain(&server.state).await.unwrap();
    server.looked("SELECT email_outbox").await;
    server.state.storage.put_bytes(Kind::Exports, "zip", server.state.clock.now(), b"PK").await.unwrap();
    // Keys tell when they were made, by the machine's own clock.
    server.advance(staka::clock::Clock::system().now() - server.state.clock.now() + Duration::days(2));
    server.execute("UPDATE data_exports SET expires_at = '2999-01-01'").await;
    assert_eq!(server.run_job("orphaned_objects").await, 1);
    assert_eq!(server.run_job("storage_deletions").await, 1);
    assert_eq!(server.objects().len(), 2, "those of the row stay");
}
