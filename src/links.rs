//! Links that carry their own permission: what may be read, for whom it was made, until when, signed.
//!
//! The web application opens invoices, documents and previews in a new tab, where no `Authorization` header
//! travels; such links work for a short time without one.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::Sha256;
use utoipa::IntoParams;
use uuid::Uuid;
use validator::Validate;

use crate::{
    http::{ApiError, ApiResult},
    mac::{derive, hmac_sha256},
};

/// How long a link works.
pub const LIFETIME: Duration = Duration::minutes(15);

/// What a signed link says in its query string.
#[derive(Debug, Default, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LinkQuery {
    /// Of a signed link: Unix seconds.
    #[param(minimum = 0, maximum = 253_402_300_799_i64)]
    #[validate(range(min = 0, max = 253_402_300_799_i64, message = "Ce lien est incomplet ou altéré."))]
    expires: Option<i64>,
    /// Of a signed link.
    #[param(max_length = 255)]
    #[validate(length(max = 255, message = "Ce lien est incomplet ou altéré."))]
    signature: Option<String>,
}

/// What a request was admitted by.
#[derive(Debug)]
pub enum Admitted<S> {
    /// A signed link, made for this account.
    Link(Uuid),
    /// A session.
    Session(S),
}

/// Signs and verifies links.
#[derive(Clone)]
pub struct SignedLinks {
    links: Hmac<Sha256>,
    seals: Hmac<Sha256>,
}

impl SignedLinks {
    /// Derives the signing keys from the server's secret.
    pub fn new(secret: &SecretString) -> Self {
        let key = |purpose: &[u8]| hmac_sha256(&derive(secret.expose_secret().as_bytes(), purpose));
        Self { links: key(b"staka links that expire"), seals: key(b"staka signed links") }
    }

    /// A relative link to `path` below `/api`, which lets `holder` read `subject` (such as `invoice:<id>`) for
    /// [`LIFETIME`] from `now`.
    pub fn link(&self, path: &str, subject: &str, holder: Uuid, now: DateTime<Utc>) -> String {
        let expires = (now + LIFETIME).timestamp();
        let mac = self.mac(subject, holder, expires).finalize().into_bytes();
        let signature = URL_SAFE_NO_PAD.encode([holder.as_bytes(), mac.as_slice()].concat());
        format!("/api{path}?expires={expires}&signature={signature}")
    }

    /// Whom a request for `subject` is admitted as: by a link that permits it, else by its session.
    ///
    /// # Errors
    /// 403 `LINK_EXPIRED` when there is only a link and it permits nothing (any more), 401 `TOKEN_MISSING` without both.
    pub fn admit<S>(
        &self,
        subject: &str,
        query: &LinkQuery,
        session: Option<S>,
        now: DateTime<Utc>,
    ) -> ApiResult<Admitted<S>> {
        match (self.holder(subject, query, now), session) {
            (Some(holder), _) => Ok(Admitted::Link(holder)),
            (None, Some(session)) => Ok(Admitted::Session(session)),
            (None, None) if query.signature.is_some() => Err(ApiError::forbidden(
                "LINK_EXPIRED",
                "Ce lien a expiré. Rouvrez le document depuis votre espace.",
            )),
            (None, None) => Err(ApiError::unauthorized("TOKEN_MISSING", "Connectez-vous pour continuer.")),
        }
    }

    /// For whom the link was made, if it permits `subject` at `now`.
    fn holder(&self, subject: &str, query: &LinkQuery, now: DateTime<Utc>) -> Option<Uuid> {
        let expires = query.expires.filter(|expires| now.timestamp() < *expires)?;
        let signature = URL_SAFE_NO_PAD.decode(query.signature.as_deref()?).ok()?;
        let (holder, mac) = signature.split_at_checked(16)?;
        let holder = Uuid::from_slice(holder).ok()?;
        self.mac(subject, holder, expires).verify_slice(mac).is_ok().then_some(holder)
    }

    fn mac(&self, subject: &str, holder: Uuid, expires: i64) -> Hmac<Sha256> {
        let mut mac = self.links.clone();
        mac.update(&expires.to_be_bytes());
        mac.update(holder.as_bytes());
        mac.update(subject.as_bytes());
        mac
    }

    /// A token that permits `subject` for ever, such as leaving a mailing: base64url.
    pub fn seal(&self, subject: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.sealed(subject).finalize().into_bytes())
    }

    /// Whether `token` was made by [`Self::seal`] for `subject`.
    pub fn is_sealed(&self, subject: &str, token: &str) -> bool {
        URL_SAFE_NO_PAD.decode(token).is_ok_and(|token| self.sealed(subject).verify_slice(&token).is_ok())
    }

    /// A token that names `id` and permits `purpose` for it, for ever: base64url.
    pub fn ticket(&self, purpose: &str, id: Uuid) -> String {
        let mac = self.sealed(&format!("{purpose}:{id}")).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([id.as_bytes(), mac.as_slice()].concat())
    }

    /// What a token made by [`Self::ticket`] for `purpose` names.
    pub fn ticket_holder(&self, purpose: &str, token: &str) -> Option<Uuid> {
        let token = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (id, mac) = token.split_at_checked(16)?;
        let id = Uuid::from_slice(id).ok()?;
        self.sealed(&format!("{purpose}:{id}")).verify_slice(mac).is_ok().then_some(id)
    }

    fn sealed(&self, subject: &str) -> Hmac<Sha256> {
        let mut mac = self.seals.clone();
        mac.update(&i64::MAX.to_be_bytes());
        mac.update(subject.as_bytes());
        mac
    }
}
