/// What hashing a password costs whoever guesses. No variable: nobody should spare here but tests, which have nothing
/// to guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hashing {
    /// Memory of a hash, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for Hashing {
    /// What OWASP recommends of argon2id.
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2 }
    }
}
