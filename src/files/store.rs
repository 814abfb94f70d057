//! SQL of the documents' rows.

pub mod lists;
pub mod room;

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{
    FileType,
    access::{Attachment, Facts, Part},
    upload::ReceivedFile,
};
use crate::clock::new_id;

/// What a new document belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// An order not paid yet.
    Pending(Uuid),
    /// An order.
    Commande(Uuid),
    /// Nothing but its uploader: an attachment not sent yet.
    Uploader,
}

/// A document to record.
#[derive(Clone, Copy, Debug)]
pub struct NewFile<'a> {
    /// What was received.
    pub file: &'a ReceivedFile,
    /// What it belongs to.
    pub owner: Owner,
    /// Who sent it; nobody for a guest.
    pub uploaded_by: Option<Uuid>,
    /// Whether staff sent it as the corrected document. Never read from a form.
    pub is_corrected: bool,
}

/// Records a document and returns its id.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
    new: NewFile<'_>,
) -> Result<Uuid, sqlx::Error> {
    let id = new_id();
    let (commande, pending) = match new.owner {
        Owner::Commande(id) => (Some(id), None),
        Owner::Pending(id) => (None, Some(id)),
        Owner::Uploader => (None, None),
    };
    let metadata = new.file.metadata.as_ref();
    sqlx::query!(
        "INSERT INTO files (id, filename, storage_key, mime_type, size, sha256, type, title, description, is_corrected,
                            uploaded_by_id, commande_id, pending_commande_id, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        id,
        new.file.filename,
        new.file.object.key,
        new.file.mime,
        i64::try_from(new.file.object.size).unwrap_or(i64::MAX),
        new.file.object.sha256,
        new.file.file_type,
        metadata.and_then(|metadata| metadata.title.as_deref()),
        metadata.and_then(|metadata| metadata.description.as_deref()),
        new.is_corrected,
        new.uploaded_by,
        commande,
        pending,
        now,
        now
    )
    .execute(conn)
    .await?;
    Ok(id)
}

/// The storage keys of the documents of an unpaid order.
pub async fn keys_of_pending(
    conn: &mut MySqlConnection,
    pending_id: Uuid,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!("SELECT storage_key FROM files WHERE pending_commande_id = ?", pending_id)
        .fetch_all(conn)
        .await
}

/// Removes the rows of the documents of an unpaid order.
pub async fn delete_of_pending(conn: &mut MySqlConnection, pending_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM files WHERE pending_commande_id = ?", pending_id).execute(conn).await?;
    Ok(())
}

