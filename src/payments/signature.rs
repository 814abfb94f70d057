//! The `Stripe-Signature` header: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`, with as
//! many `v1` entries as the endpoint has live secrets (<https://docs.stripe.com/webhooks>).
//! Checked on the bytes as received: a body parsed and written again has another signature.

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::mac::hmac_sha256;

/// How far, in seconds, the signed instant may lie from ours, either way.
pub const TOLERANCE_SECONDS: u64 = 300;

/// The step of the verification that failed. Meant for the log: the answer to the caller must
/// not say which it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The server knows no secret to compare with.
    #[error("no webhook secret is configured")]
    NoSecret,
    /// The header has no readable `t=` entry.
    #[error("the header carries no timestamp")]
    NoTimestamp,
    /// The header has no `v1=` entry.
    #[error("the header carries no v1 signature")]
    NoSignature,
    /// The signed instant is too old: a replay, or our clock runs ahead.
    #[error("the signature is older than the tolerance")]
    TooOld,
    /// The signed instant lies in the future: our clock runs behind.
    #[error("the signature is dated in the future")]
    InFuture,
    /// Nothing matches: another secret, or a body changed on the way.
    #[error("no signature matches the body")]
    Mismatch,
}

/// Checks that `body` was signed with one of `secrets` close to `now`.
///
/// # Errors
/// The first step that failed; see [`SignatureError`].
pub fn verify(
    header: &str,
    body: &[u8],
    secrets: &[SecretString],
    now: DateTime<Utc>,
) -> Result<(), SignatureError> {
    if secrets.is_empty() {
        return Err(SignatureError::NoSecret);
    }
    let timestamp = entries(header, "t").next().ok_or(SignatureError::NoTimestamp)?;
    let signed_at: i64 = timestamp.parse().map_err(|_| SignatureError::NoTimestamp)?;
    if entries(header, "v1").next().is_none() {
        return Err(SignatureError::NoSignature);
    }
    if !matches_any(header, timestamp, body, secrets) {
        return Err(SignatureError::Mismatch);
    }
    check_age(signed_at, now.timestamp())
}

/// The header that proves `body` was sent by a holder of `secret` at `now`: what Stripe computes.
pub fn sign(body: &[u8], secret: &SecretString, now: DateTime<Utc>) -> String {
    let timestamp = now.timestamp().to_string();
    let signature = mac(secret, &timestamp, body).finalize().into_bytes();
    format!("t={timestamp},v1={}", hex::encode(signature))
}

