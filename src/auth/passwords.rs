//! Password hashing: argon2id for new hashes, bcrypt verified for imported ones.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{Error, PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::{sync::Semaphore, time::Instant};

use crate::http::error::{ApiError, ApiResult};

/// Hashes in progress at once at most; each takes a core and 19 MiB.
const MAX_RUNNING: usize = 8;
/// Callers that may wait for their turn; the next one is told to come back.
const WAITING: usize = 64;

/// Stands in for the hash of an account that does not exist, so that it takes as long to refuse: the hash of 32 random
/// bytes that nobody kept.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$EQEFVKWBoi6pB3N4JxOc7g$lYIN07ZRnmKD8dueMMnCzDln12UfFMf45w9slIVZGTM";

/// The dearest bcrypt hashes that the former platform made.
const IMPORTED_COST: u32 = 12;
/// The cost that is measured: each step up to [`IMPORTED_COST`] doubles the work.
const MEASURED_COST: u32 = 8;
/// Longest a refusal is held back, however slow the machine was when it was measured.
const LONGEST_REFUSAL: Duration = Duration::from_secs(2);

/// Hashes and verifies passwords away from the async threads.
#[derive(Clone)]
pub struct Passwords {
    params: Params,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    /// Microseconds.
    refusal: Arc<AtomicU64>,
}

/// A finished verification.
#[derive(Clone, Copy, Debug)]
pub struct Checked {
    /// Its outcome.
    pub verdict: Verdict,
    /// When a refusal may be told: as long after the beginning whatever the hash was, or that there was none.
    pub refuse_at: Instant,
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

impl Default for Passwords {
    /// New hashes as OWASP recommends: 19 MiB, two passes.
    fn default() -> Self {
        Self::with(Params::DEFAULT)
    }
}

impl Passwords {
    /// New hashes that take this memory, in KiB, and this many passes over it.
    ///
    /// # Errors
    /// When argon2 has no such parameters.
    pub fn new(memory_kib: u32, passes: u32) -> anyhow::Result<Self> {
        let params = Params::new(memory_kib, passes, Params::DEFAULT_P_COST, None);
        Ok(Self::with(params.map_err(|error| anyhow::anyhow!("{error}"))?))
    }

    /// One hash at a time per core.
    fn with(params: Params) -> Self {
        let running = std::thread::available_parallelism().map_or(2, usize::from).min(MAX_RUNNING);
        Self {
            params,
            running: Arc::new(Semaphore::new(running)),
            admitted: Arc::new(Semaphore::new(running + WAITING)),
            refusal: Arc::default(),
        }
    }

    /// The argon2id hash of a password, as a PHC string.
    ///
    /// # Errors
    /// 503 when too many hashes wait already.
    pub async fn hash(&self, password: &str) -> ApiResult<String> {
        let (password, params) = (password.to_owned(), self.params.clone());
        self.run(move || hash_now(&password, &params))
            .await?
            .map_err(|error| ApiError::internal(anyhow::anyhow!("{error}")))
    }

    /// Checks a password against a stored hash. Without a hash (unknown account), or with one that no scheme reads, it
    /// takes the time of a current hash and the answer is [`Verdict::Wrong`].
    ///
    /// # Errors
    /// 503 when too many hashes wait already.
    pub async fn verify(&self, stored: Option<&str>, password: &str) -> ApiResult<Checked> {
        let (stored, password) = (stored.map(str::to_owned), password.to_owned());
        let params = self.params.clone();
        let refusal = self.refusal();
        self.run(move || {
            // The wait for a turn is the same for everybody, and is not counted.
            let refuse_at = Instant::now() + refusal;
            let verdict = stored.as_deref().and_then(|hash| verify_now(hash, &password, &params));
            let verdict = verdict.unwrap_or_else(|| {
                verify_now(NOBODY, &password, &params);
                Verdict::Wrong
            });
            Checked { verdict, refuse_at }
        })
        .await
    }

