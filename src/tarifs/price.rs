//! What an order costs.
//!
//! The site shows one grid for every page-priced service, and we charge the price it shows: pages 1 to 10 are free,
//! pages 11 to 300 cost T2, pages above 300 cost T3. T2 and T3 are properties of the whole price list, not of the
//! tarif that was picked: taking the prices of the *active, page-priced* tarifs in ascending order, T2 is the first
//! and T3 the second. With a single one, T3 is one euro less than T2, but never under one euro; with none, the
//! site's own defaults of two and one euros hold. So when a second page price is added to the list, every page-priced
//! order changes price, on the site and here alike.

use super::Unite;
use crate::money;

/// Pages that cost nothing.
const FREE_PAGES: u32 = 10;

/// The last page that costs T2.
const TIER2_UNTIL: u32 = 300;

/// The longest manuscript, in pages.
pub const MAX_PAGES: u32 = 1000;

/// T2 when the list has no page price, in cents.
const DEFAULT_TIER2: i64 = 200;

/// T3 under a single page price: this much less than T2, and never under this, in cents.
const ONE_EURO: i64 = 100;

/// The degressive grid of page prices, in cents per page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Pages that cost nothing.
    pub free_pages: u32,
    /// Price of each page after the free ones, up to and including `tier2_until`.
    pub tier2_cents: i64,
    /// The last page at the second tier.
    pub tier2_until: u32,
    /// Price of each page above it.
    pub tier3_cents: i64,
}

/// Pages of one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// The first page, from 1.
    pub from: u32,
    /// The last page.
    pub to: u32,
    /// Price of each, in cents.
    pub cents: i64,
}

impl Tier {
    /// How many pages these are.
    pub fn pages(&self) -> u32 {
        (self.to + 1).saturating_sub(self.from)
    }
}

/// What pricing needs of a tarif.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priced {
    /// Cents: of the whole work, or the base of the page grid.
    pub prix: i64,
    /// Which of the two.
    pub unite: Unite,
}

/// The price of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// Cents, VAT included.
    pub amount_cents: i64,
    /// The pages it was computed from; `None` for a flat price.
    pub pages: Option<u32>,
}

/// Why there is no price, or why it is not the one the person saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// A page-priced service needs a number of pages.
    #[error("the number of pages is required")]
    PagesRequired,
    /// Not between 1 and [`MAX_PAGES`].
    #[error("the number of pages is out of range")]
    PagesOutOfRange,
    /// The price sent by the browser is not a price.
    #[error("the client price is not a price")]
    InvalidClientPrice,
    /// The price shown to the person is not ours any more.
    #[error("the price changed")]
    Changed {
        /// Our price in cents.
        expected_amount: i64,
    },
}

impl Grid {
    /// The grid of a price list: `prices` are those of its active page-priced tarifs, in cents, in any order.
    pub fn from_page_prices(prices: impl IntoIterator<Item = i64>) -> Self {
        let mut sorted: Vec<i64> = prices.into_iter().collect();
        sorted.sort_unstable();
        let tier2 = sorted.first().copied().unwrap_or(DEFAULT_TIER2);
        let single = (tier2 - ONE_EURO).max(ONE_EURO);
        Self {
            free_pages: FREE_PAGES,
            tier2_cents: tier2,
            tier2_until: TIER2_UNTIL,
            tier3_cents: sorted.get(1).copied().unwrap_or(single),
        }
    }

    /// What this many pages cost, in cents.
    pub fn amount(&self, pages: u32) -> i64 {
        self.tiers(pages).iter().map(|tier| i64::from(tier.pages()) * tier.cents).sum()
    }

    /// The prices that this many pages fall under, each with its pages; those without a page are left out.
    pub fn tiers(&self, pages: u32) -> Vec<Tier> {
        let ends = [(0, self.free_pages, 0), (self.free_pages, self.tier2_until, self.tier2_cents)];
        let tiers = ends.into_iter().chain([(self.tier2_until, u32::MAX - 1, self.tier3_cents)]);
        tiers
            .map(|(before, until, cents)| Tier { from: before + 1, to: until.min(pages), cents })
            .filter(|tier| tier.pages() > 0)
            .collect()
    }
}

