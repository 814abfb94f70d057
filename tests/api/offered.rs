//! Orders that cost nothing: told as offered, and a guest's only once its mail was read.

use reqwest::{Method, RequestBuilder, multipart::Part};
use serde_json::{Value, json};
use staka::auth::Role;
use uuid::Uuid;

use crate::{
    payments::bench::{accepted, author_order, event, paid_session},
    shop::{Person, Shop, guest_form, text_of, word},
    support::server::{CLIENT, TestServer},
};

const PATH: &str = "/api/public/commande-offerte/";

async fn page(shop: &Shop, method: Method, path: &str) -> (u16, String) {
    let answer = shop.request(method, path).send().await.unwrap();
    let status = answer.status().as_u16();
    let (headers, text) = text_of(answer).await;
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/html"), "{text}");
    (status, text)
}

/// Kinds and addressees of the mails, once sent, none of which speaks of a payment of nothing.
async fn mails(server: &TestServer) -> Vec<String> {
    server.work().await;
    for mail in server.mailbox().await {
        let text = format!("{} {}", mail["subject"], mail["text"]);
        let of_nothing =
            text.match_indices("0,00").any(|(at, _)| !text[..at].ends_with(|c: char| c.is_ascii_digit()));
        assert!(!of_nothing, "{text}");
    }
    server.mail_kinds().await.into_iter().map(|(kind, to)| format!("{kind} {to}")).collect()
}

fn free_order(shop: &Shop, author: &Person, service: Uuid, titre: &str) -> RequestBuilder {
    let form = guest_form(service, &[("nombrePages", Some("10")), ("titre", Some(titre))]);
    shop.post("/commandes/create-paid-project")
        .bearer_auth(&author.token)
        .multipart(form.part("files", word()))
}

