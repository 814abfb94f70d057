//! Orders as administrators look at them and change them.

mod changes;
mod lists;
mod refunds;

use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::support::server::{Answer, Person, TestServer};

/// An administrator at work.
struct Desk {
    server: TestServer,
    admin: Person,
    client: Person,
}

impl Desk {
    async fn open() -> Self {
        let server = TestServer::start().await;
        let (admin, client) = (server.admin().await, server.client().await);
        Self { server, admin, client }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.server.call(method, &format!("/api/admin/commandes{path}"), Some(&self.admin.token), body).await
    }

    async fn list(&self, query: &str) -> Value {
        self.ask(Method::GET, &format!("?{query}"), None).await.ok(200).clone()
    }

    async fn order(&self, titre: &str, statut: &str) -> Uuid {
        self.server.commande(&self.client, titre, statut).await
    }

    /// What was put on record about an order, the first act first.
    async fn acts(&self, id: Uuid) -> Vec<String> {
        self.server
            .texts(&format!("SELECT action FROM audit_logs WHERE target_id = '{id}' ORDER BY timestamp, id"))
            .await
    }
}
