//! What people send.

use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::{
    http::{ApiError, ApiResult},
    messages::{attachments, posting::Draft},
};

/// A message to send. Names and role to sign with are an administrator's to choose; from others they are ignored.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageBody {
    /// May be left out where documents come.
    #[schema(max_length = 10_000)]
    #[validate(length(max = 10_000, message = "Un message ne peut pas dépasser 10 000 caractères."))]
    content: Option<String>,
    #[schema(max_length = 255)]
    #[validate(length(max = 255, message = "L’objet ne peut pas dépasser 255 caractères."))]
    subject: Option<String>,
    /// Documents uploaded before: ten at most, whatever is named twice.
    #[schema(max_items = 20, value_type = Option<Vec<uuid::Uuid>>)]
    #[validate(length(max = 20, message = "Un message porte au plus 10 fichiers."))]
    attachments: Option<Vec<String>>,
    #[schema(max_length = 100)]
    #[validate(length(max = 100, message = "Un prénom ne peut pas dépasser 100 caractères."))]
    display_first_name: Option<String>,
    #[schema(max_length = 100)]
    #[validate(length(max = 100, message = "Un nom ne peut pas dépasser 100 caractères."))]
    display_last_name: Option<String>,
    #[schema(max_length = 100)]
    #[validate(length(max = 100, message = "Une fonction ne peut pas dépasser 100 caractères."))]
    display_role: Option<String>,
    /// Where it was written, such as `client-help`.
    #[schema(max_length = 50)]
    #[validate(length(max = 50, message = "L’origine d’un message ne peut pas dépasser 50 caractères."))]
    source: Option<String>,
    /// From the team, where the path names no conversation: the account it is for. Clients write to the team, whatever
    /// this and the next three say.
    #[schema(max_length = 255)]
    #[validate(length(max = 255, message = "Ce destinataire n’existe pas."))]
    user_id: Option<String>,
    /// Another name of `userId`.
    #[schema(max_length = 255)]
    #[validate(length(max = 255, message = "Ce destinataire n’existe pas."))]
    receiver_id: Option<String>,
    /// The thread it continues.
    #[schema(max_length = 255)]
    #[validate(length(max = 255, message = "Cette conversation n’existe pas."))]
    thread_id: Option<String>,
    /// Another name of `threadId`.
    #[schema(max_length = 255)]
    #[validate(length(max = 255, message = "Cette conversation n’existe pas."))]
    conversation_id: Option<String>,
}

impl MessageBody {
    /// The account it is for, as named.
    pub fn account(&self) -> Option<&str> {
        filled(&self.user_id).or(filled(&self.receiver_id))
    }

    /// Whatever it is for, as named.
    pub fn recipient(&self) -> Option<&str> {
        self.account().or(filled(&self.thread_id)).or(filled(&self.conversation_id))
    }

    /// The message.
    ///
    /// # Errors
    /// 400 without a text and without a document, and for ids that are none.
    pub fn draft(&self) -> ApiResult<Draft> {
        let files = attachments::read(self.attachments.as_deref().unwrap_or_default())?;
        let text = self.content.clone().unwrap_or_default();
        if text.trim().is_empty() && files.is_empty() {
            return Err(ApiError::invalid_field("content", "Écrivez un message, ou joignez un fichier."));
        }
        let signature = [&self.display_first_name, &self.display_last_name, &self.display_role].map(line);
        Ok(Draft { subject: line(&self.subject), text, files, signature, source: line(&self.source) })
    }
}

fn filled(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// One line: control characters would travel into the headers of mails.
fn line(text: &Option<String>) -> Option<String> {
    let line: String = filled(text)?.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Some(line)
}
