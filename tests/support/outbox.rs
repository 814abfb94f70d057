//! A server whose mails are the subject: links of a site of its own, a real mail server to send to, no seeds.

use std::ops::Deref;

use chrono::{TimeZone, Utc};
use staka::{
    emails::{transport::Transport, worker::Worker},
    events::{self, Happening},
    payments::told::{ORDERS, PaymentAlert, Trouble},
};
use uuid::Uuid;

use super::{
    server::{Setup, TestServer},
    smtp::Server,
};

/// A running server.
pub struct Lab(TestServer);

impl Deref for Lab {
    type Target = TestServer;

    fn deref(&self) -> &TestServer {
        &self.0
    }
}

impl Lab {
    pub async fn start() -> Self {
        let settings = [
            ("APP_URL", "https://livrestaka.example"),
            ("API_URL", "https://api.livrestaka.example"),
            ("FROM_EMAIL", "contact@livrestaka.example"),
            ("ADMIN_EMAIL", "equipe@livrestaka.example"),
        ];
        let now = Utc.with_ymd_and_hms(2026, 3, 9, 10, 0, 0).unwrap();
        let lab = Self(Setup::default().without_seeds().at(now).settings(&settings).start().await);
        // These tests look at what the mail server received.
        lab.ignore_mails();
        lab
    }

    pub fn worker(&self, server: &Server) -> Worker {
        Worker::new(self.state.clone(), Transport::Smtp(server.transport())).unwrap()
    }

    pub async fn record(&self, happening: impl Happening) {
        let mut tx = self.state.begin().await.unwrap();
        events::record(&mut tx, happening).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Records `count` different things to tell the administrators by mail.
    pub async fn record_alerts(&self, count: usize) {
        for number in 0..count {
            self.record(PaymentAlert {
                trouble: Trouble::Disputed,
                about: format!("essai {number}"),
                title: format!("Alerte {number}"),
                message: "Un essai.".to_owned(),
                action_path: ORDERS,
            })
            .await;
        }
    }

    /// `status, attempts, last_error` of every mail, oldest first.
    pub async fn mails(&self) -> Vec<(String, u32, Option<String>)> {
        self.looked("email_outbox").await;
        sqlx::query_as(
            "SELECT CAST(status AS CHAR), attempts, last_error FROM email_outbox ORDER BY created_at, id",
        )
        .fetch_all(self.state.db.pool())
        .await
        .unwrap()
    }

    pub async fn statuses(&self) -> Vec<String> {
        self.mails().await.into_iter().map(|(status, ..)| status).collect()
    }

    /// Titles in someone's bell.
    pub async fn bell(&self, user_id: Uuid) -> Vec<String> {
        sqlx::query_scalar("SELECT title FROM notifications WHERE user_id = ? ORDER BY created_at, id")
            .bind(user_id)
            .fetch_all(self.state.db.pool())
            .await
            .unwrap()
    }
}
