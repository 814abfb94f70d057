//! Lists of conversations, their messages, and what is read by looking.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{
    access::{Side, ThreadId, forbidden, invalid_thread, no_conversation, side_of},
    store::{
        attachments::{self, AttachmentRow},
        conversations::{self, Conversation, Whose},
        lists::{self, ListedRow},
        marks,
        threads::{self, MessageRow, Seen},
    },
};
use crate::{
    app::AppState,
    auth::{Role, SessionUser},
    db::with_retry,
    http::{ApiResult, Page},
};

/// Messages of a thread shown at once: what an unpaged reader bears.
pub(super) const THREAD_MAX: u32 = 500;

/// Messages to show, each with what its reader is there, and their documents.
pub(super) struct Shown {
    pub rows: Vec<(MessageRow, Side)>,
    pub attachments: Vec<AttachmentRow>,
}

/// The conversations of the caller, the latest first: a client has one at most, correctors those of their clients too,
/// administrators the inbox they share.
///
/// # Errors
/// When the database refuses.
pub(super) async fn list(
    state: &AppState,
    user: &SessionUser,
    archived: bool,
    page: Page,
) -> ApiResult<Vec<(ListedRow, Side)>> {
    let mut conn = state.db.conn().await?;
    let rows = match user.role {
        Role::Admin => as_seen_by(Side::Team, lists::inbox(&mut conn, archived, page).await?),
        Role::User => as_seen_by(Side::Client, lists::own(&mut conn, user.id, archived).await?),
        Role::Corrector => {
            let own = lists::own(&mut conn, user.id, archived).await?;
            let clients = if archived { vec![] } else { lists::of_corrector(&mut conn, user.id).await? };
            let mut rows = as_seen_by(Side::Corrector, clients);
            rows.extend(as_seen_by(Side::Client, own));
            rows.sort_by_key(|(row, _)| std::cmp::Reverse((row.last_at, row.id)));
            rows
        }
    };
    conn.release();
    Ok(rows)
}

fn as_seen_by(side: Side, rows: impl IntoIterator<Item = ListedRow>) -> Vec<(ListedRow, Side)> {
    rows.into_iter().map(|row| (row, side)).collect()
}

/// Unread messages of the shared inbox: the sum of what its list shows.
///
/// # Errors
/// When the database refuses.
pub(super) async fn unread_in_inbox(state: &AppState) -> ApiResult<u64> {
    let mut conn = state.db.conn().await?;
    let count = lists::unread_in_inbox(&mut conn).await?;
    conn.release();
    Ok(count)
}

/// Which part of a thread.
#[derive(Clone, Copy)]
pub(super) struct Part {
    /// Messages at most.
    pub limit: u32,
    /// Only what is older than this message.
    pub before: Option<Uuid>,
}

/// What a request names, when nothing is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// An empty thread; a client has no other than their own.
    Empty,
    /// 404, and 403 for whoever is not the team.
    Refused,
}

/// The messages of a thread, the newest of them, in the order they were written. They are read by whoever looks, on
/// their side alone.
///
/// # Errors
/// As `absent` says.
pub(super) async fn thread(
    state: &AppState,
    user: &SessionUser,
    name: &ThreadId,
    part: Part,
    absent: Absent,
) -> ApiResult<Shown> {
    let mut conn = state.db.conn().await?;
    let before = match part.before {
        Some(id) => threads::place(&mut conn, id).await?,
        None => None,
    };
    let found = find(&mut conn, user, name, before, part.limit).await?;
    let Some((mut rows, side)) = found else {
        return refuse(user, name, absent);
    };
    let attachments = documents(&mut conn, &rows).await?;
    let unread = unread(&mut conn, user, &rows, side).await?;
    conn.release();
    if let Some((conversation_id, until)) = unread {
        mark(state, user, Whose::Id(conversation_id), side, Some(until)).await?;
    }
    rows.reverse();
    Ok(Shown { rows: rows.into_iter().map(|row| (row, side)).collect(), attachments })
}

fn refuse(user: &SessionUser, name: &ThreadId, absent: Absent) -> ApiResult<Shown> {
    match (absent, user.role, name) {
        (Absent::Empty, Role::Admin, _) | (Absent::Empty, _, ThreadId::Support) => {
            Ok(Shown { rows: vec![], attachments: vec![] })
        }
        (Absent::Empty, Role::User, _) => Err(invalid_thread()),
        (Absent::Refused, Role::Admin, _) => Err(no_conversation()),
        _ => Err(forbidden()),
    }
}

