//! The price list: what things cost, and how a price is written.

pub mod format;
pub mod price;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a tarif's price is for, as the `tarifs.unite` column names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Unite {
    /// Each page, by the degressive grid.
    Page,
    /// The whole work.
    Forfait,
}
