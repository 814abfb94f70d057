use reqwest::Method;
use serde_json::json;
use staka::auth::Role;

use super::texts;
use crate::shop::{Shop, refused_fields};

#[tokio::test]
async fn a_client_and_the_team_write_to_each_other() {
    let shop = Shop::open().await;
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let client = shop.person("client@example.com", Role::User).await;
    assert!(shop.threads(&client).await.is_empty());
    assert!(shop.thread(&client, "admin-support").await.is_empty());

    // As the window of a project sends it: recipient, conversation and identity of its own making are ignored.
    let started = shop
        .start_thread(
            &client,
            json!({"subject": "Mon roman", "content": "Bonjour à tous", "type": "USER", "receiverId": "admin",
                   "conversationId": "cmd_12", "metadata": {"projectId": "12"}, "attachments": [],
                   "displayFirstName": "Faux", "displayLastName": "Chef", "displayRole": "Direction"}),
        )
        .await;
    assert_eq!(started["threadId"], "admin-support");
    let data = &started["data"];
    assert_eq!(data["conversationId"], started["conversationId"]);
    assert_eq!(
        (&data["subject"], &data["type"], &data["statut"], &data["isRead"], &data["senderId"]),
        (&json!("Mon roman"), &json!("USER_MESSAGE"), &json!("ENVOYE"), &json!(false), &json!(client.id))
    );
    assert_eq!(
        (&data["displayFirstName"], &data["metadata"], &data["receiver"]),
        (&json!(null), &json!(null), &json!(null))
    );
    assert_eq!(data["sender"], json!({"id": client.id, "prenom": "Zoé", "nom": "Martin", "avatar": null}));
    assert_eq!(data["attachments"], json!([]));

    let inbox = shop.threads(&admin).await;
    assert_eq!(
        inbox,
        [json!({
            "threadId": client.id, "conversationId": started["conversationId"], "isVisitor": false, "unreadCount": 1, "totalMessages": 1,
            "withUser": {"id": client.id, "name": "Zoé Martin", "avatar": null, "isVisitor": false},
            "lastMessage": {"id": data["id"], "content": "Bonjour à tous", "createdAt": data["createdAt"], "senderId": client.id},
        })]
    );
    assert_eq!(shop.unread(&admin).await, 1);
    assert_eq!(shop.threads(&client).await[0]["unreadCount"], 0, "one's own words are read");

    let thread = shop.thread(&admin, &client.id.to_string()).await;
    assert_eq!((texts(&thread), &thread[0]["isRead"]), (vec!["Bonjour à tous"], &json!(false)));
    assert_eq!(shop.unread(&admin).await, 0, "looking reads, on this side");

    let body = json!({"content": "Avec plaisir", "displayFirstName": "Marie", "displayLastName": "Curie", "displayRole": "Éditrice"});
    let answered = shop.reply(&admin, &client.id.to_string(), body).await;
    assert_eq!(
        (&answered["displayRole"], &answered["receiver"]["id"]),
        (&json!("Éditrice"), &json!(client.id))
    );
    assert!(answered.get("error").is_none() && !answered.to_string().contains("password"), "{answered}");
    let own = shop.threads(&client).await;
    assert_eq!(
        (
            &own[0]["threadId"],
            &own[0]["isAdminThread"],
            &own[0]["unreadCount"],
            &own[0]["totalMessages"],
            &own[0]["withUser"]["isAdmin"]
        ),
        (&json!("admin-support"), &json!(true), &json!(1), &json!(2), &json!(true))
    );
    assert_eq!(shop.json(shop.get_as(&client, "/messages?page=1&limit=5"), 200).await, json!(own));
    assert_eq!(texts(&shop.thread(&client, "admin-support").await), ["Bonjour à tous", "Avec plaisir"]);
    assert_eq!(shop.threads(&client).await[0]["unreadCount"], 0);

    // A second beginning loses nothing; the help page is noted.
    let again = shop
        .start_thread(
            &client,
            json!({"subject": "Aide", "content": "Encore moi", "source": "client-help", "attachments": []}),
        )
        .await;
    assert_eq!(
        (&again["conversationId"], &again["data"]["metadata"]),
        (&started["conversationId"], &json!({"source": "client-help"}))
    );
    assert_eq!(shop.count("conversations").await, 1);
    assert_eq!(shop.count("audit_logs WHERE action = 'USER_MESSAGE_SUPPORT_EMAIL_SENT' AND target_type = 'user' AND severity = 'MEDIUM'").await, 1);
    assert_eq!(shop.unread(&admin).await, 1);

    shop.work().await;
    assert_eq!(
        shop.mail_kinds().await.into_iter().map(|(kind, to)| format!("{kind} {to}")).collect::<Vec<_>>(),
        [
            "admin-message equipe@staka.test",
            "admin-message equipe@staka.test",
            "message-user client@example.com"
        ]
    );
    let bells = shop.json(shop.get_as(&client, "/notifications"), 200).await;
    let bell = &bells["notifications"][0];
    assert_eq!(
        (&bell["type"], &bell["priority"], &bell["actionUrl"], &bell["message"]),
        (&json!("MESSAGE"), &json!("NORMALE"), &json!("/app/messages"), &json!("Marie Curie : Avec plaisir"))
    );
    let bells = shop.json(shop.get_as(&admin, "/notifications"), 200).await;
    assert_eq!(
        (&bells["pagination"]["total"], &bells["notifications"][0]["actionUrl"]),
        (&json!(2), &json!("/admin/messagerie"))
    );
}

