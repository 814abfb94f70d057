//! What is held of a person is known, handed out whole, and erased whole.

mod leaving;
mod scene;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::Row;
use staka::privacy::register::{DEVELOPMENT, Erasure, Held, TABLES, Table, Whose};

use crate::support::{database::TestDatabase, server::TestServer};
use scene::{EMAIL, Scene, TRACES, literal};

/// `table.column` of everything in a database.
async fn columns(db: &staka::db::Db) -> BTreeSet<String> {
    let all = sqlx::query(
        "SELECT CONCAT(table_name, '.', column_name) FROM information_schema.columns WHERE table_schema = DATABASE()",
    )
    .fetch_all(db.pool())
    .await
    .unwrap();
    all.iter().map(|row| row.get_unchecked(0)).collect()
}

#[tokio::test]
async fn the_register_lists_every_column_once() {
    let database = TestDatabase::fresh().await;
    let db = database.db(1).await;
    let lines = TABLES.iter().flat_map(|table| {
        let held = table.held.iter().map(|held| held.column);
        held.chain(table.impersonal()).map(|column| format!("{}.{column}", table.name))
    });
    let lines: Vec<_> = lines.collect();
    let listed: BTreeSet<_> = lines.iter().cloned().collect();
    let existing = columns(&db).await;
    let unlisted: Vec<_> = existing.difference(&listed).collect();
    assert!(unlisted.is_empty(), "say in privacy/register what these hold: {unlisted:?}");
    let gone: Vec<_> = listed.difference(&existing).collect();
    assert!(gone.is_empty(), "these are gone: {gone:?}");
    assert_eq!(lines.len(), listed.len(), "listed twice");
    for table in TABLES {
        for whose in table.whose {
            if let Whose::Account(key) | Whose::Address(key) | Whose::Through(key) = whose {
                assert!(existing.contains(&format!("{}.{key}", table.name)), "{}.{key}", table.name);
            }
        }
        assert_eq!(table.whose.is_empty(), table.held.is_empty(), "{}", table.name);
    }
}

#[tokio::test]
async fn the_tables_of_development_are_known() {
    let server = TestServer::start().await;
    let existing = columns(&server.state.db).await;
    let made: BTreeSet<_> =
        existing.iter().filter_map(|column| column.split_once('.')).map(|(t, _)| t).collect();
    let known: BTreeSet<_> =
        TABLES.iter().map(|table| table.name).chain(DEVELOPMENT.iter().map(|(name, _)| *name)).collect();
    assert_eq!(made, known);
}

