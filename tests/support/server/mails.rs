//! The mails a server under test queued and sent.

use serde_json::Value;

use super::TestServer;

impl TestServer {
    /// The mails in the mailbox, newest first.
    pub async fn mailbox(&self) -> Vec<Value> {
        self.looked_at_sent().await;
        self.get("/dev/mailbox/messages").await.body.as_array().unwrap().clone()
    }

    /// Kinds and addressees of the mails in the mailbox, sorted.
    pub async fn mail_kinds(&self) -> Vec<(String, String)> {
        let text = |mail: &Value, key: &str| mail[key].as_str().unwrap().to_owned();
        let mut kinds: Vec<_> =
            self.mailbox().await.iter().map(|mail| (text(mail, "template"), text(mail, "to"))).collect();
        kinds.sort();
        kinds
    }

    /// The mails queued or sent, sorted: `template address`.
    pub async fn queued(&self) -> Vec<String> {
        self.texts("SELECT CONCAT(template, ' ', to_email) FROM email_outbox ORDER BY template, to_email, id")
            .await
    }

    /// Sends what is queued and gives what follows `mark` in the latest mail, up to the next blank.
    pub async fn mailed(&self, mark: &str) -> String {
        self.mails.drain().await;
        let mailbox = self.mailbox().await;
        let text = mailbox[0]["text"].as_str().unwrap();
        let (_, link) = text.split_once(mark).unwrap_or_else(|| panic!("no {mark} in {text}"));
        link.split_whitespace().next().unwrap().to_owned()
    }
}
