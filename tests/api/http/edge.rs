//! Paths, headers, CORS, addresses, compression, caching.

use reqwest::Method;

use super::demo::Demo;

/// What helmet 7 sends by default.
const SECURITY: [(&str, &str); 12] = [
    (
        "content-security-policy",
        "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';\
         img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';\
         style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("origin-agent-cluster", "?1"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=15552000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("x-dns-prefetch-control", "off"),
    ("x-download-options", "noopen"),
    ("x-frame-options", "SAMEORIGIN"),
    ("x-permitted-cross-domain-policies", "none"),
    ("x-xss-protection", "0"),
];

#[tokio::test]
async fn one_route_answers_every_spelling_of_its_path() {
    let demo = Demo::start().await;
    for path in [
        "/plain",
        "/plain/",
        "/api/plain",
        "/api/plain/",
        "/api//plain",
        "//api///plain//",
        "/api/api/plain",
        "/plain?x=1",
    ] {
        assert_eq!(demo.json(demo.get(path)).await["ok"], true, "{path}");
    }
    for path in ["/", "/api", "/api/"] {
        assert_eq!(demo.json(demo.get(path)).await["message"], "bonjour", "{path}");
    }
    demo.json(demo.get("/dev/mailbox")).await;
    for path in ["/api/dev/mailbox", "/api/api/api/plain", "/apiplain"] {
        demo.refused(demo.get(path), 404, "NOT_FOUND").await;
    }
}

#[tokio::test]
async fn security_headers_are_on_every_answer() {
    let demo = Demo::start().await;
    for path in ["/plain", "/nowhere", "/panic"] {
        let response = demo.get(path).send().await.unwrap();
        let headers = response.headers();
        for (name, value) in SECURITY {
            let sent: Vec<_> = headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
            assert_eq!(sent, [value], "{name} on {path}");
        }
        assert_eq!(headers.get_all("x-request-id").iter().count(), 1);
        assert!(!headers.contains_key("x-powered-by") && !headers.contains_key("server"));
    }
}

#[tokio::test]
async fn json_of_a_session_is_kept_out_of_caches() {
    let demo = Demo::start().await;
    let signed = |path| demo.get(path).bearer_auth("x").send();
    assert_eq!(signed("/plain").await.unwrap().headers()["cache-control"], "no-store");
    assert!(!demo.get("/plain").send().await.unwrap().headers().contains_key("cache-control"));
    let sent = demo.post("/things").body(r#"{"titreCourt":"a","quantite":1}"#).send().await.unwrap();
    assert_eq!(sent.headers()["cache-control"], "no-store");
    assert_eq!(signed("/list").await.unwrap().headers()["cache-control"], "public, max-age=60");
}

#[tokio::test]
async fn preflights_are_answered_for_known_origins() {
    let demo = Demo::start().await;
    let preflight = |origin: &'static str| {
        demo.request(Method::OPTIONS, "/api/things")
            .header("origin", origin)
            .header("access-control-request-method", "PATCH")
            .header("access-control-request-headers", "authorization")
            .send()
    };
    let answer = preflight("https://www.example").await.unwrap();
    assert!(answer.status().is_success());
    let headers = answer.headers();
    assert_eq!(headers["access-control-allow-origin"], "https://www.example");
    assert_eq!(headers["access-control-allow-credentials"], "true");
    assert_eq!(headers["access-control-allow-headers"], "authorization");
    assert_eq!(headers["access-control-max-age"], "600");
    assert!(headers["access-control-allow-methods"].to_str().unwrap().contains("PATCH"));
    let stranger = preflight("https://evil.example").await.unwrap();
    assert!(!stranger.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn errors_are_readable_across_origins() {
    let demo = Demo::start().await;
    let answer = demo.get("/panic").header("origin", "https://app.example").send().await.unwrap();
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://app.example");
    let exposed = answer.headers()["access-control-expose-headers"].to_str().unwrap().to_lowercase();
    for name in ["x-total-count", "content-disposition", "retry-after", "x-request-id"] {
        assert!(exposed.contains(name), "{name}");
    }
}

#[tokio::test]
async fn the_client_address_is_read_behind_trusted_proxies() {
    let demo = Demo::start().await;
    assert_eq!(demo.json(demo.get("/ip")).await["ip"], "127.0.0.1");
    let forwarded = demo.get("/ip").header("x-forwarded-for", "6.6.6.6, 203.0.113.9, 10.0.0.1");
    assert_eq!(demo.json(forwarded).await["ip"], "203.0.113.9");
}

#[tokio::test]
async fn a_proxy_is_trusted_from_one_end_of_the_private_ranges_to_the_other_and_not_beyond() {
    let demo = Demo::start().await;
    let seen = async |hop: &str| {
        let forwarded = demo.get("/ip").header("x-forwarded-for", format!("203.0.113.9, {hop}"));
        demo.json(forwarded).await["ip"].as_str().unwrap().to_owned()
    };
    for trusted in [
        "127.0.0.1",
        "127.255.255.255",
        "::1",
        "10.0.0.0",
        "10.255.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.168.0.0",
        "192.168.255.255",
        "fc00::",
        "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "::ffff:10.1.2.3",
    ] {
        assert_eq!(seen(trusted).await, "203.0.113.9", "{trusted}");
    }
    for stranger in [
        "126.255.255.255",
        "128.0.0.0",
        "::2",
        "9.255.255.255",
        "11.0.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "fbff::1",
        "fe00::1",
        "fe80::1",
        "100.64.0.1",
        "169.254.0.1",
    ] {
        assert_eq!(seen(stranger).await, stranger);
    }
}

#[tokio::test]
async fn a_request_keeps_the_id_its_proxy_gave_it() {
    let demo = Demo::start().await;
    let answer = demo.get("/absent").header("x-request-id", "abc-1").send().await.unwrap();
    assert_eq!(answer.headers()["x-request-id"], "abc-1");
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["requestId"], "abc-1");
    let mut ids = std::collections::HashSet::new();
    for unusable in ["not well formed", "", "trop long pour un identifiant de requête"] {
        let answer = demo.get("/plain").header("x-request-id", unusable).send().await.unwrap();
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert!(uuid::Uuid::try_parse(&id).is_ok(), "{id}");
        assert!(ids.insert(id));
    }
}

#[tokio::test]
async fn long_text_is_compressed_and_nothing_else() {
    let demo = Demo::start().await;
    let encoding = async |path| {
        let answer = demo.get(path).header("accept-encoding", "gzip").send().await.unwrap();
        answer.headers().get("content-encoding").map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(encoding("/big").await.as_deref(), Some("gzip"));
    assert_eq!(encoding("/plain").await, None);
    assert_eq!(encoding("/pdf").await, None);
    let plain = demo.get("/big").send().await.unwrap();
    assert!(!plain.headers().contains_key("content-encoding"));
    assert!(plain.headers().get_all("vary").iter().any(|value| value == "accept-encoding"));
}

#[tokio::test]
async fn public_lists_are_revalidated_in_both_forms() {
    let demo = Demo::start().await;
    for accept in ["identity", "gzip"] {
        let fresh = demo.get("/list").header("accept-encoding", accept).send().await.unwrap();
        assert_eq!(fresh.status(), 200);
        let tag = fresh.headers()["etag"].clone();
        assert_eq!(tag.to_str().unwrap().ends_with("-gzip\""), accept == "gzip");
        let again = demo
            .get("/list")
            .header("accept-encoding", accept)
            .header("if-none-match", tag)
            .send()
            .await
            .unwrap();
        assert_eq!(again.status(), 304);
        assert_eq!(again.bytes().await.unwrap().len(), 0);
    }
}
