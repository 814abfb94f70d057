use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use staka::auth::Role;

use super::{status, visitor};
use crate::shop::Shop;

#[tokio::test]
async fn first_messages_at_once_begin_one_conversation() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let client = shop.person("client@example.com", Role::User).await;
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let writing = (0..8).map(|number| {
        let start = shop
            .post("/messages/conversations")
            .bearer_auth(&client.token)
            .json(&json!({"content": format!("{number}")}));
        let chat = shop.chat(visitor(&format!("{number}")));
        async { (status(start).await, status(chat).await) }
    });
    assert!(join_all(writing).await.into_iter().all(|answers| answers == (201, 201)));
    assert_eq!(shop.count("conversations").await, 2);
    assert_eq!(shop.count("conversations WHERE message_count = 8 AND admin_unread = 8").await, 2);
    assert_eq!(shop.unread(&admin).await, 16);
    let instants = shop.count("(SELECT DISTINCT conversation_id, created_at FROM messages) d").await;
    assert_eq!(instants, 16, "each later than the one before");
}

#[tokio::test]
async fn reading_while_others_write_loses_nothing_unread() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let client = shop.person("client@example.com", Role::User).await;
    let admin = shop.person("admin@example.com", Role::Admin).await;
    shop.start_thread(&client, json!({"content": "avant"})).await;
    let thread = client.id.to_string();
    let work = (0..12).map(|number| {
        let write = shop.replying(&client, "admin-support", json!({"content": format!("{number}")}));
        let read = match number % 2 {
            0 => shop.messages(Method::POST, &admin, &format!("conversations/{thread}/mark-read")),
            _ => shop.messages(Method::GET, &admin, &format!("threads/{thread}")),
        };
        async { futures_util::join!(status(write), status(read)) }
    });
    assert!(join_all(work).await.into_iter().all(|answers| answers == (201, 200)));
    let left = shop.unread(&admin).await;
    // Whatever was not read is counted, and what a last look shows is all.
    assert_eq!(shop.count("messages WHERE NOT is_read").await, left);
    assert_eq!(shop.thread(&admin, &thread).await.len(), 13);
    assert_eq!(shop.unread(&admin).await, 0);
}
