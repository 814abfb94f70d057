//! A server with one upload route per policy and one download route.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use axum::extract::{Path as Segment, Query, State};
use axum::http::{HeaderMap, Response};
use axum::routing::{get, post};
use axum::{Json, Router, body::Body};
use futures_util::TryStreamExt;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::{Value, json};
use staka::files::download::{self, Description};
use staka::files::sniff::Policy;
use staka::files::storage::{Kind, Storage};
use staka::files::upload::{MultipartBody, MultipartForm, UploadSpec};
use staka::http::{ApiError, ApiResult};
use tokio::net::TcpListener;

use crate::support::scratch::Scratch;

pub const MIB: u64 = 1024 * 1024;

pub struct Demo {
    pub address: SocketAddr,
    pub storage: Storage,
    pub root: PathBuf,
    /// Removed with the test, unless it brought a directory of its own.
    _scratch: Option<Scratch>,
}

impl Demo {
    pub async fn start() -> Self {
        Self::with_reserve(0).await
    }

    pub async fn with_reserve(reserve: u64) -> Self {
        let scratch = Scratch::new();
        let storage = Storage::local(&*scratch, reserve).unwrap();
        let demo = Self::over(&scratch, storage).await;
        Self { _scratch: Some(scratch), ..demo }
    }

    pub async fn over(root: &Path, storage: Storage) -> Self {
        let app = Router::new()
            .route("/upload/{policy}", post(upload))
            .route("/object/{*key}", get(serve))
            .with_state(storage.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, storage, root: root.to_owned(), _scratch: None }
    }

    /// Posts a form; answers the status and the body.
    pub async fn post(&self, policy: &str, form: Form) -> (u16, Value) {
        let url = format!("http://{}/upload/{policy}", self.address);
        // As browsers do: names are sent in UTF-8, not percent-encoded.
        let request = reqwest::Client::new().post(url).multipart(form.percent_encode_noop());
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// The keys of the objects.
    pub async fn keys(&self) -> Vec<String> {
        self.storage.keys().try_collect().await.unwrap()
    }

    /// Every file under the root: objects and temporary files.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.root, &mut found);
        found
    }

    /// Waits until the files on disk satisfy a condition.
    pub async fn wait_for(&self, what: &str, condition: impl Fn(&[PathBuf]) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !condition(&self.files()) {
            assert!(Instant::now() < deadline, "still waiting for {what}: {:?}", self.files());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Asserts that nothing remains on the disk.
    pub async fn assert_clean(&self) {
        self.wait_for("a clean disk", <[PathBuf]>::is_empty).await;
    }
}

fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => walk(&path, found),
            false => found.push(path),
        }
    }
}

/// A file part as a browser sends it.
pub fn part(filename: &str, declared: &str, bytes: impl Into<Vec<u8>>) -> Part {
    let part = Part::bytes(bytes.into()).file_name(filename.to_owned());
    match declared {
        "" => part,
        _ => part.mime_str(declared).unwrap(),
    }
}

/// A form with one file.
pub fn one(filename: &str, declared: &str, bytes: impl Into<Vec<u8>>) -> Form {
    Form::new().part("files", part(filename, declared, bytes))
}

async fn upload(
    State(storage): State<Storage>,
    Segment(policy): Segment<String>,
    body: MultipartBody,
) -> ApiResult<Json<Value>> {
    let policy = match policy.as_str() {
        "order" => Policy::Order,
        "project" => Policy::Project,
        _ => Policy::Message,
    };
    let spec = UploadSpec {
        file_field: "files",
        max_files: 10,
        max_bytes_per_file: 50 * MIB,
        policy,
        kind: Kind::Orders,
    };
    let mut form = MultipartForm::new(body, spec);
    let fields = form.fields_until_first_file().await?;
    if fields.get("titre") == Some("refusé") {
        return Err(ApiError::invalid_field("titre", "Ce titre est refusé."));
    }
    let now = "2026-03-09T10:00:00Z".parse().unwrap();
    let received = form.receive_files(&storage, now).await?;
    if form.fields().get("titre") == Some("échec") {
        return Err(ApiError::conflict("FAILED", "L'enregistrement a échoué."));
    }
    let fields: Value = form.fields().iter().map(|(name, value)| (name, json!(value))).collect();
    let files = received.keep(&storage).await?.into_iter().map(|file| {
        json!({
            "index": file.index, "filename": file.filename, "mime": file.mime, "type": file.file_type,
            "key": file.object.key, "size": file.object.size, "sha256": file.object.sha256,
            "title": file.metadata.as_ref().and_then(|metadata| metadata.title.clone()),
        })
    });
    Ok(Json(json!({"files": files.collect::<Vec<_>>(), "fields": fields})))
}

#[derive(Deserialize)]
struct Name {
    name: String,
    sha256: Option<String>,
}

async fn serve(
    State(storage): State<Storage>,
    Segment(key): Segment<String>,
    Query(query): Query<Name>,
    headers: HeaderMap,
) -> ApiResult<Response<Body>> {
    let description = Description {
        filename: &query.name,
        mime: "application/pdf",
        sha256: query.sha256.as_deref(),
        shown: true,
    };
    download::respond(storage.open(&key).await?, description, &headers).await
}
