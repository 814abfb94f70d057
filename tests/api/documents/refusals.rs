//! Who may not send, and what is not taken: nothing stays of it.

use reqwest::multipart::{Form, Part};
use staka::auth::Role;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uuid::Uuid;

use super::{Desk, archive, text};
use crate::shop::Person;

const MIB: usize = 1 << 20;

fn named(name: &str, mime: &str, bytes: &[u8]) -> Part {
    Part::bytes(bytes.to_vec()).file_name(name.to_owned()).mime_str(mime).unwrap()
}

#[tokio::test]
async fn who_has_no_part_in_an_order_adds_nothing_to_it() {
    let desk = Desk::open().await;
    let idle = desk.person("idle@example.com", Role::Corrector).await;
    for person in [&desk.stranger, &idle] {
        desk.refused(desk.sends(person, text("a.txt")), 403, "PROJECT_FORBIDDEN").await;
    }
    let to = |id: &str| {
        desk.post_as(
            &desk.author,
            &format!("/files/projects/{id}/upload"),
            Form::new().part("file", text("a.txt")),
        )
    };
    desk.refused(to(&Uuid::nil().to_string()), 403, "PROJECT_FORBIDDEN").await;
    desk.refused(to("12"), 400, "INVALID_ID").await;
    let path = format!("/files/projects/{}/upload", desk.order);
    desk.refused(desk.post(&path).multipart(Form::new().part("file", text("a.txt"))), 401, "TOKEN_MISSING")
        .await;
    desk.refused(
        desk.post("/files/upload/message").multipart(Form::new().part("file", text("a.txt"))),
        401,
        "TOKEN_MISSING",
    )
    .await;
    desk.assert_nothing_kept().await;
}

#[tokio::test]
async fn what_is_no_document_is_refused() {
    let desk = Desk::open().await;
    let pdf = "application/pdf";
    for (file, status, code) in [
        (named("page.html", "text/html", b"<script>alert(1)</script>"), 415, "UNSUPPORTED_FILE_TYPE"),
        (named("dessin.svg", "image/svg+xml", b"<svg/>"), 415, "UNSUPPORTED_FILE_TYPE"),
        (named("roman.exe", "application/octet-stream", b"MZ\x90\0"), 415, "UNSUPPORTED_FILE_TYPE"),
        (named("roman.pdf", pdf, b"<html><script>alert(1)</script>"), 415, "UNSUPPORTED_FILE_TYPE"),
        (named("roman.docx", pdf, b"%PDF-1.7"), 415, "UNSUPPORTED_FILE_TYPE"),
        (named("vide.txt", "text/plain", b""), 400, "EMPTY_FILE"),
        (named("", "application/octet-stream", b""), 400, "FILE_REQUIRED"),
        (archive(20 * MIB + 1), 413, "FILE_TOO_LARGE"),
    ] {
        desk.refused(desk.sends(&desk.author, file), status, code).await;
    }
    let path = format!("/files/projects/{}/upload", desk.order);
    for (form, code) in [
        (Form::new(), "INVALID_MULTIPART"),
        (Form::new().text("description", "rien"), "FILE_REQUIRED"),
        (Form::new().part("files", text("a.txt")), "UNEXPECTED_FIELD"),
        (Form::new().part("file", text("a.txt")).part("file", text("b.txt")), "TOO_MANY_FILES"),
    ] {
        desk.refused(desk.post_as(&desk.author, &path, form), 400, code).await;
    }
    let json = desk.post(&path).bearer_auth(&desk.author.token).json(&serde_json::json!({}));
    desk.refused(json, 415, "UNSUPPORTED_MEDIA_TYPE").await;
    let attach = |file| desk.post_as(&desk.author, "/files/upload/message", Form::new().part("file", file));
    desk.refused(attach(archive(10 * MIB + 1)), 413, "FILE_TOO_LARGE").await;
    desk.refused(attach(named("a.odt", "application/zip", b"PK\x03\x04")), 415, "UNSUPPORTED_FILE_TYPE")
        .await;
    desk.assert_nothing_kept().await;
    // What the team gives back may be as large as what an order is made with.
    desk.json(desk.sends(&desk.corrector, archive(20 * MIB + 1)), 201).await;
    desk.ignore_mails();
}

/// A form of which the beginning was sent.
async fn begun(desk: &Desk, person: &Person, path: &str) -> TcpStream {
    let head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nbonjour";
    let length = head.len() + END.len();
    let mut stream = TcpStream::connect(("127.0.0.1", desk.port)).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n{head}",
        person.token
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    // Once its file is there, who sends it has been judged.
    while desk.objects().is_empty() {
        tokio::task::yield_now().await;
    }
    stream
}

const END: &str = ", la suite\r\n--b--\r\n";

async fn ended(mut stream: TcpStream) -> String {
    stream.write_all(END.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn who_is_not_let_in_any_more_when_it_has_arrived_leaves_nothing() {
    let desk = Desk::open().await;
    let path = format!("/files/projects/{}/upload", desk.order);
    let upload = begun(&desk, &desk.corrector, &path).await;
    desk.execute("UPDATE commandes SET corrector_id = NULL").await;
    let answer = ended(upload).await;
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("PROJECT_FORBIDDEN"), "{answer}");
    desk.assert_nothing_kept().await;

    for path in [path.as_str(), "/files/upload/message"] {
        let upload = begun(&desk, &desk.author, path).await;
        desk.execute("UPDATE users SET token_version = 1 WHERE email = 'author@example.com'").await;
        desk.state.sessions.forget(desk.author.id).await;
        let answer = ended(upload).await;
        assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("TOKEN_INVALID"), "{answer}");
        desk.assert_nothing_kept().await;
        desk.execute("UPDATE users SET token_version = 0").await;
        desk.state.sessions.forget(desk.author.id).await;
    }

    let upload = begun(&desk, &desk.author, "/files/upload/message").await;
    desk.execute("UPDATE users SET deleted_at = NOW(3) WHERE email = 'author@example.com'").await;
    let answer = ended(upload).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    desk.assert_nothing_kept().await;
}