    /// Measures what the slowest verification takes on this machine, and has refusals take half as long again; tells
    /// how long that is. Until then they take what their own verification takes.
    ///
    /// # Errors
    /// 503 when too many hashes wait already.
    pub async fn measure(&self) -> ApiResult<Duration> {
        let slowest = self.run(slowest_verification).await?;
        let refusal = (slowest + slowest / 2).min(LONGEST_REFUSAL);
        self.refuse_after(refusal);
        Ok(refusal)
    }

    /// Has refusals take this long, to the microsecond.
    pub fn refuse_after(&self, refusal: Duration) {
        self.refusal.store(u64::try_from(refusal.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn refusal(&self) -> Duration {
        Duration::from_micros(self.refusal.load(Ordering::Relaxed))
    }

    /// The permits live as long as the work: a caller who leaves does not stop a hash that has begun.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> ApiResult<T> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| ApiError::unavailable())?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(ApiError::internal)?;
        let hashing = tokio::task::spawn_blocking(move || {
            let _permits = (admitted, running);
            work()
        });
        hashing.await.map_err(ApiError::internal)
    }
}

fn slowest_verification() -> Duration {
    let current = timed(|| verify_now(NOBODY, NOBODY, &Params::DEFAULT));
    let imported = timed(|| bcrypt::hash_with_salt(NOBODY, MEASURED_COST, [0; 16]));
    current.max(imported * 2_u32.pow(IMPORTED_COST - MEASURED_COST))
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed()
}

fn hasher(params: &Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
}

fn hash_now(password: &str, params: &Params) -> Result<String, argon2::password_hash::Error> {
    Ok(hasher(params).hash_password(password.as_bytes())?.to_string())
}

/// `None` when the stored text is no hash that can be checked.
fn verify_now(stored: &str, password: &str, wanted: &Params) -> Option<Verdict> {
    if !stored.starts_with("$argon2") {
        return verify_bcrypt(stored, password);
    }
    let hash = PasswordHash::new(stored).ok().filter(|hash| hash.salt.is_some() && hash.hash.is_some())?;
    match hasher(wanted).verify_password(password.as_bytes(), &hash) {
        Ok(()) if is_current(&hash, wanted) => Some(Verdict::Right),
        Ok(()) => Some(Verdict::RightButOutdated),
        Err(Error::PasswordInvalid) => Some(Verdict::Wrong),
        Err(_) => None,
    }
}

/// Reads 72 bytes of the password at most, as the program that made these hashes did.
fn verify_bcrypt(stored: &str, password: &str) -> Option<Verdict> {
    match bcrypt::verify(password, stored) {
        Ok(true) => Some(Verdict::RightButOutdated),
        Ok(false) => Some(Verdict::Wrong),
        Err(_) => None,
    }
}

fn is_current(hash: &PasswordHash, wanted: &Params) -> bool {
    hash.algorithm.as_str() == Algorithm::Argon2id.as_str()
        && Params::try_from(hash).is_ok_and(|params| {
            (params.m_cost(), params.t_cost(), params.p_cost())
                == (wanted.m_cost(), wanted.t_cost(), wanted.p_cost())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::users::UNUSABLE;

    const PASSWORD: &str = "Correct-Horse-42 é";

    async fn verdict(stored: &str, password: &str) -> Verdict {
        Passwords::default().verify(Some(stored), password).await.unwrap().verdict
    }

    fn bcrypt_hash(cost: u32, version: bcrypt::Version, password: &str) -> String {
        bcrypt::hash_with_salt(password, cost, *b"sixteen bytes ok").unwrap().format_for_version(version)
    }

    #[tokio::test]
    async fn a_new_hash_is_argon2id_with_the_recommended_cost() {
        let hash = Passwords::default().hash(PASSWORD).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(hash.len() <= 255);
        assert_eq!(verdict(&hash, PASSWORD).await, Verdict::Right);
        assert_eq!(verdict(&hash, "Correct-Horse-42 e").await, Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_cheaper_argon2_hash_is_right_but_outdated() {
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8192, 1, 1, None).unwrap());
        let hash = cheap.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
        assert_eq!(verdict(&hash, PASSWORD).await, Verdict::RightButOutdated);
        let other = Argon2::new(Algorithm::Argon2i, Version::V0x13, Params::DEFAULT);
        let hash = other.hash_password(PASSWORD.as_bytes()).unwrap().to_string();
        assert_eq!(verdict(&hash, PASSWORD).await, Verdict::RightButOutdated);
    }

    #[tokio::test]
    async fn imported_bcrypt_hashes_verify_and_are_outdated() {
        for (cost, version, prefix) in [
            (10, bcrypt::Version::TwoA, "$2a$10$"),
            (12, bcrypt::Version::TwoB, "$2b$12$"),
            (4, bcrypt::Version::TwoY, "$2y$04$"),
        ] {
            let hash = bcrypt_hash(cost, version, PASSWORD);
            assert!(hash.starts_with(prefix), "{hash}");
            assert_eq!(verdict(&hash, PASSWORD).await, Verdict::RightButOutdated);
            assert_eq!(verdict(&hash, "wrong").await, Verdict::Wrong);
        }
    }

    #[tokio::test]
    async fn a_hash_of_another_program_verifies() {
        // Made with bcryptjs.
        let hash = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
        assert_eq!(verdict(hash, "some other password").await, Verdict::Wrong);
        // Test vector of OpenBSD: U*U, cost 5.
        let hash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        assert_eq!(verdict(hash, "U*U").await, Verdict::RightButOutdated);
    }

    #[tokio::test]
    async fn bcrypt_reads_72_bytes_of_a_longer_password() {
        let long = "a".repeat(72);
        let hash = bcrypt_hash(4, bcrypt::Version::TwoA, &long);
        assert_eq!(verdict(&hash, &format!("{long}tail")).await, Verdict::RightButOutdated);
    }

    #[tokio::test]
    async fn what_is_no_hash_is_a_wrong_password_and_never_a_panic() {
        let good = bcrypt_hash(4, bcrypt::Version::TwoB, PASSWORD);
        let truncated = (0..good.len()).map(|end| good[..end].to_owned());
        let odd = [
            UNUSABLE,
            "PENDING_ACTIVATION",
            "$2b$99$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "$2b$04$aaaaaaaaaaaaaaaaaaaaa\u{a3}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "$2b$é4$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "$2b$04$=====================================================",
            "éééééééééééééééééééééééééééééé",
            "$argon2id$",
            "$argon2id$v=19$m=19456,t=2,p=1$é$é",
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ",
            "$argon2id$v=19$m=0,t=0,p=0$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo",
        ];
        for stored in truncated.chain(odd.map(str::to_owned)) {
            assert_eq!(verify_now(&stored, PASSWORD, &Params::DEFAULT), None, "{stored}");
        }
        assert_eq!(verdict(UNUSABLE, UNUSABLE).await, Verdict::Wrong);
    }

    #[tokio::test]
    async fn nobody_is_refused_by_a_hash_as_costly_as_everybodys() {
        assert!(is_current(&PasswordHash::new(NOBODY).unwrap(), &Params::DEFAULT));
        assert_eq!(verify_now(NOBODY, PASSWORD, &Params::DEFAULT), Some(Verdict::Wrong));
        let nobody = Passwords::default().verify(None, PASSWORD).await.unwrap();
        assert_eq!(nobody.verdict, Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_refusal_may_be_told_as_late_as_after_the_slowest_verification() {
        let passwords = Passwords::default();
        let refusal = passwords.measure().await.unwrap();
        assert!(refusal > Duration::ZERO && refusal <= LONGEST_REFUSAL, "{refusal:?}");
        let began = Instant::now();
        for stored in [None, Some(bcrypt_hash(4, bcrypt::Version::TwoA, PASSWORD))] {
            let checked = passwords.verify(stored.as_deref(), "wrong").await.unwrap();
            assert!(checked.refuse_at >= began + refusal);
        }
    }
}
