//! Our gateway and the simulated Stripe, against each other over HTTP.

mod bench;

use axum::http::StatusCode;
use chrono::TimeDelta;
use scraper::{Html, Selector};
use serde_json::json;
use staka::clock::new_id;
use staka::payments::event::{PaymentStatus, SessionStatus};
use staka::payments::stripe::{NewSession, StripeFailure};
use tokio_util::sync::CancellationToken;

use bench::{Bench, SHOP, answer};

#[tokio::test]
async fn a_session_is_opened_with_all_we_ask_for() {
    let bench = Bench::start().await;
    let order = bench.order();
    let opened = bench.gateway.create_session(order.clone()).await.unwrap();
    assert!(opened.id.starts_with("cs_test_"));
    assert_eq!(opened.url, bench.page(&opened.id, ""));
    assert_eq!(opened.expires_at, Some(order.expires_at));

    let session = bench.gateway.session(&opened.id).await.unwrap();
    assert_eq!(session.client_reference_id, Some(order.idempotency_key.to_string()));
    assert_eq!(
        (session.amount_total.map(|amount| amount.get()), session.currency.as_deref()),
        (Some(35_000), Some("eur"))
    );
    assert_eq!(session.status, SessionStatus::Open);
    assert_eq!(session.payment_status, PaymentStatus::Unpaid);
    assert_eq!(session.metadata, order.metadata);
    assert_eq!(session.payment_intent, None);
    assert_eq!(session.customer_details.unwrap().email.as_deref(), Some("zoé@example.com"));
}

#[tokio::test]
async fn the_same_key_gives_the_same_session_and_other_parameters_a_conflict() {
    let bench = Bench::start().await;
    let order = bench.order();
    let (first, second) = tokio::join!(
        bench.gateway.create_session(order.clone()),
        bench.gateway.create_session(order.clone())
    );
    let first = first.unwrap();
    assert_eq!(first, second.unwrap());
    bench.click(&first.id, "/pay").await;
    assert_eq!(first, bench.gateway.create_session(order.clone()).await.unwrap());
    let other = NewSession { amount: 36_000, ..order };
    let conflict = bench.gateway.create_session(other).await;
    assert_eq!(conflict, Err(StripeFailure::IdempotencyConflict));
}

#[tokio::test]
async fn wrong_parameters_are_refused_as_stripe_refuses_them() {
    let bench = Bench::start().await;
    let now = bench.clock.now();
    let cases = [
        (NewSession { amount: 49, ..bench.order() }, "amount_too_small"),
        (NewSession { customer_email: "nobody".into(), ..bench.order() }, "email_invalid"),
        (NewSession { success_url: "javascript:1".into(), ..bench.order() }, "url_invalid"),
        (NewSession { expires_at: now + TimeDelta::hours(25), ..bench.order() }, "parameter_invalid"),
        (NewSession { expires_at: now, ..bench.order() }, "parameter_invalid"),
    ];
    for (order, expected) in cases {
        let failure = bench.gateway.create_session(order).await.unwrap_err();
        let StripeFailure::Refused { status: 400, code: Some(code), param: Some(_) } = &failure else {
            panic!("{failure:?}")
        };
        assert!(code.contains(expected), "{code}");
        assert!(!failure.to_string().contains("nobody"), "{failure}");
    }
}

#[tokio::test]
async fn an_unknown_or_malformed_identifier_is_not_found() {
    let bench = Bench::start().await;
    for id in ["cs_test_unknown", "", "../../balance", "cs?expand[]=x"] {
        assert_eq!(bench.gateway.session(id).await, Err(StripeFailure::NotFound));
    }
    assert_eq!(bench.gateway.expire_session("cs_test_x").await, Err(StripeFailure::NotFound));
}

