//! A shop without a single line on its list nor a single account: the tests put in what they need.

use std::ops::Deref;
use std::path::Path;

use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, Response, header::HeaderMap};
use serde_json::Value;
use sqlx::Row;
use staka::auth::Role;
use staka::clock::new_id;
use staka::files::storage::Kind;
use uuid::Uuid;

use crate::support::server::TestServer;

/// A running server and what a test looks into.
pub struct Shop(TestServer);

/// Someone with an account.
pub struct Person {
    pub id: Uuid,
    pub token: String,
}

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
        let shop = Self(TestServer::with(settings).await);
        for table in ["tarifs", "users"] {
            shop.execute(&format!("DELETE FROM {table}")).await;
        }
        shop
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

    /// Sends, asserts the status and the envelope of a refusal, and gives the body.
    pub async fn refused(&self, request: RequestBuilder, status: u16, code: &str) -> Value {
        let response = request.send().await.unwrap();
        let (got, body) = (response.status(), response.json::<Value>().await.unwrap());
        assert_eq!(got, status, "{body}");
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["error"], body["message"]);
        body
    }

    /// Sends, asserts the status, and gives the body.
    pub async fn json(&self, request: RequestBuilder, status: u16) -> Value {
        let response = request.send().await.unwrap();
        let (got, body) = (response.status(), response.text().await.unwrap());
        assert_eq!(got, status, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// Keys of the objects kept, and whatever temporary file stays.
    pub fn objects(&self) -> Vec<String> {
        let mut found = vec![];
        walk(&self.files, &self.files, &mut found);
        found
    }

    pub async fn execute(&self, sql: &str) {
        sqlx::query(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut *self.conn().await).await.unwrap();
    }

    /// The first row of a query, column by column as text.
    pub async fn row(&self, sql: &'static str) -> Vec<Option<String>> {
        let row = sqlx::query(sql).fetch_one(&mut *self.conn().await).await.unwrap();
        (0..row.len()).map(|column| row.try_get_unchecked::<Option<String>, _>(column).unwrap()).collect()
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

    /// Adds a line to the price list.
    pub async fn tarif(&self, nom: &str, prix: i64, unite: &str) -> Uuid {
        let (id, now) = (new_id(), self.state.clock.now());
        sqlx::query(
            "INSERT INTO tarifs (id, nom, description, prix, prix_formate, unite, type_service, ordre, created_at, updated_at)
             VALUES (?, ?, 'Une description', ?, '', ?, 'Correction', 1, ?, ?)",
        )
        .bind(id).bind(nom).bind(prix).bind(unite).bind(now).bind(now)
        .execute(&mut *self.conn().await)
        .await
        .unwrap();
        id
    }

    /// Opens an account.
    pub async fn person(&self, email: &str, role: Role) -> Person {
        let (id, now) = (new_id(), self.state.clock.now());
        sqlx::query(
            "INSERT INTO users (id, prenom, nom, email, password_hash, role, telephone, created_at, updated_at)
             VALUES (?, 'Zoé', 'Martin', ?, '!', ?, '0601020304', ?, ?)",
        )
        .bind(id)
        .bind(email)
        .bind(role)
        .bind(now)
        .bind(now)
        .execute(&mut *self.conn().await)
        .await
        .unwrap();
        let token = self.state.sessions.tokens.issue(id, email, role, 0, now).unwrap();
        Person { id, token }
    }

    /// Adds an order as it stands after some life.
    pub async fn commande(&self, owner: &Person, titre: &str, statut: &str) -> Uuid {
        let (id, now) = (new_id(), self.state.clock.now());
        sqlx::query("INSERT INTO commandes (id, user_id, titre, statut, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(id).bind(owner.id).bind(titre).bind(statut).bind(now).bind(now)
            .execute(&mut *self.conn().await)
            .await
            .unwrap();
        id
    }

    /// Keeps a document of an order.
    pub async fn document(&self, commande: Option<Uuid>, by: &Person, name: &str, corrected: bool) -> Uuid {
        let (id, now) = (new_id(), self.state.clock.now());
        let object = self.state.storage.put_bytes(Kind::Projects, "txt", now, b"0123456789").await.unwrap();
        sqlx::query(
            "INSERT INTO files (id, filename, storage_key, mime_type, size, sha256, type, is_corrected, uploaded_by_id,
                                commande_id, created_at, updated_at)
             VALUES (?, ?, ?, 'text/plain', 10, ?, 'DOCUMENT', ?, ?, ?, ?, ?)",
        )
        .bind(id).bind(name).bind(&object.key).bind(&object.sha256).bind(corrected).bind(by.id).bind(commande)
        .bind(now).bind(now)
        .execute(&mut *self.conn().await)
        .await
        .unwrap();
        id
    }
}

fn walk(root: &Path, directory: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => walk(root, &entry.path(), found),
            false => found.push(entry.path().strip_prefix(root).unwrap().display().to_string()),
        }
    }
}

/// The fields of a guest's form that is in order, changed as told: `None` takes a field away.
pub fn guest_form(service: Uuid, changes: &[(&'static str, Option<&str>)]) -> Form {
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
    fields.into_iter().fold(Form::new(), |form, (name, value)| form.text(name, value.to_owned()))
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
