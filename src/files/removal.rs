//! Documents that people take away.

use serde_json::json;
use uuid::Uuid;

use super::{
    access::{self, Attachment, Facts, Verb},
    deletions,
    sending::no_project,
    store::{self, Document},
};
use crate::{
    app::AppState,
    audit::{self, acts},
    auth::SessionUser,
    db::with_retry,
    events::{Hint, Tx},
    http::{ApiError, ApiResult},
};

/// Removes a document of an order.
///
/// # Errors
/// 403 `PROJECT_FORBIDDEN` for whoever may not see the order, 404 for a document that is not one of its own, and those of
/// [`remove`].
pub async fn remove_from_order(state: &AppState, user: &SessionUser, order: Uuid, id: Uuid) -> ApiResult<()> {
    {
        let mut conn = state.db.conn().await?;
        let parties = store::parties(&mut conn, order).await?.ok_or_else(no_project)?;
        let facts = Facts::of_order(parties.owner, parties.corrector);
        if !access::may(user.into(), Verb::List, &facts) {
            return Err(no_project());
        }
    }
    remove_any(state, user, id, Some(order)).await
}

/// Removes a document, in one transaction with its audit row; its content goes after it.
///
/// # Errors
/// 404 without it; 403 `FILE_PROTECTED` for a corrected document, 403 `FILE_FORBIDDEN` for one that is not the caller's to
/// remove.
pub async fn remove(state: &AppState, user: &SessionUser, id: Uuid) -> ApiResult<()> {
    remove_any(state, user, id, None).await
}

async fn remove_any(state: &AppState, user: &SessionUser, id: Uuid, of_order: Option<Uuid>) -> ApiResult<()> {
    let key = with_retry(|| unlink(state, user, id, of_order)).await?;
    deletions::remove_now(state, &[key]).await;
    Ok(())
}

/// Removes the row, and gives the key of the object that is now to go.
async fn unlink(state: &AppState, user: &SessionUser, id: Uuid, of_order: Option<Uuid>) -> ApiResult<String> {
    let mut tx = state.begin().await?;
    let locked = store::lock(&mut tx, id).await?;
    let locked = locked.filter(|locked| of_order.is_none() || locked.commande_id == of_order);
    let locked = locked.ok_or_else(super::service::absent)?;
    let met = store::find_for(&mut tx, id, user.id).await?;
    let (Document { filename, .. }, facts) = met.ok_or_else(super::service::absent)?;
    if !access::may(user.into(), Verb::Delete, &facts) {
        return Err(refusal(user, &facts));
    }
    let now = tx.now();
    store::delete(&mut tx, id).await?;
    deletions::queue(&mut tx, now, &locked.storage_key).await?;
    let details = json!({ "filename": filename, "commandeId": locked.commande_id });
    audit::record(&mut tx, acts::FILE_DELETED, &user.email, id, details).await?;
    tx.hint(Hint::Deletions);
    tx.commit().await?;
    Ok(locked.storage_key)
}

/// Why a document stays; only whoever may read it learns more.
fn refusal(user: &SessionUser, facts: &Facts) -> ApiError {
    let sent_on =
        |attachment: &Attachment| matches!(attachment, Attachment::Message { sent_by_others: true, .. });
    let (code, message) = match access::may(user.into(), Verb::Read, facts) {
        true if facts.is_corrected => (
            "FILE_PROTECTED",
            "Un document corrigé ne peut pas être supprimé. Écrivez-nous si vous le souhaitez.",
        ),
        true if facts.attachments.iter().any(sent_on) => {
            ("FILE_FORBIDDEN", "Ce fichier a été envoyé avec un message : il ne peut plus être supprimé.")
        }
        _ => ("FILE_FORBIDDEN", "Ce fichier ne vous appartient pas."),
    };
    ApiError::forbidden(code, message)
}

/// Takes every document off an order that is about to go, in its transaction: what travelled with a message stays with that.
/// Gives the keys of what is queued for removal.
///
/// # Errors
/// When the database refuses.
pub async fn remove_all_of_order(tx: &mut Tx, order: Uuid) -> Result<Vec<String>, sqlx::Error> {
    let now = tx.now();
    store::leave_to_messages(tx, order).await?;
    let mut keys = Vec::new();
    for (id, key) in store::keys_of_order(tx, order).await? {
        store::delete(tx, id).await?;
        deletions::queue(tx, now, &key).await?;
        keys.push(key);
    }
    tx.hint(Hint::Deletions);
    Ok(keys)
}
