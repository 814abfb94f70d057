//! Who people are, for those who tell them things.

use futures_util::future::BoxFuture;
use serde_json::Value;
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use crate::events::{self, Person};

/// The accounts as [`crate::events`] sees them.
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
        Box::pin(active_admins(conn))
    }
}

/// Ids of the active administrators.
///
/// # Errors
/// When the database refuses.
pub async fn active_admins(conn: &mut MySqlConnection) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT id AS "id: Uuid" FROM users WHERE role = 'ADMIN' AND is_active = TRUE AND deleted_at IS NULL"#)
        .fetch_all(conn)
        .await
}

async fn person(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Person>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT id, prenom, nom, email, preferences AS "preferences: Json<Value>"
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
        preferences: row.preferences.map(|json| decoded(json.0)),
    }))
}

/// Some imported preferences are JSON within a JSON string.
pub fn decoded(preferences: Value) -> Value {
    match preferences {
        Value::String(text) => serde_json::from_str(&text).unwrap_or_default(),
        other => other,
    }
}
