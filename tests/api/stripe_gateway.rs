//! Our gateway in front of a Stripe that is not well.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::any;
use staka::payments::stripe::{StripeFailure, StripeGateway};
use tokio::net::TcpListener;

/// A server that answers every call the same way; how many calls came.
async fn broken_stripe(status: u16, body: &'static str) -> (StripeGateway, Arc<AtomicUsize>) {
    let calls = Arc::<AtomicUsize>::default();
    let counter = calls.clone();
    let answer = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        async move { (StatusCode::from_u16(status).unwrap(), body) }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(any(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (StripeGateway::new("sk_test_x", Some(&url)).unwrap(), calls)
}

#[tokio::test]
async fn errors_of_stripe_are_sorted_by_what_can_be_done() {
    const DECLINED: &str =
        r#"{"error":{"type":"card_error","code":"card_declined","message":"zoé@example.com"}}"#;
    const BROKEN: &str = r#"{"error":{"type":"api_error","message":"sk_live_1"}}"#;
    for (status, body, calls, unavailable) in [
        (402, DECLINED, 1, false),
        (401, r#"{"error":{"type":"invalid_request_error"}}"#, 1, false),
        (429, BROKEN, 2, true),
        (500, BROKEN, 2, true),
        (503, "<html>maintenance</html>", 2, true),
        (200, "not JSON", 2, true),
        (200, r#"{"object":"list"}"#, 1, false),
    ] {
        let (gateway, counter) = broken_stripe(status, body).await;
        let failure = gateway.session("cs_test_1").await.unwrap_err();
        assert_eq!(matches!(failure, StripeFailure::Unavailable(_)), unavailable, "{failure:?}");
        assert_eq!(counter.load(Ordering::Relaxed), calls, "{failure:?}");
        let told = format!("{failure} {failure:?}");
        assert!(!told.contains("sk_live") && !told.contains("example.com"), "{told}");
    }
    let (gateway, _) = broken_stripe(402, DECLINED).await;
    let code = Some("card_declined".to_owned());
    let expected = StripeFailure::Refused { status: 402, code, param: None };
    assert_eq!(gateway.session("cs_test_1").await, Err(expected));
}

#[tokio::test]
async fn a_dead_or_silent_stripe_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // Nobody accepts: the connection opens, and nothing ever comes back.
    let limit = Duration::from_millis(50);
    let silent = StripeGateway::with_timeout("sk_test_x", Some(&url), limit).unwrap();
    let failure = silent.session("cs_1").await.unwrap_err();
    assert_eq!(failure, StripeFailure::Unavailable("no answer in time".to_owned()));
    assert!(matches!(silent.probe().await, Err(StripeFailure::Unavailable(_))));
    drop(listener);
    let dead = StripeGateway::new("sk_test_x", Some(&url)).unwrap();
    assert!(matches!(dead.session("cs_1").await, Err(StripeFailure::Unavailable(_))));
}

#[tokio::test]
async fn a_gateway_is_not_built_from_nonsense_and_does_not_show_its_key() {
    let misconfigured = StripeGateway::new("sk_test_x", Some("not a url")).unwrap_err();
    assert!(matches!(misconfigured, StripeFailure::Misconfigured(_)));
    let broken_key = StripeGateway::new("sk_test_secret\n", None).unwrap_err();
    assert!(!format!("{broken_key:?}").contains("secret\n"));
    let gateway = StripeGateway::new("sk_test_secret", None).unwrap();
    assert!(!format!("{gateway:?}").contains("sk_test_secret"));
}
