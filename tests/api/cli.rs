//! The program as operators and newcomers run it.

mod dev;
mod discretion;
mod doctor;
mod start;
mod stop;

use serde_json::Value;
use sqlx::Connection;

use crate::support::{
    database::TestDatabase,
    program::{Ran, run},
    scratch::Scratch,
};

/// Everything production needs, on a database; nothing of it may ever be printed.
fn production(database_url: &str) -> Vec<(&'static str, &str)> {
    vec![
        ("DATABASE_URL", database_url),
        ("JWT_SECRET", "jwt-secret-4f1c2e77a0b94d0c8d55e1"),
        ("FRONTEND_URL", "https://frontend.livres.test"),
        ("STRIPE_SECRET_KEY", "sk_live_51SecretOfStripe"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_secret_of_the_webhooks"),
        ("SMTP_URL", "smtps://postmaster:hunter2@smtp.livres.test:465"),
        ("VAT_REGIME", "franchise"),
        ("COMPANY_NAME", "Atelier des Livres"),
        ("COMPANY_LEGAL_FORM", "SARL de presse"),
        ("COMPANY_STREET", "12 quai des Brumes"),
        ("COMPANY_POSTAL_CODE", "29200"),
        ("COMPANY_CITY", "Brest-sur-Mer"),
        ("COMPANY_SIREN", "732829320"),
    ]
}

/// The same with one variable changed, or taken away.
fn with<'v>(vars: &[(&'v str, &'v str)], name: &'v str, value: Option<&'v str>) -> Vec<(&'v str, &'v str)> {
    let mut vars: Vec<_> = vars.iter().filter(|(other, _)| *other != name).copied().collect();
    vars.extend(value.map(|value| (name, value)));
    vars
}

/// Serves, on any free port unless the variables say otherwise.
async fn serve(vars: &[(&str, &str)]) -> Ran {
    run(&["serve"], &[&[("PORT", "0")], vars].concat(), "").await
}

fn assert_nothing_leaks(ran: &Ran, vars: &[(&str, &str)]) {
    let said = format!("{}{}", ran.stdout, ran.stderr);
    for (name, value) in vars.iter().filter(|(name, _)| *name != "VAT_REGIME") {
        assert!(!said.contains(value), "{name} is told: {said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
}

async fn count(database: &TestDatabase, rows: &str) -> i64 {
    let mut conn = sqlx::MySqlConnection::connect(database.url()).await.unwrap();
    let query = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {rows}"));
    sqlx::query_scalar(query).fetch_one(&mut conn).await.unwrap()
}

#[tokio::test]
async fn the_api_description_is_printed_whole_without_any_setting() {
    let ran = run(&["openapi"], &[], "").await;
    assert!(ran.success, "{}", ran.stderr);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 20, "{}", paths.len());
    let mut names = vec![];
    for operation in paths.values().flat_map(|path| path.as_object().unwrap().values()) {
        names.push(operation["operationId"].as_str().unwrap().to_owned());
        assert!(!operation["responses"].as_object().unwrap().is_empty());
    }
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "each operation has a name of its own");
    assert_references_lead_somewhere(&document, &document);
}

fn assert_references_lead_somewhere(document: &Value, part: &Value) {
    match part {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            fields.values().for_each(|value| assert_references_lead_somewhere(document, value));
        }
        Value::Array(items) => {
            items.iter().for_each(|value| assert_references_lead_somewhere(document, value))
        }
        _ => {}
    }
}

#[tokio::test]
async fn serving_names_the_variable_that_is_missing() {
    let database = TestDatabase::empty().await;
    let whole = production(database.url());
    for (missing, _) in &whole {
        let vars = with(&whole, missing, None);
        let ran = serve(&vars).await;
        assert!(!ran.success && ran.stderr.contains(missing), "{missing}: {}", ran.stderr);
        assert_nothing_leaks(&ran, &vars);
    }
}

