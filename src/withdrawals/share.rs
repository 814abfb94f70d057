//! What of the price is kept when a buyer withdraws after the work began.

/// What was agreed and what was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// What was paid, in cents.
    pub price: i64,
    /// Pages ordered. A service that is not sold by the page is one page.
    pub pages_ordered: u32,
    /// Pages done.
    pub pages_done: u32,
    /// Whether the buyer had asked that work begin before the end of the period.
    pub express: bool,
}

/// What of a price is kept, and what is given back. Cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Kept for what was done.
    pub kept: i64,
    /// Given back.
    pub returned: i64,
}

impl Work {
    /// What is kept and what is given back: in proportion to the pages done, to the nearest cent, a half counting as one.
    /// Of a buyer who had not asked for it nothing is kept (code de la consommation, article L221-25).
    pub fn share(self) -> Share {
        let price = self.price.max(0);
        if !self.express {
            return Share { kept: 0, returned: price };
        }
        let ordered = i128::from(self.pages_ordered.max(1));
        let done = i128::from(self.pages_done).min(ordered);
        let kept = (2 * i128::from(price) * done + ordered) / (2 * ordered);
        let kept = i64::try_from(kept).unwrap_or(price);
        Share { kept, returned: price - kept }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn work(price: i64, pages_done: u32, pages_ordered: u32) -> Work {
        Work { price, pages_ordered, pages_done, express: true }
    }

    #[test]
    fn cents_are_rounded_half_up() {
        for (price, done, ordered, kept) in [
            (28_000, 0, 150, 0),
            (28_000, 75, 150, 14_000),
            (28_000, 150, 150, 28_000),
            (28_000, 151, 150, 28_000),
            (1, 1, 2, 1),
            (3, 1, 2, 2),
            (100, 1, 3, 33),
            (100, 2, 3, 67),
            (35_000, 1, 0, 35_000),
            (-1, 1, 1, 0),
        ] {
            assert_eq!(work(price, done, ordered).share().kept, kept, "{price} {done}/{ordered}");
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_and_what_is_returned_are_the_price(
            price in 0..=i64::from(i32::MAX), ordered in 0..2000_u32, done in 0..3000_u32, express: bool,
        ) {
            let share = Work { express, ..work(price, done, ordered) }.share();
            prop_assert_eq!(share.kept + share.returned, price);
            prop_assert!(share.kept >= 0 && share.returned >= 0);
            if !express || done == 0 {
                prop_assert_eq!(share.kept, 0);
            } else if done >= ordered {
                prop_assert_eq!(share.kept, price);
            }
        }

        #[test]
        fn it_is_never_off_by_more_than_half_a_cent(price in 0..=i64::from(i32::MAX), ordered in 1..2000_u32, done in 0..2000_u32) {
            let kept = i128::from(work(price, done, ordered).share().kept);
            let (price, ordered) = (i128::from(price), i128::from(ordered));
            let off = 2 * (kept * ordered - price * i128::from(done).min(ordered));
            prop_assert!(off > -ordered && off <= ordered, "{off}");
        }

        #[test]
        fn one_more_page_never_keeps_less(price in 0..=i64::from(i32::MAX), ordered in 1..2000_u32, done in 0..2000_u32) {
            prop_assert!(work(price, done + 1, ordered).share().kept >= work(price, done, ordered).share().kept);
        }
    }
}
