//! Questions and pages as administrators write them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::server::{Answer, Person, TestServer};

async fn as_admin(server: &TestServer, method: Method, path: &str, body: Option<Value>) -> Answer {
    let admin: Person = server.admin().await;
    server.call(method, &format!("/api/admin{path}"), Some(&admin.token), body).await
}

async fn acts(server: &TestServer) -> Vec<String> {
    server
        .texts(
            "SELECT CONCAT(action, ' ', actor_email, ' ', target_type, ' ', severity) FROM audit_logs
             WHERE action LIKE 'FAQ%' OR action LIKE 'PAGE%' ORDER BY timestamp, id",
        )
        .await
}

#[tokio::test]
async fn questions_are_written_and_shown_at_once() {
    let server = TestServer::empty().await;
    let body = json!({"question": " Combien de temps ? ", "answer": "Dix jours environ.", "categorie": "Délais", "details": ""});
    let made = as_admin(&server, Method::POST, "/faq", Some(body)).await;
    let made = made.ok(201)["data"].clone();
    assert_eq!(
        (&made["question"], &made["details"], &made["ordre"], &made["visible"]),
        (&json!("Combien de temps ?"), &Value::Null, &json!(0), &json!(true))
    );
    let path = format!("/faq/{}", made["id"].as_str().unwrap());
    assert_eq!(server.get("/faq").await.ok(200)["data"][0], made);
    // As the web application changes one thing at a time, and all of them.
    for (change, key, value) in [
        (json!({"ordre": 4}), "ordre", json!(4)),
        (json!({"details": "Plus long en été."}), "details", json!("Plus long en été.")),
        (json!({"question": "", "answer": " ", "categorie": ""}), "question", json!("Combien de temps ?")),
        (json!({"details": null}), "details", Value::Null),
        (
            json!({"question": "Et le prix ?", "answer": "Deux euros la page.", "categorie": "Tarifs", "ordre": 1, "visible": true}),
            "categorie",
            json!("Tarifs"),
        ),
        (json!({"visible": false, "inconnu": 1}), "visible", json!(false)),
    ] {
        let changed = as_admin(&server, Method::PUT, &path, Some(change)).await;
        assert_eq!(changed.ok(200)["data"][key], value, "{key}");
    }
    assert_eq!(server.get("/faq").await.ok(200)["data"], json!([]), "hidden at once");
    assert_eq!(as_admin(&server, Method::GET, &path, None).await.ok(200)["data"]["question"], "Et le prix ?");
    let gone = as_admin(&server, Method::DELETE, &path, None).await;
    assert_eq!(gone.ok(200)["data"], json!({"id": made["id"], "question": "Et le prix ?"}));
    as_admin(&server, Method::DELETE, &path, None).await.refused(404, "NOT_FOUND");
    let acts = acts(&server).await;
    assert_eq!(acts[0], "FAQ_CREATED admin@example.com system LOW");
    assert_eq!((acts.len(), acts[7].as_str()), (8, "FAQ_DELETED admin@example.com system MEDIUM"));
}

#[tokio::test]
async fn a_question_that_breaks_a_rule_changes_nothing() {
    let server = TestServer::empty().await;
    let refused = as_admin(&server, Method::POST, "/faq", Some(json!({}))).await;
    let body = refused.refused_fields(&["question", "answer", "categorie"]);
    assert!(body["message"].as_str().unwrap().contains("question"), "the web application shows it: {body}");
    for (key, value) in [
        ("question", json!("Non?")),
        ("answer", json!("Non.")),
        ("categorie", json!("T")),
        ("ordre", json!(-1)),
        ("question", json!("é".repeat(2_001))),
        ("details", json!("é".repeat(10_001))),
        ("categorie", json!("é".repeat(101))),
        ("visible", json!("oui")),
        ("ordre", json!(1.5)),
    ] {
        let mut body =
            json!({"question": "Combien ?", "answer": "Deux euros la page.", "categorie": "Tarifs"});
        body[key] = value;
        as_admin(&server, Method::POST, "/faq", Some(body)).await.refused_fields(&[key]);
    }
    assert_eq!(server.count("faqs").await, 0);
    assert!(acts(&server).await.is_empty());
}

#[tokio::test]
async fn the_list_of_questions_has_its_envelope_and_filters() {
    let server = TestServer::empty().await;
    for number in 0..12 {
        server.faq(&format!("Question numéro {number} ?")).await;
    }
    server.execute("UPDATE faqs SET visible = FALSE, categorie = 'Délais' WHERE question LIKE '%11%'").await;
    let first = as_admin(&server, Method::GET, "/faq?page=1&limit=10", None).await.ok(200).clone();
    assert_eq!(
        first["pagination"],
        json!({"currentPage": 1, "totalPages": 2, "totalItems": 12, "itemsPerPage": 10, "hasNextPage": true, "hasPreviousPage": false})
    );
    assert_eq!(first["data"].as_array().unwrap().len(), 10);
    for (query, total) in [
        ("visible=true", 11),
        ("visible=non", 1),
        ("categorie=D%C3%A9lais", 1),
        ("search=num%C3%A9ro%2011", 1),
        ("search=50%25", 0),
        ("limit=500", 12),
    ] {
        let list = as_admin(&server, Method::GET, &format!("/faq?{query}"), None).await.ok(200).clone();
        assert_eq!(list["pagination"]["totalItems"], total, "{query}");
    }
    as_admin(&server, Method::GET, "/faq?page=-1", None).await.refused(400, "VALIDATION_ERROR");
}

