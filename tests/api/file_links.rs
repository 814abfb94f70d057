//! Links to documents that work without a session.

use chrono::Duration;
use reqwest::Response;
use staka::auth::Role;
use staka::links::LIFETIME;
use uuid::Uuid;

use crate::shop::{Person, Shop, text_of};

/// An author with an order and one document of it.
async fn with_document(shop: &Shop, name: &str, mime: &str) -> (Person, Uuid, Uuid) {
    let author = shop.person("author@example.com", Role::User).await;
    let order = shop.commande(&author, "Mon roman", "EN_COURS").await;
    let file = shop.document(Some(order), &author, name, false).await;
    sqlx::query("UPDATE files SET mime_type = ?").bind(mime).execute(&mut *shop.conn().await).await.unwrap();
    (author, order, file)
}

/// The link to the one document of an order, as a reader is shown it.
async fn link(shop: &Shop, reader: &Person, order: Uuid) -> String {
    let list = shop.json(shop.get_as(reader, &format!("/api/projects/{order}/files")), 200).await;
    list["files"][0]["url"].as_str().unwrap().to_owned()
}

async fn open(shop: &Shop, path: &str) -> Response {
    shop.get(path).send().await.unwrap()
}

async fn refused(shop: &Shop, path: &str) {
    shop.refused(shop.get(path), 403, "LINK_EXPIRED").await;
}

#[tokio::test]
async fn a_link_opens_its_document_for_a_quarter_of_an_hour() {
    let shop = Shop::open().await;
    let (author, order, file) = with_document(&shop, "roman.txt", "text/plain").await;
    let link = link(&shop, &author, order).await;
    assert!(link.starts_with(&format!("/api/files/download/{file}?expires=")), "{link}");
    // The web application puts its own prefix before it.
    for path in [link.clone(), format!("/api{link}"), link.replacen("/api", "", 1)] {
        let (headers, content) = text_of(open(&shop, &path).await).await;
        assert_eq!(content, "0123456789", "{path}");
        assert!(headers["content-disposition"].to_str().unwrap().starts_with("attachment; "));
        assert_eq!(headers["cache-control"], "private, no-store");
    }
    let (path, _) = link.split_once('?').unwrap();
    let other = shop.document(Some(order), &author, "annexe.txt", false).await;
    for tampered in [
        link.replace(&file.to_string(), &other.to_string()),
        link.replace("expires=", "expires=9"),
        link.replace("signature=", "signature=A"),
        format!("{path}?signature=AAAA"),
    ] {
        refused(&shop, &tampered).await;
    }
    shop.refused(shop.get(path), 401, "TOKEN_MISSING").await;
    shop.clock.advance(LIFETIME - Duration::seconds(1));
    assert_eq!(open(&shop, &link).await.status(), 200);
    shop.clock.advance(Duration::seconds(1));
    refused(&shop, &link).await;
    // A session goes on where a link ends.
    assert_eq!(shop.get_as(&author, &link).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn only_raster_images_are_shown() {
    for (mime, shown) in [
        ("image/png", true),
        ("image/jpeg", true),
        ("image/svg+xml", false),
        ("image/tiff", false),
        ("text/html", false),
        ("application/pdf", false),
    ] {
        let shop = Shop::open().await;
        let (author, order, file) = with_document(&shop, "image.png", mime).await;
        let link = link(&shop, &author, order).await;
        assert_eq!(link.ends_with("&disposition=inline"), shown, "{mime}");
        // Asked for or not, signed or not.
        for path in [link, format!("/files/{file}/download?disposition=inline")] {
            let answer = shop.get_as(&author, &path).send().await.unwrap();
            let disposition = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
            assert_eq!(disposition.starts_with("inline; "), shown, "{mime}: {disposition}");
            assert_eq!(disposition.starts_with("attachment; "), !shown, "{mime}: {disposition}");
            let policy = answer.headers()["content-security-policy"].to_str().unwrap();
            assert_eq!(policy.ends_with("sandbox"), shown, "{mime}: {policy}");
            assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        }
        let plain = shop.get_as(&author, &format!("/files/download/{file}")).send().await.unwrap();
        assert!(plain.headers()["content-disposition"].to_str().unwrap().starts_with("attachment; "));
    }
}

/// Who fetched documents, oldest first, and how often it was written down.
async fn fetches(shop: &Shop) -> Vec<String> {
    sqlx::query_scalar("SELECT actor_email FROM audit_logs WHERE action = 'FILE_DOWNLOADED' ORDER BY seq")
        .fetch_all(&mut *shop.conn().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_fetch_is_audited_once_per_person_document_and_quarter() {
    let shop = Shop::open().await;
    let (author, order, file) = with_document(&shop, "roman.txt", "text/plain").await;
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let theirs = link(&shop, &admin, order).await;
    let path = format!("/files/download/{file}");
    for range in ["bytes=4-", "bytes=0-3", "lines=1-2", "bytes=-99"] {
        let request = shop.get_as(&author, &path).header("range", range);
        assert!(request.send().await.unwrap().status().is_success(), "{range}");
    }
    assert_eq!(fetches(&shop).await, ["author@example.com"]);
    // What was not sent is no fetch, and a link speaks for whom it was made.
    shop.refused(shop.get_as(&admin, &path).header("range", "bytes=10-"), 416, "RANGE_NOT_SATISFIABLE").await;
    assert_eq!(fetches(&shop).await.len(), 1);
    for _ in 0..2 {
        assert_eq!(open(&shop, &theirs).await.status(), 200);
    }
    assert_eq!(fetches(&shop).await, ["author@example.com", "admin@example.com"]);
    shop.clock.advance(Duration::minutes(15));
    shop.get_as(&author, &path).send().await.unwrap();
    let second = shop.document(Some(order), &author, "annexe.txt", false).await;
    shop.get_as(&author, &format!("/files/download/{second}")).send().await.unwrap();
    assert_eq!(fetches(&shop).await.len(), 4);

    assert_eq!(shop.run_job("download_notes").await, 0);
    shop.clock.advance(Duration::days(2));
    assert_eq!(shop.run_job("download_notes").await, 4);
    assert_eq!(shop.count("document_fetches").await, 0);
}