#[tokio::test]
async fn a_guest_confirms_an_offered_order_by_its_mail() {
    let shop = Shop::open().await;
    let service = shop.tarif("Correction", 200, "PAGE").await;
    let order = || {
        let form = guest_form(service, &[("nombrePages", Some("10"))]).part("files", word());
        shop.json(shop.post("/api/public/order").multipart(form), 201)
    };
    let placed = order().await;
    assert_eq!(placed["sessionId"], "");
    let (status, text) = page(&shop, Method::GET, "/api/public/commande-offerte").await;
    assert!(status == 200 && text.contains("boîte de réception"), "{text}");
    assert!(placed["checkoutUrl"].as_str().unwrap().ends_with("/api/public/commande-offerte"), "{placed}");
    assert_eq!(order().await, placed);
    assert_eq!(mails(&shop).await, ["order-to-confirm jeanne.dupont@example.com"]);
    let link = format!("{PATH}{}", shop.mailed(PATH).await);
    // A scanner of mails opens every link.
    let (status, text) = page(&shop, Method::GET, &link).await;
    assert!(status == 200 && text.contains(r#"<form method="post">"#), "{text}");
    assert_eq!(shop.count("commandes").await + shop.count("users").await, 0);
    for _ in 0..2 {
        let (status, text) = page(&shop, Method::POST, &link).await;
        assert!(status == 200 && text.contains("Votre commande est confirmée"), "{text}");
    }
    let row = shop.row("SELECT c.titre, c.statut, c.payment_status, u.email FROM commandes c JOIN users u ON u.id = c.user_id").await;
    let expected = ["L’été à Sète", "PAYEE", "paid", "jeanne.dupont@example.com"];
    assert_eq!(row, expected.map(|text| Some(text.to_owned())));
    assert_eq!(shop.count("files WHERE commande_id IS NOT NULL AND uploaded_by_id IS NOT NULL").await, 1);
    let told = [
        "activation-user jeanne.dupont@example.com",
        "admin-order equipe@staka.test",
        "order-to-confirm jeanne.dupont@example.com",
    ];
    assert_eq!(mails(&shop).await, told);
    for table in ["invoices", "payments", "checkout_sessions"] {
        assert_eq!(shop.count(table).await, 0, "{table}");
    }
    for forged in [format!("{PATH}abc"), format!("{link}A")] {
        assert_eq!(page(&shop, Method::POST, &forged).await.0, 404);
    }
}

#[tokio::test]
async fn an_author_has_an_offered_order_at_once() {
    let shop = Shop::open().await;
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let author = shop.person("author@example.com", Role::User).await;
    let service = shop.tarif("Correction", 200, "PAGE").await;
    let placed = shop.json(free_order(&shop, &author, service, "Le Nil"), 201).await;
    assert_eq!(placed["checkoutUrl"], "http://spa.test/payment-success");
    // Sent twice it is one.
    assert_eq!(shop.json(free_order(&shop, &author, service, "Le Nil"), 201).await, placed);
    assert_eq!(shop.count("commandes WHERE statut = 'PAYEE' AND amount = 0").await, 1);
    let told = ["admin-order equipe@staka.test", "client-project-confirmation author@example.com"];
    assert_eq!(mails(&shop).await, told);
    let team = shop.mailbox().await.into_iter().find(|mail| mail["template"] == "admin-order").unwrap();
    let subject = team["subject"].as_str().unwrap();
    assert!(
        subject.contains("Commande offerte") && subject.contains(placed["reference"].as_str().unwrap()),
        "{subject}"
    );
    for (person, title) in [(&author, "Votre commande vous est offerte"), (&admin, "Commande offerte")] {
        let bell = shop.json(shop.get_as(person, "/notifications"), 200).await;
        assert_eq!(
            (&bell["notifications"][0]["title"], &bell["pagination"]["total"]),
            (&json!(title), &json!(1))
        );
    }
}

#[tokio::test]
async fn a_person_gets_three_offered_orders_a_day() {
    let shop = Shop::with(&[("RATE_LIMIT_ENABLED", "true")]).await;
    shop.ignore_mails();
    let author = shop.person("author@example.com", Role::User).await;
    let service = shop.tarif("Correction", 200, "PAGE").await;
    for titre in ["Tome un", "Tome deux", "Tome trois", "Tome trois"] {
        shop.json(free_order(&shop, &author, service, titre), 201).await;
    }
    shop.refused(free_order(&shop, &author, service, "Tome quatre"), 429, "TOO_MANY_REQUESTS").await;
    let guest = |titre: &str| {
        let form = guest_form(service, &[("nombrePages", Some("10")), ("titre", Some(titre))]);
        shop.post("/public/order").multipart(form)
    };
    for titre in ["Un", "Deux", "Trois"] {
        shop.json(guest(titre), 201).await;
    }
    shop.refused(guest("Quatre"), 429, "TOO_MANY_REQUESTS").await;
    assert_eq!(shop.count("pending_commandes").await, 6);
    // Nor by another door.
    let wanted = json!({ "titre": "Tome cinq", "packType": service, "pages": 10 });
    let created = shop.json(shop.post("/commandes").bearer_auth(&author.token).json(&wanted), 201).await;
    let page = shop.post("/payments/create-checkout-session").bearer_auth(&author.token);
    let paying = page.json(&json!({ "commandeId": created["commande"]["id"] }));
    shop.refused(paying, 429, "TOO_MANY_REQUESTS").await;
    assert_eq!(shop.count("commandes WHERE titre = 'Tome cinq' AND payment_status = 'paid'").await, 0);
}

#[tokio::test]
async fn offered_orders_keep_so_many_documents_and_no_more() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let author = shop.person("author@example.com", Role::User).await;
    let service = shop.tarif("Correction", 200, "PAGE").await;
    shop.json(free_order(&shop, &author, service, "Tome un"), 201).await;
    shop.execute("UPDATE files SET size = 200 * 1024 * 1024").await;
    shop.refused(free_order(&shop, &author, service, "Tome deux"), 400, "OFFERED_FILES_FULL").await;
    assert_eq!((shop.count("pending_commandes").await, shop.objects().len()), (1, 1));
}

async fn created(shop: &Shop, author: &Person, body: Value) -> (Uuid, Value) {
    let created = shop.json(shop.post("/commandes").bearer_auth(&author.token).json(&body), 201).await;
    let id = created["commande"]["id"].clone();
    let page = shop.post("/payments/create-checkout-session").bearer_auth(&author.token);
    let answer = shop.json(page.json(&json!({ "commandeId": id })), 200).await;
    (id.as_str().unwrap().parse().unwrap(), answer)
}

#[tokio::test]
async fn an_order_without_payment_is_paid_at_the_servers_price() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    let tarif = shop.tarif("Correction", 200, "PAGE").await;
    let wanted =
        |pages: u32| json!({ "titre": "Mon roman", "packType": tarif, "pages": pages, "prixEstime": 1 });
    let (_, opened) = created(&shop, &author, wanted(150)).await;
    let session = opened["sessionId"].as_str().unwrap();
    assert_eq!(
        shop.state.stripe.session(session).await.unwrap().amount_total.map(|amount| amount.get()),
        Some(28_000)
    );
    assert_eq!(shop.pay(session).await.status, 303);
    assert_eq!(shop.count("commandes WHERE payment_status = 'paid' AND amount = 28000").await, 1);
    // Nothing is due for ten pages.
    let (id, offered) = created(&shop, &author, wanted(10)).await;
    assert_eq!(offered, json!({ "sessionId": "", "url": "http://spa.test/payment-success" }));
    let free = format!(
        "commandes WHERE id = UNHEX('{}') AND statut = 'EN_COURS' AND payment_status = 'paid' AND amount = 0",
        id.simple()
    );
    assert_eq!(shop.count(&free).await, 1);
    assert_eq!(shop.count("checkout_sessions").await, 1);
    shop.refused(
        shop.post("/payments/create-checkout-session")
            .bearer_auth(&author.token)
            .json(&json!({ "commandeId": id })),
        400,
        "ALREADY_PAID",
    )
    .await;
    let told = mails(&shop).await;
    let of = |kind: &str| told.iter().filter(|mail| mail.starts_with(kind)).count();
    // Each order was confirmed when it came, the second once more as offered; the team was written to once about each.
    assert_eq!(
        (of("client-project-confirmation"), of("payment-user"), of("admin-order")),
        (3, 1, 2),
        "{told:?}"
    );
    let mails = shop.mailbox().await;
    let of_free = |mail: &&Value| mail["subject"].as_str().unwrap().contains("Commande offerte");
    assert_eq!(mails.iter().filter(of_free).count(), 1);
}