#[tokio::test]
async fn a_page_is_written_published_and_taken_back() {
    let server = TestServer::start().await;
    let body = json!({"title": "À propos", "slug": "a-propos", "content": "Un texte.", "metaTitle": " ", "type": "HELP"});
    let made = as_admin(&server, Method::POST, "/pages", Some(body.clone())).await.ok(201)["data"].clone();
    assert_eq!(
        (&made["status"], &made["type"], &made["publishedAt"], &made["metaTitle"], &made["isPublic"]),
        (&json!("DRAFT"), &json!("HELP"), &Value::Null, &Value::Null, &json!(true))
    );
    as_admin(&server, Method::POST, "/pages", Some(body)).await.refused(409, "SLUG_TAKEN");
    let path = format!("/pages/{}", made["id"].as_str().unwrap());
    server.get("/pages/slug/a-propos").await.refused(404, "NOT_FOUND");
    as_admin(&server, Method::PATCH, &format!("{path}/unpublish"), None).await.refused(400, "NOT_PUBLISHED");
    let out =
        as_admin(&server, Method::PATCH, &format!("{path}/publish"), None).await.ok(200)["data"].clone();
    assert_eq!(
        (&out["status"], &out["publishedAt"]),
        (&json!("PUBLISHED"), &json!("2026-03-10T09:00:00.000Z"))
    );
    as_admin(&server, Method::PUT, &format!("{path}/publish"), None).await.refused(400, "ALREADY_PUBLISHED");
    assert_eq!(server.get("/pages/slug/a-propos").await.ok(200)["data"]["title"], "À propos");
    let change = json!({"content": "Un autre texte.", "id": "x", "createdAt": "hier"});
    let changed = as_admin(&server, Method::PATCH, &path, Some(change)).await.ok(200)["data"].clone();
    assert_eq!((&changed["id"], &changed["title"]), (&made["id"], &json!("À propos")));
    assert_eq!(
        server.get("/pages/slug/a-propos").await.ok(200)["data"]["content"],
        "Un autre texte.",
        "at once"
    );
    let back =
        as_admin(&server, Method::PUT, &format!("{path}/unpublish"), None).await.ok(200)["data"].clone();
    assert_eq!((&back["status"], &back["publishedAt"]), (&json!("DRAFT"), &Value::Null));
    server.get("/pages/slug/a-propos").await.refused(404, "NOT_FOUND");
    let named = as_admin(&server, Method::GET, "/pages/slug/a-propos", None).await;
    assert_eq!(named.ok(200)["data"]["id"], made["id"]);
    // A status that is written dates the publication too.
    let out = as_admin(&server, Method::PATCH, &path, Some(json!({"status": "PUBLISHED"}))).await;
    assert_eq!(out.ok(200)["data"]["publishedAt"], "2026-03-10T09:00:00.000Z");
    as_admin(&server, Method::DELETE, &path, None).await.ok(200);
    server.get("/pages/slug/a-propos").await.refused(404, "NOT_FOUND");
    as_admin(&server, Method::GET, &path, None).await.refused(404, "NOT_FOUND");
    let names: Vec<_> =
        acts(&server).await.iter().map(|act| act.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(
        names,
        [
            "PAGE_CREATED",
            "PAGE_PUBLISHED",
            "PAGE_UPDATED",
            "PAGE_UNPUBLISHED",
            "PAGE_UPDATED",
            "PAGE_DELETED"
        ]
    );
}

#[tokio::test]
async fn the_editor_of_the_web_application_keeps_legal_pages_legal() {
    let server = TestServer::start().await;
    let list = as_admin(&server, Method::GET, "/pages?page=1&limit=10", None).await.ok(200).clone();
    assert!(list.get("pagination").is_none(), "the web application unwraps data then");
    assert_eq!(list["meta"], json!({"page": 1, "limit": 10, "total": 4, "totalPages": 1}));
    let page = list["data"].as_array().unwrap().iter().find(|page| page["slug"] == "cgv").unwrap();
    let save = json!({"content": "1. Objet\n\nNouveau.", "type": "PAGE", "isPublic": true, "sortOrder": 0});
    let path = format!("/pages/{}", page["id"].as_str().unwrap());
    let saved = as_admin(&server, Method::PATCH, &path, Some(save)).await.ok(200)["data"].clone();
    assert_eq!(
        (&saved["id"], &saved["type"], &saved["status"]),
        (&page["id"], &json!("LEGAL"), &json!("PUBLISHED"))
    );
    // However many others there are, it finds the legal ones on the only page it asks for.
    for number in 0..12 {
        server.page(&format!("article-{number}"), "DRAFT").await;
    }
    server
        .execute("UPDATE pages SET created_at = created_at + INTERVAL 1 DAY WHERE slug LIKE 'article-%'")
        .await;
    let list = as_admin(&server, Method::GET, "/pages?page=1&limit=10", None).await.ok(200).clone();
    let legal = list["data"].as_array().unwrap().iter().filter(|page| page["type"] == "LEGAL").count();
    assert_eq!((legal, &list["meta"]["total"]), (4, &json!(16)));
    let newest =
        as_admin(&server, Method::GET, "/pages?sortBy=createdAt&limit=1", None).await.ok(200).clone();
    assert_eq!(newest["data"][0]["type"], "PAGE");
    for (query, total) in [
        ("status=DRAFT", 12),
        ("type=LEGAL", 4),
        ("search=article-1", 3),
        ("search=Nouveau", 1),
        ("isPublic=non", 0),
        ("category=Rien", 0),
        ("status=PUBLISHED&type=PAGE", 0),
    ] {
        let list = as_admin(&server, Method::GET, &format!("/pages?{query}"), None).await.ok(200).clone();
        assert_eq!(list["meta"]["total"], total, "{query}");
    }
    for query in ["status=PERDU", "type=ROMAN", "limit=-1"] {
        as_admin(&server, Method::GET, &format!("/pages?{query}"), None)
            .await
            .refused(400, "VALIDATION_ERROR");
    }
    let stats = as_admin(&server, Method::GET, "/pages/stats", None).await;
    assert_eq!(
        stats.ok(200)["data"],
        json!({"total": 16, "published": 4, "draft": 12, "archived": 0, "scheduled": 0})
    );
}

#[tokio::test]
async fn a_page_that_breaks_a_rule_changes_nothing() {
    let server = TestServer::empty().await;
    as_admin(&server, Method::POST, "/pages", Some(json!({})))
        .await
        .refused_fields(&["title", "slug", "content"]);
    for (key, value) in [
        ("title", json!("é".repeat(256))),
        ("slug", json!("À propos")),
        ("slug", json!("../etc")),
        ("content", json!("  ")),
        ("metaTitle", json!("é".repeat(256))),
        ("category", json!("é".repeat(101))),
        ("status", json!("PERDU")),
        ("type", json!("ROMAN")),
        ("publishedAt", json!("demain")),
        ("sortOrder", json!("un")),
    ] {
        let mut body = json!({"title": "À propos", "slug": "a-propos", "content": "Un texte."});
        body[key] = value;
        as_admin(&server, Method::POST, "/pages", Some(body)).await.refused_fields(&[key]);
    }
    for at in [Value::Null, json!("2026-03-10T09:00:00.000Z"), json!("2020-01-01T00:00:00Z")] {
        let body = json!({"title": "À propos", "slug": "a-propos", "content": "Un texte.", "status": "SCHEDULED", "publishedAt": at});
        as_admin(&server, Method::POST, "/pages", Some(body)).await.refused_fields(&["publishedAt"]);
    }
    assert_eq!(server.count("pages").await, 0);
    // More than an ordinary request may carry.
    let long = json!({"title": "Long", "slug": "long", "content": "é".repeat(1 << 20)});
    as_admin(&server, Method::POST, "/pages", Some(long)).await.ok(201);
    let endless = json!({"title": "Sans fin", "slug": "sans-fin", "content": "é".repeat(3 << 20)});
    as_admin(&server, Method::POST, "/pages", Some(endless)).await.refused(413, "PAYLOAD_TOO_LARGE");
}

#[tokio::test]
async fn a_page_can_be_scheduled_and_called_off() {
    let server = TestServer::start().await;
    let body = json!({"title": "Bientôt", "slug": "bientot", "content": "Un texte.", "status": "SCHEDULED",
                      "publishedAt": "2026-03-11T09:00:00+01:00"});
    let made = as_admin(&server, Method::POST, "/pages", Some(body)).await.ok(201)["data"].clone();
    assert_eq!(made["publishedAt"], "2026-03-11T08:00:00.000Z");
    let path = format!("/pages/{}", made["id"].as_str().unwrap());
    // Writing on it does not touch its date.
    let edited = as_admin(&server, Method::PATCH, &path, Some(json!({"content": "Un autre."}))).await;
    assert_eq!(edited.ok(200)["data"]["status"], "SCHEDULED");
    let off = as_admin(&server, Method::PATCH, &path, Some(json!({"status": "DRAFT"}))).await.ok(200)["data"]
        .clone();
    assert_eq!((&off["status"], &off["publishedAt"]), (&json!("DRAFT"), &Value::Null));
    server.advance(chrono::Duration::days(2));
    assert_eq!(server.run_job("scheduled_pages").await, 0);
    server.get("/pages/slug/bientot").await.refused(404, "NOT_FOUND");
}
