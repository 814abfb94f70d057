//! A visitor who becomes a client keeps their conversation: it joins that of the account once its owner has proved the
//! address, by the link of the activation mail. Whoever only registers under an address has proved nothing.

use uuid::Uuid;

use super::store::{
    conversations::{self, Conversation, Whose},
    joining::{self, Counts},
};
use crate::{
    auth::told::AccountActivated,
    events::{Heard, Listed, Listener, Told, Tx},
};

/// Hears of accounts that were activated.
pub struct Joining;

impl Listener for Joining {
    fn hear<'a>(&'a self, tx: &'a mut Tx, told: &'a Told) -> Heard<'a> {
        Box::pin(async move {
            let activated = told.key.split(':').next() == Some(AccountActivated::NAME);
            match told.person.as_ref().map(|person| (person.id, &person.email)) {
                Some((Some(user_id), email)) if activated => join(tx, user_id, email).await,
                _ => Ok(()),
            }
        })
    }
}

/// Moves the messages of an address's conversation into that of its account. The page of the former opens no more.
async fn join(tx: &mut Tx, user_id: Uuid, email: &str) -> Result<(), sqlx::Error> {
    let now = tx.now();
    let Some(from) = conversations::lock(tx, Whose::Visitor(email)).await? else { return Ok(()) };
    let to = conversations::lock_or_begin(tx, user_id, now).await?;
    joining::move_messages(tx, from.id, to.id, user_id).await?;
    joining::count(tx, to.id, sum(&from, &to), now).await?;
    joining::end(tx, from.id).await
}

/// What both count together. One with nothing in it yet has no say in where the team keeps it.
fn sum(from: &Conversation, to: &Conversation) -> Counts {
    let latest = if from.last_message_at > to.last_message_at { from } else { to };
    let unless_empty = |flag: bool, messages: u32| flag || messages == 0;
    Counts {
        last_message_id: latest.last_message_id,
        last_message_at: latest.last_message_at,
        messages: from.message_count + to.message_count,
        client_unread: from.client_unread + to.client_unread,
        admin_unread: from.admin_unread + to.admin_unread,
        client_removed: from.client_removed + to.client_removed,
        admin_removed: from.admin_removed + to.admin_removed,
        admin_archived: from.admin_archived && unless_empty(to.admin_archived, to.message_count),
        admin_hidden: from.admin_hidden && unless_empty(to.admin_hidden, to.message_count),
    }
}
