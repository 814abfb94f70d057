//! Asking for a free sample.

use chrono::TimeDelta;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use staka::clock::new_id;

use crate::{
    shop::{fixture, word},
    support::{
        answer::{Answer, send},
        server::TestServer,
    },
};

/// The fields of the web application, changed as told: `None` takes a field away.
fn fields(changes: &[(&'static str, Option<&str>)]) -> Form {
    let mut fields = vec![
        ("nom", "Zoé Lefèvre"),
        ("email", " Zoe@Example.COM "),
        ("telephone", "06 01 02 03 04"),
        ("genre", "roman"),
        ("description", "Un roman historique."),
    ];
    for (name, value) in changes {
        fields.retain(|(other, _)| other != name);
        fields.extend(value.map(|value| (*name, value)));
    }
    fields.into_iter().fold(Form::new(), |form, (name, value)| form.text(name, value.to_owned()))
}

async fn ask(server: &TestServer, form: Form) -> Answer {
    send(server.request(reqwest::Method::POST, "/api/public/free-sample").multipart(form)).await
}

#[tokio::test]
async fn a_request_is_kept_with_its_extract_told_and_acknowledged() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let asked = ask(&server, fields(&[]).part("fichier", word())).await;
    let body = asked.ok(200);
    assert_eq!(body["success"], true);
    let row = server
        .row(
            "SELECT LOWER(HEX(v.id)), v.visitor_email, m.visitor_phone, m.content, f.filename, f.mime_type,
                    CONCAT(f.uploaded_by_id IS NULL)
             FROM messages m JOIN conversations v ON v.id = m.conversation_id
             JOIN message_attachments a ON a.message_id = m.id JOIN files f ON f.id = a.file_id",
        )
        .await;
    let row: Vec<String> = row.into_iter().map(Option::unwrap).collect();
    assert_eq!(row[0], body["conversationId"].as_str().unwrap().replace('-', ""));
    assert_eq!((row[1].as_str(), row[2].as_str()), ("zoe@example.com", "06 01 02 03 04"));
    assert!(row[3].contains("Genre : roman") && row[3].contains("extrait.docx"), "{}", row[3]);
    assert_eq!((row[4].as_str(), row[6].as_str()), ("extrait.docx", "1"));
    assert_eq!(server.objects().len(), 1);
    let bell = server.get_as(&admin.token, "/notifications").await.ok(200)["notifications"][0].clone();
    assert_eq!((&bell["type"], &bell["priority"]), (&json!("MESSAGE"), &json!("HAUTE")));
    server.work().await;
    let told = ["admin-free-sample equipe@staka.test", "visitor-sample-confirmation zoe@example.com"];
    assert_eq!(server.queued().await, told);
    let mails = server.mailbox().await;
    let team = mails.iter().find(|mail| mail["template"] == "admin-free-sample").unwrap();
    assert_eq!(team["attachments"][0]["filename"], "extrait.docx");
    let audited =
        server.count("audit_logs WHERE action = 'FILE_UPLOADED' AND actor_email = 'zoe@example.com'").await;
    assert_eq!(audited, 1);
    let noted = "audit_logs WHERE action = 'USER_MESSAGE_SUPPORT_EMAIL_SENT' AND target_type = 'system'
                 AND target_id = 'free-sample-request' AND actor_email = 'system'";
    assert_eq!(server.count(noted).await, 1);
    // The team may fetch it, its author may not be guessed.
    let id = server.value("SELECT LOWER(HEX(id)) FROM files").await.unwrap();
    let path = format!("/files/download/{}", uuid::Uuid::parse_str(&id).unwrap());
    assert_eq!(server.get_as(&admin.token, &path).await.status, 200);
    server.get_as(&server.client().await.token, &path).await.refused(403, "FILE_FORBIDDEN");
}

#[tokio::test]
async fn the_extract_may_be_left_out_and_the_same_request_counts_once() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let bare = &[("genre", Some("")), ("description", None)][..];
    for _ in 0..2 {
        assert!(ask(&server, fields(bare)).await.ok(200)["conversationId"].is_string());
    }
    // An empty file input of a browser.
    let empty = Part::bytes(vec![]).file_name("").mime_str("application/octet-stream").unwrap();
    ask(&server, fields(bare).part("fichier", empty)).await.ok(200);
    assert_eq!((server.count("messages").await, server.objects().len()), (1, 0));
    for _ in 0..2 {
        ask(&server, fields(&[]).part("fichier", word())).await.ok(200);
    }
    assert_eq!(
        (server.count("messages").await, server.objects().len(), server.count("files").await),
        (2, 1, 1)
    );
    // Another extract is another request.
    ask(&server, fields(&[]).part("fichier", fixture("extrait.doc", "application/msword"))).await.ok(200);
    assert_eq!((server.count("messages").await, server.objects().len()), (3, 2));
    let trapped = fields(&[("website", Some("x"))]).part("fichier", word());
    assert!(ask(&server, trapped).await.ok(200)["conversationId"].is_string());
    assert_eq!((server.count("messages").await, server.objects().len()), (3, 2));
    server.advance(TimeDelta::minutes(11));
    ask(&server, fields(&[]).part("fichier", word())).await.ok(200);
    assert_eq!((server.count("messages").await, server.objects().len()), (4, 3));
}

