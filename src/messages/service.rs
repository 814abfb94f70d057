//! Writing into conversations, whoever writes.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    Kind,
    store::{
        conversations::{self, Conversation},
        writing::{self, NewMessage, VisitorRow},
    },
};
use crate::{clock::new_id, events::Tx};

/// How long the same words of the same visitor are one message.
const SAME_FOR: TimeDelta = TimeDelta::minutes(10);

/// Someone without an account, known by the address they give.
#[derive(Clone, Copy)]
pub struct Visitor<'a> {
    /// First and family name, as given; 200 characters at most.
    pub name: &'a str,
    /// Address, normalised.
    pub email: &'a str,
    /// Phone number, 20 characters at most.
    pub phone: Option<&'a str>,
}

/// A message to write. Lengths are judged before.
#[derive(Clone, Copy)]
pub struct Post<'a> {
    /// What it is.
    pub kind: Kind,
    /// One line, 255 characters at most.
    pub subject: Option<&'a str>,
    /// The text, 10 000 characters at most.
    pub text: &'a str,
    /// Where it was written, such as `chat` or `contact`: kept under `source` of its metadata.
    pub source: Option<&'a str>,
    /// What else programs may want to know of it: an object, whose keys join `source`.
    pub details: Option<&'a Value>,
    /// Documents that are recorded already, in this transaction or before.
    pub files: &'a [Uuid],
}

/// A message written, or found to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Its conversation.
    pub conversation_id: Uuid,
    /// The message.
    pub message_id: Uuid,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// Whether the same visitor sent the same words less than ten minutes before: nothing was written then, and nobody
    /// is to be told.
    pub repeated: bool,
}

/// Writes what a visitor says into the conversation of their address. Tells nobody: that is the caller's happening.
///
/// # Errors
/// When the database refuses.
pub async fn post_from_visitor(
    tx: &mut Tx,
    visitor: Visitor<'_>,
    post: Post<'_>,
) -> Result<Posted, sqlx::Error> {
    let now = tx.now();
    let conversation = conversations::lock_or_begin_visitor(tx, visitor.email, now).await?;
    let same = writing::same_from_visitor(tx, conversation.id, post.subject, post.text, now - SAME_FOR);
    if let Some(message_id) = same.await? {
        return Ok(Posted { conversation_id: conversation.id, message_id, at: now, repeated: true });
    }
    writing::name_visitor(tx, conversation.id, visitor.name, visitor.phone).await?;
    write(tx, &conversation, From::Visitor(visitor), post).await
}

/// Writes what a client says into their conversation. Tells nobody: that is the caller's happening.
///
/// # Errors
/// When the database refuses.
pub async fn post_from_client(tx: &mut Tx, user_id: Uuid, post: Post<'_>) -> Result<Posted, sqlx::Error> {
    let now = tx.now();
    let conversation = conversations::lock_or_begin(tx, user_id, now).await?;
    write(tx, &conversation, From::Client(user_id), post).await
}

/// How long the page of a visitor's conversation opens after the team's latest answer.
pub(super) const PAGE_LIFETIME: TimeDelta = TimeDelta::days(30);

/// Who writes.
#[derive(Clone, Copy)]
pub(super) enum From<'a> {
    /// The client whose conversation it is.
    Client(Uuid),
    /// The visitor whose conversation it is.
    Visitor(Visitor<'a>),
    /// One of the team, who may sign with a name and a role of their choice.
    Team(Uuid, [Option<&'a str>; 3]),
}

/// Writes a message into a conversation that is locked.
pub(super) async fn write(
    tx: &mut Tx,
    conversation: &Conversation,
    from: From<'_>,
    post: Post<'_>,
) -> Result<Posted, sqlx::Error> {
    let at = later_than(conversation.last_message_at, tx.now());
    let metadata = metadata(&post);
    let (sender_id, receiver_id, visitor, signature) = match from {
        From::Client(id) => (Some(id), None, None, [None; 3]),
        From::Visitor(Visitor { name, email, phone }) => {
            (None, None, Some(VisitorRow { email, name, phone }), [None; 3])
        }
        From::Team(id, signature) => (Some(id), conversation.user_id, None, signature),
    };
    let message = NewMessage {
        id: new_id(),
        conversation_id: conversation.id,
        sender_id,
        receiver_id,
        subject: post.subject,
        content: post.text,
        kind: post.kind,
        visitor,
        signature,
        metadata: metadata.as_ref(),
        at,
    };
    writing::insert(tx, &message).await?;
    for &file_id in post.files {
        writing::attach(tx, message.id, file_id).await?;
    }
    match from {
        From::Team(..) => {
            let page_until = conversation.user_id.is_none().then(|| at + PAGE_LIFETIME);
            writing::count_from_team(tx, conversation.id, message.id, at, page_until).await?;
        }
        From::Client(_) | From::Visitor(_) => {
            writing::count_from_client(tx, conversation.id, message.id, at).await?;
        }
    }
    Ok(Posted { conversation_id: conversation.id, message_id: message.id, at, repeated: false })
}

/// The instant of a message: now, or just after the one before, so that their order is total.
pub(super) fn later_than(last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
    last.map_or(now, |last| now.max(last + TimeDelta::milliseconds(1)))
}

fn metadata(post: &Post<'_>) -> Option<Value> {
    let mut all = post.details.and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
    if let Some(source) = post.source {
        all.insert("source".to_owned(), source.into());
    }
    (!all.is_empty()).then_some(Value::Object(all))
}
