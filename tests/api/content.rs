//! Questions and pages as the public reads them.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::server::{TestServer, send};

async fn questions(server: &TestServer, path: &str) -> Vec<String> {
    let body = server.get(path).await.ok(200).clone();
    let texts =
        body["data"].as_array().unwrap().iter().map(|one| one["question"].as_str().unwrap().to_owned());
    texts.collect()
}

#[tokio::test]
async fn everybody_reads_the_visible_questions_in_order() {
    let server = TestServer::empty().await;
    for question in ["Troisième ?", "Première ?", "Cachée ?", "Deuxième ?"] {
        server.faq(question).await;
    }
    server.execute("UPDATE faqs SET ordre = 0 WHERE question = 'Première ?'").await;
    server.execute("UPDATE faqs SET ordre = 9, categorie = 'Délais' WHERE question = 'Troisième ?'").await;
    server.execute("UPDATE faqs SET visible = FALSE WHERE question = 'Cachée ?'").await;
    let all = ["Première ?", "Deuxième ?", "Troisième ?"];
    // The web application's own way of asking, and somebody's who wants to see more.
    for path in ["/api/faq?visible=true", "/faq", "/public/faq", "/faq?visible=false", "/faq?categorie="] {
        assert_eq!(questions(&server, path).await, all, "{path}");
    }
    assert_eq!(questions(&server, "/faq?categorie=D%C3%A9lais").await, ["Troisième ?"]);
    assert_eq!(questions(&server, "/faq?categorie=Rien").await, Vec::<String>::new());
    server.get(&format!("/faq?categorie={}", "a".repeat(101))).await.refused_fields(&["categorie"]);
    let body = server.get("/api/faq").await.ok(200).clone();
    assert_eq!((&body["success"], body["message"].is_string()), (&json!(true), true));
    let entry = body["data"][0].as_object().unwrap();
    let mut keys: Vec<_> = entry.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        ["answer", "categorie", "createdAt", "details", "id", "ordre", "question", "updatedAt", "visible"]
    );
    assert_eq!((&entry["createdAt"], &entry["details"]), (&json!("2026-03-10T09:00:00.000Z"), &Value::Null));
}

#[tokio::test]
async fn a_published_page_is_read_under_all_its_names() {
    let server = TestServer::start().await;
    let own = server.get("/api/pages/slug/politique-confidentialite").await.ok(200).clone();
    assert_eq!((&own["success"], &own["data"]["type"]), (&json!(true), &json!("LEGAL")));
    assert_eq!(own["data"].as_object().unwrap().len(), 18);
    for path in ["/pages/slug/politique-de-confidentialite", "/public/pages/politique-confidentialite"] {
        assert_eq!(server.get(path).await.ok(200), &own, "{path}");
    }
    let terms = server.get("/public/pages/conditions-generales").await.ok(200).clone();
    assert_eq!(terms["data"]["slug"], "cgv");
    // One that really has the other name comes first.
    server.page("conditions-generales", "PUBLISHED").await;
    server.advance(Duration::seconds(1));
    let server = crate::support::server::Setup::default().beside(&server).start().await;
    let page = server.get("/pages/slug/conditions-generales").await.ok(200).clone();
    assert_eq!(page["data"]["title"], "Une page");
    for path in ["/pages/slug/rien", "/public/pages/CGV", "/pages/slug/%C3%A9t%C3%A9", "/pages/slug/cgv%20"] {
        server.get(path).await.refused(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn only_what_is_out_is_public() {
    let server = TestServer::start().await;
    server.page("brouillon", "DRAFT").await;
    server.page("archive", "ARCHIVED").await;
    server.page("equipe", "PUBLISHED").await;
    server.execute("UPDATE pages SET is_public = FALSE WHERE slug = 'equipe'").await;
    for slug in ["brouillon", "archive", "equipe"] {
        server.get(&format!("/pages/slug/{slug}")).await.refused(404, "NOT_FOUND");
    }
    server.page("membres", "PUBLISHED").await;
    server.execute("UPDATE pages SET require_auth = TRUE WHERE slug = 'membres'").await;
    let members = server.get("/pages/slug/membres").await.ok(200).clone();
    assert_eq!(members["data"]["requireAuth"], true, "the web application asks for the session");
}

#[tokio::test]
async fn a_scheduled_page_publishes_itself() {
    let server = TestServer::start().await;
    server.page("promotion", "SCHEDULED").await;
    server.execute("UPDATE pages SET published_at = '2026-03-10 10:00:00' WHERE slug = 'promotion'").await;
    server.get("/pages/slug/promotion").await.refused(404, "NOT_FOUND");
    assert_eq!(server.run_job("scheduled_pages").await, 0);
    server.advance(Duration::hours(1));
    // At its instant, before any job has run.
    let page = server.get("/pages/slug/promotion").await.ok(200).clone();
    assert_eq!(
        (&page["data"]["status"], &page["data"]["publishedAt"]),
        (&json!("PUBLISHED"), &json!("2026-03-10T10:00:00.000Z"))
    );
    assert_eq!(server.run_job("scheduled_pages").await, 1);
    assert_eq!(server.run_job("scheduled_pages").await, 0);
    assert_eq!(server.texts("SELECT status FROM pages WHERE slug = 'promotion'").await, ["PUBLISHED"]);
    let acts = "SELECT CONCAT(action, ' ', actor_email) FROM audit_logs WHERE action LIKE 'PAGE%'";
    assert_eq!(server.texts(acts).await, ["PAGE_PUBLISHED system"]);
}

#[tokio::test]
async fn html_of_a_page_cannot_hurt_its_reader() {
    let server = TestServer::start().await;
    server.page("riche", "PUBLISHED").await;
    server
        .execute(
            "UPDATE pages SET content = '<h2>Objet</h2><script>alert(1)</script><p onclick=\"x()\">Prix & délais</p>',
                    excerpt = '<img src=x onerror=y>Résumé' WHERE slug = 'riche'",
        )
        .await;
    let page = server.get("/pages/slug/riche").await.ok(200)["data"].clone();
    assert_eq!(page["content"], "<h2>Objet</h2><p>Prix &amp; délais</p>");
    assert_eq!(page["excerpt"], "<img src=\"x\">Résumé");
    // Plain text is escaped by who shows it, once.
    server.page("simple", "PUBLISHED").await;
    server.execute("UPDATE pages SET content = '1. Prix & délais\n\nDe 3 < 5' WHERE slug = 'simple'").await;
    let page = server.get("/pages/slug/simple").await.ok(200)["data"].clone();
    assert_eq!(page["content"], "1. Prix & délais\n\nDe 3 < 5");
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again_nor_read_again() {
    let server = TestServer::counted().await;
    for path in ["/api/faq?visible=true", "/api/pages/slug/cgv", "/public/pages/conditions-generales"] {
        let first = server.get(path).await;
        assert_eq!(first.header("cache-control"), Some("public, max-age=60"), "{path}");
        let tag = first.header("etag").unwrap().to_owned();
        assert!(tag.starts_with('"'), "a strong one: {tag}");
        let again = send(server.request(Method::GET, path).header("if-none-match", &tag)).await;
        assert_eq!((again.status.as_u16(), again.header("etag")), (304, Some(tag.as_str())), "{path}");
        assert!(again.bytes.is_empty());
        let kept = server.statements_of(server.request(Method::GET, path)).await;
        assert!(kept.executed.is_empty(), "{path}: {:#?}", kept.executed);
    }
}
