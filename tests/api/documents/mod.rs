//! Documents that people send to their orders and with their messages, and take away again.

mod lists;
mod memory;
mod mishaps;
mod quotas;
mod refusals;
mod removing;
mod scanning;
mod sending;

use std::ops::Deref;

use reqwest::{
    Method, RequestBuilder,
    multipart::{Form, Part},
};
use serde_json::Value;
use staka::auth::Role;
use uuid::Uuid;

use crate::{
    shop::{Person, Shop, fixture, word},
    support::server::send,
};

/// An author with an order, its corrector, an administrator, and others.
pub struct Desk {
    shop: Shop,
    pub author: Person,
    pub corrector: Person,
    pub admin: Person,
    pub stranger: Person,
    pub order: Uuid,
}

impl Deref for Desk {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

impl Desk {
    pub async fn open() -> Self {
        Self::with(&[]).await
    }

    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let shop = Shop::with(settings).await;
        let author = shop.person("author@example.com", Role::User).await;
        let corrector = shop.person("corrector@example.com", Role::Corrector).await;
        let admin = shop.person("admin@example.com", Role::Admin).await;
        let stranger = shop.person("stranger@example.com", Role::User).await;
        let order = shop.paid_order(&author).await.0;
        shop.assign(order, &corrector).await;
        Self { shop, author, corrector, admin, stranger, order }
    }

    pub fn post_as(&self, person: &Person, path: &str, form: Form) -> RequestBuilder {
        // As browsers do: names are sent in UTF-8, not percent-encoded.
        self.post(path).bearer_auth(&person.token).multipart(form.percent_encode_noop())
    }

    pub fn delete_as(&self, person: &Person, path: &str) -> RequestBuilder {
        // The web application says this without a body.
        let request = self.request(Method::DELETE, path).bearer_auth(&person.token);
        request.header("content-type", "application/json")
    }

    /// As the web application does: one document, in `file`, and nothing else.
    pub fn sends(&self, person: &Person, file: Part) -> RequestBuilder {
        let path = format!("/api/files/projects/{}/upload", self.order);
        self.post_as(person, &path, Form::new().part("file", file))
    }

    /// Sends a text of this name to the order; its id.
    pub async fn sent(&self, person: &Person, name: &str) -> Uuid {
        let body = send(self.sends(person, text(name))).await;
        body.ok(201)["fileId"].as_str().unwrap().parse().unwrap()
    }

    pub async fn attached(&self, person: &Person) -> Uuid {
        let form = Form::new().part("file", text("note.txt"));
        let body = self.json(self.post_as(person, "/api/files/upload/message", form), 201).await;
        body["file"]["id"].as_str().unwrap().parse().unwrap()
    }

    /// `template address` of the mails queued about documents.
    pub async fn told_by_mail(&self) -> Vec<String> {
        self.queued().await.into_iter().filter(|mail| mail.contains("document")).collect()
    }

    /// Titles of the bells of someone, oldest first.
    pub async fn bells(&self, person: &Person) -> Vec<String> {
        let id = person.id.simple();
        self.texts(&format!(
            "SELECT CONCAT(title, ' ', type, ' ', priority, ' ', action_url) FROM notifications
             WHERE user_id = UNHEX('{id}') ORDER BY created_at, id"
        ))
        .await
    }

    /// Asserts that neither a row nor an object stays of what was refused.
    pub async fn assert_nothing_kept(&self) {
        assert_eq!((self.count("files").await, self.objects()), (0, vec![]));
        assert_eq!(self.count("storage_deletions").await, 0);
        assert_eq!(self.count("audit_logs WHERE action = 'FILE_UPLOADED'").await, 0);
    }
}

pub fn text(name: &str) -> Part {
    Part::bytes(b"Il \xc3\xa9tait une fois.".to_vec())
        .file_name(name.to_owned())
        .mime_str("text/plain")
        .unwrap()
}

/// An archive of so many bytes.
pub fn archive(bytes: usize) -> Part {
    let mut content = b"PK\x03\x04".to_vec();
    content.resize(bytes, 7);
    Part::bytes(content).file_name("tome.zip").mime_str("application/x-zip-compressed").unwrap()
}

pub fn keys(body: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

pub fn picture() -> Part {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89".to_vec();
    Part::bytes(png).file_name("couverture.png").mime_str("image/png").unwrap()
}

pub fn manuscript() -> Part {
    word().file_name("L’été à Sète — final.docx")
}

pub fn pdf() -> Part {
    fixture("extrait.pdf", "application/pdf")
}
