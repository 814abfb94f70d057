//! How a serving program begins.

use std::{ffi::OsStr, net::TcpListener, os::unix::ffi::OsStrExt, process::Command};

use futures_util::future::join_all;

use super::{count, production, with};
use crate::support::{
    database::TestDatabase,
    program::{Program, run},
    scratch::Scratch,
    settings::variables,
};

#[tokio::test]
async fn servers_that_start_together_on_an_empty_database_all_start() {
    let database = TestDatabase::empty().await;
    let files = Scratch::new();
    let process = [
        ("BIND_ADDRESS", "127.0.0.1"),
        ("PORT", "0"),
        ("LOG_LEVEL", "staka=info,warn"),
        ("STAKA_VAR_DIR", files.to_str().unwrap()),
    ];
    let vars = variables(database.url(), &files, &process);
    let vars: Vec<_> = vars.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // Migrations, tables of development, the VAT regime; and with `dev` the initial content.
    let commands: [&[&str]; 4] = [&["serve"], &["dev"], &["serve"], &["dev"]];
    let servers = join_all(commands.map(|command| Program::start(command, &vars))).await;
    let ports: std::collections::HashSet<_> = servers.iter().map(|server| server.port).collect();
    assert_eq!(ports.len(), 4);
    let (questions, different) = ("faqs", "(SELECT DISTINCT question FROM faqs) AS questions");
    assert_eq!(count(&database, questions).await, count(&database, different).await);
    assert_eq!(count(&database, "vat_regimes").await, 1);
}

#[tokio::test]
async fn a_bad_setting_is_told_before_the_port_is_asked_for() {
    let (database, _) = TestDatabase::migrated().await;
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port().to_string();
    let whole = production(database.url());
    let serve = async |name, value| {
        let vars = with(&with(&whole, "PORT", Some(&port)), name, Some(value));
        let vars = with(&vars, "BIND_ADDRESS", Some("127.0.0.1"));
        run(&["serve"], &vars, "").await
    };
    for (name, value) in [
        ("SMTP_URL", "gopher://smtp.test"),
        ("STRIPE_API_URL", "gopher://stripe.test"),
        ("ADMIN_EMAIL", "the team"),
        ("LOG_LEVEL", "staka=loudly"),
    ] {
        let ran = serve(name, value).await;
        assert!(!ran.success && !ran.stderr.contains("listened on"), "{name}: {}", ran.stderr);
    }
    let ran = serve("LOG_LEVEL", "info").await;
    assert!(!ran.success && ran.stderr.contains("cannot be listened on"), "{}", ran.stderr);
}

#[test]
fn a_variable_that_is_no_text_stops_nobody() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_staka"));
    command.arg("openapi").env_clear().env("OF_ANOTHER", OsStr::from_bytes(b"caf\xe9"));
    let ran = command.env(OsStr::from_bytes(b"caf\xe9"), "noir").output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[tokio::test]
async fn refused_logins_take_what_was_measured_at_the_start() {
    let (database, _) = TestDatabase::migrated().await;
    let files = Scratch::new();
    let process = [
        ("BIND_ADDRESS", "127.0.0.1"),
        ("PORT", "0"),
        ("LOG_LEVEL", "staka=info,warn"),
        ("UPLOADS_DIR", files.to_str().unwrap()),
        ("UPLOADS_RESERVE_MB", "0"),
    ];
    let program = Program::start(&["serve"], &[production(database.url()), process.to_vec()].concat()).await;
    let said = program.line("refusal_ms").await.unwrap();
    let after = said.split("refusal_ms").nth(1).unwrap().trim_start_matches(|c: char| !c.is_ascii_digit());
    let refusal: u64 = after.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
    assert!(refusal > 0, "{said}");
    let body = serde_json::json!({ "email": "nobody@example.com", "password": "Marguerite-1951" });
    let began = std::time::Instant::now();
    let answer =
        reqwest::Client::new().post(format!("{}/api/auth/login", program.base)).json(&body).send().await;
    assert_eq!(answer.unwrap().status(), 401);
    assert!(began.elapsed().as_millis() >= u128::from(refusal), "{said}");
}
