//! Keyed digests: what signs webhooks and links, and derives one secret from another.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// An HMAC-SHA-256 (RFC 2104) under `key`, to be fed and finished or verified.
pub fn hmac_sha256(key: &[u8]) -> Hmac<Sha256> {
    // infallible: an HMAC takes a key of any length.
    #[allow(clippy::expect_used)]
    Hmac::new_from_slice(key).expect("an HMAC takes a key of any length")
}

/// The secret that `secret` gives for one purpose, and for no other.
pub fn derive(secret: &[u8], purpose: &[u8]) -> [u8; 32] {
    let mut mac = hmac_sha256(secret);
    mac.update(purpose);
    mac.finalize().into_bytes().into()
}
