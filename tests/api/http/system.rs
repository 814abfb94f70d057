//! Health, metrics, documentation and the request log.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::extract::FromRef;
use serde_json::Value;
use staka::clock::Clock;
use staka::http::system::{self, HealthProbes, SystemState, probe};
use staka::http::{TrustedProxies, docs};
use staka::server::Shutdown;
use staka::telemetry;
use utoipa_axum::router::OpenApiRouter;

use super::demo::{Demo, Options};
use super::log;

#[derive(Clone)]
struct AppState(SystemState);

impl FromRef<AppState> for SystemState {
    fn from_ref(state: &AppState) -> Self {
        state.0.clone()
    }
}

/// Components that work or fail as told, and count how often they were asked.
#[derive(Clone, Default)]
struct Components {
    database_down: Arc<AtomicBool>,
    stripe_down: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

impl Components {
    fn probes(&self) -> HealthProbes {
        let answer = |down: Option<&Arc<AtomicBool>>| {
            let (down, asked) = (down.cloned(), Arc::clone(&self.asked));
            probe(move || {
                asked.fetch_add(1, Ordering::SeqCst);
                let fails = down.as_ref().is_some_and(|down| down.load(Ordering::SeqCst));
                async move { if fails { anyhow::bail!("down") } else { Ok(()) } }
            })
        };
        HealthProbes {
            database: answer(Some(&self.database_down)),
            stripe: answer(Some(&self.stripe_down)),
            email: answer(None),
            storage: answer(None),
            migrated: answer(None),
        }
    }
}

/// The demonstration router has a banner of its own, so the system routes stand below a prefix here.
async fn start(components: &Components, shutdown: &Shutdown) -> Demo {
    let state = SystemState::new(
        components.probes(),
        telemetry::prometheus().unwrap(),
        TrustedProxies::private_ranges(),
        shutdown.clone(),
        Clock::system(),
    );
    let document = docs::Document::default();
    let (router, api) = OpenApiRouter::with_openapi(docs::base())
        .nest("/sys", system::router::<AppState>())
        .merge(docs::router(document.clone()))
        .with_state(AppState(state))
        .split_for_parts();
    document.publish(&api).unwrap();
    Demo::with(Options { extra: router, ..Options::default() }).await
}

#[tokio::test]
async fn health_tells_each_component_and_is_cached() {
    let components = Components::default();
    components.stripe_down.store(true, Ordering::SeqCst);
    let demo = start(&components, &Shutdown::new()).await;
    let body = demo.json(demo.get("/sys/health")).await;
    assert_eq!(body["status"], "ok");
    assert_eq!(
        body["services"],
        serde_json::json!({"database": "ok", "stripe": "error", "email": "ok", "storage": "ok"})
    );
    assert!(body["timestamp"].as_str().unwrap().ends_with('Z') && body["uptime"].is_number());
    demo.json(demo.get("/api/sys/health")).await;
    demo.json(demo.get("/sys/health/ready")).await;
    assert_eq!(components.asked.load(Ordering::SeqCst), 5);
    assert_eq!(demo.json(demo.get("/sys/public/health")).await["service"], "staka-backend");
}

#[tokio::test]
async fn without_a_database_the_server_is_alive_but_neither_healthy_nor_ready() {
    let components = Components::default();
    components.database_down.store(true, Ordering::SeqCst);
    let demo = start(&components, &Shutdown::new()).await;
    for path in ["/sys/health", "/sys/health/ready"] {
        let answer = demo.get(path).send().await.unwrap();
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.json::<Value>().await.unwrap()["status"], "error");
    }
    assert_eq!(demo.json(demo.get("/sys/health/live")).await["status"], "ok");
}

#[tokio::test]
async fn a_server_that_ends_is_not_ready() {
    let ending = Shutdown::new();
    let demo = start(&Components::default(), &ending).await;
    demo.json(demo.get("/sys/health/ready")).await;
    ending.stop();
    assert_eq!(demo.get("/sys/health/ready").send().await.unwrap().status(), 503);
}

