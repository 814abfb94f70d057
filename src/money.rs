//! Money: euro cents in an `i64`, VAT included unless a name says otherwise, and every way it is written, read and
//! divided. Nothing here goes through floating point but [`euros`], for the fields the API names as euros.
//!
//! | form                           | function            | where                                   |
//! |--------------------------------|---------------------|-----------------------------------------|
//! | `1 234,56 €`, unbreakable      | [`french`]          | mails, notifications, invoices, pages   |
//! | `1,6667 €`, at most 4 decimals | [`french_per_unit`] | unit prices of invoices                 |
//! | `1234.56 €`                    | [`dotted`]          | `amountFormatted`                       |
//! | `350€`, `2,50€`                | [`short`]           | the price list                          |
//! | `1234.56`                      | [`decimal`]         | Factur-X                                |
//! | `0.833333`, at most 6 decimals | [`unit_decimal`]    | unit prices of Factur-X                 |
//! | `1234.56` as a number          | [`euros`]           | JSON fields in euros                    |

/// Parts of one in a rate of basis points.
const WHOLE_BP: i128 = 10_000;

/// Stands between a number and its unit.
const NO_BREAK: char = '\u{a0}';

/// Stands between thousands.
const NARROW_NO_BREAK: char = '\u{202f}';

/// The minus sign of French typography.
const MINUS: char = '\u{2212}';

/// French form, with spaces that never break: `1 234,56 €`, `−0,05 €`.
pub fn french(cents: i64) -> String {
    format!("{}{NO_BREAK}€", french_number(&decimal(cents)))
}

/// French form of the price of one of `quantity` units that cost `cents` together: at most 4 decimals, at least 2.
pub fn french_per_unit(cents: i64, quantity: u32) -> String {
    format!("{}{NO_BREAK}€", french_number(&fixed(per_unit(cents, quantity, 100), 4)))
}

/// The form the web application shows and reads back: `599.00 €`, `-1234.50 €`.
pub fn dotted(cents: i64) -> String {
    format!("{} €", decimal(cents))
}

/// The form of the price list: `350€`, `2,50€`, cents only where there are some.
pub fn short(cents: i64) -> String {
    let text = decimal(cents);
    format!("{}€", text.strip_suffix(".00").unwrap_or(&text).replace('.', ","))
}

/// A decimal number of euros: `1234.56`, `-0.05`.
pub fn decimal(cents: i64) -> String {
    fixed(cents.into(), 2)
}

/// Decimal price of one of `quantity` units that cost `cents` together: at most 6 decimals, at least 2. Times the
/// quantity it rounds back to `cents`, up to 5 000 units.
pub fn unit_decimal(cents: i64, quantity: u32) -> String {
    fixed(per_unit(cents, quantity, 10_000), 6)
}

/// Euros, for the JSON fields the API names as euros: the number nearest to the amount, which prints as it.
pub fn euros(cents: i64) -> f64 {
    cents as f64 / 100.0
}

/// A whole number in French form: `12 000`.
pub fn french_count(number: u64) -> String {
    french_number(&number.to_string())
}

/// A rate of basis points as a percentage in French form: `20 %`, `5,5 %`.
pub fn french_rate(rate_bp: u32) -> String {
    let text = decimal(rate_bp.into());
    format!("{}{NARROW_NO_BREAK}%", text.trim_end_matches('0').trim_end_matches('.').replace('.', ","))
}

/// A number of euros as somebody wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its whole cents.
    pub cents: i64,
    /// Whether something smaller than a cent follows them.
    pub more: bool,
}

/// Reads a decimal number of euros exactly: digits, with a point before the decimals if there are any.
pub fn parse_decimal(text: &str) -> Option<Written> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let (cents, rest) = fraction.split_at(fraction.len().min(2));
    let cents: i64 = format!("{cents:0<2}").parse().ok()?;
    let cents = whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)?;
    Some(Written { cents, more: rest.bytes().any(|byte| byte != b'0') })
}

