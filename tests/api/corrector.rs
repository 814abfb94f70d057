//! What correctors see and do, and what they do not.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::server::{Answer, Person, TestServer};

async fn deliver(server: &TestServer, corrector: &Person, order: uuid::Uuid) -> Answer {
    let path = format!("/api/corrector/projects/{order}/status");
    server.call(Method::PUT, &path, Some(&corrector.token), Some(json!({ "statut": "TERMINE" }))).await
}

async fn projects(server: &TestServer, corrector: &Person, query: &str) -> Value {
    server.get_as(&corrector.token, &format!("/api/corrector/projects{query}")).await.ok(200).clone()
}

#[tokio::test]
async fn a_corrector_sees_the_orders_assigned_to_them() {
    let server = TestServer::start().await;
    let (client, corrector, other) =
        (server.client().await, server.corrector().await, server.other_corrector().await);
    assert_eq!(
        projects(&server, &corrector, "").await,
        json!({"data": [], "meta": {"page": 1, "pageSize": 20, "total": 0}})
    );
    let order = server.commande(&client, "Un roman", "EN_COURS").await;
    server.execute("UPDATE commandes SET description = 'Un roman', note_client = 'Doucement', pages_declarees = 150, reference = '7F3K-92QD'").await;
    server.assign(order, &corrector).await;
    server.document(Some(order), &client, "roman.txt", false).await;
    server.document(Some(order), &corrector, "corrige.txt", true).await;
    for (statut, to) in [("PAYEE", &corrector), ("EN_COURS", &other)] {
        let id = server.commande(&server.other_client().await, "Autre", statut).await;
        server.assign(id, to).await;
    }
    server.commande(&client, "À personne", "EN_COURS").await;

    let body = projects(&server, &corrector, "?statut=EN_COURS").await;
    assert_eq!(body["meta"], json!({"page": 1, "pageSize": 20, "total": 1}));
    let mut project = body["data"][0].clone();
    assert!(project["client"]["prenom"].is_string() && project["client"]["nom"].is_string());
    project["client"] = project["client"]["id"].clone();
    assert_eq!(
        project,
        json!({
            "id": order, "reference": "7F3K-92QD", "title": "Un roman", "description": "Un roman", "noteClient": "Doucement",
            "statut": "EN_COURS", "statutLabel": "en cours", "priorite": "NORMALE", "pack": null, "pages": 150, "dueAt": null,
            "finishedAt": null, "client": client.id, "filesCount": 1, "correctedFilesCount": 1,
            "createdAt": "2026-03-10T09:00:00.000Z", "updatedAt": "2026-03-10T09:00:00.000Z",
        })
    );
    assert_eq!(projects(&server, &corrector, "").await["meta"]["total"], 2);
    assert_eq!(
        projects(&server, &corrector, "?limit=1").await["meta"],
        json!({"page": 1, "pageSize": 1, "total": 2})
    );
    server.get_as(&corrector.token, "/api/corrector/projects?statut=x").await.refused_fields(&["statut"]);
    let nothing_of_the_author = projects(&server, &corrector, "").await.to_string();
    assert!(!nothing_of_the_author.contains("@example.com"), "{nothing_of_the_author}");
    for person in [&client, &server.admin().await] {
        server.get_as(&person.token, "/api/corrector/projects").await.refused(403, "CORRECTOR_REQUIRED");
    }
}

