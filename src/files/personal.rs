//! A person's documents, handed out (their description; the documents themselves are downloaded) and erased.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::deletions;
use crate::{
    http::iso::Iso,
    subject::{Sections, Subject, exported},
};

/// A document about a person. Bytes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    id: Uuid,
    nom: String,
    mime_type: String,
    taille: i64,
    titre: Option<String>,
    description: Option<String>,
    corrige: bool,
    commande_id: Option<Uuid>,
    created_at: Iso,
    #[serde(skip)]
    storage_key: String,
}

/// Removes the documents of a person: those of their orders, whoever sent them, those of their conversation, and
/// what they sent and never used. Objects are queued and removed after the commit.
///
/// What a person sent for somebody else, as correctors do, is the other's and stays.
///
/// # Errors
/// When the database refuses.
pub async fn erase(
    conn: &mut MySqlConnection,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    for document in documents(conn, subject).await? {
        deletions::queue(conn, now, &document.storage_key).await?;
        sqlx::query!("DELETE FROM files WHERE id = ?", document.id).execute(&mut *conn).await?;
    }
    Ok(())
}

/// What the documents of a person are called, and what was said of them.
///
/// # Errors
/// When the database refuses.
pub async fn export(conn: &mut MySqlConnection, subject: &Subject) -> Result<Sections, sqlx::Error> {
    Ok(vec![("fichiers", exported(&documents(conn, subject).await?)?)])
}

/// Four ways to a document, each by an index.
async fn documents(conn: &mut MySqlConnection, subject: &Subject) -> Result<Vec<Document>, sqlx::Error> {
    let (id, email) = (subject.user_id, &subject.email);
    sqlx::query_as!(
        Document,
        r#"SELECT f.id, f.filename AS nom, f.mime_type, f.size AS taille, f.title AS titre, f.description,
                  f.is_corrected AS corrige, f.commande_id, f.created_at, f.storage_key
           FROM files f
           WHERE f.id IN (
             SELECT o.id FROM files o JOIN commandes c ON c.id = o.commande_id WHERE c.user_id = ?
             UNION
             SELECT w.id FROM files w JOIN pending_commandes p ON p.id = w.pending_commande_id
             WHERE p.user_id = ? OR p.email = ?
             UNION
             SELECT a.file_id FROM conversations v
             JOIN messages m ON m.conversation_id = v.id
             JOIN message_attachments a ON a.message_id = m.id
             WHERE v.user_id = ? OR v.visitor_email = ?
             UNION
             SELECT l.id FROM files l
             WHERE l.uploaded_by_id = ? AND l.commande_id IS NULL AND l.pending_commande_id IS NULL)
           AND NOT EXISTS (
             SELECT 1 FROM message_attachments b
             JOIN messages n ON n.id = b.message_id
             JOIN conversations w ON w.id = n.conversation_id
             WHERE b.file_id = f.id
               AND COALESCE(w.user_id <> ?, TRUE) AND COALESCE(w.visitor_email <> ?, TRUE))
           AND NOT EXISTS (
             SELECT 1 FROM commandes d WHERE d.id = f.commande_id AND d.user_id <> ?)
           ORDER BY f.created_at, f.id"#,
        id,
        id,
        email,
        id,
        email,
        id,
        id,
        email,
        id
    )
    .fetch_all(conn)
    .await
}
