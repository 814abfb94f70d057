//! Cards people keep: at Stripe, under both addresses, one of them the default.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use staka::auth::Role;
use uuid::Uuid;

use crate::{
    shop::{Person, Shop, text_of},
    support::server::{Answer, TestServer},
};

async fn add(server: &TestServer, person: &Person, card: &str) -> Answer {
    server.post_as(&person.token, "/payment-methods", &json!({ "paymentMethodId": card })).await
}

async fn cards(server: &TestServer, person: &Person) -> Vec<Value> {
    server.get_as(&person.token, "/payment-methods").await.ok(200).as_array().unwrap().clone()
}

/// How many cards there are, and which of them is the default, by place.
async fn defaults(server: &TestServer, person: &Person) -> (usize, Vec<usize>) {
    let cards = cards(server, person).await;
    let places = cards.iter().enumerate().filter(|(_, card)| card["isDefault"] == true).map(|(n, _)| n);
    (cards.len(), places.collect())
}

async fn change(server: &TestServer, person: &Person, method: Method, path: &str) -> Answer {
    server.call(method, path, Some(&person.token), None).await
}

#[tokio::test]
async fn a_card_is_kept_as_the_web_application_asks_for_it() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    assert_eq!(cards(&shop, &author).await, Vec::<Value>::new());
    // It sends a content type without a body.
    let prepare = shop.post("/payment-methods/setup-intent").bearer_auth(&author.token);
    let prepared = shop.json(prepare.header("content-type", "application/json"), 200).await;
    let (id, secret) =
        (prepared["setupIntentId"].as_str().unwrap(), prepared["clientSecret"].as_str().unwrap());
    assert!(id.starts_with("seti_") && secret.starts_with(id), "{prepared}");
    let added = add(&shop, &author, "pm_mock_1764554400000").await.ok(201).clone();
    assert_eq!(added["success"], true);
    let card = &added["paymentMethod"];
    let keys: Vec<_> = card.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["brand", "expMonth", "expYear", "id", "isDefault", "last4"]);
    assert_eq!((&card["isDefault"], &card["expYear"]), (&json!(true), &json!(2034)));
    assert_eq!(card["last4"].as_str().unwrap().len(), 4);
    assert_eq!(cards(&shop, &author).await, std::slice::from_ref(card));
    // Again, it is the same one.
    assert_eq!(add(&shop, &author, "pm_mock_1764554400000").await.ok(201), &added);
    shop.advance(chrono::Duration::seconds(1));
    let second = add(&shop, &author, "pm_mock_2").await.ok(201)["paymentMethod"].clone();
    assert_eq!(second["isDefault"], false);
    // Newest first, under either address.
    let listed = shop.get_as(&author, "/api/payments/methods");
    assert_eq!(shop.json(listed, 200).await, json!([second, card]));
    assert_eq!(shop.count("dev_stripe_customers").await, 1);
}

#[tokio::test]
async fn the_list_is_one_statement() {
    let server = TestServer::counted().await;
    let author = server.client().await;
    add(&server, &author, "pm_mock_1").await.ok(201);
    let list = server.request(Method::GET, "/payment-methods").bearer_auth(&author.token);
    server.assert_statements(1, list).await;
}

#[tokio::test]
async fn there_is_always_one_default() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    let mut ids = Vec::new();
    for card in ["pm_mock_a", "pm_mock_b", "pm_mock_c"] {
        ids.push(add(&shop, &author, card).await.ok(201)["paymentMethod"]["id"].as_str().unwrap().to_owned());
        shop.advance(chrono::Duration::seconds(1));
    }
    assert_eq!(defaults(&shop, &author).await, (3, vec![2]));
    for base in ["/payment-methods", "/payments/methods"] {
        change(&shop, &author, Method::PUT, &format!("{base}/{}/default", ids[1])).await.ok(200);
    }
    assert_eq!(defaults(&shop, &author).await, (3, vec![1]));
    change(&shop, &author, Method::DELETE, &format!("/payment-methods/{}", ids[1])).await.ok(200);
    assert_eq!(defaults(&shop, &author).await, (2, vec![0]), "the newest takes its place");
    change(&shop, &author, Method::DELETE, &format!("/payments/methods/{}", ids[0])).await.ok(200);
    assert_eq!(defaults(&shop, &author).await, (1, vec![0]));
    for gone in [&ids[0], &Uuid::nil().to_string()] {
        for (method, path) in [(Method::DELETE, ""), (Method::PUT, "/default")] {
            let path = format!("/payment-methods/{gone}{path}");
            change(&shop, &author, method, &path).await.refused(404, "NOT_FOUND");
        }
    }
    let two = "INSERT INTO payment_methods (id, user_id, stripe_payment_method_id, brand, last4, exp_month, exp_year, is_default, \
               created_at, updated_at) SELECT UNHEX(REPEAT('AB', 16)), user_id, 'pm_x', '', '', 1, 1, TRUE, NOW(3), NOW(3) \
               FROM payment_methods WHERE is_default";
    let refused = sqlx::query(two).execute(shop.state.db.pool()).await.unwrap_err().to_string();
    assert!(refused.contains("payment_methods_default"), "{refused}");
}

