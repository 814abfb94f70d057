//! A real S3 server for one test: the program's own requests, their signatures checked, over a directory.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::http::{Method, Request, Response, StatusCode};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use s3s::{
    Body,
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

use super::{proxy::Proxy, scratch};

const BUCKET: &str = "staka-tests";
const PREFIX: &str = "site";
const ACCESS_KEY: &str = "a-key-of-tests";
const SECRET_KEY: &str = "a-secret-of-tests";

/// The server, the line to it, and what it was asked.
pub struct S3 {
    root: PathBuf,
    pub line: Proxy,
    pub asked: Arc<Asked>,
}

/// The requests so far, and how many parts of objects are still taken.
pub struct Asked {
    requests: Mutex<Vec<String>>,
    parts: AtomicUsize,
}

impl S3 {
    pub async fn start() -> Self {
        let root = scratch::path("s3");
        std::fs::create_dir_all(root.join(BUCKET)).unwrap();
        let mut builder = S3ServiceBuilder::new(FileSystem::new(&root).unwrap());
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let asked = Arc::new(Asked { requests: Mutex::default(), parts: AtomicUsize::new(usize::MAX) });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let line = Proxy::start().await;
        line.lead_to_port(listener.local_addr().unwrap().port());
        tokio::spawn(serve(listener, builder.build(), asked.clone()));
        Self { root, line, asked }
    }

    /// The settings that lead a server of ours here.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        self.settings_with_secret(SECRET_KEY)
    }

    /// The same with another secret.
    pub fn settings_with_secret(&self, secret: &str) -> Vec<(&'static str, String)> {
        vec![
            ("STORAGE_URL", format!("s3://{BUCKET}/{PREFIX}")),
            ("STORAGE_ENDPOINT", format!("http://{}", self.line.address())),
            ("STORAGE_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("STORAGE_SECRET_ACCESS_KEY", secret.to_owned()),
        ]
    }

    /// The keys in the bucket, sorted.
    pub fn objects(&self) -> Vec<String> {
        let mut found = vec![];
        walk(&self.root.join(BUCKET), &mut found);
        let below = self.root.join(BUCKET).join(PREFIX);
        let key = |path: &PathBuf| path.strip_prefix(&below).unwrap().to_str().unwrap().to_owned();
        let mut keys: Vec<_> = found.iter().map(key).collect();
        keys.sort();
        keys
    }

    /// Parts of objects that are not whole.
    pub fn parts(&self) -> usize {
        let mut found = vec![];
        walk(&self.root, &mut found);
        let is_part = |path: &&PathBuf| path.file_name().unwrap().to_str().unwrap().contains(".part-");
        found.iter().filter(is_part).count()
    }

    /// Puts an object there without asking anyone.
    pub fn plant(&self, key: &str) {
        let path = self.root.join(BUCKET).join(PREFIX).join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "0123456789").unwrap();
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

impl Asked {
    /// Refuses parts of objects once `count` more were taken.
    pub fn refuse_parts_after(&self, count: usize) {
        self.parts.store(count, Ordering::Relaxed);
    }

    /// The requests so far, `METHOD path?query`, forgotten as they are told.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }

    /// The status of a refusal.
    fn refuses(&self, request: &Request<Incoming>) -> Option<StatusCode> {
        self.requests.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
        // The server below would make the bucket; others do not.
        if request.uri().path().split('/').nth(1) != Some(BUCKET) {
            return Some(StatusCode::NOT_FOUND);
        }
        let is_part = *request.method() == Method::PUT
            && request.uri().query().is_some_and(|query| query.contains("partNumber="));
        let one_less = |left: usize| left.checked_sub(1);
        let refused =
            is_part && self.parts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_err();
        refused.then_some(StatusCode::FORBIDDEN)
    }
}

async fn serve(listener: TcpListener, service: S3Service, asked: Arc<Asked>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (service, asked) = (service.clone(), asked.clone());
        let answer = service_fn(move |request: Request<Incoming>| {
            let (service, refused) = (service.clone(), asked.refuses(&request));
            async move {
                if let Some(status) = refused {
                    return Ok(Response::builder().status(status).body(Body::empty()).unwrap());
                }
                service.call(request.map(Body::from)).await
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
    }
}

fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => walk(&entry.path(), found),
            false => found.push(entry.path()),
        }
    }
}
