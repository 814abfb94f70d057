//! A quantity that many hold parts of: so much in all, so much each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::limits::LimitKey;

/// What can be held. Clones share it.
#[derive(Debug, Clone)]
pub struct Shares(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    all: usize,
    each: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    sum: usize,
    by: HashMap<LimitKey, usize>,
}

/// Why nothing more can be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// All of it is held.
    All,
    /// The holder has their part.
    Each,
}

/// A part that is held until it is dropped.
#[derive(Debug)]
pub struct Share {
    of: Shares,
    holder: LimitKey,
    amount: usize,
}

impl Shares {
    /// At most `all`, and `each` by one holder.
    pub fn new(all: usize, each: usize) -> Self {
        Self(Arc::new(Inner { all, each, held: Mutex::default() }))
    }

    /// Gives `holder` a part of this size, which may be 0.
    ///
    /// # Errors
    /// When that would be too much.
    pub fn take(&self, holder: LimitKey, amount: usize) -> Result<Share, Full> {
        let mut share = Share { of: self.clone(), holder, amount: 0 };
        share.grow(amount).map(|()| share)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// Makes it larger.
    ///
    /// # Errors
    /// When that would be too much; it then stays as it is.
    pub fn grow(&mut self, by: usize) -> Result<(), Full> {
        if by == 0 {
            return Ok(());
        }
        let mut held = self.of.held();
        let own = held.by.get(&self.holder).copied().unwrap_or_default();
        if own.saturating_add(by) > self.of.0.each {
            return Err(Full::Each);
        }
        if held.sum.saturating_add(by) > self.of.0.all {
            return Err(Full::All);
        }
        held.sum += by;
        held.by.insert(self.holder.clone(), own + by);
        self.amount += by;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.of.held();
        held.sum = held.sum.saturating_sub(self.amount);
        let left = held.by.get(&self.holder).map_or(0, |own| own.saturating_sub(self.amount));
        match left {
            0 => held.by.remove(&self.holder),
            _ => held.by.insert(self.holder.clone(), left),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_holds_more_than_their_part_and_all_of_it_comes_back() {
        let shares = Shares::new(5, 3);
        let key = |n: u8| LimitKey::ip([203, 0, 113, n].into());
        let mut first = shares.take(key(1), 2).unwrap();
        assert_eq!(first.grow(2), Err(Full::Each));
        first.grow(1).unwrap();
        assert_eq!(shares.take(key(1), 1).unwrap_err(), Full::Each);
        let second = shares.take(key(2), 2).unwrap();
        assert_eq!(shares.take(key(3), 1).unwrap_err(), Full::All);
        drop(first);
        shares.take(key(3), 3).unwrap();
        drop(second);
        assert_eq!(shares.held().sum, 0);
        assert!(shares.held().by.is_empty());
    }
}
