//! Whose conversation a name means, and what the caller is in it.

use sqlx::MySqlConnection;
use uuid::Uuid;

use super::store::{
    conversations::{Conversation, Whose},
    sides,
    threads::{MessageRow, Seen},
};
use crate::{
    auth::{Role, SessionUser},
    http::{ApiError, ApiResult},
    users::rules,
};

/// The thread of a client with the team, as the client names it.
pub(super) const SUPPORT: &str = "admin-support";

/// What a path or a body names a conversation by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ThreadId {
    /// One's own with the team.
    Support,
    /// That of a visitor's address.
    Address(String),
    /// That of an account, or the one with this id.
    Id(Uuid),
    /// No conversation has such a name.
    Nothing,
}

impl ThreadId {
    /// Reads a name.
    pub fn read(raw: &str) -> Self {
        if raw == SUPPORT {
            return Self::Support;
        }
        if raw.contains('@') {
            return Self::Address(rules::normalise_email(raw));
        }
        raw.parse().map_or(Self::Nothing, Self::Id)
    }

    /// What it may mean, in the order to try, for this caller.
    pub fn meanings(&self, user: &SessionUser) -> Vec<Whose<'_>> {
        match self {
            Self::Support if user.role == Role::Admin => vec![],
            Self::Support => vec![Whose::Client(user.id)],
            Self::Address(_) if user.role != Role::Admin => vec![],
            Self::Address(email) => vec![Whose::Visitor(email)],
            Self::Id(id) => vec![Whose::Client(*id), Whose::Id(*id)],
            Self::Nothing => vec![],
        }
    }
}

/// What someone is in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The client.
    Client,
    /// An administrator.
    Team,
    /// Corrects an order of the client.
    Corrector,
}

impl Side {
    /// The messages shown to them.
    pub fn seen(self) -> Seen {
        match self {
            Self::Client => Seen::Client,
            Self::Team => Seen::Team,
            Self::Corrector => Seen::All,
        }
    }
}

/// What the caller is in a conversation of this client (nobody in a visitor's); `None` for a stranger.
pub(super) async fn side_of(
    conn: &mut MySqlConnection,
    user: &SessionUser,
    client: Option<Uuid>,
) -> Result<Option<Side>, sqlx::Error> {
    Ok(match (user.role, client) {
        (Role::Admin, _) => Some(Side::Team),
        (_, Some(client)) if client == user.id => Some(Side::Client),
        (Role::Corrector, Some(client)) => {
            sides::corrects(conn, user.id, client).await?.then_some(Side::Corrector)
        }
        _ => None,
    })
}

/// The conversation a name means, locked, and what the caller is in it; `None` when it is not there or not theirs.
pub(super) async fn lock(
    conn: &mut MySqlConnection,
    user: &SessionUser,
    thread: &ThreadId,
) -> Result<Option<(Conversation, Side)>, sqlx::Error> {
    for whose in thread.meanings(user) {
        if let Some(found) = super::store::conversations::lock(conn, whose).await? {
            let side = side_of(conn, user, found.user_id).await?;
            return Ok(side.map(|side| (found, side)));
        }
    }
    Ok(None)
}

/// A message as its row is locked with its conversation, and what the caller is there.
pub(super) async fn message_side(
    conn: &mut MySqlConnection,
    user: &SessionUser,
    message: Option<MessageRow>,
) -> ApiResult<(MessageRow, Side)> {
    let message = message.ok_or_else(no_message)?;
    let side = side_of(conn, user, message.client_id).await?.ok_or_else(forbidden)?;
    let removed = match side {
        Side::Client => message.deleted_by_client,
        Side::Team => message.deleted_by_admin,
        Side::Corrector => false,
    };
    if removed { Err(no_message()) } else { Ok((message, side)) }
}

/// 403 `CONVERSATION_FORBIDDEN`.
pub(super) fn forbidden() -> ApiError {
    ApiError::forbidden("CONVERSATION_FORBIDDEN", "Cette conversation n’existe pas ou n’est pas la vôtre.")
}

/// 404 of a conversation.
pub(super) fn no_conversation() -> ApiError {
    ApiError::not_found("Cette conversation n’existe pas.")
}

/// 400 `INVALID_THREAD`: a client has one thread.
pub(super) fn invalid_thread() -> ApiError {
    ApiError::bad_request(
        "INVALID_THREAD",
        "Cette conversation n’est pas la vôtre : vos échanges avec l’équipe sont sous « admin-support ».",
    )
}

fn no_message() -> ApiError {
    ApiError::not_found("Ce message n’existe pas.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_was_typed() {
        let id = Uuid::from_u128(7);
        for (raw, read) in [
            ("admin-support", ThreadId::Support),
            ("Zoe+a.b@Example.COM", ThreadId::Address("zoe+a.b@example.com".into())),
            (id.to_string().as_str(), ThreadId::Id(id)),
            ("thread_a_b", ThreadId::Nothing),
            ("", ThreadId::Nothing),
        ] {
            assert_eq!(ThreadId::read(raw), read, "{raw}");
        }
    }
}
