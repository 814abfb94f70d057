//! What the forms share: the trap for robots, how often an address may send, and what a sender reads.

use std::net::IpAddr;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::AppState,
    auth::{Role, Session},
    events::Tx,
    http::{ApiError, ApiResult, Budget, LimitKey},
    messages::service::{self as messages, Post, Posted, Visitor},
};

/// A form that was received.
#[derive(Serialize, ToSchema)]
#[schema(as = FormReceived)]
pub(super) struct Received {
    success: bool,
    message: &'static str,
}

impl Received {
    pub(super) const fn new(message: &'static str) -> Self {
        Self { success: true, message }
    }
}

/// One sending of a form, counted against what an address may send of it in an hour.
pub(super) struct Counter<'a> {
    state: &'a AppState,
    key: LimitKey,
}

impl<'a> Counter<'a> {
    /// Counts one. `form` has a budget of its own.
    ///
    /// # Errors
    /// 429 when the budget is spent.
    pub(super) fn count(state: &'a AppState, ip: IpAddr, form: &str) -> ApiResult<Self> {
        let key = LimitKey::ip_account(ip, form);
        state.limits.check(Budget::PublicForm, &key)?;
        Ok(Self { state, key })
    }

    /// Gives it back when the form has to be corrected.
    pub(super) fn unless_refused<T>(self, judged: ApiResult<T>) -> ApiResult<T> {
        judged.inspect_err(|_| self.state.limits.give_back(Budget::PublicForm, &self.key))
    }
}

/// The author who sends a form, if they are connected; a session that has ended sends as a visitor.
pub(super) fn author(session: ApiResult<Option<Session>>) -> Option<Uuid> {
    let user = session.ok().flatten().map(|Session(user)| user);
    user.filter(|user| user.role == Role::User).map(|user| user.id)
}

/// Writes a form into the conversation of its author, else into that of the visitor's address.
pub(super) async fn post(
    tx: &mut Tx,
    author: Option<Uuid>,
    visitor: Visitor<'_>,
    post: Post<'_>,
) -> Result<Posted, sqlx::Error> {
    match author {
        Some(user_id) => messages::post_from_client(tx, user_id, post).await,
        None => messages::post_from_visitor(tx, visitor, post).await,
    }
}

/// Whether a robot filled in the field that people do not see.
pub(super) fn is_trapped(website: Option<&str>) -> bool {
    website.is_some_and(|website| !website.trim().is_empty())
}

/// A refusal without its details, for forms of the web application that show those in place of the sentence, as text.
pub(super) fn in_a_sentence(error: ApiError) -> ApiError {
    error.without("details")
}
