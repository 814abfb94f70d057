//! Ids of the former platform in ours.

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

/// The id itself when it is a UUID as the former platform wrote them, else one that only this text gives.
pub(super) fn of(old: &str) -> Uuid {
    match old.len() {
        36 => Uuid::try_parse(old).unwrap_or_else(|_| derived("id", old)),
        _ => derived("id", old),
    }
}

/// The id of a row that the former platform did not have, from what it had.
pub(super) fn derived(what: &str, old: &str) -> Uuid {
    let hash = Sha256::digest(format!("staka import\n{what}\n{old}"));
    let mut bytes = [0; 16];
    for (byte, hashed) in bytes.iter_mut().zip(hash.iter()) {
        *byte = *hashed;
    }
    Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_stays_and_any_other_text_always_becomes_the_same_one() {
        let uuid = "67e55044-10b1-426f-9247-bb680e5fe0c8";
        assert_eq!(of(uuid).to_string(), uuid);
        let cuid = of("clh3q2k3d0000qz5t8m1x9abc");
        assert_eq!(cuid, of("clh3q2k3d0000qz5t8m1x9abc"));
        assert_ne!(cuid, of("clh3q2k3d0000qz5t8m1x9abd"));
        assert_eq!(cuid.get_version_num(), 8);
    }
}
