//! Whatever an administrator changes is on record, in their name: the table is `walk/acts.txt`.

use std::collections::BTreeMap;

use super::{ask, callers::Caller, operations, table, things};
use crate::support::server::TestServer;

/// The act of every operation of the table.
fn acts() -> BTreeMap<String, &'static str> {
    let lines = include_str!("acts.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read = lines.map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [method, path, act] = words[..] else { panic!("three columns: {line}") };
        (format!("{method} {path}"), act)
    });
    read.collect()
}

/// Whether an operation changes something for administrators alone.
fn changes(name: &str, who: table::Who) -> bool {
    who == table::Who::Admin && !name.starts_with("GET ")
}

#[test]
fn every_change_of_an_administrator_has_its_act() {
    let acts = acts();
    let rows = table::rows();
    let missing: Vec<_> =
        rows.iter().filter(|row| changes(&row.name(), row.who) && !acts.contains_key(&row.name())).collect();
    let missing: Vec<_> = missing.iter().map(|row| row.name()).collect();
    assert!(missing.is_empty(), "operations without a line in walk/acts.txt: {missing:#?}");
    // And of the description itself, whatever the matrix says.
    let described = operations();
    let unlisted: Vec<_> = described
        .keys()
        .filter(|name| name.contains(" /admin/") && !name.starts_with("GET ") && !acts.contains_key(*name))
        .collect();
    assert!(unlisted.is_empty(), "operations without a line in walk/acts.txt: {unlisted:#?}");
    let gone: Vec<_> = acts.keys().filter(|name| !described.contains_key(*name)).collect();
    assert!(gone.is_empty(), "lines of walk/acts.txt without an operation: {gone:#?}");
}

#[tokio::test]
async fn every_change_of_an_administrator_is_on_record() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let admin = Caller::of(&server, "admin").await;
    let rows: BTreeMap<_, _> = table::rows().into_iter().map(|row| (row.name(), row)).collect();
    let mut wrong = Vec::new();
    for (name, act) in acts() {
        let row = &rows[&name];
        let values = things::make(&server, &row.thing, &admin.person).await;
        let seen = server.value("SELECT COALESCE(MAX(seq), 0) FROM audit_logs").await.unwrap();
        let answer = ask(&server, row, &admin, &values).await;
        // What is refused to a thing as the walk makes it has a test of its own.
        if act == "refused" && answer.status.is_client_error() {
            continue;
        }
        if !answer.status.is_success() {
            wrong.push(format!("{name}: {} {}", answer.status, answer.text()));
            continue;
        }
        let recorded = format!(
            "audit_logs WHERE seq > {seen} AND action = '{act}' AND actor_email = 'admin@example.com'"
        );
        match (act, server.count(&recorded).await) {
            ("-", _) | (_, 1..) => {}
            _ => {
                let found = server.texts(&format!("SELECT action FROM audit_logs WHERE seq > {seen}")).await;
                wrong.push(format!("{name}: {act} is not on record, but {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
