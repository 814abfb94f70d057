//! Moving the former platform in, and what its people then find.

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection};

use crate::support::{
    database::TestDatabase,
    program::{Ran, run},
    server::TestServer,
};

const PASSWORD: &str = "Vieux-Mot-De-Passe-1";
const ORDER: &str = "00000000-0000-4000-8000-000000000020";

async fn old() -> TestDatabase {
    let database = TestDatabase::empty().await;
    let bcrypt = bcrypt::hash(PASSWORD, 4).unwrap();
    let mut conn = MySqlConnection::connect(database.url()).await.unwrap();
    conn.execute(AssertSqlSafe(include_str!("../../support/old_schema.sql"))).await.unwrap();
    let rows = include_str!("rows.sql").replace("{bcrypt}", &bcrypt);
    conn.execute(AssertSqlSafe(rows)).await.unwrap();
    conn.close().await.unwrap();
    database
}

async fn import(server: &TestServer, old: &TestDatabase, more: &[&str]) -> Ran {
    let storage = server.state.config.storage.directory.to_str().unwrap().to_owned();
    let vars =
        [("DATABASE_URL", server.database.url()), ("UPLOADS_DIR", &storage), ("IMPORT_FROM", old.url())];
    run(&[&["import"], more].concat(), &vars, "").await
}

#[tokio::test]
async fn the_former_platform_moves_in_and_its_people_find_everything() {
    let (server, old) = (TestServer::empty().await, old().await);
    let uploads = std::env::temp_dir().join(format!("staka-old-{}", uuid::Uuid::now_v7()));
    for (path, content) in [("projects/a.docx", "corps"), ("invoices/INV-1.pdf", "%PDF-old")] {
        std::fs::create_dir_all(uploads.join(path).parent().unwrap()).unwrap();
        std::fs::write(uploads.join(path), content).unwrap();
    }
    let uploads = uploads.to_str().unwrap();

    let dry = import(&server, &old, &["--uploads", uploads, "--dry-run"]).await;
    assert!(dry.success, "{}{}", dry.stdout, dry.stderr);
    assert_eq!(server.count("users").await, 0);
    assert!(server.objects().is_empty());

    let ran = import(&server, &old, &["--uploads", uploads]).await;
    assert!(ran.success, "{}{}", ran.stdout, ran.stderr);
    let table = |text: &str| text.lines().filter(|line| !line.contains("blanc")).count();
    assert_eq!(table(&ran.stdout), table(&dry.stdout) + 1, "the same report and its end");
    for told in
        ["Fichiers introuvables : 1", "casse", "simulés", "inhabituels", "pending_commandes.nombrePages"]
    {
        assert!(ran.stdout.contains(told), "{told}: {}", ran.stdout);
    }

    let login = json!({ "email": "zoe@livre.fr", "password": PASSWORD });
    let session = server.post("/api/auth/login", &login).await;
    let token = session.ok(200)["token"].as_str().unwrap().to_owned();
    let orders = server.get_as(&token, "/api/commandes").await;
    assert!(orders.ok(200).to_string().contains(ORDER));
    let talk = server.get_as(&token, "/api/messages/conversations").await;
    talk.ok(200);
    assert_eq!(server.count("conversations").await, 2);
    let invoice = "/api/invoices/00000000-0000-4000-8000-000000000040/download";
    assert_eq!(server.get_as(&token, invoice).await.text(), "%PDF-old");
    let file = "/api/files/00000000-0000-4000-8000-000000000050/download";
    assert_eq!(server.get_as(&token, file).await.text(), "corps");
    let next = "SELECT last_number FROM invoice_counters WHERE series = 'FA' AND year = 2026";
    assert_eq!(server.value(next).await.as_deref(), Some("41"));
    assert_eq!(server.count("files WHERE is_corrected AND description = 'corrigé'").await, 1);
    assert_eq!(
        server.count("files WHERE pending_commande_id IS NOT NULL AND uploaded_by_id IS NULL").await,
        1
    );
    assert_eq!(server.count("consultations").await, 1);
    assert_eq!(server.count("commandes WHERE reference IS NULL").await, 0);

    let again = import(&server, &old, &["--uploads", uploads]).await;
    assert!(!again.success && again.stderr.contains("not empty"), "{}", again.stderr);
    std::fs::remove_dir_all(uploads).unwrap();
    server.ignore_mails();
}

#[tokio::test]
async fn a_database_of_somebody_else_is_refused_and_its_address_is_not_told() {
    let (server, other) = (TestServer::empty().await, TestDatabase::empty().await);
    let ran = import(&server, &other, &[]).await;
    assert!(!ran.success && ran.stderr.contains("former platform"), "{}", ran.stderr);
    assert!(!ran.stderr.contains(other.url()));
}
