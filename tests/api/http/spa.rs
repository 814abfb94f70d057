//! The built single-page app beside the API.

use std::path::PathBuf;

use super::demo::{Demo, Options};

/// A built app in a directory of its own, removed at the end of the test.
struct Built(PathBuf);

impl Built {
    fn new() -> Self {
        let dir = std::env::temp_dir().join(format!("staka-spa-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(dir.join("dist/assets")).unwrap();
        std::fs::write(dir.join("secret.txt"), "secret").unwrap();
        std::fs::write(dir.join("dist/index.html"), "<!doctype html><title>Staka</title>").unwrap();
        std::fs::write(dir.join("dist/assets/app-1a2b.js"), "console.log(1)").unwrap();
        let download = "fetch(`http://localhost:3001/api/files/download/${id}`);fetch('/api/auth/me')";
        std::fs::write(dir.join("dist/assets/files-3c4d.js"), download).unwrap();
        // What a build leaves beside it must not come in its place.
        std::fs::write(dir.join("dist/assets/files-3c4d.js.gz"), download).unwrap();
        Self(dir)
    }
}

impl Drop for Built {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn reads_without_the_prefix_belong_to_the_app() {
    let built = Built::new();
    let demo = Demo::with(Options { spa_dir: Some(built.0.join("dist")), ..Options::default() }).await;
    for page in ["/", "/commandes/42", "/plain", "/payments/success?session_id=x.y"] {
        let answer = demo.get(page).header("accept", "text/html").send().await.unwrap();
        assert_eq!(answer.status(), 200, "{page}");
        assert_eq!(answer.headers()["content-type"], "text/html");
        assert_eq!(answer.headers()["cache-control"], "no-cache");
        assert!(
            answer.headers()["content-security-policy"].to_str().unwrap().contains("font-src 'self' https:")
        );
        assert!(answer.text().await.unwrap().contains("Staka"));
    }
    let script = demo.get("/assets/app-1a2b.js").send().await.unwrap();
    assert_eq!(script.headers()["content-type"], "text/javascript");
    assert!(script.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    demo.refused(demo.get("/assets/gone.js"), 404, "NOT_FOUND").await;
}

#[tokio::test]
async fn scripts_call_this_server_and_no_developers() {
    let built = Built::new();
    let demo = Demo::with(Options { spa_dir: Some(built.0.join("dist")), ..Options::default() }).await;
    let ask = |path: &str| demo.get(path).header("accept-encoding", "gzip");
    let script = ask("/assets/files-3c4d.js").send().await.unwrap();
    let headers = script.headers().clone();
    assert_eq!(headers["content-type"], "text/javascript");
    assert_eq!(headers["cache-control"], "no-cache");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("connect-src 'self' https:;") && !policy.contains("localhost"), "{policy}");
    let text = script.text().await.unwrap();
    assert_eq!(text, "fetch(`/api/files/download/${id}`);fetch('/api/auth/me')");
    let digest = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&text));
    assert_eq!(headers["etag"], format!("\"{digest}\""));
    let known = ask("/assets/files-3c4d.js").header("if-none-match", &headers["etag"]).send().await.unwrap();
    assert_eq!(known.status(), 304);
    // The others are the files as they are.
    assert_eq!(ask("/assets/app-1a2b.js").send().await.unwrap().text().await.unwrap(), "console.log(1)");
}

#[tokio::test]
async fn the_api_stays_where_it_is() {
    let built = Built::new();
    let demo = Demo::with(Options { spa_dir: Some(built.0.join("dist")), ..Options::default() }).await;
    assert_eq!(demo.json(demo.get("/api/plain")).await["ok"], true);
    assert_eq!(demo.json(demo.get("/api")).await["message"], "bonjour");
    demo.json(demo.get("/dev/mailbox")).await;
    demo.json(demo.post("/payments/webhook")).await;
    demo.refused(demo.get("/api/nowhere"), 404, "NOT_FOUND").await;
}

#[tokio::test]
async fn nothing_outside_of_the_app_is_served() {
    let built = Built::new();
    let demo = Demo::with(Options { spa_dir: Some(built.0.join("dist")), ..Options::default() }).await;
    for path in
        ["/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/%2e%2e/%2e%2e/secret.txt", "/%5c..%5csecret.txt"]
    {
        demo.refused(demo.get(path), 404, "NOT_FOUND").await;
    }
}
