//! Lists of documents over more than one order.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::FileRow;
use crate::{files::FileType, http::Page};

/// A document of an order, with what its list shows of the order and of its author.
pub struct ProjectFileRow {
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
    /// Title of its order.
    pub titre: String,
    /// First name of the order's author.
    pub prenom: String,
    /// Their family name.
    pub nom: String,
    /// Their address.
    pub email: String,
}

impl From<ProjectFileRow> for FileRow {
    fn from(row: ProjectFileRow) -> Self {
        Self {
            id: row.id,
            filename: row.filename,
            mime_type: row.mime_type,
            size: row.size,
            file_type: row.file_type,
            commande_id: row.commande_id,
            is_corrected: row.is_corrected,
            created_at: row.created_at,
        }
    }
}

/// Rows for a page of the documents of someone's orders, newest first.
pub async fn of_author(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    page: Page,
) -> Result<Vec<ProjectFileRow>, sqlx::Error> {
    sqlx::query_as!(
        ProjectFileRow,
        r#"SELECT f.id, f.filename, f.mime_type, f.size, f.type AS "file_type: FileType", f.commande_id, f.is_corrected,
                  f.created_at, c.titre, u.prenom, u.nom, u.email
           FROM commandes c JOIN files f ON f.commande_id = c.id JOIN users u ON u.id = c.user_id
           WHERE c.user_id = ?
           ORDER BY f.created_at DESC, f.id DESC LIMIT ? OFFSET ?"#,
        user_id,
        page.fetch(),
        page.offset()
    )
    .fetch_all(conn)
    .await
}

/// How many documents someone's orders have.
pub async fn count_of_author(conn: &mut MySqlConnection, user_id: Uuid) -> Result<u64, sqlx::Error> {
    let count = sqlx::query_scalar!(
        "SELECT COUNT(*) FROM commandes c JOIN files f ON f.commande_id = c.id WHERE c.user_id = ?",
        user_id
    );
    Ok(count.fetch_one(conn).await?.unsigned_abs())
}

/// Rows for a page of the documents of all orders, newest first: read in the order of an index, whatever the server
/// thinks of the tables.
pub async fn of_everyone(conn: &mut MySqlConnection, page: Page) -> Result<Vec<ProjectFileRow>, sqlx::Error> {
    sqlx::query_as!(
        ProjectFileRow,
        r#"SELECT f.id, f.filename, f.mime_type, f.size, f.type AS "file_type: FileType", f.commande_id, f.is_corrected,
                  f.created_at, c.titre, u.prenom, u.nom, u.email
           FROM files f FORCE INDEX (files_created)
           STRAIGHT_JOIN commandes c ON c.id = f.commande_id
           STRAIGHT_JOIN users u ON u.id = c.user_id
           ORDER BY f.created_at DESC, f.id DESC LIMIT ? OFFSET ?"#,
        page.fetch(),
        page.offset()
    )
    .fetch_all(conn)
    .await
}

/// How many documents all orders have.
pub async fn count_of_everyone(conn: &mut MySqlConnection) -> Result<u64, sqlx::Error> {
    let count = sqlx::query_scalar!("SELECT COUNT(*) FROM files WHERE commande_id IS NOT NULL");
    Ok(count.fetch_one(conn).await?.unsigned_abs())
}

/// Rows for a page of what someone sent, newest first.
pub async fn sent_by(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    page: Page,
) -> Result<Vec<FileRow>, sqlx::Error> {
    sqlx::query_as!(
        FileRow,
        r#"SELECT id, filename, mime_type, size, type AS "file_type: FileType", commande_id, is_corrected, created_at
           FROM files WHERE uploaded_by_id = ? ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?"#,
        user_id,
        page.fetch(),
        page.offset()
    )
    .fetch_all(conn)
    .await
}

/// How many documents someone sent.
pub async fn count_sent_by(conn: &mut MySqlConnection, user_id: Uuid) -> Result<u64, sqlx::Error> {
    let count = sqlx::query_scalar!("SELECT COUNT(*) FROM files WHERE uploaded_by_id = ?", user_id);
    Ok(count.fetch_one(conn).await?.unsigned_abs())
}
