//! What people do to conversations and to single messages: read, archive, remove from their own sight.

use serde_json::json;
use uuid::Uuid;

use super::{
    access::{self, Side, ThreadId, forbidden, message_side, no_conversation},
    reading::mark_locked,
    store::{
        conversations::{self, Whose},
        marks,
        threads::{self, MessageRow},
    },
};
use crate::{
    app::AppState,
    audit::{self, acts},
    auth::SessionUser,
    db::with_retry,
    events::Tx,
    http::{ApiError, ApiResult},
};

/// Marks a conversation read for the caller's side; answers how many messages that was, none where nothing is theirs.
///
/// # Errors
/// When the database refuses.
pub(super) async fn mark_read(state: &AppState, user: &SessionUser, name: &ThreadId) -> ApiResult<u64> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        let now = tx.now();
        let Some((conversation, side)) = access::lock(&mut tx, user, name).await? else { return Ok(0) };
        let read = mark_locked(&mut tx, user, &conversation, side, None, now).await?;
        tx.commit().await?;
        Ok(read)
    })
    .await
}

/// Archives a conversation for the caller's side, or takes it out; answers how many messages it has.
///
/// # Errors
/// 404 where nothing is theirs; 403 for a corrector, who has no archive of a client's conversation.
pub(super) async fn archive(
    state: &AppState,
    user: &SessionUser,
    name: &ThreadId,
    archived: bool,
) -> ApiResult<u64> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        let (conversation, side) = access::lock(&mut tx, user, name).await?.ok_or_else(no_conversation)?;
        marks::archive(&mut tx, conversation.id, by_client(side)?, archived).await?;
        tx.commit().await?;
        Ok::<_, ApiError>(u64::from(conversation.message_count))
    })
    .await
}

/// Removes a conversation from the sight of all administrators, until somebody writes in it; answers how many messages
/// that is.
///
/// # Errors
/// 404 where there is none.
pub(super) async fn hide(state: &AppState, user: &SessionUser, name: &ThreadId) -> ApiResult<u64> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        let now = tx.now();
        let (conversation, _) = access::lock(&mut tx, user, name).await?.ok_or_else(no_conversation)?;
        if conversation.message_count == 0 {
            return Err(no_conversation());
        }
        marks::hide(&mut tx, &conversation, now).await?;
        let details = json!({ "conversationId": conversation.id, "messages": conversation.message_count });
        let about = conversation.user_id.unwrap_or(conversation.id);
        audit::record(&mut tx, acts::CONVERSATION_DELETED, &user.email, about, details).await?;
        tx.commit().await?;
        Ok(u64::from(conversation.message_count))
    })
    .await
}

/// What to change about a message, on the caller's side.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Change {
    pub read: Option<bool>,
    pub archived: Option<bool>,
    pub pinned: Option<bool>,
    pub removed: bool,
}

/// Changes messages, all of them or none; answers how many of them were addressed to the caller's side and are read
/// now, where that was asked for.
///
/// # Errors
/// 404 for a message that is not there, or not any more on that side; 403 for one of others, and for what a corrector
/// may not do.
pub(super) async fn change(
    state: &AppState,
    user: &SessionUser,
    ids: &[Uuid],
    change: Change,
) -> ApiResult<u64> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        let mut read = 0;
        for &id in ids {
            read += u64::from(change_one(&mut tx, user, id, change).await?);
        }
        tx.commit().await?;
        Ok(read)
    })
    .await
}

async fn change_one(tx: &mut Tx, user: &SessionUser, id: Uuid, change: Change) -> ApiResult<bool> {
    let found = threads::one(tx, id).await?;
    let (message, _) = message_side(tx, user, found).await?;
    // Read once more behind the lock: others may have changed it meanwhile.
    conversations::lock(tx, Whose::Id(message.conversation_id)).await?.ok_or_else(no_conversation)?;
    let found = threads::one(tx, id).await?;
    let (message, side) = message_side(tx, user, found).await?;
    let mut read = false;
    if let Some(wanted) = change.read {
        read = set_read(tx, user, &message, side, wanted).await?;
    }
    let now = tx.now();
    if let Some(archived) = change.archived {
        marks::archive_message(tx, id, by_client(side)?, archived, now).await?;
    }
    if let Some(pinned) = change.pinned {
        if side != Side::Team {
            return Err(forbidden());
        }
        marks::pin(tx, id, pinned, now).await?;
    }
    if change.removed {
        remove(tx, user, &message, side).await?;
    }
    Ok(read)
}

/// Only what the other side wrote is one's own to read.
async fn set_read(
    tx: &mut Tx,
    user: &SessionUser,
    message: &MessageRow,
    side: Side,
    read: bool,
) -> ApiResult<bool> {
    let now = tx.now();
    let for_client = !message.is_from_client();
    match (side, for_client) {
        (Side::Client, true) | (Side::Team, false) => {
            Ok(marks::set_read(tx, message.conversation_id, message.id, for_client, read, now).await?)
        }
        (Side::Corrector, false) if read => {
            marks::read_by_corrector(tx, message.conversation_id, user.id, message.created_at).await?;
            Ok(true)
        }
        _ => Ok(false),
    }
}

async fn remove(tx: &mut Tx, user: &SessionUser, message: &MessageRow, side: Side) -> ApiResult<()> {
    let now = tx.now();
    let by_client = by_client(side)?;
    set_read(tx, user, message, side, true).await?;
    match by_client {
        true => {
            marks::remove_for_client(tx, message.conversation_id, message.id, now).await?;
        }
        false => {
            marks::remove_for_team(tx, message.conversation_id, message.id, now).await?;
            let details = json!({ "messageId": message.id, "conversationId": message.conversation_id });
            let about = message.client_id.unwrap_or(message.conversation_id);
            audit::record(tx, acts::MESSAGE_DELETED, &user.email, about, details).await?;
        }
    }
    Ok(())
}

/// Archives and sight are of two sides; a corrector is on neither in a client's conversation.
fn by_client(side: Side) -> ApiResult<bool> {
    match side {
        Side::Client => Ok(true),
        Side::Team => Ok(false),
        Side::Corrector => Err(forbidden()),
    }
}
