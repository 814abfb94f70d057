//! The development mailbox: mails land in two tables instead of leaving; `dev::mailbox` shows them.
//!
//! Its tables are no part of the schema: [`Mailbox::prepare`] creates them, and its queries are not
//! checked against the database at compile time for the same reason.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{Attachment, Outgoing, SendError, Sender};
use crate::{
    clock::new_id,
    db::{Db, tables, violates},
};

/// Mails shown at most: the newest.
const SHOWN: u32 = 500;

const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS dev_mailbox (
       id BINARY(16) NOT NULL,
       message_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
       sender VARCHAR(500) NOT NULL,
       to_email VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
       subject VARCHAR(500) NOT NULL,
       template VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
       html MEDIUMTEXT NOT NULL,
       text MEDIUMTEXT NOT NULL,
       created_at DATETIME(3) NOT NULL,
       PRIMARY KEY (id),
       UNIQUE KEY dev_mailbox_message (message_id),
       KEY dev_mailbox_created (created_at, id),
       KEY dev_mailbox_to (to_email, created_at, id)
     ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci",
    "CREATE TABLE IF NOT EXISTS dev_mailbox_attachments (
       mail_id BINARY(16) NOT NULL,
       position INT UNSIGNED NOT NULL,
       filename VARCHAR(255) NOT NULL,
       content_type VARCHAR(255) NOT NULL,
       bytes LONGBLOB NOT NULL,
       PRIMARY KEY (mail_id, position),
       CONSTRAINT dev_mailbox_attachments_mail_fk FOREIGN KEY (mail_id) REFERENCES dev_mailbox (id) ON DELETE CASCADE
     ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci",
];

/// Keeps mails instead of sending them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Mailbox {
    db: Db,
}

/// A mail in the mailbox.
#[derive(sqlx::FromRow)]
pub struct Received {
    /// Identifier in the mailbox.
    pub id: Uuid,
    /// Who wrote, as a `From` header has it.
    pub sender: String,
    /// Bare address it went to.
    pub to_email: String,
    /// Subject.
    pub subject: String,
    /// Kind of mail.
    pub template: String,
    /// HTML part.
    pub html: String,
    /// Text part.
    pub text: String,
    /// When it arrived.
    pub created_at: DateTime<Utc>,
    /// Files that came along, without their bytes.
    #[sqlx(skip)]
    pub attachments: Vec<Enclosure>,
}

/// What is shown of an attachment.
#[derive(sqlx::FromRow)]
pub struct Enclosure {
    mail_id: Uuid,
    /// Name.
    pub filename: String,
    /// Media type.
    pub content_type: String,
    /// Bytes.
    pub size: i64,
}

impl Mailbox {
    /// The mailbox of a database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// Creates the tables when they are missing.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn prepare(&self) -> Result<(), sqlx::Error> {
        tables::create_missing(&self.db, &TABLES).await
    }

    /// Receives a mail; a second one with the same Message-ID is dropped, as real receivers do.
    ///
    /// # Errors
    /// What a mail server would refuse for good (an impossible address, a bad Message-ID) is
    /// `Permanent`, a database away is `Transient`.
    pub async fn send(&self, sender: &Sender, mail: &Outgoing, now: DateTime<Utc>) -> Result<(), SendError> {
        // Built and thrown away: what could not leave by SMTP must not arrive here either.
        mail.message(sender, now)?;
        match self.store(sender, mail, now).await {
            Err(error) if violates(&error, "dev_mailbox_message") => Ok(()),
            stored => stored.map_err(|error| {
                tracing::warn!(%error, "the development mailbox cannot be written");
                SendError::Transient("the development mailbox cannot be written".to_owned())
            }),
        }
    }

    async fn store(&self, sender: &Sender, mail: &Outgoing, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
        let mut tx = self.db.begin().await?;
        let id = new_id();
        sqlx::query(
            "INSERT INTO dev_mailbox (id, message_id, sender, to_email, subject, template, html, text, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(id)
        .bind(&mail.message_id)
        .bind(format!("{} <{}>", sender.from_name, sender.from_email))
        .bind(&mail.to)
        .bind(&mail.subject)
        .bind(&mail.template)
        .bind(&mail.html)
        .bind(&mail.text)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        for (position, file) in (0_u32..).zip(&mail.attachments) {
            store_attachment(&mut tx, id, position, file).await?;
        }
        tx.commit().await
    }

    /// The newest mails, all or those to one address.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn messages(&self, to: Option<&str>) -> Result<Vec<Received>, sqlx::Error> {
        let mut conn = self.db.conn().await?;
        let mut mails = sqlx::query_as::<_, Received>(
            "SELECT id, sender, to_email, subject, template, html, text, created_at FROM dev_mailbox
             WHERE ? IS NULL OR to_email = ? ORDER BY created_at DESC, id DESC LIMIT ?",
        )
        .bind(to)
        .bind(to)
        .bind(SHOWN)
        .fetch_all(&mut *conn)
        .await?;
        let mut enclosures = enclosures(&mut conn).await?;
        for mail in &mut mails {
            mail.attachments = enclosures.remove(&mail.id).unwrap_or_default();
        }
        Ok(mails)
    }

    /// One attachment by the name it is listed under.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn attachment(&self, mail_id: Uuid, filename: &str) -> Result<Option<Attachment>, sqlx::Error> {
        let mut conn = self.db.conn().await?;
        let row: Option<(String, String, Vec<u8>)> = sqlx::query_as(
            "SELECT filename, content_type, bytes FROM dev_mailbox_attachments
             WHERE mail_id = ? AND filename = ? ORDER BY position LIMIT 1",
        )
        .bind(mail_id)
        .bind(filename)
        .fetch_optional(&mut *conn)
        .await?;
        Ok(row.map(|(filename, content_type, bytes)| Attachment { filename, content_type, bytes }))
    }

    /// Empties the mailbox; answers how many mails went.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn clear(&self) -> Result<u64, sqlx::Error> {
        let mut conn = self.db.conn().await?;
        Ok(sqlx::query("DELETE FROM dev_mailbox").execute(&mut *conn).await?.rows_affected())
    }
}

async fn store_attachment(
    conn: &mut MySqlConnection,
    mail_id: Uuid,
    position: u32,
    file: &Attachment,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO dev_mailbox_attachments (mail_id, position, filename, content_type, bytes) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(mail_id)
    .bind(position)
    .bind(&file.filename)
    .bind(&file.content_type)
    .bind(&file.bytes)
    .execute(conn)
    .await
    .map(drop)
}

async fn enclosures(conn: &mut MySqlConnection) -> Result<HashMap<Uuid, Vec<Enclosure>>, sqlx::Error> {
    let all = sqlx::query_as::<_, Enclosure>(
        "SELECT mail_id, filename, content_type, CAST(LENGTH(bytes) AS SIGNED) AS size
         FROM dev_mailbox_attachments ORDER BY mail_id, position",
    )
    .fetch_all(conn)
    .await?;
    let mut by_mail: HashMap<Uuid, Vec<Enclosure>> = HashMap::new();
    for enclosure in all {
        by_mail.entry(enclosure.mail_id).or_default().push(enclosure);
    }
    Ok(by_mail)
}
