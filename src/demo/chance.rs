//! Chance that falls the same way whenever it begins the same: SplitMix64 (Steele, Lea, Flood 2014). Generators of
//! libraries may change their sequence from one version to the next.

use chrono::{DateTime, Duration, Utc};

/// A sequence of numbers.
pub struct Chance(u64);

impl Chance {
    /// The sequence of a seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below another, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// Whether something so many times in a hundred happens.
    pub fn percent(&mut self, often: u64) -> bool {
        self.below(100) < often
    }

    /// One of some things, the first unless there are others.
    pub fn pick<'a, T>(&mut self, first: &'a T, others: &'a [T]) -> &'a T {
        let at = self.below(others.len() as u64 + 1) as usize;
        at.checked_sub(1).and_then(|at| others.get(at)).unwrap_or(first)
    }

    /// An instant within these days before another.
    pub fn before(&mut self, now: DateTime<Utc>, days: u64) -> DateTime<Utc> {
        now - Duration::minutes((1 + self.below(days * 24 * 60)) as i64)
    }

    /// An instant between two others, the first when they are not in order.
    pub fn between(&mut self, from: DateTime<Utc>, until: DateTime<Utc>) -> DateTime<Utc> {
        let span = (until - from).num_milliseconds().max(0) as u64;
        from + Duration::milliseconds(self.below(span + 1) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_falls_as_published_and_within_its_bounds() {
        // The reference implementation, seeded with 1234567.
        let mut chance = Chance::of(1_234_567);
        assert_eq!([chance.next(), chance.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
        let now = DateTime::UNIX_EPOCH + Duration::days(100);
        for _ in 0..1_000 {
            let then = chance.before(now, 7);
            assert!(then < now && then >= now - Duration::days(7));
            assert!((then..=now).contains(&chance.between(then, now)));
            assert!(chance.below(3) < 3 && [1, 2, 3].contains(chance.pick(&1, &[2, 3])));
        }
        assert_eq!(chance.between(now, then_before(now)), now);
    }

    fn then_before(now: DateTime<Utc>) -> DateTime<Utc> {
        now - Duration::days(1)
    }
}
