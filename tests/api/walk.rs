//! Every operation of the API description, as everyone, about one's own things, another's and none: the matrix is
//! `walk/routes.txt`.

mod acts;
mod callers;
mod table;
mod texts;
mod things;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use staka::{clock::new_id, router};

use crate::support::{
    answer::{Answer, read},
    server::TestServer,
};
use callers::{Caller, NAMES};
use table::{Expected, Place, Row, Who};

/// The API description, development routes included.
fn description() -> Value {
    serde_json::to_value(router::build(true).1).unwrap()
}

/// Method and path of every operation of the description, and whether it asks for a session.
fn operations() -> BTreeMap<String, bool> {
    let document = description();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, operations)| {
        operations.as_object().unwrap().iter().map(move |(method, operation)| {
            let secured = operation["security"].as_array().is_some_and(|schemes| !schemes.is_empty());
            (format!("{} {path}", method.to_uppercase()), secured)
        })
    });
    operations.collect()
}

#[test]
fn every_operation_has_its_line_and_every_line_its_operation() {
    let described = operations();
    let rows = table::rows();
    let lines: BTreeSet<_> = rows.iter().map(Row::name).collect();
    assert_eq!(lines.len(), rows.len(), "an operation has two lines");
    let missing: Vec<_> = described.keys().filter(|name| !lines.contains(*name)).collect();
    assert!(missing.is_empty(), "operations without a line in walk/routes.txt: {missing:#?}");
    let gone: Vec<_> = lines.iter().filter(|name| !described.contains_key(*name)).collect();
    assert!(gone.is_empty(), "lines of walk/routes.txt without an operation: {gone:#?}");
}

#[test]
fn the_description_and_the_contract_say_the_same_of_who_may_come() {
    let described = operations();
    let contract: BTreeMap<_, _> =
        table::contract().map(|(method, path, auth)| (format!("{method} {path}"), auth)).collect();
    for row in table::rows() {
        let name = row.name();
        assert_eq!(described.get(&name), Some(&(row.who != Who::Anyone)), "security of {name}");
        let anonymous = without_names(&name);
        if let Some(auth) = contract.get(anonymous.as_str()) {
            assert!(row.who.agrees(auth), "{name} is for {:?}, the contract says {auth}", row.who);
        }
    }
}

/// `GET /files/{id}` as `GET /files/{}`.
fn without_names(name: &str) -> String {
    let mut parts = name.split('{');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |path, part| format!("{path}{{}}{}", part.split_once('}').unwrap().1))
}

/// One test for each caller, so that they run side by side.
macro_rules! walk {
    ($($test:ident = $number:literal),* $(,)?) => {
        $(#[tokio::test]
        async fn $test() {
            walk(NAMES[$number]).await;
        })*
    };
}

walk!(
    as_nobody = 0,
    as_a_client = 1,
    as_another_client = 2,
    as_the_corrector = 3,
    as_another_corrector = 4,
    as_an_administrator = 5,
    as_someone_disabled = 6,
    as_someone_with_an_old_token = 7,
    as_someone_with_no_token_of_ours = 8,
);

async fn walk(name: &'static str) {
    let server = TestServer::start().await;
    server.ignore_mails();
    let caller = Caller::of(&server, name).await;
    let document = description();
    let mut wrong = Vec::new();
    for row in table::rows() {
        let described = &document["paths"][&row.path][row.method.as_str().to_lowercase()]["responses"];
        for place in row.places() {
            let values = match place {
                Place::Absent => things::unheard_of(&row.thing),
                _ => {
                    let owner = things::owner(&server, &caller.person, *place).await;
                    things::make(&server, &row.thing, &owner).await
                }
            };
            let answer = ask(&server, &row, &caller, &values).await;
            if described.get(answer.status.as_str()).is_none() {
                wrong.push(format!("{}: {} is not described", row.name(), answer.status));
            }
            let refused = caller.refused(row.who);
            let expected = refused.as_ref().unwrap_or_else(|| row.expected(name, *place));
            if !fits(&answer, expected) {
                let got = format!(
                    "{} {}",
                    answer.status.as_u16(),
                    answer.body["code"].as_str().unwrap_or_default()
                );
                wrong.push(format!("{} ({place:?}): {got}, not {expected:?}", row.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "as {name}: {wrong:#?}");
}

async fn ask(server: &TestServer, row: &Row, caller: &Caller, values: &[String]) -> Answer {
    let mut request = server.request(row.method.clone(), &row.path_of(values));
    if let Some(token) = &caller.token {
        request = request.bearer_auth(token);
    }
    if let Some(form) = things::form(&row.body, values) {
        request = request.multipart(form);
    } else if !row.body.is_empty() {
        let body = (1..)
            .zip(values)
            .fold(row.body.clone(), |body, (n, value)| body.replace(&format!("${n}"), value));
        let body = body.replace("$fresh", &new_id().simple().to_string());
        request = request.header("content-type", "application/json").body(body);
    }
    read(request.send().await.unwrap()).await
}

/// Whether an answer is the expected one, down to the envelope of a refusal.
fn fits(answer: &Answer, expected: &Expected) -> bool {
    if answer.status != expected.status {
        return false;
    }
    match expected.code.as_deref() {
        None => answer.body.get("error").is_none(),
        Some("page") => answer.header("content-type").is_some_and(|mime| mime.starts_with("text/html")),
        Some(code) => {
            answer.is_refusal();
            answer.body["code"] == code
        }
    }
}
