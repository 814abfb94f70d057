//! What every test asserts without saying so, when its server goes:
//!
//! - every mail it caused was looked at: through the mailbox, or in `email_outbox` with the helpers of [`look`], after
//!   it was written. A test that is not about mails says [`TestServer::ignore_mails`];
//! - no queue gave something up: no dead mail, no event of Stripe that failed, no invoice that could not be drawn, no
//!   object that could not be removed. A test that provokes this looks at the table, which is enough.
//!
//! Work that merely waits is no fault: most tests end before the renderer or a job would run.
//!
//! [`look`]: super::look

use std::collections::HashSet;

use sqlx::{AssertSqlSafe, Connection, MySqlConnection};
use uuid::Uuid;

use super::TestServer;

/// What a test has looked at.
#[derive(Clone, Default)]
pub struct Seen {
    mails: HashSet<Uuid>,
    all_mails: bool,
    tables: HashSet<&'static str>,
}

/// Each queue, and the rows it has given up or failed at.
const QUEUES: [(&str, &str); 4] = [
    ("email_outbox", "status = 'DEAD'"),
    ("stripe_events", "status IN ('FAILED', 'UNMATCHED')"),
    ("invoices", "render_error IS NOT NULL"),
    ("storage_deletions", "attempts > 0"),
];

impl TestServer {
    /// Says that mails are not what this test is about.
    pub fn ignore_mails(&self) {
        self.seen.lock().unwrap().all_mails = true;
    }

    /// Notes what a statement of the test reads.
    pub async fn looked(&self, sql: &str) {
        let tables = QUEUES.map(|(table, _)| table).into_iter().filter(|table| sql.contains(table));
        self.seen.lock().unwrap().tables.extend(tables);
        if sql.contains("email_outbox") {
            self.note_mails("TRUE").await;
        }
        if sql.contains("dev_mailbox") {
            self.looked_at_sent().await;
        }
    }

    /// Notes that the test reads the mails that left.
    pub(super) async fn looked_at_sent(&self) {
        self.note_mails("status = 'SENT'").await;
    }

    async fn note_mails(&self, condition: &str) {
        let sql = format!("SELECT id FROM email_outbox WHERE {condition}");
        let ids: Vec<Uuid> =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(self.state.db.pool()).await.unwrap();
        self.seen.lock().unwrap().mails.extend(ids);
    }

    /// Asserts all this.
    pub(super) fn judge(&self) {
        let complaints = self.complaints();
        assert!(complaints.is_empty(), "the test left unnoticed: {complaints:#?}");
    }

    /// What is left unnoticed so far. Asked on a thread of its own: the runtime of the test is not ours to wait in.
    pub fn complaints(&self) -> Vec<String> {
        let (url, seen) = (self.database.url().to_owned(), self.seen.lock().unwrap().clone());
        let asking = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(complaints(&url, &seen)).unwrap()
        });
        asking.join().unwrap()
    }
}

async fn complaints(url: &str, seen: &Seen) -> sqlx::Result<Vec<String>> {
    let mut conn = MySqlConnection::connect(url).await?;
    let mut complaints = Vec::new();
    if !seen.all_mails {
        let mails: Vec<(Uuid, String)> = sqlx::query_as(
            "SELECT id, CONCAT(template, ' to ', to_email) FROM email_outbox ORDER BY template, to_email",
        )
        .fetch_all(&mut conn)
        .await?;
        let unseen = mails.into_iter().filter(|(id, _)| !seen.mails.contains(id));
        complaints.extend(unseen.map(|(_, mail)| format!("a mail, {mail}")));
    }
    for (table, condition) in QUEUES.iter().filter(|(table, _)| !seen.tables.contains(table)) {
        let sql = format!("SELECT COUNT(*) FROM {table} WHERE {condition}");
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut conn).await?;
        if count > 0 {
            complaints.push(format!("{count} rows of {table} WHERE {condition}"));
        }
    }
    conn.close().await?;
    Ok(complaints)
}