#[tokio::test]
async fn a_message_says_something_and_not_too_much() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let client = shop.person("client@example.com", Role::User).await;
    let other = shop.person("other@example.com", Role::User).await;
    for body in [
        json!({}),
        json!({"content": ""}),
        json!({"content": " \n"}),
        json!({"content": null, "attachments": []}),
    ] {
        let refused =
            shop.refused(shop.replying(&client, "admin-support", body), 400, "VALIDATION_ERROR").await;
        assert_eq!(refused_fields(&refused), ["content"]);
    }
    for (field, length) in [("content", 10_001), ("displayRole", 101), ("source", 51)] {
        let body = json!({"content": "a", field: "é".repeat(length)});
        let refused =
            shop.refused(shop.replying(&client, "admin-support", body), 400, "VALIDATION_ERROR").await;
        assert_eq!(refused_fields(&refused), [field]);
    }
    shop.reply(&client, "admin-support", json!({"content": "é".repeat(10_000)})).await;
    let conversation = shop.threads(&client).await[0]["conversationId"].as_str().unwrap().to_owned();
    shop.reply(&client, &conversation, json!({"content": "par son numéro"})).await;
    for thread in [other.id.to_string(), "x@example.com".into(), "thread_a_b".into()] {
        shop.refused(shop.replying(&client, &thread, json!({"content": "a"})), 400, "INVALID_THREAD").await;
        shop.refused(shop.get_as(&client, &format!("/messages/threads/{thread}")), 400, "INVALID_THREAD")
            .await;
    }
    shop.refused(shop.replying(&other, &conversation, json!({"content": "a"})), 400, "INVALID_THREAD").await;
    for path in [format!("conversations/{conversation}"), conversation.clone()] {
        shop.refused(shop.messages(Method::GET, &other, &path), 403, "CONVERSATION_FORBIDDEN").await;
        assert_eq!(
            shop.json(shop.messages(Method::GET, &client, &path), 200).await.as_array().unwrap().len(),
            2
        );
    }
}