#[tokio::test]
async fn an_export_shows_all_that_the_register_says() {
    let scene = Scene::open().await;
    let export = scene.export(scene.author).await;
    assert_eq!(export["exportDate"], "2026-03-10T09:00:00.000Z");
    assert_eq!((&export["totalCommandes"], &export["totalInvoices"]), (&json!(2), &json!(1)));
    assert_eq!(export["user"]["email"], EMAIL);
    let mut missing = vec![];
    for table in TABLES {
        for held in table.held {
            let Some(key) = held.exported else { continue };
            let section = &export["user"][table.section.unwrap()];
            let rows = section.as_array().cloned().unwrap_or_else(|| vec![section.clone()]);
            if !rows.iter().any(|row| !row[key].is_null()) {
                missing.push(format!("{}.{}", table.name, held.column));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}\n{export:#}");
    let text = export.to_string();
    for trace in TRACES {
        assert!(text.contains(trace), "{trace}");
    }
    for secret in ["$argon2", "password_hash", "passwordHash", "tokenHash", "storageKey"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let messages = export["user"]["messages"].as_array().unwrap();
    let own: Vec<_> = messages.iter().filter(|message| message["isFromAdmin"] == false).collect();
    assert_eq!((messages.len(), own.len()), (4, 2), "{messages:#?}");
}

/// `table.column` of the schema wherever a trace of the author is found.
async fn found(scene: &Scene) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for table in TABLES {
        let columns = table.held.iter().map(|held| held.column).chain(table.impersonal());
        for column in columns.filter(|column| *column != "checksum") {
            let hits: Vec<_> = TRACES
                .iter()
                .map(|trace| {
                    format!("LOCATE('{trace}', CAST({column} AS CHAR) COLLATE utf8mb4_unicode_ci) > 0")
                })
                .collect();
            let rows = format!("{} WHERE {}", table.name, hits.join(" OR "));
            if scene.server.count(&rows).await > 0 {
                found.insert(format!("{}.{column}", table.name));
            }
        }
    }
    found
}

fn kept(table: &Table, held: &Held) -> Option<String> {
    matches!(held.erasure, Erasure::Kept(_)).then(|| format!("{}.{}", table.name, held.column))
}

#[tokio::test]
async fn an_erasure_leaves_only_what_the_register_keeps() {
    let scene = Scene::open().await;
    let before = found(&scene).await;
    let held: BTreeSet<_> = TABLES
        .iter()
        .flat_map(|table| table.held.iter().map(move |held| format!("{}.{}", table.name, held.column)))
        .collect();
    let unlisted: Vec<_> = before.difference(&held).collect();
    assert!(unlisted.is_empty(), "the register calls these impersonal: {unlisted:?}");
    assert!(before.len() > 50, "{before:?}");
    assert!(scene.erase(scene.author).await.is_some_and(|subject| subject.email == EMAIL));

    let kept: BTreeSet<_> =
        TABLES.iter().flat_map(|table| table.held.iter().filter_map(move |held| kept(table, held))).collect();
    let left = found(&scene).await;
    let wrong: Vec<_> = left.difference(&kept).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    for legal in ["invoices.buyer", "invoices.items", "audit_logs.actor_email"] {
        assert!(left.contains(legal), "{legal}");
    }
    scene.server.run_job("storage_deletions").await;
    let objects = scene.server.objects();
    assert!(objects.len() == 1 && objects[0].starts_with("invoices/"), "{objects:?}");
}

#[tokio::test]
async fn an_erased_account_is_closed_and_its_books_stay() {
    let scene = Scene::open().await;
    let token = scene.server.login((EMAIL, "Marguerite-1951")).await;
    scene.erase(scene.author).await;
    assert_eq!(scene.server.get_as(&token, "/api/auth/me").await.status, 401);
    let again = json!({ "email": EMAIL, "password": "Marguerite-1951" });
    assert_eq!(scene.server.post("/api/auth/login", &again).await.status, 401);
    let account = scene
        .values("SELECT CONCAT_WS('|', prenom, nom, email, is_active, password_hash) FROM users WHERE deleted_at IS NOT NULL")
        .await;
    let expected = format!("Utilisateur|Supprimé|deleted-{}@example.invalid|0|!", scene.author);
    assert_eq!(account, [expected]);
    for (table, rows) in [("commandes", 2), ("invoices", 1), ("payments", 1), ("payment_methods", 0)] {
        assert_eq!(scene.server.count(table).await, rows, "{table}");
    }
    let team = scene.values("SELECT message FROM notifications WHERE title = 'Paiement reçu'").await;
    assert_eq!(team, ["Utilisateur Supprimé a payé 280,00\u{a0}€ pour « Commande d’un compte supprimé »."]);
    assert!(scene.erase(scene.author).await.is_none(), "once");
    // The address is free again, for a new account.
    let new =
        json!({ "prenom": "Zéphyrine", "nom": "Quillebœuf", "email": EMAIL, "password": "Marguerite-1951" });
    assert_eq!(scene.server.post("/api/auth/register", &new).await.status, 201);
}

#[tokio::test]
async fn what_is_owed_to_whoever_paid_still_leaves_and_is_then_forgotten() {
    let scene = Scene::open().await;
    scene
        .run("UPDATE email_outbox SET status = 'PENDING', next_attempt_at = @now WHERE user_id = @author")
        .await;
    scene.erase(scene.author).await;
    let waiting =
        "SELECT CAST(template AS CHAR) FROM email_outbox WHERE user_id IS NOT NULL ORDER BY template";
    assert_eq!(scene.values(waiting).await, ["invoice-user"]);
    assert_eq!(scene.server.run_job("mails_of_erased").await, 0);
    scene.server.work().await;
    assert_eq!(scene.server.run_job("mails_of_erased").await, 1);
    assert_eq!(scene.values(waiting).await, Vec::<String>::new());
}

#[tokio::test]
async fn money_that_arrives_after_an_erasure_finds_its_order() {
    let scene = Scene::open().await;
    let session = scene
        .values("SELECT s.stripe_session_id FROM checkout_sessions s WHERE s.status = 'OPEN' ORDER BY s.created_at LIMIT 1")
        .await;
    scene.erase(scene.author).await;
    assert_eq!(scene.server.pay(&session[0]).await.status, 303);
    assert_eq!(scene.server.count("stripe_events WHERE status = 'FAILED'").await, 0);
    let owner = format!("commandes WHERE payment_status = 'paid' AND user_id = {}", literal(scene.author));
    assert_eq!(scene.server.count(&owner).await, 2);
    assert_eq!(scene.server.count(&format!("users WHERE email = '{EMAIL}'")).await, 0);
}

#[tokio::test]
async fn a_failed_event_is_reduced_as_soon_as_it_is_applied() {
    let scene = Scene::open().await;
    scene
        .run(
            "INSERT INTO stripe_events (id, type, status, payload, next_attempt_at, received_at)
             VALUES ('evt_late', 'customer.updated', 'FAILED', '{\"id\":\"evt_late\",\"type\":\"customer.updated\",
               \"data\":{\"object\":{\"id\":\"cus_1\",\"email\":\"zephyrine.q@example.com\"}}}', @now, @now)",
        )
        .await;
    scene.erase(scene.author).await;
    let payload = "SELECT payload FROM stripe_events WHERE id = 'evt_late'";
    assert!(scene.values(payload).await[0].contains(EMAIL), "the retry needs it");
    assert_eq!(scene.server.run_job("stripe_events").await, 1);
    let kept: Value = serde_json::from_str(&scene.values(payload).await[0]).unwrap();
    assert_eq!(kept["data"]["object"], json!({ "id": "cus_1", "email": null }));
}

#[tokio::test]
async fn a_namesake_loses_nothing() {
    let scene = Scene::open().await;
    let form = json!({ "prenom": "Zéphyrine", "nom": "Quillebœuf", "email": "other@example.com", "password": "Marguerite-1951" });
    let registered = scene.server.post("/api/auth/register", &form).await;
    let other = registered.body["user"]["id"].as_str().unwrap().parse().unwrap();
    let about_other = "SELECT CAST(message AS CHAR) FROM notifications WHERE message LIKE '%other@example.com%'
                       UNION ALL SELECT CAST(payload AS CHAR) FROM email_outbox WHERE payload LIKE '%other@example.com%'";
    let (export, told) = (scene.export(other).await, scene.values(about_other).await);
    assert!(told.len() >= 3, "{told:?}");
    scene.erase(scene.author).await;
    assert_eq!(scene.export(other).await, export);
    assert_eq!(scene.values(about_other).await, told);
}

#[tokio::test]
async fn a_corrector_who_leaves_takes_nothing_of_the_authors() {
    let scene = Scene::open().await;
    let corrector = "(SELECT id FROM users WHERE role = 'CORRECTOR')";
    for sql in [
        "UPDATE commandes SET corrector_id = @corrector",
        "UPDATE files SET uploaded_by_id = @corrector, is_corrected = TRUE WHERE commande_id IS NOT NULL LIMIT 1",
        "UPDATE messages SET sender_id = @corrector, display_first_name = 'Murielle' WHERE sender_id IS NULL LIMIT 1",
    ] {
        scene.run(&sql.replace("@corrector", corrector)).await;
    }
    let author = scene.export(scene.author).await;
    let id = sqlx::query_scalar("SELECT id FROM users WHERE role = 'CORRECTOR'");
    let id = id.fetch_one(scene.server.state.db.pool()).await.unwrap();
    scene.erase(id).await;
    let after = scene.export(scene.author).await;
    for section in ["commandes", "fichiers", "factures", "notifications", "emails"] {
        assert_eq!(after["user"][section], author["user"][section], "{section}");
    }
    assert_eq!(after["totalMessages"], author["totalMessages"]);
    assert_eq!(scene.server.count("messages WHERE display_first_name = 'Murielle'").await, 0);
}
