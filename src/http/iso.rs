//! Instants on the wire: ISO 8601, UTC, always three decimals and `Z`.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// An instant that serialises as `2025-07-30T12:00:00.000Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type, ToSchema)]
#[sqlx(transparent)]
#[schema(value_type = String, format = DateTime, example = "2025-07-30T12:00:00.000Z")]
pub struct Iso(pub DateTime<Utc>);

impl Serialize for Iso {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl From<DateTime<Utc>> for Iso {
    fn from(instant: DateTime<Utc>) -> Self {
        Self(instant)
    }
}
