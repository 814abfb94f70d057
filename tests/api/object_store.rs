//! Files kept in a bucket of an S3-compatible store, against a real one.

use chrono::Duration;
use futures_util::TryStreamExt;
use reqwest::multipart::Part;
use staka::{
    auth::Role,
    files::{
        deletions,
        orphans::{self, Swept},
        storage::{Kind, StorageError},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uuid::{ContextV7, Timestamp, Uuid};

use crate::{
    shop::{Shop, fixture, guest_form, text_of, word},
    support::s3::S3,
};

const MIB: usize = 1 << 20;

/// A shop whose files are in the bucket.
async fn shop_over(s3: &S3) -> Shop {
    shop_with(&s3.settings()).await
}

async fn shop_with(settings: &[(&'static str, String)]) -> Shop {
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let shop = Shop::with(&settings).await;
    // What they say is the affair of other tests.
    shop.ignore_mails();
    shop
}

/// A zip of so many bytes that no two of its parts are the same.
fn big(bytes: usize) -> Vec<u8> {
    let mut content = b"PK\x03\x04".to_vec();
    content.extend((0..).flat_map(u32::to_le_bytes).take(bytes - 4));
    content
}

fn zip(content: &[u8]) -> Part {
    Part::bytes(content.to_vec()).file_name("roman.zip")
}

/// The id of the one document.
async fn the_document(shop: &Shop) -> Uuid {
    sqlx::query_scalar("SELECT id FROM files").fetch_one(&mut *shop.conn().await).await.unwrap()
}

/// What `/health` says of the storage, asked once: the answer is kept for a moment.
async fn health_of_storage(shop: &Shop) -> String {
    let answer = shop.get("/health").send().await.unwrap();
    let (status, body) = (answer.status(), answer.json::<serde_json::Value>().await.unwrap());
    assert_eq!(status.is_success(), body["services"]["storage"] == "ok", "{body}");
    body["services"]["storage"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_manuscript_goes_to_the_bucket_and_comes_back_whole_or_in_part() {
    let s3 = S3::start().await;
    let shop = shop_over(&s3).await;
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let service = shop.tarif("Correction", 200, "PAGE").await;
    let content = big(12 * MIB + 5);
    let form = guest_form(service, &[]).part("files", zip(&content));
    shop.json(shop.post("/public/order").multipart(form), 201).await;

    let keys = s3.objects();
    assert!(
        keys.len() == 1 && keys[0].starts_with("orders/2026/03/") && keys[0].ends_with(".zip"),
        "{keys:?}"
    );
    assert_eq!((s3.parts(), shop.objects()), (0, vec![]), "nothing but the object stays");
    assert_eq!(health_of_storage(&shop).await, "ok");
    let sent = s3.asked.take();
    assert_eq!(sent.iter().filter(|request| request.contains("partNumber=")).count(), 3, "{sent:?}");

    let path = format!("/files/download/{}", the_document(&shop).await);
    let whole = shop.get_as(&admin, &path).send().await.unwrap();
    assert_eq!(whole.headers()["content-length"], content.len().to_string());
    assert_eq!(whole.bytes().await.unwrap(), content);
    for (range, expected) in [
        ("bytes=5242870-5242889", &content[5 * MIB - 10..5 * MIB + 10]),
        ("bytes=-3", &content[content.len() - 3..]),
    ] {
        let part = shop.get_as(&admin, &path).header("range", range).send().await.unwrap();
        assert_eq!(part.status(), 206);
        assert_eq!(part.bytes().await.unwrap(), expected, "{range}");
    }

    // Never paid, it goes with its order.
    shop.clock.advance(Duration::days(8));
    for job in ["pending_orders", "stripe_closings", "pending_orders"] {
        shop.run_job(job).await;
    }
    assert_eq!((s3.objects(), shop.count("storage_deletions").await), (vec![], 0));
}

#[tokio::test]
async fn small_objects_take_one_request_and_missing_ones_are_absent() {
    let s3 = S3::start().await;
    let shop = shop_over(&s3).await;
    let (storage, now) = (&shop.state.storage, shop.state.clock.now());
    s3.asked.take();
    let object = storage.put_bytes(Kind::Invoices, "pdf", now, b"0123456789").await.unwrap();
    assert_eq!(s3.asked.take().len(), 1);
    assert_eq!(s3.objects(), std::slice::from_ref(&object.key));
    assert_eq!(storage.read(&object.key, 10).await.unwrap(), b"0123456789");
    assert!(matches!(storage.read(&object.key, 9).await, Err(StorageError::TooLarge { limit: 9 })));
    assert!(storage.exists(&object.key).await.unwrap());
    let empty = storage.put_bytes(Kind::Exports, "txt", now, b"").await.unwrap();
    assert_eq!(storage.read(&empty.key, 10).await.unwrap(), b"");
    storage.delete(&object.key).await.unwrap();
    storage.delete(&object.key).await.unwrap();
    assert!(!storage.exists(&object.key).await.unwrap());
    assert!(matches!(storage.open(&object.key).await, Err(StorageError::NotFound)));
    for key in ["../x", "tmp/x.part", "orders//x", ""] {
        assert!(matches!(storage.open(key).await, Err(StorageError::InvalidKey)), "{key}");
    }
    s3.asked.take();
    storage.probe().await.unwrap();
    assert_eq!(s3.asked.take().len(), 1);
    assert_eq!((s3.objects(), shop.objects()), (vec![empty.key], vec![]));
}

#[tokio::test]
async fn the_bucket_is_listed_in_pages_and_compared_with_the_rows() {
    let s3 = S3::start().await;
    let shop = shop_over(&s3).await;
    let author = shop.person("author@example.com", Role::User).await;
    let order = shop.commande(&author, "Mon roman", "EN_COURS").await;
    shop.document(Some(order), &author, "roman.txt", false).await;
    for number in 0..2300 {
        s3.plant(&format!("orders/2025/12/importe-{number}.docx"));
    }
    let long_ago = Timestamp::from_unix(ContextV7::new(), 1_770_000_000, 0);
    let orphans =
        ["messages", "invoices"].map(|kind| format!("{kind}/2026/02/{}.txt", Uuid::new_v7(long_ago)));
    orphans.iter().for_each(|key| s3.plant(key));
    // Of another program that shares the bucket.
    s3.plant("autre chose/é.txt");

    s3.asked.take();
    let keys: Vec<String> = shop.state.storage.keys().try_collect().await.unwrap();
    assert!(keys.is_sorted() && keys.len() == 2303, "{}", keys.len());
    let asked = s3.asked.take();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked.iter().all(|request| request.contains("list-type=2")), "{asked:?}");

    assert_eq!(orphans::sweep(&shop.state).await.unwrap(), Swept { removed: 2, missing: 0 });
    assert_eq!(deletions::run(&shop.state).await.unwrap(), 2);
    let left = s3.objects();
    assert!(left.len() == 2302 && orphans.iter().all(|key| !left.contains(key)), "{}", left.len());
}

#[tokio::test]
async fn a_store_that_is_away_refuses_uploads_and_comes_back() {
    let s3 = S3::start().await;
    let shop = shop_over(&s3).await;
    let author = shop.person("author@example.com", Role::User).await;
    let service = shop.tarif("Correction", 200, "PAGE").await;
    let order = shop.commande(&author, "Mon roman", "EN_COURS").await;
    let file = shop.document(Some(order), &author, "roman.txt", false).await;
    let kept = s3.objects();
    let form = || guest_form(service, &[]).part("files", word());
    shop.state.storage.probe().await.unwrap();

    s3.line.cut();
    shop.refused(shop.post("/public/order").multipart(form()), 503, "STORAGE_UNAVAILABLE").await;
    let download = shop.get_as(&author, &format!("/files/download/{file}"));
    shop.refused(download, 503, "STORAGE_UNAVAILABLE").await;
    assert_eq!(health_of_storage(&shop).await, "error");
    assert_eq!((shop.count("pending_commandes").await, shop.count("files").await), (0, 1));
    assert_eq!((s3.objects(), shop.objects()), (kept, vec![]));

    s3.line.mend();
    shop.state.storage.probe().await.unwrap();
    shop.json(shop.post("/public/order").multipart(form()), 201).await;
    let answer = shop.get_as(&author, &format!("/files/download/{file}")).send().await.unwrap();
    assert_eq!(text_of(answer).await.1, "0123456789");
}

#[tokio::test]
async fn wrong_credentials_are_an_outage_that_names_no_secret() {
    let s3 = S3::start().await;
    let shop = shop_with(&s3.settings_with_secret("another-secret")).await;
    let service = shop.tarif("Correction", 200, "PAGE").await;
    let form = guest_form(service, &[]).part("files", word());
    let body = shop.refused(shop.post("/public/order").multipart(form), 503, "STORAGE_UNAVAILABLE").await;
    assert!(!body.to_string().contains("Signature"), "{body}");
    assert_eq!(health_of_storage(&shop).await, "error");
    shop.assert_untouched().await;
    assert_eq!(s3.objects(), Vec::<String>::new());
    let failure = shop.state.storage.probe().await.unwrap_err();
    let told = format!("{:#}", anyhow::Error::new(failure));
    assert!(told.contains("SignatureDoesNotMatch") && !told.contains("another-secret"), "{told}");
}

#[tokio::test]
async fn a_bucket_that_does_not_exist_is_an_outage_and_no_absent_document() {
    let s3 = S3::start().await;
    let mut settings = s3.settings();
    settings.retain(|(name, _)| *name != "STORAGE_URL");
    settings.push(("STORAGE_URL", "s3://no-such-bucket".to_owned()));
    let shop = shop_with(&settings).await;
    let service = shop.tarif("Correction", 200, "PAGE").await;
    for content in [big(1000), big(6 * MIB)] {
        let form = guest_form(service, &[]).part("files", zip(&content));
        shop.refused(shop.post("/public/order").multipart(form), 503, "STORAGE_UNAVAILABLE").await;
    }
    assert_eq!(health_of_storage(&shop).await, "error");
    shop.assert_untouched().await;
}

#[tokio::test]
async fn an_upload_cut_off_on_either_side_leaves_nothing() {
    let s3 = S3::start().await;
    let shop = shop_over(&s3).await;
    let service = shop.tarif("Correction", 200, "PAGE").await;
    // The store refuses the third part of the second file.
    s3.asked.refuse_parts_after(2);
    let form = guest_form(service, &[])
        .part("files", fixture("extrait.pdf", "application/pdf"))
        .part("files", zip(&big(16 * MIB)));
    shop.refused(shop.post("/public/order").multipart(form), 503, "STORAGE_UNAVAILABLE").await;
    shop.assert_untouched().await;
    assert_eq!((s3.objects(), s3.parts()), (vec![], 0));
    assert!(
        s3.asked.take().iter().any(|request| request.starts_with("DELETE") && request.contains("uploadId="))
    );

    // The customer goes away in the middle of a file.
    let head: String = [
        ("prenom", "Jeanne"),
        ("nom", "Dupont"),
        ("email", "j@example.com"),
        ("telephone", "0601020304"),
        ("serviceId", &service.to_string()),
        ("nombrePages", "150"),
        ("consentementRgpd", "true"),
    ]
    .iter()
    .map(|(name, value)| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"))
    .collect();
    let file = "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.zip\"\r\n\r\nPK\x03\x04";
    let mut stream = TcpStream::connect(("127.0.0.1", shop.port)).await.unwrap();
    let request = format!(
        "POST /public/order HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n\
         Content-Length: 9000000\r\n\r\n{head}{file}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.write_all(&vec![7; MIB]).await.unwrap();
    stream.shutdown().await.unwrap();
    let _ = stream.read_to_end(&mut vec![]).await;
    shop.assert_untouched().await;
    assert_eq!((s3.objects(), s3.asked.take()), (vec![], vec![]));
}
