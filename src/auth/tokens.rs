//! Session tokens: JWT, HS256 (RFC 7519).

use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use moka::sync::Cache;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Role;

const ISSUER: &str = "staka-livres";
const AUDIENCE: &str = "staka-users";

/// How long a session lasts.
pub const LIFETIME: Duration = Duration::days(7);

/// Verified tokens remembered at most. One takes about a hundred and fifty bytes.
const REMEMBERED: u64 = 10_000;

/// What a session token says.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    /// The account.
    user_id: Uuid,
    /// Its address when the token was made.
    email: String,
    /// Its role when the token was made; the database's counts.
    role: Role,
    /// The account's token version: a token of an earlier version is dead.
    #[serde(rename = "ver")]
    version: u32,
    iat: i64,
    exp: i64,
    iss: String,
    aud: String,
}

/// What counts of a token that we signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The account.
    pub user_id: Uuid,
    /// The account's token version: a token of an earlier version is dead.
    pub version: u32,
    /// Unix seconds.
    expires_at: i64,
}

/// Makes and reads session tokens.
#[derive(Clone)]
pub struct SessionTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    /// By SHA-256 of the token: people send the same one with every request, and verifying is most of reading.
    verified: Cache<[u8; 32], Verified>,
}

impl SessionTokens {
    /// Uses `JWT_SECRET`.
    pub fn new(secret: &SecretString) -> Self {
        let secret = secret.expose_secret().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        // The expiry is compared with the injected clock below.
        validation.validate_exp = false;
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
            verified: Cache::new(REMEMBERED),
        }
    }

    /// A token for an account, valid for seven days.
    ///
    /// # Errors
    /// When signing fails, which no input causes.
    pub fn issue(
        &self,
        user_id: Uuid,
        email: &str,
        role: Role,
        version: u32,
        now: DateTime<Utc>,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = Claims {
            user_id,
            email: email.to_owned(),
            role,
            version,
            iat: now.timestamp(),
            exp: (now + LIFETIME).timestamp(),
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
    }

    /// What counts of a token that we signed and that has not expired at `now`.
    pub fn read(&self, token: &str, now: DateTime<Utc>) -> Option<Verified> {
        let digest = Sha256::digest(token).into();
        let verified = self.verified.get(&digest).or_else(|| {
            let verified = self.verify(token)?;
            self.verified.insert(digest, verified);
            Some(verified)
        })?;
        // What is remembered is the signature, never the validity.
        (verified.expires_at > now.timestamp()).then_some(verified)
    }

    fn verify(&self, token: &str) -> Option<Verified> {
        let claims = decode::<Claims>(token, &self.decoding, &self.validation).ok()?.claims;
        Some(Verified { user_id: claims.user_id, version: claims.version, expires_at: claims.exp })
    }
}
