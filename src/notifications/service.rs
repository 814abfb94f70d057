//! What people do with their notifications.

use serde_json::json;
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{
    Kind, Priority,
    store::{self, Filter, NewNotification, Notification},
};
use crate::{
    app::AppState,
    audit::{self, acts},
    clock::new_id,
    events::{Hint, Tx},
    http::{ApiError, ApiResult, Page, list::Listing},
};

/// A page of a user's notifications, newest first.
///
/// # Errors
/// When the database refuses.
pub async fn list(state: &AppState, filter: Filter, page: Page) -> ApiResult<Listing<Notification>> {
    let now = state.clock.now();
    let mut conn = state.db.conn().await?;
    let rows = store::page(&mut conn, filter, now, page).await?;
    let count = store::count(&mut conn, filter, now);
    let listing = state.totals.listing("notifications", &filter, page, rows, count).await?;
    conn.release();
    Ok(listing)
}

/// How many notifications a user has not read.
///
/// # Errors
/// When the database refuses.
pub async fn unread_count(state: &AppState, user_id: Uuid) -> ApiResult<u64> {
    let mut conn = state.db.conn().await?;
    let count = store::count(&mut conn, Filter { user_id, unread_only: true }, state.clock.now()).await?;
    conn.release();
    Ok(count)
}

/// Marks a notification read. Doing so again changes nothing.
///
/// # Errors
/// 404 when there is no such notification, 403 when it is someone else's.
pub async fn mark_read(state: &AppState, user_id: Uuid, id: Uuid) -> ApiResult<()> {
    let mut conn = state.db.conn().await?;
    if !store::mark_read(&mut conn, user_id, id, state.clock.now()).await? {
        return Err(refusal(&mut conn, id).await?);
    }
    state.bus.send(Hint::Notifications(user_id));
    Ok(())
}

/// Marks read everything a user has not read; answers how many that was.
///
/// # Errors
/// When the database refuses.
pub async fn mark_all_read(state: &AppState, user_id: Uuid) -> ApiResult<u64> {
    let mut conn = state.db.conn().await?;
    let count = store::mark_all_read(&mut conn, user_id, state.clock.now()).await?;
    if count > 0 {
        state.bus.send(Hint::Notifications(user_id));
    }
    Ok(count)
}

/// Hides a notification for good.
///
/// # Errors
/// 404 when there is no such notification, 403 when it is someone else's.
pub async fn delete(state: &AppState, user_id: Uuid, id: Uuid) -> ApiResult<()> {
    let mut conn = state.db.conn().await?;
    if !store::delete(&mut conn, user_id, id, state.clock.now()).await? {
        return Err(refusal(&mut conn, id).await?);
    }
    state.bus.send(Hint::Notifications(user_id));
    Ok(())
}

async fn refusal(conn: &mut MySqlConnection, id: Uuid) -> ApiResult<ApiError> {
    Ok(match store::owner(conn, id).await? {
        Some(_) => ApiError::forbidden("NOT_OWNER", "Cette notification ne vous est pas destinée."),
        None => ApiError::not_found("Cette notification n’existe pas."),
    })
}

/// What an administrator tells all administrators.
pub struct Announcement {
    /// Title, at most 255 characters.
    pub title: String,
    /// Text.
    pub message: String,
    /// What it is about.
    pub kind: Kind,
    /// How much it presses.
    pub priority: Priority,
    /// Path of the web application.
    pub action_url: Option<String>,
    /// JSON text.
    pub data: Option<String>,
}

/// Writes a notification to every active administrator, in the name of one of them; answers how many there are.
///
/// # Errors
/// When the database refuses.
pub async fn announce(state: &AppState, admin: &str, announcement: &Announcement) -> ApiResult<usize> {
    let mut tx = state.begin().await?;
    let admins = tx.team().await?;
    let occasion = new_id();
    for &user_id in admins.iter() {
        write(&mut tx, state, announcement, user_id, occasion).await?;
    }
    let details = json!({ "title": announcement.title, "recipients": admins.len() });
    audit::record(&mut tx, acts::NOTIFICATION_SENT, admin, occasion, details).await?;
    tx.commit().await?;
    Ok(admins.len())
}

async fn write(
    tx: &mut Tx,
    state: &AppState,
    announcement: &Announcement,
    user_id: Uuid,
    occasion: Uuid,
) -> Result<(), sqlx::Error> {
    let new = NewNotification {
        user_id,
        kind: announcement.kind,
        priority: announcement.priority,
        title: &announcement.title,
        message: &announcement.message,
        data: announcement.data.as_deref(),
        action_url: announcement.action_url.as_deref(),
        dedupe_key: &format!("announcement:{occasion}:{user_id}"),
    };
    store::insert(tx, state.clock.now(), &new).await?;
    tx.hint(Hint::Notifications(user_id));
    Ok(())
}