fn entries<'h>(header: &'h str, key: &'h str) -> impl Iterator<Item = &'h str> {
    header
        .split(',')
        .filter_map(|entry| entry.split_once('='))
        .filter(move |(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim())
}

/// Tries every secret on every entry; each comparison takes a constant time.
fn matches_any(header: &str, timestamp: &str, body: &[u8], secrets: &[SecretString]) -> bool {
    let claimed: Vec<Vec<u8>> = entries(header, "v1").filter_map(|value| hex::decode(value).ok()).collect();
    secrets.iter().any(|secret| {
        let expected = mac(secret, timestamp, body);
        claimed.iter().any(|value| expected.clone().verify_slice(value).is_ok())
    })
}

fn check_age(signed_at: i64, now: i64) -> Result<(), SignatureError> {
    if signed_at.abs_diff(now) <= TOLERANCE_SECONDS {
        Ok(())
    } else if signed_at < now {
        Err(SignatureError::TooOld)
    } else {
        Err(SignatureError::InFuture)
    }
}

fn mac(secret: &SecretString, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = hmac_sha256(secret.expose_secret().as_bytes());
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_770_000_000, 0).unwrap()
    }

    /// The value was computed with `openssl dgst -sha256 -hmac`, not with this code.
    #[test]
    fn agrees_with_an_independent_computation() {
        let header = sign(br#"{"id":"evt_1"}"#, &secret("whsec_test"), now());
        assert_eq!(header, format!("t=1770000000,v1={OPENSSL}"));
    }

    const OPENSSL: &str = "a5d0cfab1d4194edb18106498880feb0d15eae451586a7ec63bbd1dcefd531d6";

    #[test]
    fn accepts_any_of_several_secrets_and_signatures() {
        let body = b"body";
        let old = sign(body, &secret("old"), now());
        let new = sign(body, &secret("new"), now());
        let both = format!("{old},{},v0=abcd", new.split_once(',').unwrap().1);
        for known in ["old", "new"] {
            assert_eq!(verify(&both, body, &[secret(known)], now()), Ok(()));
        }
        assert_eq!(verify(&new, body, &[secret("old"), secret("new")], now()), Ok(()));
        assert_eq!(verify(&new, body, &[secret("old")], now()), Err(SignatureError::Mismatch));
    }

    #[test]
    fn names_the_step_that_failed() {
        let secrets = [secret("s")];
        let check = |header: &str| verify(header, b"b", &secrets, now());
        assert_eq!(check(""), Err(SignatureError::NoTimestamp));
        assert_eq!(check("t=soon,v1=00"), Err(SignatureError::NoTimestamp));
        assert_eq!(check("t=1770000000"), Err(SignatureError::NoSignature));
        assert_eq!(check("t=1770000000,v1=zz"), Err(SignatureError::Mismatch));
        assert_eq!(verify("t=1,v1=00", b"b", &[], now()), Err(SignatureError::NoSecret));
    }

    #[test]
    fn accepts_300_seconds_either_way_and_no_more() {
        let secrets = [secret("s")];
        let header = sign(b"b", &secrets[0], now());
        let at = |seconds| verify(&header, b"b", &secrets, now() + TimeDelta::seconds(seconds));
        assert_eq!(at(300), Ok(()));
        assert_eq!(at(-300), Ok(()));
        assert_eq!(at(301), Err(SignatureError::TooOld));
        assert_eq!(at(-301), Err(SignatureError::InFuture));
    }

    proptest! {
        #[test]
        fn what_is_signed_verifies(body: Vec<u8>, key in ".{1,80}") {
            let key = secret(&key);
            let header = sign(&body, &key, now());
            prop_assert_eq!(verify(&header, &body, &[key], now()), Ok(()));
        }

        #[test]
        fn a_flipped_bit_in_the_body_is_refused(
            mut body in proptest::collection::vec(any::<u8>(), 1..200),
            place: prop::sample::Index,
            bit in 0u8..8,
        ) {
            let key = secret("whsec_test");
            let header = sign(&body, &key, now());
            *place.get_mut(&mut body) ^= 1 << bit;
            prop_assert_eq!(verify(&header, &body, &[key], now()), Err(SignatureError::Mismatch));
        }

        #[test]
        fn a_flipped_bit_in_the_signature_is_refused(place in 0usize..32, bit in 0u8..8) {
            let key = secret("whsec_test");
            let header = sign(b"body", &key, now());
            let (timestamp, value) = header.split_once(",v1=").unwrap();
            let mut bytes = hex::decode(value).unwrap();
            bytes[place] ^= 1 << bit;
            let forged = format!("{timestamp},v1={}", hex::encode(bytes));
            prop_assert_eq!(verify(&forged, b"body", &[key], now()), Err(SignatureError::Mismatch));
        }

        #[test]
        fn a_garbage_header_is_refused_without_panic(header in "[-+tv01=, 9a-f\\PC]{0,120}") {
            prop_assert!(verify(&header, b"body", &[secret("s")], now()).is_err());
        }

        #[test]
        fn any_timestamp_is_refused_without_panic(timestamp: i64) {
            let header = format!("t={timestamp},v1={}", "0".repeat(64));
            prop_assert!(verify(&header, b"body", &[secret("s")], now()).is_err());
        }
    }
}
