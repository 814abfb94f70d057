//! Exports made before, handed out (when they were asked for) and erased.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::MySqlConnection;

use super::store;
use crate::{
    files::deletions,
    http::iso::Iso,
    subject::{Sections, Subject, exported},
};

/// Removes the exports of an account, made or not. Objects are queued and removed after the commit; a worker in the
/// midst of one finds its row gone, and removes what it made.
///
/// # Errors
/// When the database refuses.
pub async fn erase(
    conn: &mut MySqlConnection,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    for old in store::lock_of_user(conn, subject.user_id).await? {
        for key in old.keys() {
            deletions::queue(conn, now, key).await?;
        }
        store::delete(conn, &old).await?;
    }
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Earlier {
    created_at: Iso,
    expires_at: Iso,
}

/// When a person asked for exports.
///
/// # Errors
/// When the database refuses.
pub async fn export(conn: &mut MySqlConnection, subject: &Subject) -> Result<Sections, sqlx::Error> {
    let earlier = sqlx::query_as!(
        Earlier,
        "SELECT created_at, expires_at FROM data_exports WHERE user_id = ? ORDER BY created_at, id",
        subject.user_id
    )
    .fetch_all(conn)
    .await?;
    Ok(vec![("exports", exported(&earlier)?)])
}
