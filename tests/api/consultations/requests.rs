//! The team's list of calls.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use super::{book, mail};
use crate::support::{
    answer::send,
    server::{Person, TestServer},
};

async fn list(server: &TestServer, admin: &Person, query: &str) -> Value {
    server.get_as(&admin.token, &format!("/api/consultations/requests{query}")).await.ok(200).clone()
}

fn names(body: &Value) -> Vec<&str> {
    body["data"].as_array().unwrap().iter().map(|row| row["email"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_team_lists_filters_and_processes_requests() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    for (email, date) in
        [("a@example.com", "2026-03-12"), ("b@example.com", "2026-03-13"), ("c@example.com", "2026-03-16")]
    {
        book(&server, email, date, "09:00").await.ok(201);
        server.advance(chrono::TimeDelta::seconds(1));
    }
    let all = list(&server, &admin, "").await;
    assert_eq!(names(&all), ["c@example.com", "b@example.com", "a@example.com"]);
    assert_eq!(all["pagination"], json!({ "page": 1, "limit": 50, "total": 3, "totalPages": 1 }));
    let row = &all["data"][2];
    assert_eq!((&row["success"], &all["success"]), (&Value::Null, &json!(true)));
    for (key, value) in [
        ("type", json!("CONSULTATION_REQUEST")),
        ("statut", json!("ENVOYE")),
        ("requestedDateTime", json!("2026-03-12T08:00:00.000Z")),
        ("visitorName", json!("Zoé Lefèvre")),
        ("visitorEmail", json!("a@example.com")),
        ("visitorPhone", json!("+33 6 01 02 03 04")),
        ("isFromVisitor", json!(true)),
        ("isRead", json!(false)),
        ("adminNote", Value::Null),
        ("processedAt", Value::Null),
    ] {
        assert_eq!(row[key], value, "{key}");
    }
    let asked = &row["metadata"]["consultationRequest"];
    assert_eq!(
        *asked,
        json!({ "firstName": "Zoé", "lastName": "Lefèvre", "email": "a@example.com", "phone": "+33 6 01 02 03 04",
                "requestedDate": "2026-03-12", "requestedTime": "09:00", "message": "Un roman à relire.\nMerci !",
                "source": "client_space" })
    );
    assert!(row["content"].as_str().unwrap().contains("jeudi 12\u{a0}mars 2026"), "{row}");
    assert!(row["conversationId"].is_string() && row["messageId"].is_string());

    for (query, expected) in [
        ("?search=a%40example", &["a@example.com"][..]),
        ("?search=zo%C3%A9%20b@", &["b@example.com"]),
        ("?dateFrom=2026-03-13&dateTo=2026-03-13", &["b@example.com"]),
        ("?dateFrom=2026-03-14", &["c@example.com"]),
        ("?sortBy=startsAt&sortDirection=asc&limit=2", &["a@example.com", "b@example.com"]),
        ("?limit=1&page=2", &["b@example.com"]),
        ("?status=LU", &[]),
        ("?cancelled=true", &[]),
        ("?cancelled=false&status=ENVOYE&limit=1", &["c@example.com"]),
    ] {
        assert_eq!(names(&list(&server, &admin, query).await), expected, "{query}");
    }
    let wrong = server.get_as(&admin.token, "/consultations/requests?status=PERDU").await;
    wrong.refused_fields(&["status"]);

    let id = row["id"].as_str().unwrap();
    let put = async |id: &str, body: Value| {
        server
            .call(Method::PUT, &format!("/api/consultations/requests/{id}"), Some(&admin.token), Some(body))
            .await
    };
    let done = put(id, json!({ "adminNote": "  Rappeler avant midi. " })).await;
    let data = &done.ok(200)["data"];
    assert_eq!((&data["statut"], &data["isRead"]), (&json!("LU"), &json!(true)));
    assert_eq!(data["adminNote"], "Rappeler avant midi.");
    assert_eq!(data["metadata"]["adminNote"], "Rappeler avant midi.");
    assert_eq!(data["metadata"]["processedAt"], data["processedAt"]);
    // By the id that booking gave, the note stays, and nobody is told twice.
    let message_id = row["messageId"].as_str().unwrap();
    let again = put(message_id, json!({ "status": "ARCHIVE" })).await;
    assert_eq!(
        (&again.ok(200)["data"]["statut"], &again.body["data"]["adminNote"]),
        (&json!("ARCHIVE"), &json!("Rappeler avant midi."))
    );
    assert_eq!(put(id, json!({ "adminNote": "" })).await.ok(200)["data"]["adminNote"], Value::Null);
    let processed = mail(&server, "consultation-processed-user").await;
    assert_eq!(processed["to"], "a@example.com");
    assert!(!processed["text"].as_str().unwrap().contains("Rappeler"), "the team's own note");
    assert_eq!(server.count("email_outbox WHERE template = 'consultation-processed-user'").await, 1);
    let audit = server
        .texts("SELECT details FROM audit_logs WHERE action = 'CONSULTATION_PROCESSED' ORDER BY id")
        .await;
    assert_eq!(audit.len(), 3);
    assert!(audit[0].contains("\"LU\"") && !audit[0].contains("midi"), "{audit:?}");

    put(id, json!({ "status": "PERDU" })).await.refused_fields(&["status"]);
    put(id, json!({ "adminNote": "é".repeat(5_001) })).await.refused_fields(&["adminNote"]);
    put(&staka::clock::new_id().to_string(), json!({})).await.refused(404, "NOT_FOUND");
    // A message that is no request.
    let other = server.value("SELECT HEX(id) FROM conversations LIMIT 1").await.unwrap();
    put(&other.to_lowercase(), json!({})).await.refused(404, "NOT_FOUND");
    server.ignore_mails();
}

#[tokio::test]
async fn what_is_over_or_cancelled_is_processed_in_silence() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let admin = server.admin().await;
    book(&server, "a@example.com", "2026-03-12", "09:00").await.ok(201);
    let id = list(&server, &admin, "").await["data"][0]["id"].as_str().unwrap().to_owned();
    server.advance(chrono::TimeDelta::days(5));
    let path = format!("/consultations/requests/{id}");
    let body = json!({ "status": "DELIVRE" });
    server.call(Method::PUT, &path, Some(&admin.token), Some(body)).await.ok(200);
    assert_eq!(server.count("email_outbox WHERE template = 'consultation-processed-user'").await, 0);
}

#[tokio::test]
async fn the_list_reads_two_statements_and_one_page_of_many() {
    let server = TestServer::counted().await;
    let admin = server.admin().await;
    let now = server.state.clock.now();
    sqlx::query(
        "INSERT INTO consultations (id, first_name, last_name, email, phone, starts_at, slot, created_at, updated_at)
         VALUES (REPEAT('0', 16), 'Zoé', 'Martin', 'z@example.com', '06', ?, NULL, ?, ?)",
    )
    .bind(now).bind(now).bind(now)
    .execute(server.state.db.pool())
    .await
    .unwrap();
    for round in 0..13 {
        let double = format!(
            "INSERT INTO consultations (id, first_name, last_name, email, phone, starts_at, status, created_at, updated_at)
             SELECT UNHEX(REPLACE(UUID(), '-', '')), first_name, last_name, email, phone, starts_at + INTERVAL {n} MINUTE,
                    ELT(1 + CONV(SUBSTR(HEX(id), 6, 2), 16, 10) % 2, 'LU', 'ENVOYE'), created_at + INTERVAL {n} SECOND, updated_at
             FROM consultations",
            n = 1 << round
        );
        server.execute(&double).await;
    }
    server.execute("ANALYZE TABLE consultations").await;
    for path in ["", "?status=LU", "?sortBy=startsAt"] {
        let request =
            server.request(Method::GET, &format!("/consultations/requests{path}")).bearer_auth(&admin.token);
        assert_eq!(send(request.try_clone().unwrap()).await.body["data"].as_array().unwrap().len(), 50);
        // The total is remembered for a while.
        server.assert_statements(1, request).await;
    }
    for (filter, order) in [("", "created_at"), ("WHERE c.status = 'LU'", "created_at"), ("", "starts_at")] {
        let sql = format!(
            "EXPLAIN FORMAT=TRADITIONAL SELECT c.id FROM consultations c LEFT JOIN messages m ON m.id = c.message_id {filter}
             ORDER BY c.{order} DESC, c.id DESC LIMIT 51 OFFSET 0"
        );
        let plan: String = explained(&server, &sql).await;
        assert!(!plan.contains("filesort"), "{sql}: {plan}");
    }
}

async fn explained(server: &TestServer, sql: &str) -> String {
    use sqlx::Row;
    let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(server.state.db.pool()).await.unwrap();
    rows.iter().map(|row| row.get_unchecked::<Option<String>, _>("Extra").unwrap_or_default()).collect()
}
