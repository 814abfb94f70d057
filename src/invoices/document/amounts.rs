//! Cents in, exact decimals out: nothing here goes through floating point.

use chrono::NaiveDate;

/// VAT contained in `amount` at `rate_bp` basis points, the net amount rounded half up.
pub(super) fn tax_of(amount: i64, rate_bp: u32) -> i64 {
    amount - divide(i128::from(amount) * 10_000, 10_000 + i128::from(rate_bp))
}

/// Splits `total` in proportion to `weights`, cents that do not divide going to the largest remainders.
///
/// The parts always add up to `total` (when there is at least one weight).
pub(super) fn split(total: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|w| i128::from(*w)).sum();
    if sum <= 0 {
        return first_takes_all(total, weights.len());
    }
    let exact = |weight: &i64| i128::from(total) * i128::from(*weight);
    let mut parts: Vec<i64> = weights.iter().map(|w| narrow(exact(w).div_euclid(sum))).collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|i| weights.get(*i).map(|w| -exact(w).rem_euclid(sum)));
    let missing = total - parts.iter().sum::<i64>();
    for index in by_remainder.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        if let Some(part) = parts.get_mut(index) {
            *part += 1;
        }
    }
    parts
}

fn first_takes_all(total: i64, count: usize) -> Vec<i64> {
    (0..count).map(|i| if i == 0 { total } else { 0 }).collect()
}

/// Rounded half up quotient of cents.
fn divide(numerator: i128, denominator: i128) -> i64 {
    narrow((2 * numerator + denominator).div_euclid(2 * denominator))
}

fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// Cents as the XML writes them: `1234.56`.
pub(super) fn decimal(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let abs = cents.unsigned_abs();
    format!("{sign}{}.{:02}", abs / 100, abs % 100)
}

/// Net price of one unit with 6 decimals at most: times the quantity, it rounds back to the line's net amount
/// (up to 5 000 units).
pub(super) fn unit_price(net: i64, quantity: u32) -> String {
    let micros = divide(i128::from(net) * 10_000, i128::from(quantity.max(1)));
    let (whole, part) = (micros / 1_000_000, micros.unsigned_abs() % 1_000_000);
    let digits = format!("{part:06}");
    let kept = digits.trim_end_matches('0').len().max(2);
    format!("{whole}.{}", digits.get(..kept).unwrap_or(&digits))
}

/// A rate in basis points as a percentage: `20.00`.
pub(super) fn percent(rate_bp: u32) -> String {
    decimal(i64::from(rate_bp))
}

/// Cents in French: `1 234,56 €`, with spaces that never break.
pub(super) fn money(cents: i64) -> String {
    format!("{}\u{a0}€", french(&decimal(cents)))
}

/// Unit price in French, at most 4 decimals: `1,6667 €`.
pub(super) fn money_per_unit(net: i64, quantity: u32) -> String {
    let tenths = divide(i128::from(net) * 100, i128::from(quantity.max(1)));
    let digits = format!("{:04}", tenths.unsigned_abs() % 10_000);
    let kept = digits.trim_end_matches('0').len().max(2);
    let number = format!("{}.{}", tenths / 10_000, digits.get(..kept).unwrap_or(&digits));
    format!("{}\u{a0}€", french(&number))
}

/// A rate in French: `20 %`, `5,5 %`.
pub(super) fn rate(rate_bp: u32) -> String {
    let text = percent(rate_bp);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{}\u{202f}%", text.replace('.', ","))
}

/// A whole number in French.
pub(super) fn count(number: u32) -> String {
    french(&number.to_string())
}

/// A day in French: `05/03/2026`.
pub(super) fn day(date: NaiveDate) -> String {
    date.format("%d/%m/%Y").to_string()
}

/// Decimal comma, thousands set apart by narrow no-break spaces.
fn french(number: &str) -> String {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |rest| ("\u{2212}", rest));
    let mut text = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    if !part.is_empty() {
        text.push(',');
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_money_has_a_comma_and_spaces_that_do_not_break() {
        assert_eq!(money(123_456_789), "1\u{202f}234\u{202f}567,89\u{a0}€");
        assert_eq!(money(5), "0,05\u{a0}€");
        assert_eq!(money(-100_000), "\u{2212}1\u{202f}000,00\u{a0}€");
        assert_eq!(rate(2000), "20\u{202f}%");
        assert_eq!(rate(550), "5,5\u{202f}%");
    }

    #[test]
    fn the_net_amount_is_rounded_once() {
        assert_eq!(tax_of(12_000, 2000), 2000);
        assert_eq!(tax_of(100, 2000), 17);
        assert_eq!(tax_of(0, 2000), 0);
        assert_eq!(tax_of(1, 550), 0);
    }

    #[test]
    fn prices_keep_the_decimals_they_need() {
        assert_eq!(unit_price(35_000, 1), "350.00");
        assert_eq!(unit_price(10_000, 3), "33.333333");
        assert_eq!(unit_price(1, 1000), "0.00001");
        assert_eq!(money_per_unit(10_000, 3), "33,3333\u{a0}€");
        assert_eq!(money_per_unit(35_000, 1), "350,00\u{a0}€");
    }

    #[test]
    fn parts_add_up_and_free_lines_stay_free() {
        assert_eq!(split(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(split(83, &[0, 100]), [0, 83]);
        assert_eq!(split(7, &[0, 0]), [7, 0]);
    }
}
