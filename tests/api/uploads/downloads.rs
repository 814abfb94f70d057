//! Objects given back, and the storage itself.

use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, Response};
use staka::files::storage::{Kind, StorageError};

use super::demo::Demo;

fn now() -> DateTime<Utc> {
    "2026-12-31T23:30:00Z".parse().unwrap()
}

async fn get(demo: &Demo, target: &str, headers: &[(&str, &str)]) -> Response {
    let url = format!("http://{}/object/{target}", demo.address);
    let request = reqwest::Client::new().request(Method::GET, url);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_download_is_an_attachment_nobody_keeps() {
    let demo = Demo::start().await;
    let object = demo.storage.put_bytes(Kind::Invoices, "pdf", now(), b"0123456789").await.unwrap();
    assert!(object.key.starts_with("invoices/2026/12/") && object.size == 10);
    let target = format!("{}?name=L%E2%80%99%C5%93uvre.pdf&sha256={}", object.key, object.sha256);
    let response = get(&demo, &target, &[]).await;
    assert_eq!(response.status(), 200);
    assert_eq!(
        header(&response, "content-disposition"),
        "attachment; filename=\"L'oeuvre.pdf\"; filename*=UTF-8''L%E2%80%99%C5%93uvre.pdf"
    );
    assert_eq!(header(&response, "content-type"), "application/pdf");
    assert_eq!(header(&response, "x-content-type-options"), "nosniff");
    assert_eq!(header(&response, "cache-control"), "private, no-store");
    assert_eq!(header(&response, "accept-ranges"), "bytes");
    assert_eq!(header(&response, "content-length"), "10");
    assert_eq!(header(&response, "etag"), format!("\"{}\"", object.sha256));
    assert_eq!(response.text().await.unwrap(), "0123456789");
}

#[tokio::test]
async fn ranges_resume_a_download_of_the_same_content() {
    let demo = Demo::start().await;
    let object = demo.storage.put_bytes(Kind::Exports, "zip", now(), b"0123456789").await.unwrap();
    let target = format!("{}?name=a.pdf&sha256={}", object.key, object.sha256);
    let etag = format!("\"{}\"", object.sha256);
    for (range, if_range, status, content_range, body) in [
        ("bytes=2-4", None, 206, "bytes 2-4/10", "234"),
        ("bytes=7-", Some(etag.as_str()), 206, "bytes 7-9/10", "789"),
        ("bytes=-2", None, 206, "bytes 8-9/10", "89"),
        ("bytes=-999", None, 206, "bytes 0-9/10", "0123456789"),
        ("bytes=0-999", None, 206, "bytes 0-9/10", "0123456789"),
        ("bytes=2-4", Some("\"autre\""), 200, "", "0123456789"),
        ("bytes=0-1,4-5", None, 200, "", "0123456789"),
        ("nonsense", None, 200, "", "0123456789"),
        ("lines=2-4", None, 200, "", "0123456789"),
    ] {
        let mut headers = vec![("range", range)];
        headers.extend(if_range.map(|value| ("if-range", value)));
        let response = get(&demo, &target, &headers).await;
        assert_eq!(response.status(), status, "{range}");
        assert_eq!(header(&response, "content-range"), content_range, "{range}");
        assert_eq!(header(&response, "content-length"), body.len().to_string());
        assert_eq!(response.text().await.unwrap(), body, "{range}");
    }
    let response = get(&demo, &target, &[("range", "bytes=10-")]).await;
    assert_eq!(response.status(), 416);
    assert_eq!(header(&response, "content-range"), "bytes */10");
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!(body["code"], "RANGE_NOT_SATISFIABLE");
}

#[tokio::test]
async fn what_is_not_an_object_is_absent() {
    let demo = Demo::start().await;
    std::fs::write(demo.root.join("tmp/x.part"), "secret").unwrap();
    for key in [
        "orders/2026/01/absent.pdf",
        "..%2F..%2Fetc%2Fpasswd",
        "tmp/x.part",
        "tmp",
        "orders%2F..%2Ftmp%2Fx.part",
    ] {
        let response = get(&demo, &format!("{key}?name=a.pdf"), &[]).await;
        assert_eq!(response.status(), 404, "{key}");
    }
}

#[tokio::test]
async fn an_object_is_kept_until_it_is_deleted() {
    let demo = Demo::start().await;
    let storage = &demo.storage;
    let source = &vec![1; 200_000][..];
    let object = storage.put_stream(Kind::Projects, "zip", now(), source, 200_000).await.unwrap();
    assert!(storage.exists(&object.key).await.unwrap());
    assert_eq!(demo.keys().await, std::slice::from_ref(&object.key));
    let refused = storage.put_stream(Kind::Projects, "zip", now(), source, 199_999).await;
    assert!(matches!(refused, Err(StorageError::TooLarge { limit: 199_999 })));
    let refused = storage.read(&object.key, 10).await;
    assert!(matches!(refused, Err(StorageError::TooLarge { limit: 10 })));
    storage.delete(&object.key).await.unwrap();
    storage.delete(&object.key).await.unwrap();
    assert!(!storage.exists(&object.key).await.unwrap());
    assert!(matches!(storage.open(&object.key).await, Err(StorageError::NotFound)));
    assert!(matches!(storage.delete("../x").await, Err(StorageError::InvalidKey)));
    storage.probe().await.unwrap();
    demo.assert_clean().await;
}

#[tokio::test]
async fn the_sweep_removes_old_temporary_files_only() {
    let demo = Demo::start().await;
    let object = demo.storage.put_bytes(Kind::Orders, "txt", now(), b"a").await.unwrap();
    let mut draft = demo.storage.draft().await.unwrap();
    draft.write(b"still being written").await.unwrap();
    std::fs::write(demo.root.join("tmp/left-behind.part"), "x").unwrap();
    let this_instant = DateTime::<Utc>::from(SystemTime::now());
    assert_eq!(demo.storage.sweep_tmp(this_instant - TimeDelta::hours(1)).await.unwrap(), 0);
    assert_eq!(demo.storage.sweep_tmp(this_instant + TimeDelta::hours(1)).await.unwrap(), 2);
    assert_eq!(demo.keys().await, [object.key]);
}

#[tokio::test]
async fn a_storage_whose_directory_vanished_heals() {
    let demo = Demo::start().await;
    std::fs::remove_dir_all(&demo.root).unwrap();
    let object = demo.storage.put_bytes(Kind::Orders, "txt", now(), b"a").await.unwrap();
    assert_eq!(demo.storage.read(&object.key, 1).await.unwrap(), b"a");
}

#[tokio::test]
async fn keys_are_listed_in_their_byte_order_and_nothing_else_is() {
    let demo = Demo::start().await;
    let mut keys: Vec<String> =
        (0..2100).map(|number| format!("orders/2026/{:02}/{number}.txt", number % 12)).collect();
    keys.extend(["orders/2026-b.txt", "orders/2026.a", "orders/2026a/x", "a", "z/y/x"].map(str::to_owned));
    let ignored = ["orders/é.txt", "lost+found/x", "tmp/x.part", "orders/a b"].map(str::to_owned);
    for key in keys.iter().chain(&ignored) {
        let path = demo.root.join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    keys.sort();
    assert_eq!(demo.keys().await, keys);
}
