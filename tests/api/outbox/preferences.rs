//! What people chose about their mails, and the link that chooses for them.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use staka::{
    auth::{Role, told::PasswordResetRequested},
    clock::new_id,
    events::{Category, Happening, Letter, Listed, Person, Telling, Whom},
    mails::Mail,
};

use super::created;
use crate::support::{
    outbox::Lab,
    smtp::{Script, Server, header},
};

#[tokio::test]
async fn preferences_stop_what_they_may_stop() {
    let lab = Lab::start().await;
    let mut server = Server::start(Script::default()).await;
    let worker = lab.worker(&server);
    let refusals = [
        json!({ "notifications": { "email": false } }),
        json!({ "emailNotifications": false }),
        json!({ "notificationTypes": { "projects": false } }),
    ];
    for (number, preferences) in refusals.into_iter().enumerate() {
        let client = lab.user(&format!("client{number}@example.com"), Role::User, Some(preferences)).await;
        lab.record(created(client)).await;
        lab.record(PasswordResetRequested { user_id: client, request_id: new_id() }).await;
        worker.drain().await;
        let mails = server.accepted();
        let to_client: Vec<_> =
            mails.iter().filter(|raw| header(raw, "To").unwrap().contains("client")).collect();
        assert_eq!(to_client.len(), 1, "only the reset");
        assert_eq!(header(to_client[0], "X-Template").unwrap(), "reset-password");
        assert!(mails.iter().any(|raw| header(raw, "X-Template").unwrap() == "admin-order"));
    }
}

/// Something to tell a client by a mail of any category.
struct Anything {
    client: uuid::Uuid,
    mail: Mail,
    number: usize,
}

impl Listed for Anything {
    const NAME: &'static str = "anything";
}

impl Happening for Anything {
    fn subject(&self) -> String {
        self.number.to_string()
    }

    fn concerns(&self) -> Whom<'_> {
        Whom::Account(self.client)
    }

    fn tell(&self, _: &Person) -> Telling {
        let letter =
            Letter { category: CATEGORIES[self.number % CATEGORIES.len()], ..self.mail.clone().into() };
        Telling::person(None, Some(letter))
    }
}

const CATEGORIES: [Category; 6] = [
    Category::Transactional,
    Category::General,
    Category::Projects,
    Category::Messages,
    Category::Invoices,
    Category::Promos,
];

#[tokio::test]
async fn each_category_follows_its_own_preference() {
    let lab = Lab::start().await;
    let mail = Mail::samples().into_iter().find(|mail| mail.template() == "info-user").unwrap();
    let all = ["transactional", "general", "projects", "messages", "invoices", "promos"];
    let usual = &all[..5];
    let without = |topic: &str| usual.iter().filter(|one| **one != topic).copied().collect::<Vec<_>>();
    let cases = [
        (None, usual.to_vec()),
        (Some(json!({})), usual.to_vec()),
        (Some(json!({ "notificationTypes": { "promos": true } })), all.to_vec()),
        (Some(json!({ "notificationTypes": { "projects": false } })), without("projects")),
        (Some(json!({ "notificationTypes": { "messages": false } })), without("messages")),
        (Some(json!({ "notificationTypes": { "invoices": false } })), without("invoices")),
        (
            Some(json!({ "notifications": { "email": false }, "notificationTypes": { "promos": true } })),
            vec![all[0]],
        ),
        (Some(json!({ "emailNotifications": false })), vec![all[0]]),
        // Of another shape than ours: nothing was refused.
        (Some(json!({ "notifications": "non", "notificationTypes": [false] })), usual.to_vec()),
    ];
    for (n, (preferences, wanted)) in cases.into_iter().enumerate() {
        let address = format!("client{n}@example.com");
        let client = lab.user(&address, Role::User, preferences).await;
        for number in 0..CATEGORIES.len() {
            lab.record(Anything { client, mail: mail.clone(), number: n * CATEGORIES.len() + number }).await;
        }
        lab.mails.drain().await;
        let received = lab.mailbox().await.iter().filter(|mail| mail["to"] == address).count();
        assert_eq!(received, wanted.len(), "case {n}: {wanted:?}");
    }
}

async fn preferences(lab: &Lab, user_id: uuid::Uuid) -> Value {
    let json: String = sqlx::query_scalar("SELECT CAST(preferences AS CHAR) FROM users WHERE id = ?")
        .bind(user_id)
        .fetch_one(lab.state.db.pool())
        .await
        .unwrap();
    serde_json::from_str(&json).unwrap()
}

#[tokio::test]
async fn one_click_unsubscribes_and_a_look_does_not() {
    let lab = Lab::start().await;
    let mut server = Server::start(Script::default()).await;
    let kept = json!({ "notifications": { "email": true, "push": true }, "theme": "sombre" });
    let client = lab.user("zoe@example.com", Role::User, Some(kept.clone())).await;
    lab.record(created(client)).await;
    lab.worker(&server).drain().await;
    let mails = server.accepted();
    let links: Vec<_> = mails.iter().filter_map(|raw| header(raw, "List-Unsubscribe")).collect();
    assert_eq!(links.len(), 1, "not on the team's mail");
    let path = links[0]
        .trim_matches(['<', '>'])
        .strip_prefix("https://api.livrestaka.example/api")
        .unwrap()
        .to_owned();

    let page = lab.call(Method::GET, &path, None, None).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains(r#"<form method="post">"#));
    assert_eq!(preferences(&lab, client).await, kept);

    for _ in 0..2 {
        let done = lab.call(Method::POST, &path, None, None).await;
        assert_eq!(done.status, StatusCode::OK);
    }
    let after = json!({ "notifications": { "email": false, "push": true }, "theme": "sombre" });
    assert_eq!(preferences(&lab, client).await, after);

    let other = lab.user("autre@example.com", Role::User, Some(kept.clone())).await;
    let forged = path.replace(&client.to_string(), &other.to_string());
    for (method, path) in [Method::GET, Method::POST].into_iter().flat_map(|method| {
        [forged.as_str(), "/public/unsubscribe/rien/rien"].map(|path| (method.clone(), path))
    }) {
        let unknown = lab.call(method, path, None, None).await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        assert!(unknown.text().contains("Ce lien n’est plus valable"), "{path}");
    }
    assert_eq!(preferences(&lab, other).await, kept);
}
