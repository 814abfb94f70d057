//! `staka doctor` and `staka secrets generate`: what an operator runs before anything else.

use std::{collections::BTreeSet, os::unix::fs::PermissionsExt};

use super::{count, production, with};
use crate::support::{
    database::TestDatabase,
    program::{Ran, run},
    scratch::Scratch,
    smtp::{Script, Server},
};

/// The lines of a visit that are marked like this, without what to do about them.
fn marked<'r>(ran: &'r Ran, mark: &str) -> Vec<&'r str> {
    ran.stdout.lines().filter_map(|line| line.strip_prefix(mark)).map(str::trim).collect()
}

async fn visit(vars: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let ran = run(&[&["doctor"], arguments].concat(), vars, "").await;
    // Whatever is wrong, what is secret is not told.
    for (name, value) in vars.iter().filter(|(name, _)| name.contains("SECRET") || name.contains("PASSWORD"))
    {
        assert!(!ran.stdout.contains(value) && !ran.stderr.contains(value), "{name}: {ran:?}");
    }
    assert!(!ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"), "{ran:?}");
    ran
}

#[tokio::test]
async fn a_production_that_lacks_nothing_is_told_so_and_its_losses_are_named() {
    let (database, _) = TestDatabase::migrated().await;
    let (smtp, files) = (Server::start(Script::default()).await, Scratch::new());
    let relay = smtp.url();
    let mut vars = with(&production(database.url()), "SMTP_URL", Some(&relay));
    vars.extend([("UPLOADS_DIR", files.to_str().unwrap()), ("TRUSTED_PROXIES", "127.0.0.1")]);
    let ran = visit(&vars, &[]).await;
    for good in [
        "settings: complete",
        "environment: production",
        "client addresses: 127.0.0.1/32 may name them",
        "payments: Stripe calls https://frontend.livres.test/payments/webhook",
        "limits: on",
        "migrations: none is pending",
        "mail server: it greets us",
        "documents: the directory takes them",
    ] {
        assert!(marked(&ran, "ok").contains(&good), "{good}: {ran:?}");
    }
    // The servers of tests keep nothing on the disk, to be quick: the one thing to mend.
    let losses = marked(&ran, "BAD");
    assert!(losses.len() == 1 && losses[0].contains("innodb_flush_log_at_trx_commit is 0"), "{ran:?}");
    assert!(ran.stdout.contains("Set innodb_flush_log_at_trx_commit=1"), "{ran:?}");
    assert!(!ran.success && ran.stderr.contains("1 to mend"), "{ran:?}");
}

#[tokio::test]
async fn each_thing_that_is_wrong_is_told_with_what_to_do() {
    let database = TestDatabase::empty().await;
    let blocked = Scratch::new();
    let file = blocked.join("uploads");
    std::fs::write(&file, "a file where a directory is wanted").unwrap();
    let mut vars = with(&production(database.url()), "SMTP_URL", Some("smtp://127.0.0.1:1"));
    vars.extend([("UPLOADS_DIR", file.to_str().unwrap()), ("COMPANY_VAT_NUMBER", "FR00732829320")]);
    let ran = visit(&vars, &["--legal"]).await;
    assert!(!ran.success);
    let bad: BTreeSet<_> =
        marked(&ran, "BAD").into_iter().map(|line| line.split(':').next().unwrap()).collect();
    let expected = ["VAT", "documents", "durability", "mail server", "mediator", "migrations"];
    assert_eq!(bad, BTreeSet::from(expected), "{ran:?}");
    let notes = marked(&ran, "note");
    for note in ["client addresses: whoever", "seller: ", "terms of sale: nobody", "duty: "] {
        assert!(notes.iter().any(|line| line.starts_with(note)), "{note}: {ran:?}");
    }
    // Looking changed nothing.
    assert_eq!(count(&database, "information_schema.tables WHERE table_schema = DATABASE()").await, 0);
}

#[tokio::test]
async fn a_database_or_settings_that_are_not_there_end_no_visit_early() {
    let files = Scratch::new();
    let mut vars = production("mysql://staka:hunter2@127.0.0.1:1/staka");
    vars.push(("UPLOADS_DIR", files.to_str().unwrap()));
    let ran = visit(&vars, &[]).await;
    assert!(marked(&ran, "BAD").iter().any(|line| line.starts_with("database: ")), "{ran:?}");
    assert!(marked(&ran, "ok").contains(&"documents: the directory takes them"), "{ran:?}");
    let ran = visit(&with(&vars, "COMPANY_SIREN", Some("732829321")), &[]).await;
    assert!(!ran.success);
    assert_eq!(marked(&ran, "BAD"), ["settings: COMPANY_SIREN must be a SIREN, with its check digit"]);
}

/// The values of the file's settings.
fn values(text: &str) -> Vec<(&str, &str)> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('=')).collect()
}

#[tokio::test]
async fn new_secrets_are_written_for_their_owner_and_never_printed() {
    let directory = Scratch::new();
    let file = directory.join("settings");
    let path = file.to_str().unwrap();
    let tried = run(&["secrets", "generate", "--dry-run", "--output", path], &[], "").await;
    assert!(tried.success && tried.stdout.contains("would be written"), "{tried:?}");
    assert!(!file.exists());

    let ran = run(&["secrets", "generate", "--output", path], &[], "").await;
    assert!(ran.success, "{ran:?}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    let values = values(&text);
    let value = |name: &str| values.iter().find(|(other, _)| *other == name).unwrap().1;
    let (jwt, password) = (value("JWT_SECRET"), value("MYSQL_PASSWORD"));
    assert_eq!((jwt.len(), password.len()), (64, 24));
    assert_eq!(value("DATABASE_URL"), format!("mysql://staka:{password}@127.0.0.1:3306/staka"));
    for secret in [jwt, password] {
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{ran:?}");
    }
    // It is accepted where secrets are judged, and no other is ever the same.
    let (database, _) = TestDatabase::migrated().await;
    let judged = visit(&with(&production(database.url()), "JWT_SECRET", Some(jwt)), &[]).await;
    assert!(marked(&judged, "ok").contains(&"settings: complete"), "{judged:?}");
    let again = run(&["secrets", "generate", "--output", path], &[], "").await;
    assert!(!again.success && again.stderr.contains("exists"), "{again:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "a file in use is left as it is");
    let other = directory.join("other");
    run(&["secrets", "generate", "--output", other.to_str().unwrap()], &[], "").await;
    assert!(!std::fs::read_to_string(other).unwrap().contains(jwt));
}