#[tokio::test]
async fn an_order_found_to_cost_nothing_at_its_payment_page_is_told_to_the_team() {
    let server = TestServer::start().await;
    let token = server.login(CLIENT).await;
    let waiting = author_order(&server, &token).await;
    let mut session = paid_session(&waiting.session);
    session["payment_status"] = json!("no_payment_required");
    session["amount_total"] = json!(0);
    session["payment_intent"] = Value::Null;
    accepted(&server, &event("checkout.session.completed", session)).await;
    server.work().await;
    let mailbox = server.mailbox().await;
    let to_team = mailbox.iter().filter(|mail| mail["template"] == "admin-order");
    let mut offered: Vec<_> =
        to_team.map(|mail| mail["subject"].as_str().unwrap().contains("Commande offerte")).collect();
    offered.sort_unstable();
    assert_eq!(offered, [false, true], "when it was created it was not offered");
    assert_eq!(server.count("invoices").await, 0);
}

#[tokio::test]
async fn one_address_gets_ten_offered_orders_a_day() {
    let shop = Shop::with(&[("RATE_LIMIT_ENABLED", "true"), ("RATE_LIMIT_GUEST_ORDER", "100/3600")]).await;
    shop.ignore_mails();
    let author = shop.person("author@example.com", Role::User).await;
    let service = shop.tarif("Correction", 200, "PAGE").await;
    let guest = |n: u32| {
        let email = format!("guest{n}@example.com");
        shop.post("/public/order")
            .multipart(guest_form(service, &[("nombrePages", Some("10")), ("email", Some(&email))]))
    };
    for n in 0..10 {
        shop.json(guest(n), 201).await;
    }
    shop.refused(guest(10), 429, "TOO_MANY_REQUESTS").await;
    shop.refused(free_order(&shop, &author, service, "Le Nil"), 429, "TOO_MANY_REQUESTS").await;
    assert_eq!((shop.count("pending_commandes").await, shop.count("email_outbox").await), (10, 10));
    shop.json(guest(10).header("x-forwarded-for", "203.0.113.7"), 201).await;
    // What was refused for the address alone was not counted against the person.
    for titre in ["Tome un", "Tome deux", "Tome trois"] {
        let order = free_order(&shop, &author, service, titre).header("x-forwarded-for", "203.0.113.8");
        shop.json(order, 201).await;
    }
}

/// Six tenths of a mebibyte.
fn archive(seed: u8) -> Part {
    let bytes = [b"PK\x03\x04".to_vec(), vec![seed; 600 << 10]].concat();
    Part::bytes(bytes).file_name(format!("tome-{seed}.zip")).mime_str("application/zip").unwrap()
}

#[tokio::test]
async fn documents_of_an_offered_order_count_as_unpaid_until_it_is_confirmed() {
    let shop = Shop::with(&[("UNPAID_FILES_MB", "1")]).await;
    shop.ignore_mails();
    let service = shop.tarif("Correction", 200, "PAGE").await;
    let order = |seed: u8, pages: &str| {
        let email = format!("guest{seed}@example.com");
        let form = guest_form(service, &[("nombrePages", Some(pages)), ("email", Some(&email))]);
        shop.json(shop.post("/public/order").multipart(form.part("files", archive(seed))), 201)
    };
    let left = "pending_commandes WHERE status <> 'PAID'";
    order(1, "10").await;
    let offered = order(2, "10").await;
    assert_eq!((shop.count(left).await, shop.objects().len()), (1, 1), "nobody confirmed the first one");
    let pending: Uuid = offered["pendingCommandeId"].as_str().unwrap().parse().unwrap();
    let link = format!("{PATH}{}", shop.state.links.ticket("commande-offerte", pending));
    assert_eq!(page(&shop, Method::POST, &link).await.0, 200);
    order(3, "150").await;
    assert_eq!((shop.count("commandes").await, shop.count(left).await, shop.objects().len()), (1, 1, 2));
}
