//! Secret links and tickets of an account, handed out (when they were made, never what they are) and erased.

use serde::Serialize;
use sqlx::MySqlConnection;

use crate::{
    http::iso::Iso,
    subject::{Sections, Subject, exported},
};

/// Removes every secret link of the account, used or not.
///
/// # Errors
/// When the database refuses.
pub async fn erase(conn: &mut MySqlConnection, subject: &Subject) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM password_resets WHERE user_id = ?", subject.user_id)
        .execute(&mut *conn)
        .await?;
    sqlx::query!("DELETE FROM activation_tokens WHERE user_id = ?", subject.user_id)
        .execute(&mut *conn)
        .await?;
    sqlx::query!("DELETE FROM login_tickets WHERE user_id = ?", subject.user_id).execute(conn).await?;
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SecretLink {
    usage: String,
    created_at: Iso,
    expires_at: Iso,
    used_at: Option<Iso>,
}

/// When secret links were made and used.
///
/// # Errors
/// When the database refuses.
pub async fn export(conn: &mut MySqlConnection, subject: &Subject) -> Result<Sections, sqlx::Error> {
    let links = sqlx::query_as!(
        SecretLink,
        r#"SELECT 'motDePasse' AS "usage!: String", created_at AS "created_at!: Iso", expires_at AS "expires_at!: Iso",
                  used_at AS "used_at: Iso"
           FROM password_resets WHERE user_id = ?
           UNION ALL
           SELECT 'activation', created_at, expires_at, used_at FROM activation_tokens WHERE user_id = ?
           UNION ALL
           SELECT 'connexion', created_at, expires_at, NULL FROM login_tickets WHERE user_id = ?"#,
        subject.user_id,
        subject.user_id,
        subject.user_id
    )
    .fetch_all(conn)
    .await?;
    Ok(vec![("liensSecrets", exported(&links)?)])
}