/// The VAT contained in an amount at a rate in basis points: `amount - round(amount / (1 + rate))`, the net amount
/// rounded once, half away from zero, so that a credit note mirrors its invoice.
pub fn vat_in(amount: i64, rate_bp: u32) -> i64 {
    amount - divide(i128::from(amount) * WHOLE_BP, WHOLE_BP + i128::from(rate_bp))
}

/// The share `part / whole` of an amount, to the cent, half away from zero; nothing of nothing.
pub fn pro_rata(amount: i64, part: u32, whole: u32) -> i64 {
    match whole {
        0 => 0,
        whole => divide(i128::from(amount) * i128::from(part), whole.into()),
    }
}

/// Divides `total` in proportion to `weights`; cents that do not divide go to the largest remainders.
///
/// The parts always add up to `total`, when there is at least one weight.
pub fn split(total: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if sum <= 0 {
        return (0..weights.len()).map(|index| if index == 0 { total } else { 0 }).collect();
    }
    let exact = |weight: &i64| i128::from(total) * i128::from(*weight);
    let mut parts: Vec<i64> = weights.iter().map(|weight| narrow(exact(weight).div_euclid(sum))).collect();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|index| weights.get(*index).map(|weight| -exact(weight).rem_euclid(sum)));
    let missing = total - parts.iter().sum::<i64>();
    for index in by_remainder.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        if let Some(part) = parts.get_mut(index) {
            *part += 1;
        }
    }
    parts
}

/// What one of `quantity` units costs, in parts of `1 / scale` cent.
fn per_unit(cents: i64, quantity: u32, scale: i128) -> i128 {
    divide(i128::from(cents) * scale, quantity.max(1).into()).into()
}

/// Quotient rounded half away from zero; the denominator is positive.
fn divide(numerator: i128, denominator: i128) -> i64 {
    let half_up = (2 * numerator.abs() + denominator) / (2 * denominator);
    narrow(half_up * numerator.signum())
}

fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// `value` tenths to the power `places`, in decimal; zeros beyond the second decimal are left out.
fn fixed(value: i128, places: usize) -> String {
    let digits = format!("{:0width$}", value.unsigned_abs(), width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    let kept = part.trim_end_matches('0').len().max(2);
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{whole}.{}", part.get(..kept).unwrap_or(part))
}

/// Decimal comma, thousands set apart.
fn french_number(number: &str) -> String {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let (negative, whole) = whole.strip_prefix('-').map_or((false, whole), |rest| (true, rest));
    let mut text = String::new();
    text.extend(negative.then_some(MINUS));
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(NARROW_NO_BREAK);
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_is_written_as_its_readers_expect() {
        assert_eq!(french(123_456_789), "1\u{202f}234\u{202f}567,89\u{a0}€");
        assert_eq!(french(5), "0,05\u{a0}€");
        assert_eq!(french(-100_000), "\u{2212}1\u{202f}000,00\u{a0}€");
        assert_eq!(french_per_unit(10_000, 3), "33,3333\u{a0}€");
        assert_eq!(french_per_unit(35_000, 1), "350,00\u{a0}€");
        assert_eq!(dotted(59_900), "599.00 €");
        assert_eq!(dotted(-5), "-0.05 €");
        assert_eq!(
            [35_000, 145_000, 250, 105, 0, 99, -200].map(short),
            ["350€", "1450€", "2,50€", "1,05€", "0€", "0,99€", "-2€"]
        );
        assert_eq!(decimal(-123_456), "-1234.56");
        assert_eq!(unit_decimal(35_000, 1), "350.00");
        assert_eq!(unit_decimal(10_000, 3), "33.333333");
        assert_eq!(unit_decimal(1, 1000), "0.00001");
        assert_eq!(french_count(12_000), "12\u{202f}000");
        assert_eq!(french_rate(2000), "20\u{202f}%");
        assert_eq!(french_rate(550), "5,5\u{202f}%");
        assert_eq!(serde_json::json!([euros(59_990), euros(1)]).to_string(), "[599.9,0.01]");
    }

    #[test]
    fn the_net_amount_is_rounded_once() {
        for (amount, rate_bp, vat) in
            [(12_000, 2000, 2000), (100, 2000, 17), (0, 2000, 0), (1, 550, 0), (-100, 2000, -17)]
        {
            assert_eq!(vat_in(amount, rate_bp), vat);
        }
    }

    #[test]
    fn parts_add_up_and_free_lines_stay_free() {
        assert_eq!(split(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(split(83, &[0, 100]), [0, 83]);
        assert_eq!(split(7, &[0, 0]), [7, 0]);
        assert!(split(7, &[]).is_empty());
    }

    #[test]
    fn a_share_is_rounded_half_up() {
        assert_eq!(pro_rata(28_000, 75, 150), 14_000);
        assert_eq!(pro_rata(1, 1, 2), 1);
        assert_eq!(pro_rata(100, 1, 3), 33);
        assert_eq!(pro_rata(28_000, 3, 0), 0);
    }

    #[test]
    fn only_a_decimal_number_is_read() {
        let written = |cents, more| Some(Written { cents, more });
        assert_eq!(parse_decimal("280"), written(28_000, false));
        assert_eq!(parse_decimal("280.5"), written(28_050, false));
        assert_eq!(parse_decimal("280.0100"), written(28_001, false));
        assert_eq!(parse_decimal("279.999999"), written(27_999, true));
        for text in ["", ".5", "-1", "+1", "1e3", "1,5", "1.2.3", "NaN", "99999999999999999999"] {
            assert_eq!(parse_decimal(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(cents in 0..=i64::MAX / 2) {
            prop_assert_eq!(parse_decimal(&decimal(cents)), Some(Written { cents, more: false }));
            let plain = |text: String| text.replace(['\u{a0}', '\u{202f}', ' ', '€'], "").replace(',', ".");
            prop_assert_eq!(plain(french(cents)), decimal(cents));
            prop_assert_eq!(plain(dotted(cents)), decimal(cents));
            prop_assert_eq!(parse_decimal(&plain(short(cents))).map(|written| written.cents), Some(cents));
        }

        #[test]
        fn euros_print_as_the_amount(cents in -1_000_000_000_000_i64..1_000_000_000_000) {
            prop_assert_eq!(format!("{:.2}", euros(cents)), if cents == 0 { "0.00".to_owned() } else { decimal(cents) });
            prop_assert_eq!((euros(cents) * 100.0).round() as i64, cents);
        }

        #[test]
        fn vat_is_the_rate_of_the_net_amount_within_a_cent(amount in any::<i32>(), rate_bp in 0_u32..5_000) {
            let amount = i64::from(amount);
            let vat = vat_in(amount, rate_bp);
            let of_net = (amount - vat) as f64 * f64::from(rate_bp) / 10_000.0;
            prop_assert!((vat as f64 - of_net).abs() <= 1.0);
            prop_assert_eq!(vat_in(-amount, rate_bp), -vat);
        }

        #[test]
        fn shares_of_one_amount_differ_from_it_by_rounding_alone(amount in any::<i32>(), whole in 1_u32..1_000, part in 0_u32..1_000) {
            let (amount, part) = (i64::from(amount), part.min(whole));
            let (kept, given_back) = (pro_rata(amount, part, whole), pro_rata(amount, whole - part, whole));
            prop_assert!((kept + given_back - amount).abs() <= 1);
            prop_assert_eq!(pro_rata(amount, whole, whole), amount);
        }

        #[test]
        fn a_split_loses_nothing(total in 0_i64..1_000_000_000, weights in prop::collection::vec(0_i64..1_000_000, 1..9)) {
            let parts = split(total, &weights);
            prop_assert_eq!(parts.iter().sum::<i64>(), total);
            prop_assert!(parts.iter().all(|part| *part >= 0));
        }

        #[test]
        fn a_unit_price_times_the_quantity_is_the_price(cents in 0_i64..100_000_000, quantity in 1_u32..=5_000) {
            let text = unit_decimal(cents, quantity);
            let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
            let micros: i128 = format!("{whole}{part:0<6}").parse().unwrap_or(-1);
            prop_assert_eq!((micros * i128::from(quantity) + 5_000) / 10_000, i128::from(cents));
        }
    }
}
