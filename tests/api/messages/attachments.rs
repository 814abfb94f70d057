use serde_json::{Value, json};
use staka::{auth::Role, clock::new_id};

use crate::shop::Shop;

#[tokio::test]
async fn documents_travel_with_messages_and_their_participants_read_them() {
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
    let file = shop.document(None, &admin, "plan.txt", false).await;
    let sent =
        shop.reply(&admin, &client.id.to_string(), json!({"content": "", "attachments": [file, file]})).await;
    assert_eq!(sent["attachments"].as_array().unwrap().len(), 1, "named twice it is one");
    let seen = &shop.thread(&client, "admin-support").await[0]["attachments"][0];
    assert_eq!((&seen["fileId"], &seen["messageId"]), (&json!(file), &sent["id"]));
    let shown = &seen["file"];
    assert_eq!(
        (&shown["filename"], &shown["size"], &shown["mimeType"], &shown["type"]),
        (&json!("plan.txt"), &json!(10), &json!("text/plain"), &json!("DOCUMENT"))
    );
    // The link opens without a header; so does the file for who takes part.
    let link = shown["url"].as_str().unwrap();
    assert_eq!(shop.get(link).send().await.unwrap().status(), 200);
    let path = format!("/api/files/download/{file}");
    for (person, status) in [(&client, 200), (&admin, 200), (&corrector, 200), (&other, 403)] {
        assert_eq!(shop.get_as(person, &path).send().await.unwrap().status(), status, "{}", person.email);
    }
    // The composer of the web application names it once more.
    shop.reply(&admin, &other.id.to_string(), json!({"content": "De même", "attachments": [file]})).await;
    assert_eq!(shop.get_as(&other, &path).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn what_may_not_travel_is_refused_and_nothing_is_written() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let (client, other) = (
        shop.person("client@example.com", Role::User).await,
        shop.person("other@example.com", Role::User).await,
    );
    let order = shop.commande(&client, "Le Nil", "EN_COURS").await;
    let manuscript = shop.document(Some(order), &client, "roman.txt", false).await;
    let theirs = shop.document(None, &other, "a.txt", false).await;
    let (song, large) = (
        shop.document(None, &client, "b.txt", false).await,
        shop.document(None, &client, "c.txt", false).await,
    );
    let many: Vec<_> = (0..11).map(|_| json!(new_id())).collect();
    shop.execute(&format!("UPDATE files SET type = 'AUDIO' WHERE id = UNHEX('{}')", song.simple())).await;
    shop.execute(&format!("UPDATE files SET size = 52428801 WHERE id = UNHEX('{}')", large.simple())).await;
    let refused = async |files: Value| {
        let body = json!({"content": "voici", "attachments": files});
        shop.refused(shop.replying(&client, "admin-support", body), 400, "INVALID_ATTACHMENT").await
    };
    for files in [
        json!([manuscript]),
        json!([theirs]),
        json!([song]),
        json!([large]),
        json!([new_id()]),
        json!(["abc"]),
        json!(many),
    ] {
        refused(files).await;
    }
    let mut half = Vec::new();
    for _ in 0..3 {
        half.push(json!(shop.document(None, &client, "d.txt", false).await));
    }
    shop.execute("UPDATE files SET size = 40 * 1024 * 1024 WHERE filename = 'd.txt'").await;
    let refusal = refused(json!(half)).await;
    assert!(refusal["message"].as_str().unwrap().contains("100 Mo"), "{refusal}");
    assert_eq!(shop.count("messages").await + shop.count("conversations").await, 0);
}