#[tokio::test]
async fn serving_names_the_variable_that_cannot_be_used_and_not_its_value() {
    let (database, _) = TestDatabase::migrated().await;
    let whole = production(database.url());
    for (name, value) in [
        ("APP_ENV", "staging-of-dupont"),
        ("JWT_SECRET", "too-short-to-sign"),
        ("FRONTEND_URL", "ftp://dupont.example"),
        ("STRIPE_SECRET_KEY", "your_stripe_secret_key_here"),
        ("COMPANY_SIREN", "12345678X"),
        ("COMPANY_SIRET", "99999999900013"),
        ("STRIPE_SECRET_KEY", "pk_live_51PublicKeyOfStripe"),
        ("STRIPE_WEBHOOK_SECRET", "secret_of_the_webhooks"),
        ("SMTP_URL", "smtp://postmaster:hunter2@smtp.livres.test:587"),
        ("VAT_REGIME", "exempted"),
        ("VAT_FROM", "the first of May"),
        ("PORT", "three thousand"),
        ("TRUSTED_PROXIES", "not-a-network"),
        ("MIGRATE_ON_START", "perhaps-later"),
        ("DATABASE_URL", "mysql://staka:hunter2@127.0.0.1:99999/staka"),
        ("DATABASE_URL", "postgres://staka:hunter2@127.0.0.1/staka"),
        ("SMTP_URL", "gopher://postmaster:hunter2@smtp.test"),
    ] {
        let vars = with(&whole, name, Some(value));
        let ran = serve(&vars).await;
        assert!(!ran.success && ran.stderr.contains(name), "{name}: {}", ran.stderr);
        assert_nothing_leaks(&ran, &vars);
    }
}

