//! The price list: what things cost, and how a price is written.
//!
//! | route                               | what it does                          |
//! |-------------------------------------|---------------------------------------|
//! | `GET /tarifs`, `GET /public/tarifs` | the active lines, for everybody       |
//! | `/admin/tarifs`                     | all of them, see `admin/tarifs.rs`    |

pub mod format;
pub mod lines;
pub mod price;
mod price_error;
mod routes;
pub mod service;
pub mod store;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use routes::router;
pub use service::{PriceList, Quote};

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

/// An active line of the price list.
#[derive(Clone, Debug)]
pub struct Tarif {
    /// The line.
    pub id: Uuid,
    /// Name of the service.
    pub nom: String,
    /// What it comprises.
    pub description: String,
    /// Cents, of the whole work or of a page.
    pub prix: i32,
    /// The price as people read it.
    pub prix_formate: String,
    /// Which of the two `prix` is.
    pub unite: Unite,
    /// Family of the service.
    pub type_service: String,
    /// How long it takes, as people read it.
    pub duree_estimee: Option<String>,
    /// Rank in the list.
    pub ordre: i32,
    /// When the line was added.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}
