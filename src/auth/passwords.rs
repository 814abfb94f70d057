//! Password hashing: argon2id for new hashes, bcrypt verified for imported ones.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::http::error::{ApiError, ApiResult};

/// Stored when an account has no password: no input verifies against it.
pub const UNUSABLE: &str = "!";

/// Hashes in progress at once; each takes a core and 19 MiB.
const RUNNING: usize = 2;
/// Callers that may wait for their turn; the next one is told to come back.
const WAITING: usize = 64;

/// Hashes and verifies passwords away from the async threads.
#[derive(Clone)]
pub struct Passwords {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    dummy: Arc<str>,
}

/// The outcome of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not the password.
    Wrong,
    /// The password.
    Right,
    /// The password, under a scheme to be replaced by a new hash.
    RightButOutdated,
}

impl Passwords {
    /// Prepares the hash that stands in for unknown accounts.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn new() -> anyhow::Result<Self> {
        let dummy = hash_now("no account has this password").map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(Self {
            running: Arc::new(Semaphore::new(RUNNING)),
            admitted: Arc::new(Semaphore::new(RUNNING + WAITING)),
            dummy: dummy.into(),
        })
    }

    /// The argon2id hash of a password (19 MiB, t=2, p=1; OWASP), as a PHC string.
    ///
    /// # Errors
    /// 503 when too many hashes wait already.
    pub async fn hash(&self, password: &str) -> ApiResult<String> {
        let password = password.to_owned();
        self.run(move || hash_now(&password)).await?.map_err(|error| ApiError::internal(anyhow::anyhow!("{error}")))
    }

    /// Checks a password against a stored hash. Without a hash (unknown account) it takes the same
    /// time and the answer is [`Verdict::Wrong`].
    ///
    /// # Errors
    /// 503 when too many hashes wait already.
    pub async fn verify(&self, stored: Option<&str>, password: &str) -> ApiResult<Verdict> {
        let usable = stored.filter(|hash| *hash != UNUSABLE);
        let known = usable.is_some();
        let hash = usable.unwrap_or(&self.dummy).to_owned();
        let password = password.to_owned();
        let verdict = self.run(move || verify_now(&hash, &password)).await?;
        Ok(if known { verdict } else { Verdict::Wrong })
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> ApiResult<T> {
        let _admitted = self.admitted.try_acquire().map_err(|_| ApiError::unavailable())?;
        let _running = self.running.acquire().await.map_err(ApiError::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)
    }
}

fn hasher() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

fn hash_now(password: &str) -> Result<String, argon2::password_hash::Error> {
    Ok(hasher().hash_password(password.as_bytes())?.to_string())
}

fn verify_now(stored: &str, password: &str) -> Verdict {
    if stored.starts_with("$argon2") {
        let Ok(hash) = PasswordHash::new(stored) else { return Verdict::Wrong };
        return match hasher().verify_password(password.as_bytes(), &hash) {
            Ok(()) if is_current(&hash) => Verdict::Right,
            Ok(()) => Verdict::RightButOutdated,
            Err(_) => Verdict::Wrong,
        };
    }
    match bcrypt::verify(password, stored) {
        Ok(true) => Verdict::RightButOutdated,
        Ok(false) | Err(_) => Verdict::Wrong,
    }
}

fn is_current(hash: &PasswordHash) -> bool {
    Params::try_from(hash).is_ok_and(|params| {
        (params.m_cost(), params.t_cost(), params.p_cost())
            == (Params::DEFAULT.m_cost(), Params::DEFAULT.t_cost(), Params::DEFAULT.p_cost())
    })
}
