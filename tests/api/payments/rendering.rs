//! The PDF after the commit: made once, whatever fails first.

use chrono::Duration;
use futures_util::future::join_all;
use staka::invoices::render;

use super::bench::{accepted, completed, execute, guest_order, mails_of, value};
use crate::support::server::TestServer;

/// What is kept of a file that stands where a directory should be.
const CAUSE: &str = "INTERNAL_ERROR: storage failure: Not a directory (os error 20)";

async fn paid(server: &TestServer, email: &str) {
    accepted(server, &completed(&guest_order(server, email).await.session)).await;
}

/// Files below a directory of the storage.
fn files(directory: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
    let count = |entry: std::fs::DirEntry| if entry.path().is_dir() { files(&entry.path()) } else { 1 };
    entries.map(|entry| count(entry.unwrap())).sum()
}

#[tokio::test]
async fn an_invoice_that_cannot_be_stored_is_tried_again() {
    let server = TestServer::start().await;
    paid(&server, "zoe@example.com").await;
    // A file stands where the directory of the invoices should be.
    let place = server.files.join("invoices");
    std::fs::write(&place, "in the way").unwrap();
    let state = || {
        value(
            &server,
            "SELECT CONCAT(render_attempts, ' ', pdf_key IS NULL, ' ', render_error) FROM invoices",
        )
    };
    for (attempts, seconds) in [(1, 30), (2, 60), (3, 120), (4, 240)] {
        server.work().await;
        assert_eq!(state().await.unwrap(), format!("{attempts} 1 {CAUSE}"));
        server.clock.advance(Duration::seconds(seconds - 1));
        server.work().await;
        assert_eq!(state().await.unwrap(), format!("{attempts} 1 {CAUSE}"), "not due yet");
        server.clock.advance(Duration::seconds(1));
    }
    // The administrators were told once, the customer has paid and lost nothing.
    assert_eq!(
        server.count("notifications WHERE title = 'Une facture ne peut pas être mise en page'").await,
        1
    );
    assert_eq!(mails_of(&server, "admin-error").await, 1);
    assert_eq!(mails_of(&server, "invoice-user").await, 0);
    assert_eq!(mails_of(&server, "activation-user").await, 1);
    std::fs::remove_file(&place).unwrap();
    server.work().await;
    server.work().await;
    assert_eq!(server.count("invoices WHERE pdf_key IS NOT NULL AND render_error IS NULL").await, 1);
    assert_eq!(mails_of(&server, "invoice-user").await, 1);
    assert_eq!(files(&place), 1);
}

#[tokio::test]
async fn one_bad_invoice_does_not_hold_up_the_others() {
    let server = TestServer::start().await;
    for email in ["zoe@example.com", "leo@example.com", "ana@example.com"] {
        paid(&server, email).await;
    }
    execute(&server, "UPDATE invoices SET tax_amount = amount + 1 WHERE number = 'FA-2026-000001'").await;
    server.work().await;
    assert_eq!(server.count("invoices WHERE pdf_key IS NOT NULL").await, 2);
    assert_eq!(mails_of(&server, "invoice-user").await, 2);
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_read_holds_up_no_other_and_is_told() {
    let server = TestServer::start().await;
    for email in ["zoe@example.com", "leo@example.com", "ana@example.com"] {
        paid(&server, email).await;
    }
    let broken = |column: &str, json: &str, number: &str| {
        format!("UPDATE invoices SET {column} = '{json}' WHERE number = 'FA-2026-00000{number}'")
    };
    execute(&server, &broken("buyer", "\"Zoé Lefèvre, 12 rue des Lilas\"", "1")).await;
    // Written by another version, which knew less.
    execute(&server, &broken("buyer", "{}", "2")).await;
    execute(&server, &broken("seller", "{\"name\": \"Staka\"}", "2")).await;
    server.work().await;
    assert_eq!(server.count("invoices WHERE pdf_key IS NOT NULL").await, 2);
    assert_eq!(mails_of(&server, "invoice-user").await, 2);
    let cause = value(&server, "SELECT render_error FROM invoices WHERE pdf_key IS NULL").await.unwrap();
    assert!(cause.starts_with("INTERNAL_ERROR: buyer: invalid type: string"), "{cause}");
    assert!(!cause.contains("Zo") && !cause.contains("Lilas"), "{cause}");
    for _ in 0..64 {
        server.clock.advance(Duration::hours(1));
        render::drain(&server.state).await.unwrap();
    }
    let given_up = "invoices WHERE pdf_key IS NULL AND render_due_at IS NULL AND render_attempts = 64";
    assert_eq!(server.count(given_up).await, 1);
    let told = "notifications WHERE title = 'Une facture ne peut pas être mise en page'";
    assert_eq!(server.count(&format!("{told} AND message LIKE '%le dernier%'")).await, 1);
    assert_eq!(server.count(told).await, 2);
    assert_eq!(mails_of(&server, "admin-error").await, 2);
}

#[tokio::test]
async fn several_renderers_at_once_make_one_file_each() {
    let server = TestServer::start().await;
    for number in 0..8 {
        paid(&server, &format!("zoe{number}@example.com")).await;
    }
    let drains = join_all((0..3).map(|_| render::drain(&server.state))).await;
    assert_eq!(drains.into_iter().map(Result::unwrap).sum::<usize>(), 8);
    server.mails.drain().await;
    assert_eq!(server.count("invoices WHERE pdf_key IS NOT NULL AND render_attempts = 1").await, 8);
    assert_eq!(mails_of(&server, "invoice-user").await, 8);
    assert_eq!(files(&server.files.join("invoices")), 8);
}

#[tokio::test]
async fn a_download_and_the_renderer_at_once_keep_one_file() {
    let server = TestServer::start().await;
    paid(&server, "zoe@example.com").await;
    let id = value(&server, "SELECT LOWER(HEX(id)) FROM invoices").await.unwrap().parse().unwrap();
    let keys = join_all((0..4).map(|_| render::render_one(&server.state, id))).await;
    let keys: Vec<_> = keys.into_iter().map(Result::unwrap).collect();
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    server.work().await;
    assert_eq!(mails_of(&server, "invoice-user").await, 1);
    // The spare copies are removed by the job.
    server.run_job("storage_deletions").await;
    assert_eq!(files(&server.files.join("invoices")), 1);
}

#[tokio::test]
async fn a_renderer_that_died_is_replaced() {
    let server = TestServer::start().await;
    server.ignore_mails();
    paid(&server, "zoe@example.com").await;
    let now = server.state.clock.now().format("%Y-%m-%d %H:%M:%S");
    let lease =
        format!("UPDATE invoices SET render_attempts = 1, render_due_at = '{now}' + INTERVAL 2 MINUTE");
    execute(&server, &lease).await;
    server.work().await;
    assert_eq!(server.count("invoices WHERE pdf_key IS NULL").await, 1);
    server.clock.advance(Duration::minutes(2));
    server.work().await;
    assert_eq!(server.count("invoices WHERE pdf_key IS NOT NULL").await, 1);
}