#[tokio::test]
async fn each_side_keeps_and_removes_for_itself() {
    let shop = Shop::open().await;
    shop.ignore_mails();
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let client = shop.person("client@example.com", Role::User).await;
    let thread = client.id.to_string();
    let first =
        shop.start_thread(&client, json!({"content": "un"})).await["data"]["id"].as_str().unwrap().to_owned();
    let second =
        shop.reply(&admin, &thread, json!({"content": "deux"})).await["id"].as_str().unwrap().to_owned();

    let read = shop.json(shop.messages(Method::PUT, &client, &format!("{second}/read")), 200).await;
    assert_eq!(read["updatedCount"], 1);
    assert_eq!(
        shop.json(shop.messages(Method::PUT, &client, &format!("{first}/read")), 200).await["updatedCount"],
        0
    );
    assert_eq!(
        (shop.threads(&client).await[0]["unreadCount"].clone(), shop.unread(&admin).await),
        (json!(0), 1)
    );
    shop.json(
        shop.messages(Method::PUT, &admin, &first).json(&json!({"isRead": true, "isPinned": true})),
        200,
    )
    .await;
    shop.json(shop.messages(Method::PUT, &admin, &first).json(&json!({"isRead": false})), 200).await;
    assert_eq!(shop.unread(&admin).await, 1);
    shop.refused(
        shop.messages(Method::PUT, &client, &first).json(&json!({"isPinned": true})),
        403,
        "CONVERSATION_FORBIDDEN",
    )
    .await;

    shop.json(shop.messages(Method::PUT, &client, &format!("{first}/archive")), 200).await;
    assert_eq!(shop.thread(&client, "admin-support").await[0]["isArchived"], true);
    let seen = shop.json(shop.messages(Method::GET, &admin, &thread), 200).await;
    assert_eq!((&seen[0]["isArchived"], &seen[0]["isPinned"]), (&json!(false), &json!(true)));

    shop.json(shop.messages(Method::DELETE, &client, &second), 200).await;
    shop.refused(shop.messages(Method::DELETE, &client, &second), 404, "NOT_FOUND").await;
    assert_eq!(texts(&shop.thread(&client, "admin-support").await), ["un"]);
    let own = shop.threads(&client).await;
    assert_eq!((&own[0]["lastMessage"]["content"], &own[0]["totalMessages"]), (&json!("un"), &json!(1)));
    assert_eq!(texts(&shop.thread(&admin, &thread).await), ["un", "deux"]);
    shop.json(shop.messages(Method::DELETE, &client, &first), 200).await;
    assert!(shop.threads(&client).await.is_empty());

    // Archived by one side, until somebody writes.
    let archived = shop
        .json(shop.messages(Method::PATCH, &admin, &format!("conversations/{thread}/archive")), 200)
        .await;
    assert_eq!(archived["updatedCount"], 2);
    assert!(shop.threads(&admin).await.is_empty());
    let kept = shop.json(shop.get_as(&admin, "/messages/conversations?archived=true"), 200).await;
    assert_eq!(kept[0]["threadId"], json!(client.id));
    shop.json(shop.messages(Method::PATCH, &admin, &format!("conversations/{thread}/unarchive")), 200).await;
    assert_eq!(shop.threads(&admin).await.len(), 1);
    shop.json(shop.messages(Method::PATCH, &admin, &format!("conversations/{thread}/archive")), 200).await;
    shop.reply(&client, "admin-support", json!({"content": "trois"})).await;
    assert_eq!((shop.threads(&admin).await.len(), shop.unread(&admin).await), (1, 1));
}

#[tokio::test]
async fn an_erased_client_leaves_no_word() {
    let shop = Shop::open().await;
    let admin = shop.person("admin@example.com", Role::Admin).await;
    let client = shop.person("client@example.com", Role::User).await;
    shop.start_thread(&client, json!({"content": "Un secret de famille"})).await;
    assert_eq!(shop.count("email_outbox WHERE CAST(payload AS CHAR) LIKE '%secret%'").await, 1);
    let mut tx = shop.state.begin().await.unwrap();
    staka::privacy::erase(&mut tx, client.id, shop.state.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    for (table, text) in [
        ("messages", "content"),
        ("notifications", "CONCAT_WS(' ', message, data)"),
        ("email_outbox", "CAST(payload AS CHAR)"),
    ] {
        assert_eq!(shop.count(&format!("{table} WHERE {text} LIKE '%secret%'")).await, 0, "{table}");
    }
    assert!(shop.threads(&admin).await.is_empty());
    shop.refused(shop.replying(&admin, &client.id.to_string(), json!({"content": "?"})), 404, "NOT_FOUND")
        .await;
}