/// The newest messages of what a name means, newest first, and what the caller is there.
async fn find(
    conn: &mut MySqlConnection,
    user: &SessionUser,
    name: &ThreadId,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: u32,
) -> ApiResult<Option<(Vec<MessageRow>, Side)>> {
    for whose in name.meanings(user) {
        // Whose it is tells who may read it: nothing is read for anybody else.
        let side = match (user.role, whose) {
            (Role::Admin, _) => Side::Team,
            (_, Whose::Client(id)) => match side_of(conn, user, Some(id)).await? {
                Some(side) => side,
                None => continue,
            },
            (_, Whose::Visitor(_)) => continue,
            (_, Whose::Id(_)) => Side::Client,
        };
        let rows = match (side, whose) {
            (Side::Client, Whose::Id(id)) => theirs(conn, user, id, before, limit).await?,
            _ => threads::newest(conn, whose, side.seen(), before, limit)
                .await?
                .into_iter()
                .map(|row| (row, side))
                .collect(),
        };
        if let Some((_, side)) = rows.first() {
            let side = *side;
            return Ok(Some((rows.into_iter().map(|(row, _)| row).collect(), side)));
        }
    }
    Ok(None)
}

/// The newest messages of the conversation with this id, when the caller takes part in it.
async fn theirs(
    conn: &mut MySqlConnection,
    user: &SessionUser,
    id: Uuid,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: u32,
) -> ApiResult<Vec<(MessageRow, Side)>> {
    let newest = threads::newest(conn, Whose::Id(id), Seen::All, None, 1).await?;
    let Some(client) = newest.first().map(|row| row.client_id) else { return Ok(vec![]) };
    let Some(side) = side_of(conn, user, client).await? else { return Ok(vec![]) };
    let rows = threads::newest(conn, Whose::Id(id), side.seen(), before, limit).await?;
    Ok(rows.into_iter().map(|row| (row, side)).collect())
}

async fn documents(conn: &mut MySqlConnection, rows: &[MessageRow]) -> ApiResult<Vec<AttachmentRow>> {
    match (rows.iter().any(|row| row.has_files), rows.last()) {
        (true, Some(oldest)) => {
            Ok(attachments::since(conn, oldest.conversation_id, oldest.created_at).await?)
        }
        _ => Ok(vec![]),
    }
}

/// The conversation, and the instant up to which the caller has now seen what they had not: nothing when there is none.
async fn unread(
    conn: &mut MySqlConnection,
    user: &SessionUser,
    rows: &[MessageRow],
    side: Side,
) -> ApiResult<Option<(Uuid, DateTime<Utc>)>> {
    let Some(newest) = rows.first() else { return Ok(None) };
    let has = match side {
        Side::Client => newest.client_unread > 0,
        Side::Team => newest.admin_unread > 0,
        Side::Corrector => {
            let read = marks::read_until(conn, newest.conversation_id, user.id).await?;
            read.is_none_or(|read| read < newest.created_at)
        }
    };
    Ok(has.then_some((newest.conversation_id, newest.created_at)))
}

/// Marks a conversation read for the caller's side, up to an instant or to its end; answers how many messages that was.
///
/// # Errors
/// When the database refuses.
pub(super) async fn mark(
    state: &AppState,
    user: &SessionUser,
    whose: Whose<'_>,
    side: Side,
    until: Option<DateTime<Utc>>,
) -> ApiResult<u64> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        let now = tx.now();
        let Some(conversation) = conversations::lock(&mut tx, whose).await? else { return Ok(0) };
        let read = mark_locked(&mut tx, user, &conversation, side, until, now).await?;
        tx.commit().await?;
        Ok(read)
    })
    .await
}

/// The same within a transaction that has the conversation locked.
pub(super) async fn mark_locked(
    conn: &mut MySqlConnection,
    user: &SessionUser,
    conversation: &Conversation,
    side: Side,
    until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let Some(until) = until.or(conversation.last_message_at) else { return Ok(0) };
    match side {
        Side::Client => marks::read_by_client(conn, conversation, until, now).await,
        Side::Team => marks::read_by_team(conn, conversation, until, now).await,
        Side::Corrector => {
            marks::read_by_corrector(conn, conversation.id, user.id, until).await?;
            Ok(0)
        }
    }
}
