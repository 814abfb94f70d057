//! How fields of Stripe's objects are read.

use chrono::{DateTime, Utc};
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

/// A payment as a session names it: by its id or, when asked to expand it, whole.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Given")]
pub struct PaymentRef {
    /// `pi_...`.
    pub id: String,
    /// When its money was debited, or else when it began; known of a whole one only.
    pub debited_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Id(String),
    Whole(Whole),
}

#[derive(Deserialize)]
struct Whole {
    id: String,
    #[serde(default, with = "chrono::serde::ts_seconds_option")]
    created: Option<DateTime<Utc>>,
    latest_charge: Option<Box<Given>>,
}

impl From<Given> for PaymentRef {
    fn from(given: Given) -> Self {
        match given {
            Given::Id(id) => Self { id, debited_at: None },
            Given::Whole(Whole { id, created, latest_charge }) => {
                let charged_at = match latest_charge.as_deref() {
                    Some(Given::Whole(charge)) => charge.created,
                    _ => None,
                };
                Self { id, debited_at: charged_at.or(created) }
            }
        }
    }
}

/// An amount of money in cents. The database keeps no more than fits its `INT`, and Stripe takes less; what is negative
/// or more was never paid by anyone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Cents(i64);

impl Cents {
    /// The amount.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Cents {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // Whatever stands there instead is not quoted: it may be anything.
        let refused =
            || D::Error::custom("an amount is not a whole number of cents between 0 and 2147483647");
        let cents = i32::deserialize(from).map_err(|_| refused())?;
        u32::try_from(cents).map(|cents| Self(cents.into())).map_err(|_| refused())
    }
}

/// Stripe gives a related object as its identifier or, when asked to expand it, whole.
pub(super) fn expandable<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<PaymentRef>::deserialize(from)?.map(|related| related.id))
}

/// `null` stands for nothing.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
