//! What polling costs when there are a hundred thousand messages.

use reqwest::{Method, RequestBuilder};

use crate::support::server::{Person, TestServer};

/// 100 000 messages in 12 500 conversations of visitors, and a client's with eight.
async fn grown(server: &TestServer, client: &Person) {
    let numbers = "WITH RECURSIVE n AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 499), m AS (SELECT i FROM n WHERE i < 25)
                   SELECT n.i * 25 + m.i AS number FROM n CROSS JOIN m";
    let conversation = "UNHEX(LPAD(HEX(number + 1), 32, '0'))";
    server
        .execute(&format!(
            "INSERT INTO conversations (id, visitor_email, visitor_name, last_message_at, message_count, admin_unread, created_at, updated_at)
             SELECT {conversation}, CONCAT(number, '@example.com'), 'Visiteur', '2026-01-01' + INTERVAL number MINUTE, 8, number % 50 = 0,
                    '2026-01-01', '2026-01-01' FROM ({numbers}) x"
        ))
        .await;
    let id = client.id.simple();
    server
        .execute(&format!(
            "INSERT INTO conversations (id, user_id, last_message_at, message_count, client_unread, created_at, updated_at)
             VALUES (UNHEX('{id}'), UNHEX('{id}'), '2026-06-01', 8, 0, '2026-01-01', '2026-01-01')"
        ))
        .await;
    server
        .execute(
            "INSERT INTO messages (id, conversation_id, content, is_from_visitor, is_read, created_at, updated_at)
             SELECT UNHEX(CONCAT(SUBSTR(HEX(v.id), 9, 24), LPAD(HEX(k.i), 8, '0'))), v.id, CONCAT('Bonjour numéro', k.i), v.user_id IS NULL, TRUE,
                    v.created_at + INTERVAL k.i SECOND, v.created_at
             FROM conversations v
             CROSS JOIN (SELECT 0 AS i UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7) k",
        )
        .await;
    server.execute("ANALYZE TABLE conversations, messages").await;
}

fn read(server: &TestServer, person: &Person, path: &str) -> RequestBuilder {
    server.request(Method::GET, path).bearer_auth(&person.token)
}

#[tokio::test]
async fn polled_reads_take_two_statements_at_most_and_read_what_they_show() {
    let server = TestServer::counted().await;
    let (admin, client) = (server.admin().await, server.client().await);
    grown(&server, &client).await;
    for (person, path) in [
        (&admin, "/api/messages/conversations".to_owned()),
        (&client, "/api/messages/conversations".to_owned()),
        (&admin, "/api/messages/unread-count".to_owned()),
        (&admin, format!("/api/messages/threads/{}", client.id)),
        (&admin, "/api/messages/threads/777@example.com".to_owned()),
        (&client, "/api/messages/threads/admin-support".to_owned()),
    ] {
        server.assert_statements(1, read(&server, person, &path)).await.ok(200);
    }
    let list = server.get_as(&admin.token, "/api/messages/conversations").await.body;
    assert_eq!(list.as_array().unwrap().len(), 20);
    // With documents, one more; corrections of what is read only when something is.
    let message =
        server.value("SELECT HEX(id) FROM messages WHERE is_from_visitor = FALSE LIMIT 1").await.unwrap();
    let file = server.document(None, &admin, "a.txt", false).await;
    server
        .execute(&format!(
            "INSERT INTO message_attachments (id, message_id, file_id) VALUES (UNHEX('{0}'), UNHEX('{message}'), UNHEX('{0}'))",
            file.simple()
        ))
        .await;
    let thread = read(&server, &client, "/api/messages/threads/admin-support");
    server.assert_statements(2, thread).await.ok(200);
    let search = read(&server, &admin, "/api/messages/search?q=num%C3%A9ro7&limit=1");
    assert!(server.statements_of(search).await.executed.len() <= 2);
    the_plans_follow_the_indexes(&server).await;
}

/// Which index a plan takes for each table, and how many rows the server says it would look at. None sorts.
async fn plan_of(server: &TestServer, sql: &str) -> Vec<(String, i64)> {
    use sqlx::Row;
    let explained = sqlx::raw_sql(sqlx::AssertSqlSafe(format!("EXPLAIN FORMAT=TRADITIONAL {sql}")));
    let rows = explained.fetch_all(server.state.db.pool()).await.unwrap();
    rows.iter()
        .map(|row| {
            let key = row.try_get_unchecked::<Option<String>, _>("key").unwrap().unwrap_or_default();
            let extra = row.try_get_unchecked::<Option<String>, _>("Extra").unwrap().unwrap_or_default();
            assert!(!extra.contains("filesort") && !extra.contains("temporary"), "{sql}: {extra}");
            (key, row.try_get_unchecked::<Option<i64>, _>("rows").unwrap().unwrap_or_default())
        })
        .collect()
}

async fn the_plans_follow_the_indexes(server: &TestServer) {
    let inbox = "SELECT v.id, l.content FROM conversations v
                 JOIN messages l ON l.id = (SELECT m.id FROM messages m WHERE m.conversation_id = v.id AND m.deleted_by_admin = FALSE
                                            ORDER BY m.conversation_id DESC, m.created_at DESC, m.id DESC LIMIT 1)
                 WHERE v.admin_hidden = FALSE AND v.admin_archived = FALSE ORDER BY v.last_message_at DESC, v.id DESC LIMIT 20";
    let keys: Vec<_> = plan_of(server, inbox).await.into_iter().map(|(key, _)| key).collect();
    assert!(
        keys.contains(&"conversations_inbox".to_owned())
            && keys.contains(&"messages_conversation".to_owned()),
        "{keys:?}"
    );
    let unread = "SELECT SUM(admin_unread) FROM conversations WHERE admin_hidden = FALSE AND admin_archived = FALSE AND admin_unread > 0";
    let plan = plan_of(server, unread).await;
    assert!(plan.iter().all(|(key, rows)| key == "conversations_unread" && *rows < 1_000), "{plan:?}");
    let thread = "SELECT m.content FROM conversations v JOIN messages m ON m.conversation_id = v.id
                  WHERE v.visitor_email = '777@example.com' AND m.deleted_by_admin = FALSE ORDER BY m.created_at DESC, m.id DESC LIMIT 500";
    let plan = plan_of(server, thread).await;
    assert!(plan.iter().all(|(_, rows)| *rows <= 10), "{plan:?}");
}
