//! Limits, refusals and interruptions: whatever happens, nothing stays on the disk.

use reqwest::multipart::Form;
use staka::files::storage::Storage;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::demo::{Demo, MIB, one, part};
use crate::support::small_disk::SmallDisk;

/// A connection that sends a form by hand, with one file of a declared length.
async fn open_upload(demo: &Demo, file_bytes: u64) -> TcpStream {
    let head = "--b\r\nContent-Disposition: form-data; name=\"titre\"\r\n\r\nMon roman\r\n\
        --b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"roman.zip\"\r\n\
        Content-Type: application/zip\r\n\r\nPK\x03\x04";
    let length = head.len() as u64 + file_bytes + 9;
    let mut stream = TcpStream::connect(demo.address).await.unwrap();
    let request = format!(
        "POST /upload/order HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n{head}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_while_it_streams() {
    let demo = Demo::start().await;
    let mut stream = open_upload(&demo, 60 * MIB).await;
    let block = vec![7; MIB as usize];
    for _ in 0..60 {
        stream.write_all(&block).await.unwrap();
    }
    stream.write_all(b"\r\n--b--\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("\"FILE_TOO_LARGE\""), "{answer}");
    assert!(answer.contains("« roman.zip » dépasse la taille maximale de 50 Mo"), "{answer}");
    demo.assert_clean().await;
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing() {
    let demo = Demo::start().await;
    let mut stream = open_upload(&demo, 10 * MIB).await;
    stream.write_all(&vec![7; MIB as usize]).await.unwrap();
    demo.wait_for("the temporary file", |files| files.len() == 1).await;
    drop(stream);
    demo.assert_clean().await;
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_finished_files_along() {
    let demo = Demo::start().await;
    let mut stream = open_upload(&demo, 10 * MIB).await;
    let second =
        "\r\n--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"b.zip\"\r\n\r\nPK\x03\x04 and";
    stream.write_all(second.as_bytes()).await.unwrap();
    demo.wait_for("the first file and the second draft", |files| files.len() == 2).await;
    assert_eq!(demo.keys().await, Vec::<String>::new(), "before the whole form nothing is kept");
    drop(stream);
    demo.assert_clean().await;
}

#[tokio::test]
async fn a_body_cut_off_before_its_end_is_malformed() {
    let demo = Demo::start().await;
    let body = "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\r\nbonjour";
    let response = reqwest::Client::new()
        .post(format!("http://{}/upload/order", demo.address))
        .header("content-type", "multipart/form-data; boundary=b")
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 400);
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!(body["code"], "INVALID_MULTIPART");
    demo.assert_clean().await;
}

#[tokio::test]
async fn another_content_type_is_refused() {
    let demo = Demo::start().await;
    for (content_type, status, code) in [
        ("application/json", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("text/plain", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("multipart/mixed; boundary=b", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("multipart/form-data", 400, "INVALID_MULTIPART"),
    ] {
        let request = reqwest::Client::new()
            .post(format!("http://{}/upload/order", demo.address))
            .header("content-type", content_type)
            .body("{}");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{content_type}");
        let body: serde_json::Value = response.json().await.unwrap();
        assert_eq!(body["code"], code);
    }
}

#[tokio::test]
async fn ten_files_pass_and_eleven_do_not() {
    let demo = Demo::start().await;
    let form = |count: usize| {
        (0..count)
            .fold(Form::new(), |form, n| form.part("files", part(&format!("{n}.txt"), "text/plain", "texte")))
    };
    let (status, body) = demo.post("order", form(11)).await;
    assert_eq!((status, &body["code"]), (400, &"TOO_MANY_FILES".into()), "{body}");
    demo.assert_clean().await;
    let (status, body) = demo.post("order", form(10)).await;
    assert_eq!((status, body["files"].as_array().unwrap().len()), (200, 10));
}

#[tokio::test]
async fn a_file_in_another_field_is_refused() {
    let demo = Demo::start().await;
    let form = one("a.txt", "text/plain", "a").part("autre", part("b.txt", "text/plain", "b"));
    let (status, body) = demo.post("order", form).await;
    assert_eq!((status, &body["code"]), (400, &"UNEXPECTED_FIELD".into()));
    demo.assert_clean().await;
}

#[tokio::test]
async fn an_empty_file_is_refused_and_an_empty_input_is_no_file() {
    let demo = Demo::start().await;
    let (status, body) = demo.post("order", one("vide.txt", "text/plain", "")).await;
    assert_eq!((status, &body["code"]), (400, &"EMPTY_FILE".into()));
    assert_eq!(body["message"], "Le fichier « vide.txt » est vide.");
    let (status, body) = demo.post("order", one("", "application/octet-stream", "")).await;
    assert_eq!((status, &body["files"]), (200, &serde_json::json!([])), "{body}");
    demo.assert_clean().await;
}

#[tokio::test]
async fn texts_are_limited_in_length_and_number() {
    let demo = Demo::start().await;
    let (status, body) = demo.post("order", Form::new().text("titre", "é".repeat(33_000))).await;
    assert_eq!((status, &body["code"]), (413, &"PAYLOAD_TOO_LARGE".into()));
    let texts = (0..5).fold(Form::new(), |form, n| form.text(format!("champ{n}"), "x".repeat(60 * 1024)));
    let (status, body) = demo.post("order", texts).await;
    assert_eq!((status, &body["code"]), (413, &"PAYLOAD_TOO_LARGE".into()));
    let texts = (0..5).fold(Form::new(), |form, _| form.text("titre", "x".repeat(60 * 1024)));
    let (status, body) = demo.post("order", texts).await;
    assert_eq!((status, &body["code"]), (413, &"PAYLOAD_TOO_LARGE".into()));
}

#[tokio::test]
async fn parts_are_counted_whatever_they_carry() {
    let demo = Demo::start().await;
    let distinct = |count: usize| (0..count).fold(Form::new(), |form, n| form.text(format!("champ{n}"), "x"));
    let repeated = (0..65).fold(Form::new(), |form, _| form.text("titre", "x"));
    let empty =
        (0..65).fold(Form::new(), |form, _| form.part("files", part("", "application/octet-stream", "")));
    for form in [distinct(65), repeated, empty] {
        let (status, body) = demo.post("order", form).await;
        assert_eq!((status, &body["code"]), (400, &"TOO_MANY_FIELDS".into()), "{body}");
    }
    assert_eq!(demo.post("order", distinct(64)).await.0, 200);
}

#[tokio::test]
async fn the_headers_of_a_part_are_limited() {
    let demo = Demo::start().await;
    let form = |bytes: usize| Form::new().text("x".repeat(bytes), "x");
    let (status, body) = demo.post("order", form(16 * 1024)).await;
    assert_eq!((status, &body["code"]), (400, &"INVALID_MULTIPART".into()), "{body}");
    assert_eq!(demo.post("order", form(16 * 1024 - 100)).await.0, 200);
}

#[tokio::test]
async fn a_refused_text_writes_nothing_and_a_late_failure_removes_everything() {
    let demo = Demo::start().await;
    let form = |title: &'static str| {
        let files = [part("a.txt", "text/plain", "a"), part("b.txt", "text/plain", "b")];
        let form = Form::new().text("titre", title);
        files.into_iter().fold(form, |form, file| form.part("files", file))
    };
    let (status, _) = demo.post("order", form("refusé")).await;
    assert_eq!((status, demo.files().len()), (400, 0));
    let (status, body) = demo.post("order", form("échec")).await;
    assert_eq!((status, &body["code"]), (409, &"FAILED".into()));
    demo.assert_clean().await;
}

#[tokio::test]
async fn metadata_follows_its_number_whatever_the_order() {
    let demo = Demo::start().await;
    let file = |n: usize| part(&format!("{n}.txt"), "text/plain", "texte");
    let form = Form::new()
        .text("titre", "Mon roman")
        .text("fileMetadata_2", r#"{"title":" Chapitre trois ","originalName":"2.txt"}"#)
        .part("files", file(0))
        .text("fileMetadata_1", "{pas du JSON")
        .part("files", file(1))
        .part("files", file(2))
        .text("fileMetadata_0", r#"{"title":"Chapitre un","description":null}"#)
        .text("fileMetadata_7", r#"{"title":"Personne"}"#)
        .text("apres", "oui");
    let (status, body) = demo.post("order", form).await;
    assert_eq!(status, 200, "{body}");
    let titles: Vec<_> = body["files"].as_array().unwrap().iter().map(|file| &file["title"]).collect();
    assert_eq!(titles, [&"Chapitre un".into(), &serde_json::Value::Null, &"Chapitre trois".into()]);
    assert_eq!((&body["fields"]["titre"], &body["fields"]["apres"]), (&"Mon roman".into(), &"oui".into()));
}

#[tokio::test]
async fn a_disk_near_its_reserve_is_unavailable() {
    let demo = Demo::with_reserve(u64::MAX).await;
    let (status, body) = demo.post("order", one("a.txt", "text/plain", "a")).await;
    assert_eq!((status, &body["code"]), (503, &"STORAGE_UNAVAILABLE".into()));
    assert!(demo.storage.probe().await.is_err());
    demo.assert_clean().await;
}

#[tokio::test]
async fn a_full_disk_is_unavailable_and_stays_usable() {
    let Some(disk) = SmallDisk::mount("uploads::limits::a_full_disk_is_unavailable_and_stays_usable") else {
        return;
    };
    let demo = Demo::over(&disk.0, Storage::local(&*disk.0, 0).unwrap()).await;
    let big = [b"PK\x03\x04".to_vec(), vec![7; 3 * MIB as usize]].concat();
    let (status, body) = demo.post("order", one("gros.zip", "application/zip", big)).await;
    assert_eq!((status, &body["code"]), (503, &"STORAGE_UNAVAILABLE".into()), "{body}");
    demo.assert_clean().await;
    let (status, _) = demo.post("order", one("petit.txt", "text/plain", "a")).await;
    assert_eq!(status, 200);
}
