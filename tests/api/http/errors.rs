//! Every refusal has the one envelope, speaks French, and gives nothing internal away.

use std::time::Duration;

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;
use staka::http::Bounds;

use super::demo::{Demo, Options};

#[tokio::test]
async fn unknown_paths_and_wrong_methods() {
    let demo = Demo::start().await;
    demo.refused(demo.get("/nowhere"), 404, "NOT_FOUND").await;
    demo.refused(demo.get("/absent"), 404, "NOT_FOUND").await;
    demo.refused(demo.request(Method::DELETE, "/api/things"), 405, "METHOD_NOT_ALLOWED").await;
    let response = demo.request(Method::DELETE, "/things").send().await.unwrap();
    let allow = response.headers()["allow"].to_str().unwrap();
    assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
}

#[tokio::test]
async fn options_tell_the_methods_of_a_path_that_exists() {
    let demo = Demo::start().await;
    demo.refused(demo.request(Method::OPTIONS, "/nowhere"), 404, "NOT_FOUND").await;
    let answer = demo.request(Method::OPTIONS, "/api/things").send().await.unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.headers()["allow"], "POST,GET,HEAD");
    assert!(answer.headers().contains_key("x-request-id"));
    assert_eq!(answer.bytes().await.unwrap().len(), 0);
}

#[tokio::test]
async fn two_sessions_are_none_wherever_they_knock() {
    let demo = Demo::start().await;
    for path in ["/plain", "/list", "/nowhere"] {
        let twice = demo.get(path).header("authorization", "Bearer a").header("authorization", "Bearer b");
        demo.refused(twice, 400, "AMBIGUOUS_TOKEN").await;
    }
}

#[tokio::test]
async fn malformed_json_names_the_place() {
    let demo = Demo::start().await;
    for body in ["{", "{\"quantite\": }", "pas du json"] {
        let refusal = demo.refused(demo.post("/things").body(body), 400, "INVALID_JSON").await;
        assert!(refusal["details"][0]["message"].is_string());
    }
    let trailing = demo.post("/large").body("{} {}");
    demo.refused(trailing, 400, "INVALID_JSON").await;
}

#[tokio::test]
async fn wrong_types_and_missing_fields_name_the_path() {
    let demo = Demo::start().await;
    for (body, path, code) in [
        (json!({"quantite": 1}), json!(["titreCourt"]), "required"),
        (json!({"titreCourt": "a", "quantite": "x"}), json!(["quantite"]), "invalid_type"),
        (json!({"titreCourt": "a", "quantite": -1}), json!(["quantite"]), "invalid_value"),
        (
            json!({"titreCourt": "a", "quantite": 1, "lignes": [{"pages": 1}, {"pages": []}]}),
            json!(["lignes", 1, "pages"]),
            "invalid_type",
        ),
    ] {
        let refusal = demo.refused(demo.post("/things").json(&body), 400, "VALIDATION_ERROR").await;
        assert_eq!(refusal["details"][0]["path"], path, "{body}");
        assert_eq!(refusal["details"][0]["code"], code, "{body}");
        let message = refusal["message"].as_str().unwrap();
        assert!(!message.contains("expected"), "library text: {message}");
    }
}

#[tokio::test]
async fn rules_are_told_in_the_words_of_the_type() {
    let demo = Demo::start().await;
    let body = json!({"titreCourt": "", "quantite": 1, "lignes": [{"pages": 3}, {"pages": 0}]});
    let refusal = demo.refused(demo.post("/things").json(&body), 400, "VALIDATION_ERROR").await;
    assert_eq!(refusal["details"][0]["path"], json!(["lignes", 1, "pages"]));
    assert_eq!(refusal["details"][1]["path"], json!(["titreCourt"]));
    assert_eq!(
        refusal["message"],
        "Le nombre de pages doit être positif. Le titre doit compter de 1 à 10 caractères."
    );
    let refusal = demo.refused(demo.get("/query?pages=0"), 400, "VALIDATION_ERROR").await;
    assert_eq!(refusal["details"][0]["path"], json!(["pages"]));
    let refusal = demo.refused(demo.get("/query?pages=abc"), 400, "VALIDATION_ERROR").await;
    assert_eq!(refusal["details"][0]["path"], json!(["pages"]));
    assert_eq!(
        demo.refused(demo.get("/query"), 400, "VALIDATION_ERROR").await["details"][0]["code"],
        "required"
    );
}

