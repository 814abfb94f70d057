//! Session tokens: JWT, HS256 (RFC 7519).

use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Role;

const ISSUER: &str = "staka-livres";
const AUDIENCE: &str = "staka-users";

/// How long a session lasts.
pub const LIFETIME: Duration = Duration::days(7);

/// What a session token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claims {
    /// The account.
    pub user_id: Uuid,
    /// Its address when the token was made.
    pub email: String,
    /// Its role when the token was made; the database's counts.
    pub role: Role,
    /// The account's token version: a token of an earlier version is dead.
    #[serde(rename = "ver")]
    pub version: u32,
    iat: i64,
    exp: i64,
    iss: String,
    aud: String,
}

/// Makes and reads session tokens.
#[derive(Clone)]
pub struct SessionTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
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

    /// The claims of a token that we signed and that has not expired.
    pub fn read(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        let claims = decode::<Claims>(token, &self.decoding, &self.validation).ok()?.claims;
        (claims.exp > now.timestamp()).then_some(claims)
    }
}
