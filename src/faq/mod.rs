//! Frequent questions of the public site.
//!
//! | route                          | who           | what                                     |
//! |--------------------------------|---------------|------------------------------------------|
//! | `GET /faq`, `GET /public/faq`  | everybody     | the visible ones, in order               |
//! | `/admin/faq`                   | administrator | all of them, see `admin/faq.rs`          |

mod routes;
pub mod service;
pub mod store;
pub mod wire;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use routes::router;
pub use service::Shelf;

use crate::db::columns::columns;

columns! {
    /// A question and its answer.
    #[derive(Clone, Debug)]
    pub struct Faq {
        /// The question.
        pub id: Uuid,
        /// What is asked.
        pub question: String,
        /// What is answered.
        pub answer: String,
        /// More of the answer.
        pub details: Option<String>,
        /// Rank in the list.
        pub ordre: i32,
        /// Whether the public sees it.
        pub visible: bool,
        /// Heading it stands under.
        pub categorie: String,
        /// When it was added.
        pub created_at: DateTime<Utc>,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
    }
}