#[tokio::test]
async fn many_first_cards_at_once_make_one_customer_and_one_default() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    let names: Vec<String> = (0..12).map(|n| format!("pm_mock_{n}")).collect();
    let added = join_all(names.iter().map(|name| add(&shop, &author, name))).await;
    for answer in added {
        answer.ok(201);
    }
    let (count, defaults) = defaults(&shop, &author).await;
    assert_eq!((count, defaults.len()), (12, 1));
    let customer = shop.value("SELECT stripe_customer_id FROM users").await.unwrap();
    let others = format!("dev_stripe_cards WHERE customer IS NULL OR customer <> '{customer}'");
    assert_eq!(shop.count(&others).await, 0);
    assert_eq!(shop.count("dev_stripe_customers").await, 1);
}

#[tokio::test]
async fn somebody_elses_card_is_refused() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    let other = shop.person("other@example.com", Role::User).await;
    let card = add(&shop, &author, "pm_mock_1").await.ok(201)["paymentMethod"].clone();
    add(&shop, &other, "pm_mock_1").await.refused(403, "NOT_OWNER");
    // Even one that only Stripe knows of.
    shop.execute("DELETE FROM payment_methods").await;
    add(&shop, &other, "pm_mock_1").await.refused(403, "NOT_OWNER");
    let path = format!("/payment-methods/{}", card["id"].as_str().unwrap());
    change(&shop, &other, Method::DELETE, &path).await.refused(404, "NOT_FOUND");
    let corrector = shop.person("corrector@example.com", Role::Corrector).await;
    shop.refused(shop.get_as(&corrector, "/payment-methods"), 403, "CLIENT_REQUIRED").await;
    shop.get("/payment-methods").send().await.map(|answer| assert_eq!(answer.status(), 401)).unwrap();
}

#[tokio::test]
async fn what_cannot_be_kept_says_why() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    for (name, code) in [
        ("pm_unknown", "PAYMENT_REFUSED"),
        ("pm_mock_declined", "PAYMENT_REFUSED"),
        ("pm_mock_sepa_1", "NOT_A_CARD"),
    ] {
        add(&shop, &author, name).await.refused(400, code);
    }
    for name in ["", "pm_", "cs_1", "pm_é", "pm_a/b", &format!("pm_{}", "a".repeat(300))] {
        add(&shop, &author, name).await.refused_fields(&["paymentMethodId"]);
    }
    for n in 0..20 {
        add(&shop, &author, &format!("pm_mock_{n}")).await.ok(201);
    }
    add(&shop, &author, "pm_mock_20").await.refused(409, "TOO_MANY_CARDS");
    // Kept already, it is no new one.
    add(&shop, &author, "pm_mock_3").await.ok(201);
}

#[tokio::test]
async fn a_removed_card_leaves_stripe_and_may_come_again() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    let id = |answer: &Answer| answer.ok(201)["paymentMethod"]["id"].as_str().unwrap().to_owned();
    let first = id(&add(&shop, &author, "pm_mock_1").await);
    change(&shop, &author, Method::DELETE, &format!("/payment-methods/{first}")).await.ok(200);
    assert_eq!(shop.count("stripe_departures").await, 1);
    // Before it left.
    let again = id(&add(&shop, &author, "pm_mock_1").await);
    assert_eq!(defaults(&shop, &author).await, (1, vec![0]));
    assert_eq!(shop.run_job("stripe_departures").await, 0);
    change(&shop, &author, Method::DELETE, &format!("/payment-methods/{again}")).await.ok(200);
    assert_eq!(shop.run_job("stripe_departures").await, 1);
    assert_eq!(shop.count("dev_stripe_cards WHERE customer IS NOT NULL").await, 0);
    // And after.
    add(&shop, &author, "pm_mock_1").await.ok(201);
    assert_eq!(defaults(&shop, &author).await, (1, vec![0]));
    assert_eq!(shop.count("dev_stripe_cards WHERE customer IS NOT NULL").await, 1);
    // While it is going it stays away.
    shop.execute(
        "INSERT INTO stripe_departures (id, kind, stripe_id, attempts, next_attempt_at, created_at)
         VALUES (UNHEX(REPEAT('AB', 16)), 'CARD', 'pm_mock_9', 1, '2099-01-01', '2026-01-01')",
    )
    .await;
    add(&shop, &author, "pm_mock_9").await.refused(409, "CARD_LEAVING");
}

