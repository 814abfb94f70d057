//! `staka backup` and `staka restore`: everything comes back, whatever went on meanwhile, or nothing does.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use reqwest::multipart::Form;
use sqlx::Connection;

use crate::{
    shop::word,
    support::{
        database::TestDatabase,
        program::{Ran, run},
        scratch::Scratch,
        server::{Person, TestServer, send},
        settings::variables,
    },
};

/// The program with the settings of a server.
async fn staka(arguments: &[&str], database: &TestDatabase, files: &Path) -> Ran {
    let vars = variables(database.url(), files, &[]);
    let vars: Vec<_> = vars.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    run(arguments, &vars, "").await
}

/// Backs a server up; the archive.
async fn backed_up(server: &TestServer, directory: &Path) -> PathBuf {
    let ran = staka(&["backup", directory.to_str().unwrap()], &server.database, &server.files).await;
    assert!(ran.success, "{ran:?}");
    let path = ran.stdout.split(": ").next().unwrap();
    assert!(path.starts_with(directory.to_str().unwrap()) && path.ends_with(".tar.gz"), "{ran:?}");
    path.into()
}

/// One value of a database, as text.
async fn value(database: &TestDatabase, sql: &str) -> Option<String> {
    let mut conn = sqlx::MySqlConnection::connect(database.url()).await.unwrap();
    let query = sqlx::AssertSqlSafe(format!("SELECT CAST(({sql}) AS CHAR)"));
    sqlx::query_scalar(query).fetch_one(&mut conn).await.unwrap()
}

/// A server where somebody has ordered, paid, sent a document and got an invoice.
async fn lived_in() -> (TestServer, Person) {
    let server = TestServer::start().await;
    server.ignore_mails();
    let author = server.person("zoé@example.com", staka::auth::Role::User).await;
    let (order, _) = server.paid_order(&author).await;
    let sent = server.request(reqwest::Method::POST, &format!("/files/projects/{order}/upload"));
    send(sent.bearer_auth(&author.token).multipart(Form::new().part("file", word()))).await.ok(201);
    let message = serde_json::json!({ "content": "Où en est ma commande ? 🖋", "subject": "L’été" });
    server.post_as(&author.token, "/api/messages", &message).await;
    (server, author)
}

/// What must be the same in both databases: every row of what nobody changes meanwhile.
const STILL: [&str; 3] = [
    "SELECT GROUP_CONCAT(HEX(id), email, prenom, COALESCE(preferences, '') ORDER BY id) FROM users",
    "SELECT GROUP_CONCAT(HEX(id), storage_key, size, created_at ORDER BY id) FROM files",
    "SELECT GROUP_CONCAT(nom, prix, COALESCE(description, '') ORDER BY ordre, nom) FROM tarifs",
];

#[tokio::test]
async fn what_was_backed_up_under_load_comes_back_whole() {
    let (server, author) = lived_in().await;
    let archives = Scratch::new();
    // Somebody goes on writing: what comes after the instant of the backup is in it whole, or not at all.
    let stop = AtomicBool::new(false);
    let writing = async {
        let mut written = 0;
        while !stop.load(Ordering::Relaxed) {
            let message = serde_json::json!({ "content": format!("Message {written}") });
            server.post_as(&author.token, "/api/messages", &message).await;
            written += 1;
        }
        written
    };
    let backing = async {
        let archive = backed_up(&server, &archives).await;
        stop.store(true, Ordering::Relaxed);
        archive
    };
    let (written, archive) = tokio::join!(writing, backing);
    assert!(written > 0);

    let checked =
        staka(&["restore", "--check", archive.to_str().unwrap()], &server.database, &server.files).await;
    assert!(checked.success && checked.stdout.starts_with("Whole, made "), "{checked:?}");
    let (database, files) = (TestDatabase::empty().await, Scratch::new());
    let ran = staka(&["restore", archive.to_str().unwrap()], &database, &files).await;
    assert!(ran.success && ran.stdout.contains("Restored as of"), "{ran:?}");
    for sql in STILL {
        assert_eq!(value(&database, sql).await, server.value(sql).await, "{sql}");
    }
    // Of what was written meanwhile: each message with its conversation, as far as it counts them.
    let torn = "SELECT COUNT(*) FROM messages m LEFT JOIN conversations c ON c.id = m.conversation_id WHERE c.id IS NULL";
    assert_eq!(value(&database, torn).await.as_deref(), Some("0"));
    let counted = value(&database, "SELECT COUNT(*) FROM messages WHERE content = 'Message 0'").await;
    assert!(counted.as_deref().is_some_and(|count| count == "0" || count == "1"), "{counted:?}");
    // The documents are the same, byte for byte.
    let objects = server.objects();
    assert!(!objects.is_empty());
    for key in objects {
        assert_eq!(fs::read(files.join(&key)).unwrap(), fs::read(server.files.join(&key)).unwrap(), "{key}");
    }
}

