//! What the program does not tell, and does not offer.

use reqwest::Method;
use serde_json::{Value, json};

use super::production;
use crate::support::{
    database::TestDatabase,
    program::Program,
    scratch::Scratch,
    server::{Setup, send},
    settings::variables,
};

#[tokio::test]
async fn the_most_talkative_log_has_none_of_what_a_mail_is_filled_with() {
    let (database, _) = TestDatabase::migrated().await;
    let files = Scratch::new();
    let level = "trace,handlebars=trace,handlebars::render=trace";
    let process = [("BIND_ADDRESS", "127.0.0.1"), ("PORT", "0"), ("LOG_LEVEL", level)];
    let vars = variables(database.url(), &files, &process);
    let vars: Vec<_> = vars.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let program = Program::start(&["serve"], &vars).await;
    let client = reqwest::Client::new();
    let new = json!({
        "prenom": "Wilhelmine", "nom": "Öztürk", "email": "w.ozturk@example.com", "password": "Marguerite-1951",
    });
    let registered = send(client.post(format!("{}/api/auth/register", program.base)).json(&new)).await;
    registered.ok(201);
    // The welcome is rendered and sent by the worker; the mailbox has it then.
    let arrived = async {
        loop {
            let mails = send(client.get(format!("{}/dev/mailbox/messages", program.base))).await;
            if mails.text().contains("w.ozturk@example.com") {
                return;
            }
        }
    };
    tokio::time::timeout(crate::support::program::PATIENCE, arrived).await.expect("the welcome never comes");
    let said = program.text();
    assert!(said.contains("DEBUG"), "the log says nothing");
    for private in ["handlebars", "Wilhelmine", "Öztürk", "w.ozturk", "Marguerite-1951"] {
        let line = said.lines().find(|line| line.contains(private));
        assert!(line.is_none(), "{private}: {line:?}");
    }
}

/// `METHOD path` of every operation, with something in the place of each parameter.
fn operations(development: bool) -> Vec<(Method, String)> {
    let document = serde_json::to_value(staka::router::build(development).1).unwrap();
    let mut operations = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        let parts = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        for method in item.as_object().unwrap().keys() {
            operations.push((method.to_uppercase().parse().unwrap(), path.clone()));
        }
    }
    operations
}

#[tokio::test]
async fn what_replaces_the_outside_world_does_not_exist_in_production() {
    let whole = production("");
    let real: Vec<_> = whole.into_iter().filter(|(name, _)| *name != "DATABASE_URL").collect();
    let settings =
        [("APP_ENV", "production"), ("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_ANONYMOUS", "100000/900")];
    let server = Setup::default().settings(&real).settings(&settings).start().await;
    let served = operations(false);
    let mut absent: Vec<_> = operations(true).into_iter().filter(|each| !served.contains(each)).collect();
    assert!(absent.iter().filter(|(_, path)| path.starts_with("/dev/")).count() > 3, "{absent:?}");
    assert!(served.iter().all(|(_, path)| !path.starts_with("/dev")), "{served:?}");
    // The simulated Stripe and the stand-ins of the web application are in no description.
    for path in [
        "/dev",
        "/dev/stripe",
        "/dev/stripe/v1/checkout/sessions/x",
        "/dev/stripe/v1/balance",
        "/dev/stripe/checkout/x",
        "/dev/stripe/events",
        "/dev/reset-database",
        "/payment-success",
        "/activation/x",
        "/login",
    ] {
        absent.push((Method::GET, path.to_owned()));
    }
    for path in ["/dev/stripe/v1/checkout/sessions", "/dev/stripe/v1/refunds", "/dev/stripe/checkout/x/pay"] {
        absent.push((Method::POST, path.to_owned()));
    }
    for (method, path) in absent {
        for path in [path.clone(), format!("/api{path}")] {
            let answer =
                server.call(method.clone(), &path, None, Some(Value::Object(Default::default()))).await;
            assert_eq!(answer.status, 404, "{method} {path}");
            answer.refused(404, "NOT_FOUND");
        }
    }
}
