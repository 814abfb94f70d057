//! What a visitor writes on the page of their conversation.

use serde_json::json;

use super::{
    Kind,
    service::{Post, Visitor, post_from_visitor},
    store::{
        attachments,
        conversations::{self, Conversation, Whose},
        marks,
    },
    told::VisitorWrote,
};
use crate::{
    app::AppState,
    audit::{self, acts},
    db::with_retry,
    events,
    files::{
        deletions,
        store::{self as files, NewFile, Owner},
        upload::{Received, ReceivedFile},
    },
    http::{ApiError, ApiResult, RequestContext},
};

/// Bytes of the documents that visitors may have sent into one conversation.
const QUOTA: u64 = 200 << 20;

/// An answer, judged.
pub(super) struct Answer {
    pub conversation: Conversation,
    pub text: String,
    pub received: Received,
}

/// Keeps an answer with its documents, and tells the team. It runs to its end whatever the visitor does meanwhile.
///
/// # Errors
/// 400 `CONVERSATION_FILES_FULL`, and 503. Nothing is left behind then.
pub(super) async fn answer(state: &AppState, answer: Answer) -> ApiResult<()> {
    RequestContext::see_through(keep(state.clone(), answer)).await
}

async fn keep(state: AppState, answer: Answer) -> ApiResult<()> {
    let Answer { conversation, text, received } = answer;
    has_room(&state, &conversation, &received).await?;
    let kept = received.keep(&state.storage).await?;
    let outcome = with_retry(|| record(&state, &conversation, &text, &kept)).await;
    if !matches!(outcome, Ok(true)) {
        let keys: Vec<String> = kept.iter().map(|file| file.object.key.clone()).collect();
        deletions::abandon(&state, &keys).await;
    }
    outcome.map(drop)
}

async fn has_room(state: &AppState, conversation: &Conversation, received: &Received) -> ApiResult<()> {
    let new: u64 = received.files().iter().map(|file| file.object.size).sum();
    if new == 0 {
        return Ok(());
    }
    let mut conn = state.db.conn().await?;
    let taken = attachments::bytes_from_visitor(&mut conn, conversation.id).await?;
    match taken.saturating_add(new) {
        0..=QUOTA => Ok(()),
        _ => Err(ApiError::bad_request(
            "CONVERSATION_FILES_FULL",
            "Les documents de cette conversation dépassent 200 Mo. Envoyez des fichiers plus légers.",
        )),
    }
}

/// Records an answer whole; `false` when the same words were there already.
async fn record(
    state: &AppState,
    conversation: &Conversation,
    text: &str,
    kept: &[ReceivedFile],
) -> ApiResult<bool> {
    let mut tx = state.begin().await?;
    let now = tx.now();
    // It may have joined an account meanwhile, whose owner answers from their space.
    let Some(found) = conversations::lock(&mut tx, Whose::Id(conversation.id)).await? else {
        return Err(gone());
    };
    let Some(email) = found.visitor_email.as_deref() else { return Err(gone()) };
    let mut ids = Vec::with_capacity(kept.len());
    for file in kept {
        let row = NewFile { file, owner: Owner::Uploader, uploaded_by: None, is_corrected: false };
        let id = files::insert(&mut tx, now, row).await?;
        let details = json!({ "size": file.object.size, "mimeType": file.mime, "conversationId": found.id });
        audit::record(&mut tx, acts::FILE_UPLOADED, email, id, details).await?;
        ids.push(id);
    }
    let name = found.visitor_name.as_deref().unwrap_or("Visiteur");
    let visitor = Visitor { name, email, phone: found.visitor_phone.as_deref() };
    let post = Post {
        kind: Kind::UserMessage,
        subject: None,
        text,
        source: Some("page"),
        details: None,
        files: &ids,
    };
    let posted = post_from_visitor(&mut tx, visitor, post).await?;
    if posted.repeated {
        return Ok(false);
    }
    // Whoever answers has read.
    if let Some(last) = found.last_message_at {
        marks::read_by_client(&mut tx, &found, last, now).await?;
    }
    let told = VisitorWrote {
        message_id: posted.message_id,
        name: name.to_owned(),
        email: email.to_owned(),
        phone: found.visitor_phone.clone(),
        subject: None,
        text: text.to_owned(),
        files: kept.iter().map(|file| file.filename.clone()).collect(),
        is_answer: true,
    };
    events::record(&mut tx, told).await?;
    tx.commit().await?;
    Ok(true)
}

fn gone() -> ApiError {
    ApiError::conflict("CONVERSATION_MOVED", "Cette conversation se poursuit désormais dans votre espace.")
}