#[tokio::test]
async fn a_refusal_leaves_nothing_behind() {
    let server = TestServer::start().await;
    let text = |name: &str, bytes: &[u8]| {
        Part::bytes(bytes.to_vec()).file_name(name.to_owned()).mime_str("text/plain").unwrap()
    };
    for (form, fields_refused) in [
        (fields(&[("nom", None)]), "nom"),
        (fields(&[("email", Some("zoe"))]), "email"),
        (fields(&[("telephone", Some(" "))]), "telephone"),
        (fields(&[("description", Some(&"é".repeat(2_001)))]), "description"),
        (fields(&[("genre", Some(&"é".repeat(101)))]), "genre"),
    ] {
        ask(&server, form.part("fichier", word())).await.refused_fields(&[fields_refused]);
    }
    let late = fields(&[]).part("fichier", word()).text("nom", "Quelqu’un d’autre");
    ask(&server, late).await.refused_fields(&["nom"]);
    for (part, status, code) in [
        (text("page.html", b"<script>alert(1)</script>"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (text("faux.pdf", b"du texte"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (text("vide.txt", b""), 400, "EMPTY_FILE"),
        (text("gros.txt", &vec![b'a'; (10 << 20) + 1]), 413, "PAYLOAD_TOO_LARGE"),
    ] {
        let answer = ask(&server, fields(&[]).part("fichier", part)).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
        let _ = code;
        answer.is_refusal();
    }
    let two = fields(&[]).part("fichier", word()).part("fichier", word());
    assert_eq!(ask(&server, two).await.status, 400);
    server.post("/public/free-sample", &json!({ "nom": "Zoé" })).await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    for table in ["messages", "files", "form_receipts", "email_outbox", "notifications"] {
        assert_eq!(server.count(table).await, 0, "{table}");
    }
    assert_eq!(server.objects(), Vec::<String>::new());
}

#[tokio::test]
async fn extracts_of_a_day_have_so_much_room() {
    let server = TestServer::with(&[("SAMPLE_FILES_MB", "1")]).await;
    server.ignore_mails();
    let large = |number: usize| {
        let bytes = format!("{number}{}", "a".repeat(600 << 10)).into_bytes();
        fields(&[]).part("fichier", Part::bytes(bytes).file_name("a.txt").mime_str("text/plain").unwrap())
    };
    ask(&server, large(1)).await.ok(200);
    ask(&server, large(2)).await.refused(503, "STORAGE_UNAVAILABLE");
    assert_eq!((server.objects().len(), server.count("messages").await), (1, 1));
    server.advance(TimeDelta::days(1));
    ask(&server, large(2)).await.ok(200);
}

#[tokio::test]
async fn a_connected_author_asks_in_their_own_conversation() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let author = server.client().await;
    let form = fields(&[]).part("fichier", word());
    let request = server.request(reqwest::Method::POST, "/public/free-sample").bearer_auth(&author.token);
    let body: Value = send(request.multipart(form)).await.ok(200).clone();
    assert!(body["conversationId"].is_string());
    assert_eq!(server.count("conversations WHERE user_id IS NOT NULL").await, 1);
    let id = server.value("SELECT LOWER(HEX(id)) FROM files").await.unwrap();
    let path = format!("/files/download/{}", uuid::Uuid::parse_str(&id).unwrap());
    assert_eq!(server.get_as(&author.token, &path).await.status, 200);
    assert_ne!(new_id().to_string(), body["conversationId"]);
}
