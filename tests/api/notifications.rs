//! The bell.

use axum::http::{Method, StatusCode};
use chrono::Duration;
use serde_json::{Value, json};
use staka::auth::Role;
use staka::clock::new_id;
use staka::commandes::told::{OrderCreated, OrderRef};
use staka::payments::told::{ORDERS, PaymentAlert, Trouble};
use uuid::Uuid;

use crate::support::{
    outbox::Lab,
    server::{CLIENT, TestServer},
    stream::EventStream,
};

async fn note(lab: &Lab, user_id: Uuid) {
    let order = OrderRef::new(new_id(), None, "L’été".to_owned());
    lab.record(OrderCreated { user_id, order, pack: None, amount: None, needs_verification: false }).await;
}

async fn get(lab: &Lab, token: &str, path: &str) -> Value {
    let answer = lab.call(Method::GET, path, Some(token), None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

async fn count(lab: &Lab, token: &str) -> Value {
    get(lab, token, "/notifications/unread-count").await["count"].clone()
}

#[tokio::test]
async fn a_page_has_the_shape_and_the_order_the_application_reads() {
    let lab = Lab::start().await;
    let client = lab.user("zoe@example.com", Role::User, None).await;
    let admin = lab.user("admin@example.com", Role::Admin, None).await;
    let token = lab.token(client, Role::User);
    // All within one millisecond of the clock: identifiers break the ties.
    for _ in 0..23 {
        note(&lab, client).await;
    }
    let first = get(&lab, &token, "/notifications").await;
    assert_eq!(first["pagination"], json!({ "page": 1, "limit": 20, "total": 23, "pages": 2 }));
    let row = &first["notifications"][0];
    assert_eq!(
        (&row["type"], &row["priority"], &row["isRead"]),
        (&json!("SUCCESS"), &json!("HAUTE"), &json!(false))
    );
    assert_eq!((&row["createdAt"], &row["readAt"]), (&json!("2026-03-09T10:00:00.000Z"), &Value::Null));
    assert_eq!(row["expiresAt"], "2026-04-08T10:00:00.000Z");
    assert_eq!(row.as_object().unwrap().len(), 14);
    let second = get(&lab, &token, "/notifications?page=2").await;
    let ids = |page: &Value| -> Vec<String> {
        page["notifications"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let all: Vec<_> = ids(&first).into_iter().chain(ids(&second)).collect();
    let mut sorted = all.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    sorted.dedup();
    assert_eq!((all.len(), all), (23, sorted));
    let beyond = get(&lab, &token, "/notifications?page=9&limit=500").await;
    assert_eq!(beyond["pagination"], json!({ "page": 9, "limit": 100, "total": 23, "pages": 1 }));

    let of_admin = get(&lab, &lab.token(admin, Role::Admin), "/notifications?limit=1").await;
    let data: Value = serde_json::from_str(of_admin["notifications"][0]["data"].as_str().unwrap()).unwrap();
    assert_eq!(data["customerEmail"], "zoe@example.com");
}

#[tokio::test]
async fn reading_is_idempotent_and_keeps_the_first_instant() {
    let lab = Lab::start().await;
    let client = lab.user("zoe@example.com", Role::User, None).await;
    let token = lab.token(client, Role::User);
    note(&lab, client).await;
    note(&lab, client).await;
    let list = get(&lab, &token, "/notifications").await;
    let path = format!("/notifications/{}/read", list["notifications"][0]["id"].as_str().unwrap());
    for method in [Method::PATCH, Method::PUT] {
        lab.advance(Duration::seconds(5));
        let done = lab.call(method, &path, Some(&token), None).await;
        assert_eq!(done.status, StatusCode::OK);
        assert!(done.json()["message"].is_string());
        let list = get(&lab, &token, "/notifications").await;
        assert_eq!(list["notifications"][0]["readAt"], "2026-03-09T10:00:05.000Z");
        assert_eq!(list["notifications"][0]["updatedAt"], "2026-03-09T10:00:05.000Z");
    }
    assert_eq!(count(&lab, &token).await, 1);
    let unread = get(&lab, &token, "/notifications?unreadOnly=true").await;
    assert_eq!(unread["pagination"]["total"], 1);
    let all = lab.call(Method::PUT, "/notifications/read-all", Some(&token), None).await.json();
    assert_eq!(all["count"], 1);
    let again = lab.call(Method::PATCH, "/notifications/read-all", Some(&token), None).await.json();
    assert_eq!(again["count"], 0);
    assert_eq!(count(&lab, &token).await, 0);
}

#[tokio::test]
async fn deleted_and_expired_ones_are_nowhere() {
    let lab = Lab::start().await;
    let client = lab.user("zoe@example.com", Role::User, None).await;
    note(&lab, client).await;
    lab.advance(Duration::days(1));
    note(&lab, client).await;
    lab.advance(Duration::days(29));
    let token = lab.token(client, Role::User);
    assert_eq!(count(&lab, &token).await, 1, "the first one has expired");
    let list = get(&lab, &token, "/notifications").await;
    assert_eq!(list["pagination"]["total"], 1);
    let path = format!("/notifications/{}", list["notifications"][0]["id"].as_str().unwrap());
    assert_eq!(lab.call(Method::DELETE, &path, Some(&token), None).await.status, StatusCode::OK);
    assert_eq!(count(&lab, &token).await, 0);
    assert_eq!(
        get(&lab, &token, "/notifications").await["pagination"],
        json!({ "page": 1, "limit": 20, "total": 0, "pages": 0 })
    );
    for (method, path) in [(Method::DELETE, path.clone()), (Method::PUT, format!("{path}/read"))] {
        assert_eq!(lab.call(method, &path, Some(&token), None).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn nobody_touches_what_is_not_theirs() {
    let lab = Lab::start().await;
    let client = lab.user("zoe@example.com", Role::User, None).await;
    let other = lab.user("autre@example.com", Role::User, None).await;
    note(&lab, client).await;
    let (mine, theirs) = (lab.token(client, Role::User), lab.token(other, Role::User));
    let list = get(&lab, &mine, "/notifications").await;
    let path = format!("/notifications/{}", list["notifications"][0]["id"].as_str().unwrap());
    let read = format!("{path}/read");
    for (method, path) in [(Method::DELETE, &path), (Method::PUT, &read), (Method::PATCH, &read)] {
        let refused = lab.call(method.clone(), path, Some(&theirs), None).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        assert_eq!(lab.call(method, path, None, None).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(count(&lab, &mine).await, 1);
    let unknown = format!("/notifications/{}/read", new_id());
    assert_eq!(lab.call(Method::PUT, &unknown, Some(&mine), None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        lab.call(Method::PUT, "/notifications/rien/read", Some(&mine), None).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn one_event_gives_one_row_per_recipient_and_one_mail_to_the_team() {
    let lab = Lab::start().await;
    let client = lab.user("zoe@example.com", Role::User, None).await;
    let admins = [
        lab.user("a@example.com", Role::Admin, None).await,
        lab.user("b@example.com", Role::Admin, None).await,
    ];
    let order = OrderRef::new(new_id(), None, "L’été".to_owned());
    let event = OrderCreated { user_id: client, order, pack: None, amount: None, needs_verification: false };
    lab.record(event.clone()).await;
    lab.record(event).await;
    assert_eq!(lab.bell(client).await.len(), 1);
    for admin in admins {
        assert_eq!(lab.bell(admin).await, ["Nouvelle commande"]);
    }
    assert_eq!(lab.statuses().await.len(), 2, "the client's mail and the team's");
}

#[tokio::test]
async fn a_subject_of_any_length_and_script_is_told_once() {
    let lab = Lab::start().await;
    let admin = lab.user("a@example.com", Role::Admin, None).await;
    for _ in 0..2 {
        lab.record(PaymentAlert {
            trouble: Trouble::Anomaly,
            about: "paiement sans commande – été ".repeat(20),
            title: "Paiement à vérifier".to_owned(),
            message: "Un essai.".to_owned(),
            action_path: ORDERS,
        })
        .await;
    }
    assert_eq!(lab.bell(admin).await, ["Paiement à vérifier"]);
    assert_eq!(lab.statuses().await.len(), 1);
}

#[tokio::test]
async fn administrators_tell_administrators() {
    let lab = Lab::start().await;
    let admin = lab.user("a@example.com", Role::Admin, None).await;
    let client = lab.user("zoe@example.com", Role::User, None).await;
    let token = lab.token(admin, Role::Admin);
    let body = json!({ "title": "Maintenance", "message": "Ce soir.", "type": "SYSTEM", "data": { "a": 1 }, "actionUrl": "/admin/dashboard" });
    let done = lab.call(Method::POST, "/notifications/admin", Some(&token), Some(body.clone())).await;
    assert_eq!((done.status, &done.json()["count"]), (StatusCode::CREATED, &json!(1)));
    let row = get(&lab, &token, "/notifications").await["notifications"][0].clone();
    assert_eq!(
        (&row["title"], &row["data"], &row["priority"]),
        (&json!("Maintenance"), &json!("{\"a\":1}"), &json!("NORMALE"))
    );
    for bad in [
        json!({ "title": "x" }),
        json!({ "title": "", "message": "x" }),
        json!({ "title": "x", "message": "y", "actionUrl": "//ailleurs.example" }),
    ] {
        assert_eq!(
            lab.call(Method::POST, "/notifications/admin", Some(&token), Some(bad)).await.status,
            StatusCode::BAD_REQUEST
        );
    }
    let refused = lab
        .call(Method::POST, "/notifications/admin", Some(&lab.token(client, Role::User)), Some(body))
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_stream_tells_as_it_happens() {
    let lab = Lab::start().await;
    let client = lab.user("zoe@example.com", Role::User, None).await;
    let other = lab.user("autre@example.com", Role::User, None).await;
    note(&lab, client).await;
    let request =
        lab.request(Method::GET, "/notifications/stream").bearer_auth(lab.token(client, Role::User));
    let mut stream = EventStream::open(request).await;
    let mut next = async || stream.next().await.unwrap();
    assert_eq!(next().await, "event: unread-count\ndata: {\"count\":1}");
    note(&lab, other).await;
    note(&lab, client).await;
    let told = next().await;
    assert!(
        told.starts_with("event: notification\ndata: {\"id\":") && told.contains("Votre projet est créé"),
        "{told}"
    );
    assert_eq!(next().await, "event: unread-count\ndata: {\"count\":2}");
    lab.call(Method::PUT, "/notifications/read-all", Some(&lab.token(client, Role::User)), None).await;
    assert_eq!(next().await, "event: unread-count\ndata: {\"count\":0}");
}

#[tokio::test]
async fn an_open_stream_does_not_hold_up_the_end_of_the_program() {
    let server = TestServer::start().await;
    let token = server.login(CLIENT).await;
    let request = server.request(Method::GET, "/api/notifications/stream").bearer_auth(token);
    let mut stream = EventStream::open(request).await;
    assert!(stream.next().await.is_some());
    server.stop();
    let rest = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(std::time::Duration::from_secs(10), rest).await.expect("the stream ends");
}
