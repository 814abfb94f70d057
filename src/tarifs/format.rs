//! Prices as people read them.

use super::Unite;
use crate::money;

/// Writes a price of the list the way the site shows it: `350€`, `2,50€`, `2€/page`. `prix` is in cents.
/// The `/page` is what the site's forms recognise a page price by.
pub fn prix_formate(prix: i64, unite: Unite) -> String {
    match unite {
        Unite::Page => format!("{}/page", money::short(prix)),
        Unite::Forfait => money::short(prix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_written_as_the_site_shows_them() {
        for (prix, unite, text) in [
            (35_000, Unite::Forfait, "350€"),
            (145_000, Unite::Forfait, "1450€"),
            (250, Unite::Forfait, "2,50€"),
            (200, Unite::Page, "2€/page"),
            (105, Unite::Page, "1,05€/page"),
            (0, Unite::Forfait, "0€"),
            (99, Unite::Forfait, "0,99€"),
        ] {
            assert_eq!(prix_formate(prix, unite), text);
        }
    }
}
