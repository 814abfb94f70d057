//! Who people are, for those who tell them things.

use futures_util::future::BoxFuture;
use serde_json::Value;
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use super::{preferences::decoded, store};
use crate::events::{self, Person};

/// The accounts as `events/` sees them.
pub struct Directory;

impl events::Directory for Directory {
    fn person<'a>(
        &'a self,
        conn: &'a mut MySqlConnection,
        id: Uuid,
    ) -> BoxFuture<'a, Result<Option<Person>, sqlx::Error>> {
        Box::pin(person(conn, id))
    }

    fn team<'a>(&'a self, conn: &'a mut MySqlConnection) -> BoxFuture<'a, Result<Vec<Uuid>, sqlx::Error>> {
        Box::pin(store::active_admins(conn))
    }
}

async fn person(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Person>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT id, prenom, nom, email, is_active AS "active: bool", preferences AS "preferences: Json<Value>"
           FROM users WHERE id = ? AND deleted_at IS NULL"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Person {
        id: Some(row.id),
        name: format!("{} {}", row.prenom, row.nom),
        first_name: row.prenom,
        email: row.email,
        active: row.active,
        preferences: row.preferences.map(|json| decoded(json.0)),
    }))
}
