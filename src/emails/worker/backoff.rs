//! When a mail that did not leave is tried again.

use chrono::Duration;

use crate::clock::random_bytes;

/// Tries before a mail is given up: with the pauses below, some five hours of outage.
pub const MAX_ATTEMPTS: u32 = 12;

const FIRST: Duration = Duration::seconds(30);
const LONGEST: Duration = Duration::hours(1);

/// The pause after `attempts` tries: 30 s, doubled each time, at most one hour, shortened by up to a
/// fifth at random so that mails which failed together do not come back together.
pub fn pause(attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    let whole = (FIRST * (1 << doublings)).min(LONGEST);
    let share = i32::from(u16::from_le_bytes(random_bytes()));
    whole - whole / 5 * share / i32::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_an_hour() {
        for (attempts, seconds) in
            [(0, 30), (1, 30), (2, 60), (3, 120), (7, 1920), (8, 3600), (12, 3600), (u32::MAX, 3600)]
        {
            for _ in 0..100 {
                let pause = pause(attempts);
                let whole = Duration::seconds(seconds);
                assert!(whole * 4 / 5 <= pause && pause <= whole, "{attempts}: {pause}");
            }
        }
    }
}
