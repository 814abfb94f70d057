use reqwest::Method;
use serde_json::json;
use staka::{auth::Role, clock::new_id};

use super::{texts, visitor};
use crate::shop::Shop;

#[tokio::test]
async fn all_administrators_share_one_inbox() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let (one, two) = (
        shop.person("un@example.com", Role::Admin).await,
        shop.person("deux@example.com", Role::Admin).await,
    );
    let client = shop.person("client@example.com", Role::User).await;
    let body = json!({"userId": client.id, "subject": "Nouvelle conversation", "content": "Bienvenue", "displayFirstName": "Ada", "displayLastName": "L"});
    let created =
        shop.json(shop.messages(Method::POST, &one, "admin/conversations/create").json(&body), 201).await;
    assert_eq!(
        created["targetUser"],
        json!({"id": client.id, "name": "Zoé Martin", "email": "client@example.com"})
    );
    assert_eq!(
        (&created["threadId"], &created["data"]["type"]),
        (&json!(client.id), &json!("ADMIN_MESSAGE"))
    );
    assert_eq!(created["data"]["receiver"]["id"], json!(client.id));
    shop.reply(&client, "admin-support", json!({"content": "Merci"})).await;
    shop.advance(chrono::Duration::seconds(1));
    shop.json(shop.chat(visitor("Bonjour")), 201).await;
    assert_eq!((shop.unread(&one).await, shop.unread(&two).await), (2, 2));
    // Raw and encoded, whatever the case, the address names the same thread.
    let thread = shop.thread(&two, "jean.petit@example.com").await;
    assert_eq!(texts(&thread), ["Bonjour"]);
    assert_eq!(texts(&shop.thread(&two, "Jean.Petit%40example.com").await), ["Bonjour"]);
    assert_eq!((shop.unread(&one).await, shop.unread(&two).await), (1, 1));
    // As the web application does on every selection.
    let marked = shop
        .json(shop.messages(Method::POST, &one, &format!("conversations/{}/mark-read", client.id)), 200)
        .await;
    assert_eq!((marked["updatedCount"].clone(), shop.unread(&two).await), (json!(1), 0));
    let names: Vec<_> =
        shop.threads(&one).await.iter().map(|thread| thread["withUser"]["name"].clone()).collect();
    assert_eq!(names, ["Jean Petit", "Zoé Martin"]);
    let page = shop.json(shop.get_as(&one, "/messages/conversations?page=2&limit=1"), 200).await;
    assert_eq!((page.as_array().unwrap().len(), &page[0]["withUser"]["name"]), (1, &json!("Zoé Martin")));

    let create = |body| shop.messages(Method::POST, &one, "admin/conversations/create").json(&body);
    shop.refused(create(json!({"content": "a"})), 400, "VALIDATION_ERROR").await;
    shop.refused(create(json!({"userId": new_id(), "content": "a"})), 404, "NOT_FOUND").await;
    shop.refused(create(json!({"userId": one.id, "content": "a"})), 400, "INVALID_RECIPIENT").await;
    shop.refused(shop.replying(&one, &new_id().to_string(), json!({"content": "a"})), 404, "NOT_FOUND").await;
    shop.refused(shop.replying(&one, "inconnu@example.com", json!({"content": "a"})), 404, "NOT_FOUND").await;
    assert!(shop.thread(&one, &new_id().to_string()).await.is_empty());
    shop.refused(shop.get_as(&client, "/messages/unread-count"), 403, "ADMIN_REQUIRED").await;
    let sent =
        shop.count("audit_logs WHERE action = 'MESSAGE_SENT' AND actor_email = 'un@example.com'").await;
    assert_eq!(sent, 1);
}

#[tokio::test]
async fn a_hidden_conversation_comes_back_with_the_next_message() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let client = shop.person("client@example.com", Role::User).await;
    shop.start_thread(&client, json!({"content": "un"})).await;
    shop.reply(&client, "admin-support", json!({"content": "deux"})).await;
    let path = format!("admin/conversations/{}", client.id);
    for _ in 0..2 {
        let hidden = shop.json(shop.messages(Method::DELETE, &admin, &path), 200).await;
        assert_eq!(hidden["deletedCount"], 2);
        assert_eq!((shop.threads(&admin).await.len(), shop.unread(&admin).await), (0, 0));
        assert!(shop.thread(&admin, &client.id.to_string()).await.is_empty());
    }
    assert_eq!(
        texts(&shop.thread(&client, "admin-support").await),
        ["un", "deux"],
        "the client keeps theirs"
    );
    shop.reply(&client, "admin-support", json!({"content": "trois"})).await;
    let back = shop.threads(&admin).await;
    assert_eq!(
        (&back[0]["unreadCount"], &back[0]["totalMessages"], &back[0]["lastMessage"]["content"]),
        (&json!(1), &json!(1), &json!("trois"))
    );
    assert_eq!(shop.unread(&admin).await, 1);
    assert_eq!(texts(&shop.thread(&admin, &client.id.to_string()).await), ["trois"]);
    shop.refused(
        shop.messages(Method::DELETE, &admin, "admin/conversations/a@example.com"),
        404,
        "NOT_FOUND",
    )
    .await;
    assert_eq!(shop.count("audit_logs WHERE action = 'CONVERSATION_DELETED'").await, 2);

    // One by one it goes as well.
    let id = back[0]["lastMessage"]["id"].clone();
    let bulk = json!({"messageIds": [id], "action": {"type": "delete"}});
    assert_eq!(
        shop.json(shop.messages(Method::POST, &admin, "bulk").json(&bulk), 200).await["updatedCount"],
        1
    );
    assert!(shop.threads(&admin).await.is_empty());
}
