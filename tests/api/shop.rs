//! A shop without a single line on its list nor a single account: the tests put in what they need.

use std::ops::Deref;
use std::path::Path;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, Response, header::HeaderMap};
use serde_json::Value;
use uuid::Uuid;

pub use crate::support::server::Person;
use crate::support::server::{Setup, TestServer, send};

/// A running server and what a test looks into.
pub struct Shop(TestServer);

impl Deref for Shop {
    type Target = TestServer;

    fn deref(&self) -> &TestServer {
        &self.0
    }
}

impl Shop {
    pub async fn open() -> Self {
        Self::with(&[]).await
    }

    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self(Setup::default().without_seeds().settings(settings).start().await)
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub fn get_as(&self, person: &Person, path: &str) -> RequestBuilder {
        self.get(path).bearer_auth(&person.token)
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// Sends, asserts the refusal, and gives the body.
    pub async fn refused(&self, request: RequestBuilder, status: u16, code: &str) -> Value {
        send(request).await.refused(status, code).clone()
    }

    /// Sends, asserts the status, and gives the body.
    pub async fn json(&self, request: RequestBuilder, status: u16) -> Value {
        send(request).await.ok(status).clone()
    }

    /// Asserts that nothing was ordered and nothing stays in the storage.
    pub async fn assert_untouched(&self) {
        for table in [
            "pending_commandes",
            "files",
            "checkout_sessions",
            "storage_deletions",
            "notifications",
            "email_outbox",
        ] {
            assert_eq!(self.count(table).await, 0, "{table}");
        }
        assert_eq!(self.objects(), Vec::<String>::new());
    }

    pub async fn conn(&self) -> staka::db::Conn {
        self.state.db.conn().await.unwrap()
    }
}

/// The fields of a guest's form that is in order, changed as told: `None` takes a field away.
pub fn guest_form(service: Uuid, changes: &[(&str, Option<&str>)]) -> Form {
    let service = service.to_string();
    let mut fields = vec![
        ("prenom", "Jeanne"),
        ("nom", "Dupont"),
        ("email", " Jeanne.Dupont@Example.COM "),
        ("telephone", "06 01 02 03 04"),
        ("serviceId", service.as_str()),
        ("nombrePages", "150"),
        ("description", "Un roman historique"),
        ("titre", "L’été à Sète"),
        ("consentementRgpd", "true"),
    ];
    for (name, value) in changes {
        fields.retain(|(other, _)| other != name);
        fields.extend(value.map(|value| (*name, value)));
    }
    fields.into_iter().fold(Form::new(), |form, (name, value)| form.text(name.to_owned(), value.to_owned()))
}

/// A document of `tests/fixtures`.
pub fn fixture(name: &str, mime: &str) -> Part {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    Part::bytes(std::fs::read(path).unwrap()).file_name(name.to_owned()).mime_str(mime).unwrap()
}

/// The word document most tests send.
pub fn word() -> Part {
    fixture("extrait.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document")
}

/// The details' paths of a validation refusal.
pub fn refused_fields(body: &Value) -> Vec<&str> {
    body["details"].as_array().unwrap().iter().map(|detail| detail["path"][0].as_str().unwrap()).collect()
}

/// The text of a response and its headers.
pub async fn text_of(response: Response) -> (HeaderMap, String) {
    (response.headers().clone(), response.text().await.unwrap())
}