#[tokio::test]
async fn an_account_erased_since_does_not_come_back() {
    let (server, author) = lived_in().await;
    let archives = Scratch::new();
    let archive = backed_up(&server, &archives).await;
    let email = format!("SELECT COUNT(*) FROM users WHERE email = '{}'", author.email);
    let (database, files) = (TestDatabase::empty().await, Scratch::new());
    let log = crate::support::scratch::beside(&files);
    fs::write(&log, format!("2026-03-11T09:00:00.000Z {}\n", author.id)).unwrap();
    let ran = staka(&["restore", archive.to_str().unwrap()], &database, &files).await;
    assert!(ran.success && ran.stdout.contains("1 accounts erased again"), "{ran:?}");
    assert_eq!(value(&database, &email).await.as_deref(), Some("0"));
}

#[tokio::test]
async fn a_damaged_archive_leaves_an_empty_database_that_takes_a_good_one() {
    let (server, _) = lived_in().await;
    let archives = Scratch::new();
    let archive = backed_up(&server, &archives).await;
    let whole = fs::read(&archive).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    let damaged = archives.join("damaged.tar.gz");
    let (database, files) = (TestDatabase::empty().await, Scratch::new());
    for bytes in [&whole[..whole.len() / 2], &whole[..whole.len() - 9], &flipped, b"no archive at all"] {
        fs::write(&damaged, bytes).unwrap();
        for arguments in [&["restore", "--check"][..], &["restore"]] {
            let arguments = [arguments, &[damaged.to_str().unwrap()]].concat();
            let ran = staka(&arguments, &database, &files).await;
            assert!(!ran.success && !ran.stderr.is_empty(), "{ran:?}");
        }
    }
    let ran = staka(&["restore", archive.to_str().unwrap()], &database, &files).await;
    assert!(ran.success, "{ran:?}");
    let again = staka(&["restore", archive.to_str().unwrap()], &database, &files).await;
    assert!(!again.success && again.stderr.contains("the database is not empty"), "{again:?}");
}

#[tokio::test]
async fn so_many_archives_are_kept() {
    let server = TestServer::empty().await;
    let archives = Scratch::new();
    for old in ["staka-20200101T000000Z.tar.gz", "staka-20210101T000000Z.tar.gz", "else.tar.gz"] {
        fs::write(archives.join(old), "an archive").unwrap();
    }
    let arguments = ["backup", archives.to_str().unwrap(), "--keep", "2"];
    let ran = staka(&arguments, &server.database, &server.files).await;
    assert!(ran.success && ran.stdout.contains("staka-20200101T000000Z.tar.gz is removed"), "{ran:?}");
    let mut left = archives.files();
    left.sort();
    assert_eq!(left.len(), 3, "{left:?}");
    assert_eq!((left[0].as_str(), left[1].as_str()), ("else.tar.gz", "staka-20210101T000000Z.tar.gz"));
}