#[tokio::test]
async fn serving_refuses_a_database_that_is_behind_until_it_is_migrated() {
    let database = TestDatabase::empty().await;
    let vars = production(database.url());
    let refused = serve(&vars).await;
    assert!(!refused.success);
    for words in ["migrations are pending", "staka migrate", "MIGRATE_ON_START"] {
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
    assert_nothing_leaks(&refused, &vars);
    assert_eq!(count(&database, "information_schema.tables WHERE table_schema = DATABASE()").await, 0);

    let url = [("DATABASE_URL", database.url())];
    let first = run(&["migrate"], &url, "").await;
    assert!(first.success && first.stdout.contains("migrations applied"), "{first:?}");
    let second = run(&["migrate"], &url, "").await;
    assert!(second.success && second.stdout.contains("up to date"), "{second:?}");
}

#[tokio::test]
async fn seeding_adds_what_is_missing_once() {
    let database = TestDatabase::empty().await;
    let vars = [("DATABASE_URL", database.url()), ("APP_ENV", "development")];
    let early = run(&["seed"], &vars, "").await;
    assert!(!early.success && early.stderr.contains("staka migrate"), "{early:?}");
    run(&["migrate"], &vars, "").await;
    let first = run(&["seed"], &vars, "").await;
    assert!(first.success && !first.stdout.starts_with("0 "), "{first:?}");
    let rows = ["tarifs", "faqs", "pages", "users"];
    let mut before = vec![];
    for table in rows {
        before.push(count(&database, table).await);
    }
    assert!(before.iter().all(|count| *count > 0), "{before:?}");
    let second = run(&["seed"], &vars, "").await;
    assert_eq!((second.success, second.stdout.as_str()), (true, "0 rows added.\n"));
    for (table, before) in rows.iter().zip(before) {
        assert_eq!(count(&database, table).await, before, "{table}");
    }
}

#[tokio::test]
async fn seeding_production_opens_no_account_with_a_password_that_is_no_secret() {
    let (database, _) = TestDatabase::migrated().await;
    let url = ("DATABASE_URL", database.url());
    let ran = run(&["seed"], &[url], "").await;
    assert!(ran.success, "{ran:?}");
    assert_eq!(count(&database, "users").await, 0);
    assert!(count(&database, "tarifs").await > 0);

    // Copied from the documentation.
    let published = [
        url,
        ("SEED_ADMIN_PASSWORD", "Admin-Staka-2026"),
        ("SEED_CLIENT_PASSWORD", "Client-Staka-2026"),
        ("SEED_CORRECTOR_PASSWORD", "Admin-Staka-2026"),
    ];
    run(&["seed"], &published, "").await;
    assert_eq!(count(&database, "users").await, 0);

    let weak = run(&["seed"], &[url, ("SEED_ADMIN_PASSWORD", "abc123")], "").await;
    assert!(!weak.success && weak.stderr.contains("SEED_ADMIN_PASSWORD"), "{weak:?}");
    assert!(!weak.stderr.contains("abc123"));
    assert_eq!(count(&database, "users").await, 0);

    let chosen =
        [url, ("SEED_ADMIN_EMAIL", "Chef@Livres.test"), ("SEED_ADMIN_PASSWORD", "Sel-de-Guerande-44")];
    let ran = run(&["seed"], &chosen, "").await;
    assert!(ran.success && !ran.stdout.contains("Guerande") && !ran.stderr.contains("Guerande"), "{ran:?}");
    assert_eq!(count(&database, "users").await, 1);
    assert_eq!(count(&database, "users WHERE email = 'chef@livres.test' AND role = 'ADMIN'").await, 1);
}

#[tokio::test]
async fn an_administrator_is_created_with_a_password_that_is_only_read() {
    const PASSWORD: &str = "Marguerite-1951";
    let (database, _) = TestDatabase::migrated().await;
    let tables = count(&database, "information_schema.tables WHERE table_schema = DATABASE()").await;
    let empty = Scratch::new();
    let (uploads, temporary) = (empty.join("uploads"), empty.join("tmp"));
    let vars = [
        ("DATABASE_URL", database.url()),
        ("UPLOADS_DIR", uploads.to_str().unwrap()),
        ("TMPDIR", temporary.to_str().unwrap()),
    ];
    let create = async |email: &'static str, input: &'static str| {
        run(&["admin", "create", email, "--prenom", "Zoé", "--nom", "Lefèvre"], &vars, input).await
    };

    let made = create(" Chef@Livres.test ", "Marguerite-1951\n").await;
    assert!(made.success, "{made:?}");
    assert!(!format!("{made:?}").contains(PASSWORD), "{made:?}");
    let admins = "users WHERE email = 'chef@livres.test' AND role = 'ADMIN' AND is_active AND prenom = 'Zoé'";
    assert_eq!(count(&database, admins).await, 1);
    assert_eq!(count(&database, "users WHERE password_hash LIKE '$argon2id$%'").await, 1);
    assert_eq!(count(&database, "audit_logs WHERE action = 'USER_CREATED'").await, 1);

    for (email, input, words) in [
        ("chef@livres.test", "Marguerite-1951\n", "déjà utilisée"),
        ("autre@livres.test", "abc123\n", "mot de passe"),
        ("autre@livres.test", "", "mot de passe"),
        ("pas une adresse", "Marguerite-1951\n", "adresse"),
    ] {
        let refused = create(email, input).await;
        assert!(!refused.success && refused.stderr.to_lowercase().contains(words), "{refused:?}");
        assert!(!format!("{refused:?}").contains(input.trim()) || input.is_empty(), "{refused:?}");
    }
    assert_eq!(count(&database, "users").await, 1);
    // A command leaves nothing of development in a production database, and no directory behind.
    assert_eq!(std::fs::read_dir(&*empty).unwrap().count(), 0);
    assert_eq!(count(&database, "information_schema.tables WHERE table_schema = DATABASE()").await, tables);
}

#[tokio::test]
async fn an_administrator_is_created_where_nothing_can_be_written() {
    let (database, _) = TestDatabase::migrated().await;
    let vars =
        [("DATABASE_URL", database.url()), ("UPLOADS_DIR", "/proc/nowhere"), ("TMPDIR", "/proc/nowhere")];
    let made = run(&["admin", "create", "chef@livres.test"], &vars, "Marguerite-1951\n").await;
    assert!(made.success, "{made:?}");
    assert_eq!(count(&database, "users").await, 1);
}