/// Prices an order. `active_page_prices` are the prices in cents of the active page-priced tarifs; `pages` is what the
/// form says, required in 1..=[`MAX_PAGES`] for a page-priced tarif and ignored for a flat one (the site always sends it).
pub fn quote(
    tarif: Priced,
    active_page_prices: impl IntoIterator<Item = i64>,
    pages: Option<i64>,
) -> Result<Quote, PriceError> {
    if tarif.unite == Unite::Forfait {
        let (amount_cents, pages) = (tarif.prix, None);
        return Ok(Quote { amount_cents, pages });
    }
    let pages = pages.ok_or(PriceError::PagesRequired)?;
    let pages = u32::try_from(pages)
        .ok()
        .filter(|pages| (1..=MAX_PAGES).contains(pages))
        .ok_or(PriceError::PagesOutOfRange)?;
    Ok(Quote { amount_cents: Grid::from_page_prices(active_page_prices).amount(pages), pages: Some(pages) })
}

/// Compares the price the browser computed, a decimal number of euros as it was sent, with ours in cents. Absent
/// (missing, blank, or a literal `undefined` or `null`) is fine; a cent or more apart is [`PriceError::Changed`].
pub fn check_client_price(prix_calcule: Option<&str>, amount_cents: i64) -> Result<(), PriceError> {
    let text = prix_calcule.unwrap_or_default().trim();
    if matches!(text, "" | "undefined" | "null") {
        return Ok(());
    }
    let shown = money::parse_decimal(text).ok_or(PriceError::InvalidClientPrice)?;
    // The client's price lies in [cents, cents + 1), strictly above cents when more follows.
    let same = shown.cents == amount_cents || (shown.cents == amount_cents - 1 && shown.more);
    let expected_amount = amount_cents;
    same.then_some(()).ok_or(PriceError::Changed { expected_amount })
}