#[tokio::test]
async fn a_customer_lost_at_stripe_is_made_again() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    add(&shop, &author, "pm_mock_1").await.ok(201);
    let lost = shop.value("SELECT stripe_customer_id FROM users").await.unwrap();
    shop.state.stripe.delete_customer(&lost).await.unwrap();
    // A payment page does without it.
    let order = shop.unpaid_order(&author).await;
    let opened = shop
        .post_as(&author.token, "/payments/create-checkout-session", &json!({ "commandeId": order }))
        .await;
    opened.ok(200);
    assert_eq!(shop.value("SELECT stripe_customer_id FROM users").await, None);
    add(&shop, &author, "pm_mock_2").await.ok(201);
    let made = shop.value("SELECT stripe_customer_id FROM users").await.unwrap();
    assert_ne!(made, lost);
    shop.state.stripe.delete_customer(&made).await.unwrap();
    let prepare = shop.post("/payment-methods/setup-intent").bearer_auth(&author.token);
    shop.json(prepare, 200).await;
    assert_ne!(shop.value("SELECT stripe_customer_id FROM users").await, Some(made));
}

#[tokio::test]
async fn kept_cards_are_offered_on_the_payment_page() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let author = shop.person("author@example.com", Role::User).await;
    let card = add(&shop, &author, "pm_mock_1").await.ok(201)["paymentMethod"].clone();
    let order = shop.unpaid_order(&author).await;
    let body = json!({ "commandeId": order });
    let opened =
        shop.post_as(&author.token, "/payments/create-checkout-session", &body).await.ok(200).clone();
    let page = format!("/dev/stripe/checkout/{}", opened["sessionId"].as_str().unwrap());
    let (_, html) = text_of(shop.get(&page).send().await.unwrap()).await;
    assert!(
        html.contains(card["last4"].as_str().unwrap()) && html.contains(r#"value="pm_mock_1""#),
        "{html}"
    );
    assert!(html.contains("author@example.com"), "{html}");
    let customer = shop.value("SELECT stripe_customer_id FROM users").await.unwrap();
    let listed = shop.get(&format!("/dev/stripe/v1/customers/{customer}/payment_methods"));
    let listed = shop.json(listed.bearer_auth("sk_test_x"), 200).await;
    assert_eq!(listed["data"][0]["id"], "pm_mock_1");
    let paid = shop.post(&format!("{page}/pay")).json(&json!({ "card": "pm_mock_1" })).send().await.unwrap();
    assert_eq!(paid.status(), 303);
    assert_eq!(shop.count("commandes WHERE payment_status = 'paid'").await, 1);
}

#[tokio::test]
async fn an_outage_of_stripe_is_told_and_leaves_nothing() {
    let shop =
        Shop::with(&[("STRIPE_SECRET_KEY", "sk_test_x"), ("STRIPE_API_URL", "http://127.0.0.1:9")]).await;
    let author = shop.person("author@example.com", Role::User).await;
    for path in ["/payment-methods", "/payment-methods/setup-intent"] {
        let answer = shop.post_as(&author.token, path, &json!({ "paymentMethodId": "pm_1" })).await;
        answer.refused(503, "STRIPE_UNAVAILABLE");
        assert!(answer.header("retry-after").is_some());
    }
    assert_eq!(shop.count("payment_methods").await, 0);
}

#[tokio::test]
async fn an_erased_author_leaves_stripe_too() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    for card in ["pm_mock_1", "pm_mock_2"] {
        add(&shop, &author, card).await.ok(201);
    }
    let mut tx = shop.state.begin().await.unwrap();
    staka::privacy::erase(&mut tx, author.id, shop.state.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(shop.count("payment_methods").await, 0);
    assert_eq!(shop.run_job("stripe_departures").await, 3);
    assert_eq!(shop.count("dev_stripe_customers WHERE NOT deleted").await, 0);
    assert_eq!(shop.count("dev_stripe_cards WHERE customer IS NOT NULL").await, 0);
    assert_eq!(shop.count("stripe_departures").await, 0);
}
