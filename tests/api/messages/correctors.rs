use reqwest::Method;
use serde_json::json;
use staka::auth::Role;

use super::texts;
use crate::shop::Shop;

#[tokio::test]
async fn a_corrector_writes_in_the_conversations_of_their_clients_and_no_other() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let (client, other) = (
        shop.person("client@example.com", Role::User).await,
        shop.person("other@example.com", Role::User).await,
    );
    let (corrector, stranger) = (
        shop.person("c@example.com", Role::Corrector).await,
        shop.person("d@example.com", Role::Corrector).await,
    );
    let order = shop.commande(&client, "Le Nil", "EN_COURS").await;
    shop.assign(order, &corrector).await;
    shop.start_thread(&client, json!({"content": "Où en êtes-vous ?"})).await;
    shop.start_thread(&other, json!({"content": "Rien pour vous"})).await;
    let thread = client.id.to_string();

    let listed = shop.threads(&corrector).await;
    assert_eq!(
        (listed.len(), &listed[0]["threadId"], &listed[0]["unreadCount"]),
        (1, &json!(client.id), &json!(1))
    );
    assert!(shop.threads(&stranger).await.is_empty());
    let bells = shop.json(shop.get_as(&corrector, "/notifications"), 200).await;
    assert_eq!(bells["notifications"][0]["message"], "Zoé Martin : Où en êtes-vous ?");
    assert_eq!(texts(&shop.thread(&corrector, &thread).await), ["Où en êtes-vous ?"]);
    assert_eq!(shop.threads(&corrector).await[0]["unreadCount"], 0, "looking reads, for the corrector alone");
    assert_eq!(shop.unread(&admin).await, 2);

    let written = shop
        .reply(&corrector, &thread, json!({"content": "Au chapitre 3", "displayRole": "Direction"}))
        .await;
    assert_eq!(
        (&written["displayFirstName"], &written["displayRole"]),
        (&json!("Zoé"), &json!("Correcteur"))
    );
    assert_eq!(shop.unread(&admin).await, 2, "the team's own words are not unread");
    assert_eq!(shop.threads(&client).await[0]["unreadCount"], 1);
    assert_eq!(texts(&shop.thread(&admin, &thread).await), ["Où en êtes-vous ?", "Au chapitre 3"]);

    for (person, name) in [(&corrector, other.id.to_string()), (&stranger, thread.clone())] {
        shop.refused(
            shop.get_as(person, &format!("/messages/threads/{name}")),
            403,
            "CONVERSATION_FORBIDDEN",
        )
        .await;
        shop.refused(shop.replying(person, &name, json!({"content": "?"})), 403, "CONVERSATION_FORBIDDEN")
            .await;
        shop.refused(
            shop.messages(Method::GET, person, &format!("conversations/{name}")),
            403,
            "CONVERSATION_FORBIDDEN",
        )
        .await;
    }
    let first = shop.thread(&corrector, &thread).await[0]["id"].as_str().unwrap().to_owned();
    shop.refused(shop.messages(Method::DELETE, &corrector, &first), 403, "CONVERSATION_FORBIDDEN").await;
    let archive = shop.messages(Method::PATCH, &corrector, &format!("conversations/{thread}/archive"));
    shop.refused(archive, 403, "CONVERSATION_FORBIDDEN").await;

    // With the team a corrector has a conversation of their own.
    shop.advance(chrono::Duration::seconds(1));
    shop.start_thread(&corrector, json!({"content": "Une question"})).await;
    let names: Vec<_> =
        shop.threads(&corrector).await.iter().map(|thread| thread["threadId"].clone()).collect();
    assert_eq!(names, [json!("admin-support"), json!(client.id)]);
    // Whoever loses the order loses the conversation.
    shop.execute("UPDATE commandes SET corrector_id = NULL").await;
    shop.refused(
        shop.get_as(&corrector, &format!("/messages/threads/{thread}")),
        403,
        "CONVERSATION_FORBIDDEN",
    )
    .await;
}