#[tokio::test]
async fn unknown_keys_and_a_missing_content_type_are_fine() {
    let demo = Demo::start().await;
    let request = demo.post("/things").body(r#"{"titreCourt":"a","quantite":1,"autre":true}"#);
    assert_eq!(demo.json(request).await["titreCourt"], "a");
}

#[tokio::test]
async fn an_optional_body_may_be_empty_whatever_its_type() {
    let demo = Demo::start().await;
    let put = || demo.request(Method::PUT, "/optional");
    assert!(demo.json(put()).await["note"].is_null());
    assert!(demo.json(put().header("content-type", "application/json")).await["note"].is_null());
    assert!(demo.json(put().header("content-type", "text/plain")).await["note"].is_null());
    assert_eq!(demo.json(put().json(&json!({"note": "x"}))).await["note"], "x");
    demo.refused(put().json(&json!({"note": 3})), 400, "VALIDATION_ERROR").await;
}

#[tokio::test]
async fn too_large_and_wrong_type() {
    let demo = Demo::start().await;
    let large = json!({"note": "x".repeat(2 << 20)}).to_string();
    demo.refused(demo.post("/things").body(large.clone()), 413, "PAYLOAD_TOO_LARGE").await;
    assert_eq!(demo.post("/large").body(large).send().await.unwrap().status(), 200);
    demo.refused(demo.post("/large").body("x".repeat(5 << 20)), 413, "PAYLOAD_TOO_LARGE").await;
    let text = demo.post("/things").header("content-type", "text/plain").body("{}");
    demo.refused(text, 415, "UNSUPPORTED_MEDIA_TYPE").await;
}

#[tokio::test]
async fn ids_in_the_path() {
    let demo = Demo::start().await;
    let id = "0190a5b8-9c5e-7000-8000-0123456789ab";
    assert_eq!(demo.json(demo.get(&format!("/things/{id}"))).await["id"], id);
    demo.refused(demo.get("/things/42"), 404, "NOT_FOUND").await;
    demo.refused(demo.get("/strict/42"), 400, "INVALID_ID").await;
}

#[tokio::test]
async fn defects_and_outages_keep_their_causes_to_themselves() {
    let demo = Demo::start().await;
    for path in ["/panic", "/defect"] {
        let body = demo.refused(demo.get(path), 500, "INTERNAL_ERROR").await;
        assert!(!body.to_string().contains("secret"));
    }
    let response = demo.get("/outage").send().await.unwrap();
    assert!(response.headers().contains_key("retry-after"));
    demo.refused(demo.get("/outage"), 503, "SERVICE_UNAVAILABLE").await;
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_ended_unless_it_may() {
    let demo = Demo::with(Options { timeout: Duration::from_millis(50), ..Options::default() }).await;
    demo.refused(demo.get("/stuck"), 503, "TIMEOUT").await;
    assert_eq!(demo.json(demo.get("/long")).await["ok"], true);
}

#[tokio::test]
async fn a_full_server_refuses_quickly() {
    let demo =
        Demo::with(Options { bounds: Bounds { requests: 1, ..Bounds::default() }, ..Options::default() })
            .await;
    let held = tokio::spawn(demo.get("/gate").send());
    demo.gate.entered.notified().await;
    let refused = demo.get("/plain").send().await.unwrap();
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    demo.gate.open.notify_one();
    assert_eq!(held.await.unwrap().unwrap().status(), 200);
    assert_eq!(demo.json(demo.get("/plain")).await["ok"], true);
}

#[tokio::test]
async fn forms_are_refused_in_the_same_shape() {
    let demo = Demo::start().await;
    let send =
        |size: usize| demo.post("/form").multipart(Form::new().part("file", Part::bytes(vec![0; size])));
    assert_eq!(demo.json(send(100)).await["sizes"], json!([100]));
    demo.refused(send(20_000), 413, "PAYLOAD_TOO_LARGE").await;
    demo.refused(demo.post("/form").json(&json!({})), 415, "UNSUPPORTED_MEDIA_TYPE").await;
    let cut =
        demo.post("/form").header("content-type", "multipart/form-data; boundary=x").body("--x\r\nContent");
    demo.refused(cut, 400, "INVALID_MULTIPART").await;
}
