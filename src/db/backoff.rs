//! How long to wait before another try.

use chrono::TimeDelta;

use crate::clock::random_bytes;

/// Pauses that double with every failure, up to a longest one.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: TimeDelta,
    longest: TimeDelta,
    /// Percent of a pause that chance may take away.
    spread: u8,
}

impl Backoff {
    /// `first` after one failure, doubled after each further one, `longest` at most.
    pub const fn new(first: TimeDelta, longest: TimeDelta) -> Self {
        Self { first, longest, spread: 0 }
    }

    /// Shortens every pause by up to `percent` (at most 100) at random, so that what failed together does not come
    /// back together.
    #[must_use]
    pub const fn spread(self, percent: u8) -> Self {
        let spread = if percent > 100 { 100 } else { percent };
        Self { spread, ..self }
    }

    /// The pause after so many failures in a row; after none, as after one.
    pub fn after(&self, failures: u32) -> TimeDelta {
        let whole = self.whole(failures);
        let share = i64::from(u16::from_le_bytes(random_bytes()));
        let may_go = whole.num_milliseconds() * i64::from(self.spread) / 100;
        whole - TimeDelta::milliseconds(may_go * share / i64::from(u16::MAX))
    }

    /// The pause before chance shortens it.
    fn whole(&self, failures: u32) -> TimeDelta {
        let doublings = failures.saturating_sub(1).min(30);
        let longest = self.longest.num_milliseconds();
        let doubled = self.first.num_milliseconds().checked_mul(1 << doublings);
        TimeDelta::milliseconds(doubled.map_or(longest, |doubled| doubled.min(longest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEADY: Backoff = Backoff::new(TimeDelta::seconds(30), TimeDelta::hours(1));

    #[test]
    fn pauses_double_up_to_the_longest() {
        for (failures, seconds) in
            [(0, 30), (1, 30), (2, 60), (3, 120), (7, 1920), (8, 3600), (12, 3600), (u32::MAX, 3600)]
        {
            assert_eq!(STEADY.after(failures), TimeDelta::seconds(seconds), "{failures}");
        }
    }

    #[test]
    fn chance_only_shortens_and_no_more_than_allowed() {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let pause = STEADY.spread(20).after(2);
            assert!(TimeDelta::seconds(48) <= pause && pause <= TimeDelta::seconds(60), "{pause}");
            seen.insert(pause);
        }
        assert!(seen.len() > 100, "{seen:?}");
        let short = Backoff::new(TimeDelta::milliseconds(40), TimeDelta::milliseconds(80)).spread(75);
        for _ in 0..200 {
            assert!((10..=40).contains(&short.after(1).num_milliseconds()));
        }
    }
}