/// Hands the documents of a pending order over to the order it became, and to its author those that a guest sent.
///
/// # Errors
/// When the database refuses.
pub async fn adopt(
    conn: &mut MySqlConnection,
    pending_id: Uuid,
    commande_id: Uuid,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE files SET commande_id = ?, pending_commande_id = NULL, uploaded_by_id = COALESCE(uploaded_by_id, ?),
                updated_at = ?
         WHERE pending_commande_id = ?",
        commande_id,
        user_id,
        now,
        pending_id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A document as its readers see it.
pub struct FileRow {
    /// The document.
    pub id: Uuid,
    /// Its name.
    pub filename: String,
    /// Its type.
    pub mime_type: String,
    /// Bytes.
    pub size: i64,
    /// Its family.
    pub file_type: FileType,
    /// Its order.
    pub commande_id: Option<Uuid>,
    /// Whether it is the corrected document.
    pub is_corrected: bool,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
}

/// The documents of an order, newest first.
pub async fn of_commande(conn: &mut MySqlConnection, commande_id: Uuid) -> Result<Vec<FileRow>, sqlx::Error> {
    sqlx::query_as!(
        FileRow,
        r#"SELECT id, filename, mime_type, size, type AS "file_type: FileType", commande_id, is_corrected, created_at
           FROM files WHERE commande_id = ? ORDER BY created_at DESC, id DESC"#,
        commande_id
    )
    .fetch_all(conn)
    .await
}

/// Who may read an order's documents beside the administrators.
pub struct Parties {
    /// Whose order it is.
    pub owner: Uuid,
    /// Who corrects it.
    pub corrector: Option<Uuid>,
}

/// The parties of an order.
pub async fn parties(conn: &mut MySqlConnection, commande_id: Uuid) -> Result<Option<Parties>, sqlx::Error> {
    sqlx::query_as!(
        Parties,
        "SELECT user_id AS owner, corrector_id AS corrector FROM commandes WHERE id = ?",
        commande_id
    )
    .fetch_optional(conn)
    .await
}

/// What is needed to send a document.
pub struct Document {
    /// Its name.
    pub filename: String,
    /// Where it is kept.
    pub storage_key: String,
    /// Its type.
    pub mime_type: String,
    /// Its digest.
    pub sha256: Option<String>,
}

/// A document, whoever asks.
pub async fn find(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Document>, sqlx::Error> {
    sqlx::query_as!(
        Document,
        r#"SELECT filename, storage_key, mime_type, sha256 AS "sha256: String" FROM files WHERE id = ?"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// A document as `caller` meets it.
struct Met {
    filename: String,
    storage_key: String,
    mime_type: String,
    sha256: Option<String>,
    uploaded_by_id: Option<Uuid>,
    is_corrected: bool,
    owner: Option<Uuid>,
    corrector: Option<Uuid>,
    pending_commande_id: Option<Uuid>,
    pending_owner: Option<Uuid>,
    with_author: bool,
    with_visitor: bool,
    as_author: bool,
    as_corrector: bool,
    sent_by_others: bool,
}

impl Met {
    fn facts(&self) -> Facts {
        let part = match (self.as_author, self.as_corrector) {
            (true, _) => Part::Author,
            (false, true) => Part::Corrector,
            (false, false) => Part::Stranger,
        };
        let attached = [
            self.owner.map(|owner| Attachment::Order { owner, corrector: self.corrector }),
            self.pending_commande_id.map(|_| Attachment::PendingOrder { owner: self.pending_owner }),
            self.with_author.then_some(Attachment::Message { part, sent_by_others: self.sent_by_others }),
            self.with_visitor.then_some(Attachment::Sample),
        ];
        let mut attachments: Vec<_> = attached.into_iter().flatten().collect();
        if attachments.is_empty() {
            attachments.push(Attachment::Loose);
        }
        Facts { uploader: self.uploaded_by_id, is_corrected: self.is_corrected, attachments }
    }
}

impl From<Met> for Document {
    fn from(met: Met) -> Self {
        let Met { filename, storage_key, mime_type, sha256, .. } = met;
        Self { filename, storage_key, mime_type, sha256 }
    }
}

/// A document, and what decides about it as `caller` meets it.
pub async fn find_for(
    conn: &mut MySqlConnection,
    id: Uuid,
    caller: Uuid,
) -> Result<Option<(Document, Facts)>, sqlx::Error> {
    let met = sqlx::query_as!(
        Met,
        r#"SELECT f.filename, f.storage_key, f.mime_type, f.sha256 AS "sha256: String", f.uploaded_by_id, f.is_corrected,
                  c.user_id AS "owner?", c.corrector_id AS "corrector?",
                  f.pending_commande_id, p.user_id AS "pending_owner?",
                  EXISTS (SELECT 1 FROM message_attachments a
                          JOIN messages m ON m.id = a.message_id
                          JOIN conversations v ON v.id = m.conversation_id
                          WHERE a.file_id = f.id AND v.user_id IS NOT NULL) AS "with_author!: bool",
                  EXISTS (SELECT 1 FROM message_attachments a
                          JOIN messages m ON m.id = a.message_id
                          JOIN conversations v ON v.id = m.conversation_id
                          WHERE a.file_id = f.id AND v.user_id IS NULL) AS "with_visitor!: bool",
                  EXISTS (SELECT 1 FROM message_attachments a
                          JOIN messages m ON m.id = a.message_id
                          JOIN conversations v ON v.id = m.conversation_id
                          WHERE a.file_id = f.id AND v.user_id = ?) AS "as_author!: bool",
                  EXISTS (SELECT 1 FROM message_attachments a
                          JOIN messages m ON m.id = a.message_id
                          JOIN conversations v ON v.id = m.conversation_id
                          JOIN commandes o ON o.user_id = v.user_id
                          WHERE a.file_id = f.id AND o.corrector_id = ?) AS "as_corrector!: bool",
                  EXISTS (SELECT 1 FROM message_attachments a
                          JOIN messages m ON m.id = a.message_id
                          WHERE a.file_id = f.id AND NOT m.sender_id <=> f.uploaded_by_id) AS "sent_by_others!: bool"
           FROM files f
           LEFT JOIN commandes c ON c.id = f.commande_id
           LEFT JOIN pending_commandes p ON p.id = f.pending_commande_id
           WHERE f.id = ?"#,
        caller,
        caller,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(met.map(|met| {
        let facts = met.facts();
        (met.into(), facts)
    }))
}

/// A document about to be removed, locked.
pub struct Locked {
    /// Its order.
    pub commande_id: Option<Uuid>,
    /// Where it is kept.
    pub storage_key: String,
}

/// Locks a document, so that nothing is attached to it meanwhile.
pub async fn lock(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Locked>, sqlx::Error> {
    sqlx::query_as!(Locked, "SELECT commande_id, storage_key FROM files WHERE id = ? FOR UPDATE", id)
        .fetch_optional(conn)
        .await
}

/// Removes the row of a document, and its mention in messages.
pub async fn delete(conn: &mut MySqlConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM files WHERE id = ?", id).execute(conn).await?;
    Ok(())
}

/// A document as its detail shows it: the row, and what was said of it.
pub async fn detail(
    conn: &mut MySqlConnection,
    id: Uuid,
) -> Result<Option<(FileRow, Option<String>)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT id, filename, mime_type, size, type AS "file_type: FileType", commande_id, is_corrected, created_at,
                  description
           FROM files WHERE id = ?"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let file = FileRow {
            id: row.id,
            filename: row.filename,
            mime_type: row.mime_type,
            size: row.size,
            file_type: row.file_type,
            commande_id: row.commande_id,
            is_corrected: row.is_corrected,
            created_at: row.created_at,
        };
        (file, row.description)
    }))
}

/// Keeps the documents of an order that travelled with a message, without the order.
pub async fn leave_to_messages(conn: &mut MySqlConnection, commande_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE files SET commande_id = NULL
         WHERE commande_id = ? AND id IN (SELECT file_id FROM message_attachments)",
        commande_id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The documents of an order and where they are kept, locked.
pub async fn keys_of_order(
    conn: &mut MySqlConnection,
    commande_id: Uuid,
) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: Uuid", storage_key FROM files WHERE commande_id = ? FOR UPDATE"#,
        commande_id
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.storage_key)).collect())
}
