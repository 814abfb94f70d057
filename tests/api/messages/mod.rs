//! Conversations with the team, as the web application and visitors have them.

mod attachments;
mod clients;
mod correctors;
mod grown;
mod races;
mod search;
mod team;
mod visitors;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{
    shop::{Person, Shop},
    support::server::send,
};

impl Shop {
    /// Writes in a thread and gives the message.
    pub async fn reply(&self, person: &Person, thread: &str, body: Value) -> Value {
        self.json(self.replying(person, thread, body), 201).await
    }

    pub fn replying(&self, person: &Person, thread: &str, body: Value) -> RequestBuilder {
        self.post(&format!("/api/messages/threads/{thread}/reply")).bearer_auth(&person.token).json(&body)
    }

    /// What a client writes to the team first.
    pub async fn start_thread(&self, person: &Person, body: Value) -> Value {
        self.json(self.post("/api/messages/conversations").bearer_auth(&person.token).json(&body), 201).await
    }

    /// The conversations of somebody.
    pub async fn threads(&self, person: &Person) -> Vec<Value> {
        let body = self.json(self.get_as(person, "/api/messages/conversations"), 200).await;
        body.as_array().unwrap().clone()
    }

    /// The texts of a thread, oldest first. Looking reads them.
    pub async fn thread(&self, person: &Person, thread: &str) -> Vec<Value> {
        let body = self.json(self.get_as(person, &format!("/api/messages/threads/{thread}")), 200).await;
        body.as_array().unwrap().clone()
    }

    /// What the badge of the team shows; the list must say the same.
    pub async fn unread(&self, admin: &Person) -> i64 {
        let count =
            self.json(self.get_as(admin, "/api/messages/unread-count"), 200).await["count"].as_i64().unwrap();
        let listed = self.threads(admin).await;
        let sum: i64 = listed.iter().map(|thread| thread["unreadCount"].as_i64().unwrap()).sum();
        let told = "SELECT COUNT(*) FROM messages m JOIN conversations v ON v.id = m.conversation_id
                    WHERE NOT m.is_read AND NOT v.admin_hidden AND NOT v.admin_archived
                      AND (m.is_from_visitor OR m.sender_id <=> v.user_id AND v.user_id IS NOT NULL)";
        let told = self.value(told).await.unwrap().parse().unwrap();
        assert_eq!((sum, count), (told, told), "list, badge and messages agree");
        count
    }

    /// A message of the chat.
    pub fn chat(&self, body: Value) -> RequestBuilder {
        self.post("/api/messages/visitor").json(&body)
    }

    /// Any verb on a path of the messages.
    pub fn messages(&self, method: Method, person: &Person, path: &str) -> RequestBuilder {
        self.request(method, &format!("/api/messages/{path}")).bearer_auth(&person.token)
    }
}

fn visitor(content: &str) -> Value {
    json!({"name": "Jean Petit", "email": "Jean.Petit@Example.com", "phone": "06 11 22 33 44", "content": content})
}

fn texts(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["content"].as_str().unwrap()).collect()
}

async fn status(request: RequestBuilder) -> u16 {
    send(request).await.status.as_u16()
}
