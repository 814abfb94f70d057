//! What documents on their way cost in memory, by the process's own figure.

use std::{fs, sync::Arc};

use bytes::Bytes;
use chrono::Utc;
use futures_util::future::join_all;
use reqwest::multipart::{Form, Part};
use secrecy::SecretString;
use staka::auth::{Role, SessionTokens};

use crate::support::{
    program::Program,
    s3::S3,
    scratch::Scratch,
    server::TestServer,
    settings::{JWT_SECRET, variables},
};

const CLIENTS: usize = 10;
const MIB: usize = 1 << 20;

/// The largest document there is, where there is time; what counts is that it does not fit into the memory allowed.
fn largest() -> usize {
    if std::env::var_os("CI").is_some() { 50 * MIB } else { 12 * MIB }
}

/// A figure of the process, in KiB.
fn figure(program: &Program, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", program.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap()
}

/// How much memory grows at most, in KiB, while ten administrators send documents of this size to ten orders and fetch them.
async fn grown(size: usize, settings: &[(&str, &str)]) -> u64 {
    let server = TestServer::start().await;
    server.ignore_mails();
    let files = Scratch::new();
    let own = [
        ("PORT", "0"),
        ("BIND_ADDRESS", "127.0.0.1"),
        ("LOG_LEVEL", "warn,staka=info"),
        ("MIGRATE_ON_START", "false"),
    ];
    let vars = variables(server.database.url(), &files, &[&own, settings].concat());
    let vars: Vec<_> = vars.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let program = Arc::new(Program::start(&["serve"], &vars).await);
    let tokens = SessionTokens::new(&SecretString::from(JWT_SECRET));
    let client = server.client().await;
    let mut people = Vec::new();
    for number in 0..CLIENTS {
        let person = server.person(&format!("admin{number}@example.com"), Role::Admin).await;
        let token = tokens.issue(person.id, &person.email, Role::Admin, 0, Utc::now()).unwrap();
        people.push((token, server.paid_order(&client).await.0));
    }
    let mut content = b"PK\x03\x04".to_vec();
    content.resize(size, 7);
    let content = Bytes::from(content);
    let before = figure(&program, "VmRSS:");
    // From here on the peak is a new one.
    fs::write(format!("/proc/{}/clear_refs", program.pid()), "5").unwrap();
    let (http, base) = (reqwest::Client::new(), program.base.clone());
    let sent = join_all(people.iter().map(|(token, order)| {
        let part = Part::stream_with_length(content.clone(), size as u64).file_name("tome.zip");
        let request = http.post(format!("{base}/files/projects/{order}/upload")).bearer_auth(token);
        async move {
            let answer = request.multipart(Form::new().part("file", part)).send().await.unwrap();
            let body: serde_json::Value = answer.json().await.unwrap();
            format!("/files/download/{}", body["fileId"].as_str().unwrap_or_else(|| panic!("{body}")))
        }
    }));
    let paths = sent.await;
    let fetched = join_all(paths.iter().zip(&people).map(|(path, (token, _))| {
        let request = http.get(format!("{base}{path}")).bearer_auth(token);
        async move {
            let mut answer = request.send().await.unwrap();
            let mut length = 0;
            while let Some(chunk) = answer.chunk().await.unwrap() {
                length += chunk.len();
            }
            length
        }
    }));
    assert_eq!(fetched.await, [size; CLIENTS]);
    figure(&program, "VmHWM:").saturating_sub(before)
}

#[tokio::test]
async fn ten_large_documents_cost_little_memory() {
    let grown = grown(largest(), &[]).await;
    assert!(grown < 32 * 1024, "{grown} KiB");
}

#[tokio::test]
async fn ten_large_documents_cost_little_memory_on_their_way_to_a_bucket() {
    let s3 = S3::start().await;
    let settings = s3.settings();
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    // Four of them are sent at a time, a part of 5 MiB of each in memory.
    let grown = grown(20 * MIB, &settings).await;
    assert!(grown < 128 * 1024, "{grown} KiB");
}
