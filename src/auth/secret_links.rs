//! The secret links that mails carry: choose a new password, activate an account.
//!
//! A link is made at the moment its mail is rendered, so that no usable token rests in the outbox, and only the
//! SHA-256 of its token is stored. Links made earlier for the same account stay good until they expire or until one of
//! them is used: the mail that carried one may have been delivered although its sending was repeated.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use sha2::{Digest, Sha256};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::clock::random_bytes;

/// How long a link to choose a new password works.
pub const RESET_LIFETIME: Duration = Duration::hours(1);

/// How long an activation link works.
pub const ACTIVATION_LIFETIME: Duration = Duration::hours(48);

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

/// Makes an activation link: its path in the web application, `/activation/<token>`, and the instant it expires.
///
/// # Errors
/// When the database refuses.
pub async fn mint_activation(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(String, DateTime<Utc>), sqlx::Error> {
    let (token, expires_at) = (new_token(), now + ACTIVATION_LIFETIME);
    sqlx::query!(
        "INSERT INTO activation_tokens (token_hash, user_id, expires_at, created_at) VALUES (?, ?, ?, ?)",
        hash(&token),
        user_id,
        expires_at,
        now
    )
    .execute(conn)
    .await?;
    Ok((format!("/activation/{token}"), expires_at))
}

/// Makes a link to choose a new password: its path in the web application, `/reset-password?token=<token>`, and the
/// instant it expires.
///
/// # Errors
/// When the database refuses.
pub async fn mint_reset(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<(String, DateTime<Utc>), sqlx::Error> {
    let (token, expires_at) = (new_token(), now + RESET_LIFETIME);
    sqlx::query!(
        "INSERT INTO password_resets (token_hash, user_id, expires_at, created_at) VALUES (?, ?, ?, ?)",
        hash(&token),
        user_id,
        expires_at,
        now
    )
    .execute(conn)
    .await?;
    Ok((format!("/reset-password?token={token}"), expires_at))
}

/// What is stored of a token: its SHA-256 in lower-case hexadecimal.
pub(super) fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

/// A token that nobody guesses.
pub(super) fn new_token() -> String {
    URL_SAFE_NO_PAD.encode(random_bytes::<TOKEN_BYTES>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_43_url_safe_characters_and_never_the_same() {
        let (one, other) = (new_token(), new_token());
        assert_eq!(one.len(), 43);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert_ne!(one, other);
    }

    #[test]
    fn the_stored_form_is_the_sha_256_in_hexadecimal() {
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