/// [`check_client_price`] for a price that came as a JSON number.
pub fn check_client_number(prix_calcule: Option<f64>, amount_cents: i64) -> Result<(), PriceError> {
    // Display writes the shortest decimal that means this number, never an exponent.
    let text = prix_calcule.map(|euros| euros.to_string());
    check_client_price(text.as_deref(), amount_cents)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAGE: Priced = Priced { prix: 200, unite: Unite::Page };

    fn amount(pages: i64) -> i64 {
        quote(PAGE, [200], Some(pages)).unwrap().amount_cents
    }

    /// The site's own computation, in euros as it does it.
    fn site(prices: &[i64], pages: u32) -> f64 {
        let mut euros: Vec<f64> = prices.iter().map(|cents| *cents as f64 / 100.0).collect();
        euros.sort_by(f64::total_cmp);
        let t2 = euros.first().copied().unwrap_or(2.0);
        let t3 = euros.get(1).copied().unwrap_or((t2 - 1.0).max(1.0));
        let pages = f64::from(pages);
        let mut total = 0.0;
        if pages > 10.0 {
            total += (pages.min(300.0) - 10.0) * t2;
        }
        if pages > 300.0 {
            total += (pages - 300.0) * t3;
        }
        total
    }

    #[test]
    fn the_published_examples_hold() {
        for (pages, cents) in [
            (1, 0),
            (10, 0),
            (11, 200),
            (150, 28_000),
            (300, 58_000),
            (301, 58_100),
            (350, 63_000),
            (1000, 128_000),
        ] {
            assert_eq!(amount(pages), cents, "{pages}");
        }
    }

    #[test]
    fn the_grid_follows_the_whole_list() {
        let tiers = |prices: &[i64]| {
            let grid = Grid::from_page_prices(prices.iter().copied());
            (grid.tier2_cents, grid.tier3_cents)
        };
        assert_eq!(tiers(&[]), (200, 100));
        assert_eq!(tiers(&[200]), (200, 100));
        assert_eq!(tiers(&[150]), (150, 100));
        assert_eq!(tiers(&[50]), (50, 100));
        assert_eq!(tiers(&[500]), (500, 400));
        assert_eq!(tiers(&[300, 200, 900]), (200, 300));
    }

    #[test]
    fn a_page_price_needs_a_sensible_number_of_pages() {
        assert_eq!(quote(PAGE, [200], None), Err(PriceError::PagesRequired));
        for pages in [i64::MIN, -1, 0, 1001, i64::MAX] {
            assert_eq!(quote(PAGE, [200], Some(pages)), Err(PriceError::PagesOutOfRange));
        }
    }

    #[test]
    fn a_flat_price_ignores_the_pages() {
        let flat = Priced { prix: 35_000, unite: Unite::Forfait };
        for pages in [None, Some(150), Some(0), Some(-4)] {
            let quote = quote(flat, [200], pages).unwrap();
            assert_eq!((quote.amount_cents, quote.pages), (35_000, None));
        }
    }

    #[test]
    fn a_price_less_than_a_cent_away_is_the_same_price() {
        for text in ["280", "280.0", "280.00", "280.009", "279.9999999999", "279.991", " 280 "] {
            assert_eq!(check_client_price(Some(text), 28_000), Ok(()), "{text}");
        }
        for absent in [None, Some(""), Some("undefined"), Some("null")] {
            assert_eq!(check_client_price(absent, 28_000), Ok(()));
        }
        let changed = Err(PriceError::Changed { expected_amount: 28_000 });
        for text in ["0", "0.5", "279.99", "280.01", "28000", "279.990"] {
            assert_eq!(check_client_price(Some(text), 28_000), changed, "{text}");
        }
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for text in [
            "-1",
            "-0",
            "NaN",
            "Infinity",
            "1e3",
            "280,00",
            "0x10",
            ".5",
            "+3",
            "1 000",
            "99999999999999999999",
            "٣",
        ] {
            let refused = Err(PriceError::InvalidClientPrice);
            assert_eq!(check_client_price(Some(text), 28_000), refused, "{text}");
        }
        for number in [f64::NAN, f64::INFINITY, -0.5] {
            let refused = Err(PriceError::InvalidClientPrice);
            assert_eq!(check_client_number(Some(number), 0), refused);
        }
        assert_eq!(check_client_number(Some(280.0), 28_000), Ok(()));
    }

    proptest! {
        #[test]
        fn more_pages_never_cost_less(pages in 1i64..1000) {
            prop_assert!(amount(pages + 1) >= amount(pages));
        }

        #[test]
        fn the_price_charged_is_the_price_shown(
            prices in prop::collection::vec(0i64..5_000, 0..5),
            pages in 1u32..=1000,
        ) {
            let quote = quote(PAGE, prices.iter().copied(), Some(i64::from(pages))).unwrap();
            let shown = site(&prices, pages);
            prop_assert_eq!((shown * 100.0).round() as i64, quote.amount_cents);
            // What the browser sends back is accepted, float noise included.
            prop_assert_eq!(check_client_number(Some(shown), quote.amount_cents), Ok(()));
        }

        #[test]
        fn tiers_hold_every_page_once(pages in 0u32..=1000, second in 0i64..500, third in 0i64..500) {
            let grid = Grid { tier2_cents: second, tier3_cents: third, ..Grid::from_page_prices([]) };
            let tiers = grid.tiers(pages);
            prop_assert_eq!(tiers.iter().map(Tier::pages).sum::<u32>(), pages);
            prop_assert!(tiers.windows(2).all(|pair| pair[0].to + 1 == pair[1].from));
        }

        #[test]
        fn a_cent_apart_is_another_price(cents in 0i64..1_000_000, delta in 1i64..500) {
            let text = format!("{}.{:02}", cents / 100, cents % 100);
            prop_assert_eq!(check_client_price(Some(&text), cents), Ok(()));
            prop_assert!(check_client_price(Some(&text), cents + delta).is_err());
            prop_assert!(check_client_price(Some(&text), cents - delta).is_err());
        }
    }
}