#[tokio::test]
async fn a_corrector_delivers_their_own_orders_and_does_nothing_else_to_them() {
    let server = TestServer::start().await;
    let (client, corrector, other) =
        (server.client().await, server.corrector().await, server.other_corrector().await);
    let order = server.commande(&client, "Un roman", "EN_COURS").await;
    server.assign(order, &corrector).await;
    deliver(&server, &other, order).await.refused(404, "NOT_FOUND");
    let path = format!("/api/corrector/projects/{order}/status");
    for (body, status, code) in [
        (json!({ "statut": "ANNULEE" }), 403, "MOVE_FORBIDDEN"),
        (json!({ "statut": "FINI" }), 400, "VALIDATION_ERROR"),
        (json!({}), 400, "VALIDATION_ERROR"),
    ] {
        server.call(Method::PUT, &path, Some(&corrector.token), Some(body)).await.refused(status, code);
    }
    server.advance(chrono::Duration::minutes(1));
    let delivered = deliver(&server, &corrector, order).await;
    assert_eq!(delivered.ok(200)["project"]["statut"], "TERMINE");
    assert_eq!(delivered.body["project"]["finishedAt"], "2026-03-10T09:01:00.000Z");
    // Again: nothing more happens.
    deliver(&server, &corrector, order).await.ok(200);
    let acts =
        "SELECT CONCAT(actor_email, ' ', details) FROM audit_logs WHERE action = 'COMMAND_STATUS_CHANGED'";
    assert_eq!(
        server.texts(acts).await,
        [format!("{} {}", corrector.email, r#"{"from":"EN_COURS","to":"TERMINE"}"#)]
    );
    assert_eq!(server.queued().await, [format!("order-user {}", client.email)]);
    let bells = format!("notifications WHERE user_id = UNHEX('{}')", client.id.simple());
    assert_eq!(server.count(&bells).await, 1);

    for statut in ["EN_ATTENTE", "PAYEE", "SUSPENDUE", "ANNULEE"] {
        let order = server.commande(&client, "Un essai", statut).await;
        server.assign(order, &corrector).await;
        deliver(&server, &corrector, order).await.refused(409, "INVALID_TRANSITION");
    }
}

#[tokio::test]
async fn a_corrector_reads_the_documents_of_their_orders_while_they_are_theirs() {
    let server = TestServer::start().await;
    let (client, corrector, other) =
        (server.client().await, server.corrector().await, server.other_corrector().await);
    let order = server.commande(&client, "Un roman", "EN_COURS").await;
    let document = server.document(Some(order), &client, "roman.txt", false).await;
    let files = format!("/api/files/projects/{order}/files");
    let download = format!("/api/files/download/{document}");
    server.get_as(&corrector.token, &files).await.refused(403, "PROJECT_FORBIDDEN");
    server.get_as(&corrector.token, &download).await.refused(403, "FILE_FORBIDDEN");
    server.assign(order, &corrector).await;
    assert_eq!(server.get_as(&corrector.token, &files).await.ok(200)["count"], 1);
    assert_eq!(server.get_as(&corrector.token, &download).await.bytes, b"0123456789");
    server.get_as(&other.token, &download).await.refused(403, "FILE_FORBIDDEN");
    // The work is given to somebody else.
    server.assign(order, &other).await;
    server.get_as(&corrector.token, &files).await.refused(403, "PROJECT_FORBIDDEN");
    server.get_as(&corrector.token, &download).await.refused(403, "FILE_FORBIDDEN");
    deliver(&server, &corrector, order).await.refused(404, "NOT_FOUND");
    // Whose role was taken away corrects nothing.
    server.execute("UPDATE users SET role = 'USER' WHERE email = 'autre.correcteur@example.com'").await;
    server.state.sessions.forget(other.id).await;
    server.get_as(&other.token, &download).await.refused(403, "FILE_FORBIDDEN");
    deliver(&server, &other, order).await.refused(403, "CORRECTOR_REQUIRED");
}

#[tokio::test]
async fn a_page_takes_one_statement_and_its_total_another() {
    let server = TestServer::counted().await;
    let (client, corrector, other) =
        (server.client().await, server.corrector().await, server.other_corrector().await);
    for to in [&corrector, &corrector, &other, &other] {
        let order = server.commande(&client, "Un roman", "EN_COURS").await;
        server.assign(order, to).await;
    }
    let read = |person: &Person, path: &str| server.request(Method::GET, path).bearer_auth(&person.token);
    server.assert_statements(1, read(&corrector, "/api/corrector/projects")).await.ok(200);
    let path = "/api/corrector/projects?limit=1";
    server.statements_of(read(&other, path)).await.answer.ok(200);
    assert_eq!(server.statements_of(read(&corrector, path)).await.executed.len(), 2);
}
