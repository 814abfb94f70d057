//! A question as JSON.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Faq;
use crate::http::iso::Iso;

/// A question and its answer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FaqEntry {
    id: Uuid,
    question: String,
    answer: String,
    /// More of the answer.
    details: Option<String>,
    /// Rank in the list.
    ordre: i32,
    /// Whether the public sees it.
    visible: bool,
    /// Heading it stands under.
    categorie: String,
    created_at: Iso,
    updated_at: Iso,
}

impl From<Faq> for FaqEntry {
    fn from(faq: Faq) -> Self {
        Self {
            id: faq.id,
            question: faq.question,
            answer: faq.answer,
            details: faq.details,
            ordre: faq.ordre,
            visible: faq.visible,
            categorie: faq.categorie,
            created_at: faq.created_at.into(),
            updated_at: faq.updated_at.into(),
        }
    }
}
