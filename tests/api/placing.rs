//! Placing an order: once for a form sent twice, told once, and not at all when it cannot be paid.

use chrono::Duration;
use futures_util::future::join_all;
use reqwest::{RequestBuilder, multipart::Part};
use serde_json::{Value, json};
use staka::{
    auth::Role,
    checkout::purge::{self, Spared},
};
use uuid::Uuid;

use crate::shop::{Shop, guest_form, refused_fields, word};

fn guest_order(shop: &Shop, service: Uuid, changes: &[(&'static str, Option<&str>)]) -> RequestBuilder {
    shop.post("/public/order").multipart(guest_form(service, changes).part("files", word()))
}

fn same(first: &Value, second: &Value) -> bool {
    ["pendingCommandeId", "reference", "checkoutUrl", "sessionId"].iter().all(|key| first[key] == second[key])
}

async fn assert_one_order(shop: &Shop) {
    for table in ["pending_commandes", "files", "checkout_sessions", "email_outbox", "notifications"] {
        assert_eq!(shop.count(table).await, 1, "{table}");
    }
    assert_eq!(shop.objects().len(), 1);
    assert_eq!(shop.count("storage_deletions").await, 0);
}

#[tokio::test]
async fn a_form_sent_twice_makes_one_order() {
    let shop = Shop::open().await;
    shop.person("admin@example.com", Role::Admin).await;
    let service = shop.tarif("Correction", 200, "PAGE").await;
    let first = shop.json(guest_order(&shop, service, &[]), 201).await;
    // The note to the team makes no other order.
    let noted = guest_order(&shop, service, &[("description", Some("Encore moi"))]);
    let second = shop.json(noted, 201).await;
    assert!(same(&first, &second), "{first} {second}");
    assert_eq!(second["uploadedFiles"], 1);
    assert_one_order(&shop).await;
    let titled = ("titre", Some("Un autre titre"));
    for changes in [titled, ("nombrePages", Some("151")), ("email", Some("zoe@example.com"))] {
        assert!(!same(&first, &shop.json(guest_order(&shop, service, &[changes]), 201).await));
    }
    shop.clock.advance(Duration::minutes(11));
    let later = shop.json(guest_order(&shop, service, &[]), 201).await;
    assert_ne!(first["pendingCommandeId"], later["pendingCommandeId"]);
    assert_eq!(shop.count("email_outbox").await, 5);
}

#[tokio::test]
async fn a_form_sent_twice_at_once_makes_one_order() {
    let shop = Shop::open().await;
    shop.person("admin@example.com", Role::Admin).await;
    let service = shop.tarif("Correction", 200, "PAGE").await;
    let orders = (0..4).map(|_| shop.json(guest_order(&shop, service, &[]), 201));
    let placed = join_all(orders).await;
    assert!(placed.iter().all(|other| same(&placed[0], other)), "{placed:#?}");
    assert_one_order(&shop).await;
}

#[tokio::test]
async fn an_author_who_paid_may_order_the_same_again() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let author = shop.person("author@example.com", Role::User).await;
    let service = shop.tarif("Pack KDP", 35_000, "FORFAIT").await;
    let order = || {
        let form = guest_form(service, &[]).part("files", word());
        shop.json(shop.post("/commandes/create-paid-project").bearer_auth(&author.token).multipart(form), 201)
    };
    let first = order().await;
    assert!(same(&first, &order().await));
    let session = first["checkoutUrl"].as_str().unwrap().rsplit('/').next().unwrap();
    assert_eq!(shop.pay(session).await.status, 303);
    let second = order().await;
    assert_ne!(first["pendingCommandeId"], second["pendingCommandeId"]);
}

#[tokio::test]
async fn what_stripe_refuses_of_a_customer_is_told_to_them() {
    let shop = Shop::open().await;
    let service = shop.tarif("Pack KDP", 35_000, "FORFAIT").await;
    let order = |code: &str| {
        let email = format!("{code}@example.com");
        guest_order(&shop, service, &[("email", Some(&email))])
    };
    for (code, field) in [
        ("email_invalid", "email"),
        ("amount_too_small", "nombrePages"),
        ("parameter_invalid_string_blank", "titre"),
    ] {
        let refusal = shop.refused(order(code), 400, "PAYMENT_REFUSED").await;
        assert_eq!(refused_fields(&refusal), [field]);
        assert_eq!(refusal["details"][0]["code"], code);
    }
    for code in ["parameter_invalid_integer", "api_key_expired"] {
        shop.refused(order(code), 500, "INTERNAL_ERROR").await;
    }
    for code in ["rate_limit", "api_error"] {
        shop.refused(order(code), 503, "STRIPE_UNAVAILABLE").await;
    }
    shop.assert_untouched().await;
}

#[tokio::test]
async fn what_stripe_refuses_of_an_author_leaves_their_order_to_be_paid() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let service = shop.tarif("Pack KDP", 35_000, "FORFAIT").await;
    let author = shop.person("amount_too_small@example.com", Role::User).await;
    let wanted = json!({ "titre": "Mon roman", "packType": service });
    let created = shop.json(shop.post("/commandes").bearer_auth(&author.token).json(&wanted), 201).await;
    let paying = || {
        let page = shop.post("/payments/create-checkout-session").bearer_auth(&author.token);
        page.json(&json!({ "commandeId": created["commande"]["id"] }))
    };
    let refusal = shop.refused(paying(), 400, "PAYMENT_REFUSED").await;
    assert_eq!(refused_fields(&refusal), ["nombrePages"]);
    let form = guest_form(service, &[]).part("files", word());
    let placing = shop.post("/commandes/create-paid-project").bearer_auth(&author.token).multipart(form);
    assert_eq!(refused_fields(&shop.refused(placing, 400, "PAYMENT_REFUSED").await), ["nombrePages"]);
    assert_eq!((shop.count("pending_commandes").await, shop.objects().len()), (0, 0));
    shop.execute("UPDATE users SET email = 'author@example.com'").await;
    let opened = shop.json(paying(), 200).await;
    assert_eq!(shop.pay(opened["sessionId"].as_str().unwrap()).await.status, 303);
    assert_eq!(shop.count("commandes WHERE payment_status = 'paid'").await, 1);
}

