//! Who calls: accounts written as rows, and session tokens minted without a password.

use serde_json::Value;
use staka::{auth::Role, clock::new_id};
use uuid::Uuid;

use super::TestServer;

/// Accounts of the seeds, with their passwords.
pub const ADMIN: (&str, &str) = ("admin@example.com", "Admin-Staka-2026");
pub const CLIENT: (&str, &str) = ("client@example.com", "Client-Staka-2026");
pub const CORRECTOR: (&str, &str) = ("correcteur@example.com", "Correcteur-Staka-2026");

/// Someone with an account and a session.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: Uuid,
    pub email: String,
    pub role: Role,
    pub token: String,
}

impl TestServer {
    /// The author of the seeds.
    pub async fn client(&self) -> Person {
        self.person(CLIENT.0, Role::User).await
    }

    /// Another author.
    pub async fn other_client(&self) -> Person {
        self.person("autre.client@example.com", Role::User).await
    }

    /// The corrector of the seeds.
    pub async fn corrector(&self) -> Person {
        self.person(CORRECTOR.0, Role::Corrector).await
    }

    /// Another corrector.
    pub async fn other_corrector(&self) -> Person {
        self.person("autre.correcteur@example.com", Role::Corrector).await
    }

    /// The administrator of the seeds.
    pub async fn admin(&self) -> Person {
        self.person(ADMIN.0, Role::Admin).await
    }

    /// An author whose account an administrator closed.
    pub async fn disabled(&self) -> Person {
        let person = self.person("ferme@example.com", Role::User).await;
        self.execute(
            "UPDATE users SET is_active = FALSE, deactivated_by = 'ADMIN' WHERE email = 'ferme@example.com'",
        )
        .await;
        person
    }

    /// An author who holds a token from before the last change of password.
    pub async fn old_token(&self) -> Person {
        let person = self.person("ancien.jeton@example.com", Role::User).await;
        self.execute("UPDATE users SET token_version = 1 WHERE email = 'ancien.jeton@example.com'").await;
        person
    }

    /// The account of this address, written when there is none, and a session of it.
    pub async fn person(&self, email: &str, role: Role) -> Person {
        let known = sqlx::query_scalar("SELECT id FROM users WHERE email = ?").bind(email);
        let id = match known.fetch_optional(self.state.db.pool()).await.unwrap() {
            Some(id) => id,
            None => self.user(email, role, None).await,
        };
        Person { id, email: email.to_owned(), role, token: self.issue(id, email, role) }
    }

    /// A session token of an account, minted. What logging in takes is tested with the accounts.
    pub async fn login(&self, (email, _): (&str, &str)) -> String {
        let id = sqlx::query_scalar("SELECT id FROM users WHERE email = ?").bind(email);
        // The role that counts is the database's.
        self.issue(id.fetch_one(self.state.db.pool()).await.unwrap(), email, Role::User)
    }

    /// A session token of an account by its id.
    pub fn token(&self, id: Uuid, role: Role) -> String {
        self.issue(id, "x@example.com", role)
    }

    fn issue(&self, id: Uuid, email: &str, role: Role) -> String {
        self.state.sessions.tokens.issue(id, email, role, 0, self.state.clock.now()).unwrap()
    }

    /// Writes an active account without a password.
    pub async fn user(&self, email: &str, role: Role, preferences: Option<Value>) -> Uuid {
        let (id, now) = (new_id(), self.state.clock.now());
        sqlx::query(
            "INSERT INTO users (id, prenom, nom, email, password_hash, role, is_active, telephone, preferences, created_at, updated_at)
             VALUES (?, 'Zoé', 'Martin', ?, '!', ?, TRUE, '0601020304', ?, ?, ?)",
        )
        .bind(id)
        .bind(email)
        .bind(role)
        .bind(preferences.map(|all| all.to_string()))
        .bind(now)
        .bind(now)
        .execute(self.state.db.pool())
        .await
        .unwrap();
        id
    }
}
