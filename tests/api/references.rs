//! What people call an order: the same from the form to the invoice.

use serde_json::{Value, json};
use staka::{auth::Role, commandes::references};

use crate::{
    payments::invoices::{bytes, read},
    shop::{Shop, guest_form},
    support::server::{CLIENT, TestServer},
};

fn is_reference(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let base32 = |c: char| c.is_ascii_digit() || (c.is_ascii_uppercase() && !"ILOU".contains(c));
    text.len() == 9 && text.char_indices().all(|(at, c)| if at == 4 { c == '-' } else { base32(c) })
}

#[tokio::test]
async fn an_order_keeps_its_reference_wherever_people_see_it() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    let service = shop.tarif("Pack KDP", 35_000, "FORFAIT").await;
    let form = guest_form(service, &[]);
    let ordering = shop.post("/commandes/create-paid-project").bearer_auth(&author.token).multipart(form);
    let placed = shop.json(ordering, 201).await;
    let reference = &placed["reference"];
    assert!(is_reference(reference), "{placed}");
    let name = reference.as_str().unwrap();
    let session = placed["checkoutUrl"].as_str().unwrap().rsplit('/').next().unwrap();
    let page =
        shop.get(&format!("/dev/stripe/checkout/{session}")).send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains(&format!("Commande {name}")) && page.contains(&format!("Référence : {name}")),
        "{page}"
    );
    let pending = placed["pendingCommandeId"].as_str().unwrap();
    let waiting = shop.json(shop.get(&format!("/public/order/{pending}")), 200).await;
    assert_eq!(&waiting["pendingCommande"]["reference"], reference);
    assert_eq!(shop.pay(session).await.status, 303);

    let status = shop.json(shop.get_as(&author, &format!("/payments/status/{session}")), 200).await;
    assert_eq!(&status["reference"], reference);
    let orders = shop.json(shop.get_as(&author, "/commandes"), 200).await;
    assert_eq!(&orders["commandes"][0]["reference"], reference);
    let projects = shop.json(shop.get_as(&author, "/projects"), 200).await;
    assert_eq!(&projects["data"][0]["reference"], reference);
    shop.work().await;
    let uuid = orders["commandes"][0]["id"].as_str().unwrap();
    let invoices = shop.json(shop.get_as(&author, "/invoices"), 200).await;
    let (invoice, _) = read(&bytes(&shop, None, invoices["invoices"][0]["pdfUrl"].as_str().unwrap()).await);
    assert_eq!(invoice.matches(name).count(), 2, "{invoice}");
    for of_machines in ["cs_", "pi_", uuid, pending] {
        assert!(!invoice.contains(of_machines), "{of_machines} in {invoice}");
    }
    for mail in shop.mailbox().await {
        let (subject, text) = (mail["subject"].as_str().unwrap(), mail["text"].as_str().unwrap());
        assert!(text.contains(name), "{subject}: {text}");
        assert!(!text.contains(session), "{text}");
        let bare = text.replace(&format!("/app/projects/{uuid}/files"), "");
        assert!(!bare.contains(uuid) && !bare.contains(pending), "{text}");
        let to_team = mail["to"] == "equipe@staka.test";
        assert!(!to_team || subject.contains(name), "{subject}");
    }
}

#[tokio::test]
async fn an_order_without_payment_has_a_reference() {
    let server = TestServer::start().await;
    server.ignore_mails();
    let token = server.login(CLIENT).await;
    let created = server.post_as(&token, "/api/commandes", &json!({ "titre": "Mon roman" })).await;
    let reference = created.ok(201)["commande"]["reference"].clone();
    assert!(is_reference(&reference), "{reference}");
    let id = created.body["commande"]["id"].as_str().unwrap().to_owned();
    let read = server.get_as(&token, &format!("/api/commandes/{id}")).await;
    assert_eq!(read.ok(200)["commande"]["reference"], reference);
}

#[tokio::test]
async fn orders_from_before_references_get_theirs() {
    let shop = Shop::open().await;
    let author = shop.person("author@example.com", Role::User).await;
    for _ in 0..3 {
        shop.commande(&author, "Un vieux roman", "EN_ATTENTE").await;
    }
    let pending = shop.pending_order("zoe@example.com").await;
    let paid = shop.commande(&author, "Un roman de passage", "PAYEE").await;
    shop.execute(&format!("UPDATE pending_commandes SET commande_id = UNHEX('{}')", paid.simple())).await;
    assert_eq!(references::fill(&shop.state).await.unwrap(), 5);
    assert_eq!(references::fill(&shop.state).await.unwrap(), 0);
    let all = shop.texts("SELECT reference FROM commandes").await;
    assert!(all.iter().all(|reference| is_reference(&json!(reference))), "{all:?}");
    // Paid, an order keeps the one it had.
    let both = "commandes c JOIN pending_commandes p ON p.reference = c.reference AND p.commande_id = c.id";
    assert_eq!(shop.count(both).await, 1);
    assert_eq!(shop.count("order_references").await, 4);
    let path = format!("/public/order/{pending}");
    assert!(is_reference(&shop.json(shop.get(&path), 200).await["pendingCommande"]["reference"]));
}
