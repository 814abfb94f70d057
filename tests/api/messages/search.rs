use serde_json::{Value, json};
use staka::auth::Role;

use super::visitor;
use crate::shop::{Person, Shop, refused_fields};

async fn found(shop: &Shop, person: &Person, query: &str) -> (Vec<String>, Value) {
    let body = shop.json(shop.get_as(person, &format!("/messages/search?q={query}")), 200).await;
    let messages = body["messages"].as_array().unwrap();
    let texts = messages.iter().map(|message| message["content"].as_str().unwrap().to_owned()).collect();
    (texts, body["pagination"].clone())
}

#[tokio::test]
async fn messages_are_found_by_their_words() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let (client, other) = (
        shop.person("client@example.com", Role::User).await,
        shop.person("other@example.com", Role::User).await,
    );
    let corrector = shop.person("c@example.com", Role::Corrector).await;
    let order = shop.commande(&client, "Le Nil", "EN_COURS").await;
    shop.assign(order, &corrector).await;
    shop.start_thread(&client, json!({"content": "L'été du manuscrit, 50% fini"})).await;
    shop.start_thread(&client, json!({"content": "Manuscrit, manuscrit et encore manuscrit : l’hiver"}))
        .await;
    shop.start_thread(&other, json!({"content": "Un autre manuscrit d'été"})).await;
    shop.json(shop.chat(visitor("Mon manuscrit ?")), 201).await;

    let (texts, pagination) = found(&shop, &client, "manuscrit").await;
    assert_eq!(texts, ["Manuscrit, manuscrit et encore manuscrit : l’hiver", "L'été du manuscrit, 50% fini"]);
    assert_eq!(pagination["total"], 2);
    assert_eq!(found(&shop, &client, "ete%20manuscrit").await.0, ["L'été du manuscrit, 50% fini"]);
    assert!(found(&shop, &client, "autre").await.0.is_empty(), "only one's own");
    assert_eq!(found(&shop, &corrector, "manuscrit").await.0.len(), 2);

    let (texts, pagination) = found(&shop, &admin, "manuscrit").await;
    assert_eq!(
        (texts.len(), texts[0].as_str(), &pagination["total"]),
        (4, "Manuscrit, manuscrit et encore manuscrit : l’hiver", &json!(4))
    );
    let (texts, _) = found(&shop, &admin, "%C3%A9t%C3%A9%20manus").await;
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert_eq!(found(&shop, &admin, "manuscrit&limit=1&page=2").await.0.len(), 1);
    let thread = shop.json(shop.get_as(&admin, "/messages/search?q=Mon%20manuscrit"), 200).await;
    assert_eq!(thread["messages"][0]["threadId"], "jean.petit@example.com");
    for query in ["", "?q=", "?q=%C3%A0%20la", "?q=%2B%2A%22%28"] {
        let refused = shop
            .refused(shop.get_as(&admin, &format!("/messages/search{query}")), 400, "VALIDATION_ERROR")
            .await;
        assert_eq!(refused_fields(&refused), ["q"], "{query}");
    }
    // Operators of the index are no more than blanks.
    assert_eq!(found(&shop, &admin, "%2Bmanuscrit%20-autre*%22").await.0.len(), 1);
}
