//! Links that carry their own permission: what may be read, until when, signed.
//!
//! The web application opens invoices and previews in a new tab, where no `Authorization` header
//! travels; such links work for a short time without one.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::mac::{derive, hmac_sha256};

/// How long a link works.
pub const LIFETIME: Duration = Duration::minutes(15);

/// Signs and verifies links.
#[derive(Clone)]
pub struct SignedLinks {
    key: Hmac<Sha256>,
}

impl SignedLinks {
    /// Derives the signing key from the server's secret.
    pub fn new(secret: &SecretString) -> Self {
        Self { key: hmac_sha256(&derive(secret.expose_secret().as_bytes(), b"staka signed links")) }
    }

    /// The signed form of `subject` (such as `invoice:<id>`), valid for [`LIFETIME`] from `now`:
    /// the query string `expires=<unix seconds>&signature=<base64url>`.
    pub fn sign(&self, subject: &str, now: DateTime<Utc>) -> String {
        let expires = (now + LIFETIME).timestamp();
        format!(
            "expires={expires}&signature={}",
            URL_SAFE_NO_PAD.encode(self.mac(subject, expires).finalize().into_bytes())
        )
    }

    /// Whether `signature` permits `subject` at `now`.
    pub fn permits(&self, subject: &str, expires: i64, signature: &str, now: DateTime<Utc>) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        now.timestamp() < expires && self.mac(subject, expires).verify_slice(&signature).is_ok()
    }

    /// A token that permits `subject` for ever, such as leaving a mailing: base64url.
    pub fn seal(&self, subject: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(subject, i64::MAX).finalize().into_bytes())
    }

    /// Whether `token` was made by [`Self::seal`] for `subject`.
    pub fn is_sealed(&self, subject: &str, token: &str) -> bool {
        URL_SAFE_NO_PAD
            .decode(token)
            .is_ok_and(|token| self.mac(subject, i64::MAX).verify_slice(&token).is_ok())
    }

    fn mac(&self, subject: &str, expires: i64) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(&expires.to_be_bytes());
        mac.update(subject.as_bytes());
        mac
    }
}
