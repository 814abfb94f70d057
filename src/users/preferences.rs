//! What accounts have chosen about mails and privacy.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

/// What an account has chosen, locked.
pub(super) struct Preferences {
    /// Its address.
    pub email: String,
    /// An object, or null when nothing was ever chosen.
    pub preferences: Value,
}

pub(super) async fn lock_preferences(
    conn: &mut MySqlConnection,
    id: Uuid,
) -> Result<Option<Preferences>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT email, preferences AS "preferences: Json<Value>" FROM users
           WHERE id = ? AND deleted_at IS NULL FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Preferences {
        email: row.email,
        preferences: row.preferences.map(|json| decoded(json.0)).unwrap_or_default(),
    }))
}

pub(super) async fn save_preferences(
    conn: &mut MySqlConnection,
    id: Uuid,
    preferences: Value,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE users SET preferences = ?, updated_at = ? WHERE id = ?", Json(preferences), now, id)
        .execute(conn)
        .await
        .map(drop)
}

/// Some imported preferences are JSON within a JSON string.
pub(super) fn decoded(preferences: Value) -> Value {
    match preferences {
        Value::String(text) => serde_json::from_str(&text).unwrap_or_default(),
        other => other,
    }
}