#[tokio::test]
async fn metrics_know_routes_and_no_paths() {
    let demo = start(&Components::default(), &Shutdown::new()).await;
    demo.get("/things/0190a5b8-9c5e-7000-8000-0123456789ab").send().await.unwrap();
    demo.get("/some-unknown-path").send().await.unwrap();
    let text = demo.get("/sys/metrics").send().await.unwrap().text().await.unwrap();
    assert!(text.contains(r#"route="/things/{id}""#) && text.contains(r#"route="unmatched""#), "{text}");
    assert!(
        text.contains("http_request_duration_seconds_bucket") && text.contains("http_requests_in_flight")
    );
    assert!(!text.contains("some-unknown-path"));
    let stranger = demo.get("/sys/metrics").header("x-forwarded-for", "203.0.113.9");
    demo.refused(stranger, 404, "NOT_FOUND").await;
}

#[tokio::test]
async fn the_documentation_describes_itself_and_asks_nobody_else() {
    let demo = start(&Components::default(), &Shutdown::new()).await;
    let document = demo.json(demo.get("/api/openapi.json")).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for path in ["/openapi.json", "/docs", "/docs/scalar.js", "/sys/health"] {
        assert!(document["paths"][path]["get"].is_object(), "{path}");
    }
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    let page = demo.get("/docs").send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let text = page.text().await.unwrap();
    for elsewhere in ["http:", "https:", "//", "unsafe-eval"] {
        assert!(!policy.contains(elsewhere) && !text.contains(elsewhere), "{elsewhere}");
    }
    assert!(policy.contains("script-src 'self';"), "{policy}");
    // Nor has it a button of those who wrote its script.
    let settings = text.split("data-configuration='").nth(1).unwrap().split('\'').next().unwrap();
    let settings: Value = serde_json::from_str(settings).unwrap();
    for (pointer, value) in [
        ("/hideClientButton", Value::from(true)),
        ("/showDeveloperTools", "never".into()),
        ("/agent/disabled", true.into()),
        ("/mcp/disabled", true.into()),
        ("/telemetry", false.into()),
    ] {
        assert_eq!(settings.pointer(pointer), Some(&value), "{pointer}");
    }
    assert!(text.contains("a[href*=\"scalar.com\"] { display: none !important }"), "{text}");
}

#[test]
fn every_operation_has_a_summary_a_name_of_its_own_and_a_described_tag() {
    for development in [true, false] {
        let document = serde_json::to_value(staka::router::build(development).1).unwrap();
        let tags = document["tags"].as_array().unwrap();
        let mut described: Vec<_> = tags.iter().map(|tag| tag["name"].as_str().unwrap()).collect();
        assert!(tags.iter().all(|tag| !tag["description"].as_str().unwrap().is_empty()), "{tags:?}");
        let mut names = HashSet::new();
        let mut used = HashSet::new();
        let paths = document["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, operation)| (method, path, operation))
        });
        for (method, path, operation) in operations {
            assert!(operation["summary"].is_string(), "{method} {path} has no summary");
            assert!(names.insert(&operation["operationId"]), "{method} {path}");
            let tag = operation["tags"][0].as_str().unwrap();
            assert!(described.contains(&tag), "{method} {path}: say in router.rs what {tag} is about");
            used.insert(tag);
        }
        described.retain(|tag| !used.contains(tag));
        assert!(described.is_empty(), "{described:?}");
    }
}

#[tokio::test]
async fn the_script_of_the_documentation_is_ours_and_kept_for_ever() {
    let demo = start(&Components::default(), &Shutdown::new()).await;
    let page = demo.get("/docs").send().await.unwrap().text().await.unwrap();
    let script = page.split('"').find(|part| part.starts_with("docs/scalar.js?")).unwrap();
    let answer = demo.get(&format!("/api/{script}")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let headers = answer.headers().clone();
    assert_eq!(headers["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(headers["content-encoding"], "gzip");
    assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
    assert!(answer.bytes().await.unwrap().starts_with(&[0x1f, 0x8b]));
    let known = demo.get("/docs/scalar.js").header("if-none-match", &headers["etag"]).send().await.unwrap();
    assert_eq!(known.status(), 304);
}

#[tokio::test]
async fn each_request_leaves_one_line_with_its_cause_and_without_its_path() {
    log::capture();
    let demo = Demo::start().await;
    demo.get("/defect?token=private").header("x-request-id", "r1").send().await.unwrap();
    demo.get("/things/42").header("x-forwarded-for", "203.0.113.77").send().await.unwrap();
    let text = log::text();
    let requests: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["target"] == "staka::request")
        .collect();
    assert_eq!(requests.len(), 2, "{text}");
    assert_eq!(requests[0]["level"], "ERROR");
    assert_eq!(requests[0]["id"], "r1");
    assert_eq!(requests[0]["code"], "INTERNAL_ERROR");
    assert!(requests[0]["cause"].as_str().unwrap().contains("secret detail"));
    assert_eq!(requests[1]["route"], "/things/{id}");
    assert_eq!(requests[1]["status"], 404);
    assert_eq!(requests[1]["ip"], "203.0.113.0");
    assert!(!text.contains("private") && !text.contains("203.0.113.77"));
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_its_line_too() {
    log::capture();
    let demo = Demo::start().await;
    let held = tokio::spawn(demo.get("/gate").send());
    demo.gate.entered.notified().await;
    held.abort();
    let _ = held.await;
    demo.shutdown.stop();
    demo.serving.await.unwrap().unwrap();
    assert!(log::text().contains(r#""status":499"#), "{}", log::text());
}