#[tokio::test]
async fn an_order_nobody_was_told_of_is_told_of_once() {
    let shop = Shop::open().await;
    shop.person("admin@example.com", Role::Admin).await;
    let service = shop.tarif("Pack KDP", 35_000, "FORFAIT").await;
    shop.json(guest_order(&shop, service, &[]), 201).await;
    shop.clock.advance(Duration::minutes(3));
    assert_eq!(shop.run_job("untold_orders").await, 0);
    // As if the server had ended before it told anybody.
    for sql in [
        "UPDATE pending_commandes SET announced_at = NULL",
        "DELETE FROM email_outbox",
        "DELETE FROM notifications",
    ] {
        shop.execute(sql).await;
    }
    assert_eq!(shop.run_job("untold_orders").await, 1);
    assert_eq!(shop.run_job("untold_orders").await, 0);
    shop.json(guest_order(&shop, service, &[]), 201).await;
    assert_eq!(shop.count("email_outbox").await, 1);
    assert_eq!(shop.count("notifications").await, 1);
}

#[tokio::test]
async fn an_order_that_somebody_can_pay_is_not_taken_back() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let service = shop.tarif("Pack KDP", 35_000, "FORFAIT").await;
    let placed = shop.json(guest_order(&shop, service, &[]), 201).await;
    let id: Uuid = placed["pendingCommandeId"].as_str().unwrap().parse().unwrap();
    for (spared, left) in [(Spared::Payable, 1), (Spared::BeingPaid, 0)] {
        purge::discard(&shop.state, id, spared).await.unwrap();
        assert_eq!((shop.count("pending_commandes").await, shop.objects().len()), (left, left as usize));
    }
}

/// Six tenths of a mebibyte that no other file has.
fn archive(seed: u8) -> Part {
    let bytes = [b"PK\x03\x04".to_vec(), vec![seed; 600 << 10]].concat();
    Part::bytes(bytes).file_name(format!("tome-{seed}.zip")).mime_str("application/zip").unwrap()
}

#[tokio::test]
async fn the_oldest_unpaid_orders_leave_when_their_files_take_too_much() {
    let shop = Shop::with(&[("UNPAID_FILES_MB", "1")]).await;
    shop.ignore_mails();
    let service = shop.tarif("Pack KDP", 35_000, "FORFAIT").await;
    let order = |seed: u8| {
        let form = guest_form(service, &[]).part("files", archive(seed));
        shop.post("/public/order").multipart(form)
    };
    let first = shop.json(order(1), 201).await;
    let second = shop.json(order(2), 201).await;
    assert_eq!(shop.count("pending_commandes").await, 1);
    assert_eq!(shop.objects().len(), 1);
    // Nobody pays for what is gone.
    let page = shop.state.stripe.session(first["sessionId"].as_str().unwrap()).await.unwrap();
    assert_eq!(page.status, staka::payments::event::SessionStatus::Expired);
    // What is being paid stays.
    let session = second["sessionId"].as_str().unwrap();
    let delayed =
        shop.post(&format!("/dev/stripe/checkout/{session}/pay?delayed=true")).send().await.unwrap();
    assert_eq!(delayed.status(), 303);
    shop.refused(order(3), 503, "STORAGE_UNAVAILABLE").await;
    assert_eq!(shop.count("pending_commandes").await, 1);
    assert_eq!(shop.objects().len(), 1);
}