#[tokio::test]
async fn the_api_wants_a_key() {
    let bench = Bench::start().await;
    bench.gateway.probe().await.unwrap();
    let url = format!("{}/dev/stripe/v1/balance", bench.base);
    assert_eq!(bench.browser.get(url).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn an_expired_session_is_closed_and_told_by_webhook() {
    let mut bench = Bench::start().await;
    let id = bench.open().await;
    let closed = bench.gateway.expire_session(&id).await.unwrap();
    assert_eq!((closed.status, closed.url), (SessionStatus::Expired, None));
    assert_eq!(bench.simulator.retry_due().await.unwrap(), 1);
    let event = bench.endpoint.next(bench.clock.now()).await;
    assert_eq!(event.kind, "checkout.session.expired");
    assert_eq!(event.checkout_session().unwrap().id, id);
    let again = bench.gateway.expire_session(&id).await.unwrap_err();
    assert!(matches!(again, StripeFailure::Refused { status: 400, .. }));
    assert_eq!(bench.click(&id, "/pay").await.0, 409);
    bench.endpoint.nothing_more();
}

#[tokio::test]
async fn a_session_lapses_by_itself() {
    let mut bench = Bench::start().await;
    let id = bench.open().await;
    bench.time.advance(TimeDelta::hours(25));
    assert_eq!(bench.simulator.retry_due().await.unwrap(), 1);
    assert_eq!(bench.endpoint.next(bench.clock.now()).await.kind, "checkout.session.expired");
    assert_eq!(bench.gateway.session(&id).await.unwrap().status, SessionStatus::Expired);
}

#[tokio::test]
async fn paying_sends_one_signed_webhook_and_returns_to_the_shop() {
    let mut bench = Bench::start().await;
    let id = bench.open().await;
    let form = [
        ("name", "Zoé Léger"),
        ("email", "zoe@example.com"),
        ("line1", "1 rue d'Ô"),
        ("line2", ""),
        ("postal_code", "29000"),
        ("city", "Quimper"),
        ("country", "FR"),
        ("card", "4242424242424242"),
    ];
    let body: Vec<String> = form.iter().map(|(k, v)| format!("{k}={}", encoded(v))).collect();
    let request = bench
        .browser
        .post(bench.page(&id, "/pay"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.join("&"));
    let success = format!("{SHOP}/payment-success?session_id={id}");
    assert_eq!(answer(request).await, (303, success.clone()));

    let event = bench.endpoint.next(bench.clock.now()).await;
    assert_eq!((event.kind.as_str(), event.source()), ("checkout.session.completed", Some("livrestaka.fr")));
    let session = event.checkout_session().unwrap();
    assert!(session.is_settled());
    assert!(session.intent().unwrap().starts_with("pi_"));
    let buyer = session.customer_details.clone().unwrap();
    assert_eq!(buyer.name.as_deref(), Some("Zoé Léger"));
    let address = buyer.address.unwrap();
    assert_eq!((address.city.as_deref(), address.line2), (Some("Quimper"), None));
    let mut asked = bench.gateway.session(&id).await.unwrap();
    // Who asks also hears when the money was debited.
    let payment = asked.payment_intent.as_mut().unwrap();
    assert_eq!(payment.debited_at.take(), Some(bench.clock.now()));
    assert_eq!(asked, session);

    assert_eq!(bench.click(&id, "/pay").await, (303, success));
    assert_eq!(bench.click(&id, "/fail").await.0, 409);
    assert_eq!(bench.click(&id, "/expire").await.0, 409);
    bench.endpoint.nothing_more();
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn two_clicks_at_once_pay_once() {
    let mut bench = Bench::start().await;
    let id = bench.open().await;
    let (one, two) = tokio::join!(bench.click(&id, "/pay"), bench.click(&id, "/pay"));
    assert_eq!((one.0, two.0), (303, 303));
    bench.endpoint.next(bench.clock.now()).await;
    bench.endpoint.nothing_more();
}

#[tokio::test]
async fn a_delayed_payment_completes_first_and_settles_later() {
    let mut bench = Bench::start().await;
    for (finish, kind, paid) in [
        ("/settle", "checkout.session.async_payment_succeeded", true),
        ("/settle-fail", "checkout.session.async_payment_failed", false),
    ] {
        let id = bench.open().await;
        assert_eq!(bench.click(&id, finish).await.0, 409);
        let request = bench.browser.post(bench.page(&id, "/pay")).json(&json!({"delayed": true}));
        assert_eq!(answer(request).await.0, 303);
        let completed = bench.endpoint.next(bench.clock.now()).await;
        assert_eq!(completed.kind, "checkout.session.completed");
        assert!(!completed.checkout_session().unwrap().is_settled());
        assert_eq!(bench.click(&id, finish).await.0, 303);
        let settled = bench.endpoint.next(bench.clock.now()).await;
        assert_eq!(settled.kind, kind);
        assert_eq!(settled.checkout_session().unwrap().is_settled(), paid);
        assert_eq!(bench.click(&id, finish).await.0, 409);
    }
    bench.endpoint.nothing_more();
}

#[tokio::test]
async fn a_refused_card_leaves_the_session_open() {
    let mut bench = Bench::start().await;
    let id = bench.open().await;
    let card = json!({"card": "4000 0000 0000 0002"});
    let clicks = [
        bench.browser.post(bench.page(&id, "/fail")),
        bench.browser.post(bench.page(&id, "/pay")).json(&card),
    ];
    for click in clicks {
        let (status, location) = answer(click).await;
        assert_eq!(status, 303);
        let page = bench.browser.get(format!("{}{location}", bench.base)).send().await.unwrap();
        assert!(page.text().await.unwrap().contains("Votre carte a été refusée"));
        let event = bench.endpoint.next(bench.clock.now()).await;
        assert_eq!(event.kind, "payment_intent.payment_failed");
        let intent = event.payment_intent().unwrap();
        assert_eq!(intent.metadata["commandeId"], "c-1");
        assert_eq!(intent.last_payment_error.unwrap().code.as_deref(), Some("card_declined"));
    }
    assert_eq!(bench.gateway.session(&id).await.unwrap().status, SessionStatus::Open);
    assert_eq!(bench.click(&id, "/pay").await.0, 303);
}

#[tokio::test]
async fn a_refused_delivery_is_recorded_and_tried_again_with_back_off() {
    let mut bench = Bench::start().await;
    let id = bench.open().await;
    let broken = StatusCode::INTERNAL_SERVER_ERROR;
    bench.endpoint.answers.lock().unwrap().extend([broken, StatusCode::NOT_FOUND]);
    assert_eq!(bench.click(&id, "/pay").await.0, 303);
    let first = bench.endpoint.next(bench.clock.now()).await;
    let recorded = &bench.events().await[0];
    assert_eq!(recorded["status"], "pending");
    assert_eq!(recorded["lastStatus"], 500);
    assert_eq!(recorded["lastAnswer"], "answer of the endpoint");

    bench.time.advance(TimeDelta::seconds(4));
    assert_eq!(bench.simulator.retry_due().await.unwrap(), 0);
    bench.time.advance(TimeDelta::seconds(1));
    assert_eq!(bench.simulator.retry_due().await.unwrap(), 1);
    bench.time.advance(TimeDelta::seconds(10));
    assert_eq!(bench.simulator.retry_due().await.unwrap(), 1);
    for _ in 0..2 {
        assert_eq!(bench.endpoint.next(bench.clock.now()).await.id, first.id);
    }
    let recorded = &bench.events().await[0];
    assert_eq!((recorded["status"].as_str(), recorded["attempts"].as_i64()), (Some("delivered"), Some(3)));
    bench.time.advance(TimeDelta::days(1));
    assert_eq!(bench.simulator.retry_due().await.unwrap(), 0);

    let resend = format!("{}/dev/stripe/events/{}/resend", bench.base, first.id);
    assert_eq!(bench.browser.post(resend).send().await.unwrap().status(), 200);
    assert_eq!(bench.endpoint.next(bench.clock.now()).await.id, first.id);
}

#[tokio::test]
async fn an_endpoint_that_never_accepts_is_given_up() {
    let mut bench = Bench::start().await;
    let id = bench.open().await;
    bench.endpoint.answers.lock().unwrap().extend([StatusCode::BAD_GATEWAY; 20]);
    bench.click(&id, "/fail").await;
    for _ in 0..11 {
        bench.time.advance(TimeDelta::hours(1));
        bench.simulator.retry_due().await.unwrap();
    }
    let recorded = bench.events().await;
    let failed = recorded.iter().find(|e| e["type"] == "payment_intent.payment_failed").unwrap();
    assert_eq!((failed["status"].as_str(), failed["attempts"].as_i64()), (Some("failed"), Some(12)));
    bench.endpoint.received.close();
}

#[tokio::test]
async fn the_background_task_delivers_what_is_due_and_stops_when_told() {
    let mut bench = Bench::start().await;
    let cancel = CancellationToken::new();
    let task = tokio::spawn(bench.simulator.clone().run_retries(cancel.clone()));
    let id = bench.open().await;
    bench.gateway.expire_session(&id).await.unwrap();
    assert_eq!(bench.endpoint.next(bench.clock.now()).await.kind, "checkout.session.expired");
    cancel.cancel();
    task.await.unwrap();
}

#[tokio::test]
async fn refunds_are_told_with_what_was_given_back_before() {
    let mut bench = Bench::start().await;
    let id = bench.open().await;
    bench.click(&id, "/pay").await;
    let event = bench.endpoint.next(bench.clock.now()).await;
    let intent = event.checkout_session().unwrap().payment_intent.unwrap().id;

    let key = new_id();
    let part = bench.gateway.refund(key, &intent, Some(10_000)).await.unwrap();
    assert_eq!(part, bench.gateway.refund(key, &intent, Some(10_000)).await.unwrap());
    assert_eq!(bench.simulator.retry_due().await.unwrap(), 1);
    let event = bench.endpoint.next(bench.clock.now()).await;
    assert_eq!((event.kind.as_str(), event.source()), ("charge.refunded", Some("livrestaka.fr")));
    let charge = event.charge().unwrap();
    assert_eq!((charge.amount.get(), charge.amount_refunded.get()), (35_000, 10_000));
    assert_eq!(charge.payment_intent.as_deref(), Some(intent.as_str()));
    assert_eq!(event.previous["amount_refunded"], 0);

    let too_much = bench.gateway.refund(new_id(), &intent, Some(25_001)).await;
    assert!(matches!(too_much, Err(StripeFailure::Refused { .. })));
    assert_eq!(bench.gateway.refund(new_id(), &intent, None).await.unwrap().amount.get(), 25_000);
    assert_eq!(bench.simulator.retry_due().await.unwrap(), 1);
    let event = bench.endpoint.next(bench.clock.now()).await;
    assert_eq!(event.charge().unwrap().amount_refunded.get(), 35_000);
    assert_eq!(event.previous["amount_refunded"], 10_000);
    let unknown = bench.gateway.refund(new_id(), "pi_unknown", None).await;
    assert_eq!(unknown, Err(StripeFailure::NotFound));
}

#[tokio::test]
async fn the_payment_page_shows_the_order_and_escapes_it() {
    let bench = Bench::start().await;
    let title = "<script>alert(1)</script> & \"co\"";
    let order = NewSession { product_name: title.to_owned(), ..bench.order() };
    let opened = bench.gateway.create_session(order).await.unwrap();
    let answer = bench.browser.get(&opened.url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let html = answer.text().await.unwrap();
    let page = Html::parse_document(&html);
    let text = |selector: &str| -> String {
        let selector = Selector::parse(selector).unwrap();
        page.select(&selector).next().unwrap().text().collect()
    };
    assert_eq!(text("h1"), title);
    assert_eq!(text(".amount"), "350,00\u{a0}€");
    assert_eq!(page.select(&Selector::parse("script").unwrap()).count(), 0);
    let email = Selector::parse("input[name=email]").unwrap();
    assert_eq!(page.select(&email).next().unwrap().attr("value"), Some("zoé@example.com"));
    let value = |name: &str| {
        let field = Selector::parse(&format!("input[name={name}]")).unwrap();
        page.select(&field).next().unwrap().attr("value").unwrap_or_default().to_owned()
    };
    for strangers in ["name", "line1", "postal_code", "city"] {
        assert_eq!(value(strangers), "", "{strangers}");
    }
    let inside = |selector: &str| page.select(&Selector::parse(selector).unwrap()).count();
    assert_eq!((inside("form[action$='/pay'] button"), inside(".tools button")), (1, 2));
    assert!(inside("select[name=country] option") > 30);
    assert!(html.contains(&format!("href=\"{SHOP}/payment/cancel\"")));
    assert!(policy.contains(&format!("style-src 'sha256-{}'", digest(&text("style")))));
}

fn digest(text: &str) -> String {
    use base64::Engine;
    use sha2::Digest;
    base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text))
}

#[tokio::test]
async fn who_says_no_name_is_given_nobody_elses() {
    let mut bench = Bench::start().await;
    let id = bench.open().await;
    bench.click(&id, "/pay").await;
    let event = bench.endpoint.next(bench.clock.now()).await;
    let details = event.checkout_session().unwrap().customer_details.unwrap();
    assert_eq!((details.name, details.email.as_deref()), (None, Some("zoé@example.com")));
    assert_eq!(details.address.unwrap().line1, None);
}

#[tokio::test]
async fn the_payment_page_tells_each_state() {
    let bench = Bench::start().await;
    let show = async |id: &str| {
        let answer = bench.browser.get(bench.page(id, "")).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (paid, waiting, unpaid, expired) =
        (bench.open().await, bench.open().await, bench.open().await, bench.open().await);
    bench.click(&paid, "/pay").await;
    bench.click(&waiting, "/pay?delayed=true").await;
    bench.click(&unpaid, "/pay?delayed=true").await;
    bench.click(&unpaid, "/settle-fail").await;
    assert_eq!(bench.click(&expired, "/expire").await, (303, format!("{SHOP}/payment/cancel")));
    for (id, status, sentence) in [
        (paid.as_str(), 200, "Cette commande est payée"),
        (&waiting, 200, "le prélèvement est en cours"),
        (&unpaid, 200, "Le prélèvement a échoué"),
        (&expired, 200, "a expiré"),
        ("cs_test_unknown", 404, "introuvable"),
    ] {
        let (found, html) = show(id).await;
        assert_eq!(found, status);
        assert!(html.contains(sentence), "{sentence}");
        assert!(!html.contains("name=\"card\""), "{sentence}");
    }
}
