//! What reads cost, in statements: one for a page, one more for a total the page cannot tell by itself.

use reqwest::{Method, RequestBuilder};

use crate::support::server::{Person, TestServer};

fn read(server: &TestServer, person: &Person, path: &str) -> RequestBuilder {
    server.request(Method::GET, path).bearer_auth(&person.token)
}

/// A server where two authors have three of everything.
async fn furnished() -> (TestServer, [Person; 2]) {
    let server = TestServer::counted().await;
    let people = [server.client().await, server.other_client().await];
    for person in &people {
        for _ in 0..3 {
            let (order, _) = server.paid_order(person).await;
            server.invoice(order).await;
            server.document(Some(order), person, "roman.txt", false).await;
            server.notification(person).await;
        }
    }
    (server, people)
}

const LISTS: [&str; 6] = [
    "/api/commandes",
    "/api/projects",
    "/api/invoices",
    "/api/notifications",
    "/api/files/user/all",
    "/api/files/user",
];

#[tokio::test]
async fn a_session_is_looked_up_once() {
    let (server, [author, _]) = furnished().await;
    let cold = server.statements_of(read(&server, &author, "/api/notifications/unread-count")).await;
    assert_eq!((cold.sessions, cold.executed.len()), (1, 1), "{cold:#?}");
}

#[tokio::test]
async fn a_page_that_holds_everything_takes_one_statement() {
    let (server, [author, _]) = furnished().await;
    for path in LISTS {
        server.assert_statements(1, read(&server, &author, path)).await.ok(200);
    }
}

#[tokio::test]
async fn a_page_of_many_takes_one_statement_and_its_total_another() {
    let (server, [author, other]) = furnished().await;
    for path in LISTS {
        let path = format!("{path}?limit=2");
        // Prepares the statements; a total that is remembered is another author's.
        server.statements_of(read(&server, &other, &path)).await.answer.ok(200);
        let page = server.statements_of(read(&server, &author, &path)).await;
        page.answer.ok(200);
        assert_eq!(page.executed.len(), 2, "{path}: {:#?}", page.executed);
        assert!(page.prepared.is_empty(), "{path}: {:#?}", page.prepared);
    }
}

#[tokio::test]
async fn a_detail_takes_one_statement() {
    let (server, [author, _]) = furnished().await;
    let (order, _) = server.paid_order(&author).await;
    let invoice = server.invoice(order).await;
    for path in [
        "/api/auth/me".to_owned(),
        "/api/projects/counts".to_owned(),
        "/api/notifications/unread-count".to_owned(),
        format!("/api/commandes/{order}"),
        format!("/api/invoices/{invoice}"),
    ] {
        server.assert_statements(1, read(&server, &author, &path)).await.ok(200);
    }
    // Whether the order is theirs, then its documents.
    server
        .assert_statements(2, read(&server, &author, &format!("/api/projects/{order}/files")))
        .await
        .ok(200);
}

#[tokio::test]
async fn public_reads_are_remembered() {
    let server = TestServer::counted().await;
    let request = |path: &str| server.request(Method::GET, path);
    server.assert_statements(0, request("/api/tarifs")).await.ok(200);
    server.assert_statements(0, request("/health/live")).await.ok(200);
}
