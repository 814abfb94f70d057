//! Conversations, built from messages: one per client, one per address of a visitor.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    Known, Moving, ids,
    people::address,
    row::OldRow,
    target::{Cell, insert},
};

/// Who a conversation is with.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    Client(Uuid),
    Visitor(String),
}

impl Owner {
    pub(super) fn conversation(&self) -> Uuid {
        match self {
            Self::Client(id) => ids::derived("conversation", &id.to_string()),
            Self::Visitor(email) => ids::derived("conversation", email),
        }
    }
}

/// What a conversation counts.
#[derive(Default)]
struct Thread {
    name: Option<String>,
    phone: Option<String>,
    first: String,
    last: (String, Option<Uuid>),
    last_archived: bool,
    count: i64,
    client_unread: i64,
    admin_unread: i64,
    admin_removed: i64,
}

/// The conversations found.
#[derive(Default)]
pub(super) struct Threads {
    accounts: HashMap<String, Uuid>,
    /// Of the former conversations, each with whom it was.
    legacy: HashMap<String, Owner>,
    threads: HashMap<Owner, Thread>,
}

const READ: &[&str] = &[
    "id",
    "senderId",
    "receiverId",
    "conversationId",
    "visitorEmail",
    "visitorName",
    "visitorPhone",
    "isRead",
    "isArchived",
    "deletedByAdmin",
    "createdAt",
    "updatedAt",
];

/// Finds whom every message is with, and writes the conversations.
pub(super) async fn conversations(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    let accounts = moving.known.users.iter().map(|(id, party)| (party.email.clone(), *id)).collect();
    moving.known.threads.accounts = accounts;
    // Once to learn the conversations, once to count: a message may be understood by a later one.
    for count in [false, true] {
        let mut after = String::new();
        loop {
            let page = moving.source.page("messages", READ, &after).await?;
            let Some(last) = page.last() else { break };
            after = last.old_id().to_owned();
            for row in &page {
                match count {
                    false => learn(row, &mut moving.known),
                    true => tally(row, &mut moving.known),
                }
            }
        }
    }
    let threads = std::mem::take(&mut moving.known.threads.threads);
    moving.known.report.conversations = threads.len() as i64;
    let rows = threads.iter().map(|(owner, thread)| written(owner, thread)).collect();
    let new = "id, user_id, visitor_email, visitor_name, visitor_phone, last_message_id, last_message_at, message_count,
               client_unread, admin_unread, admin_removed, admin_archived, admin_hidden, created_at, updated_at";
    insert(&mut moving.tx, "conversations", new, rows).await
}

fn learn(row: &OldRow, known: &mut Known) {
    if let (Some(owner), Some(legacy)) = (direct(row, known), row.filled("conversationId")) {
        known.threads.legacy.entry(legacy.to_owned()).or_insert(owner);
    }
}

/// Whom a message is with, as far as it tells by itself.
fn direct(row: &OldRow, known: &Known) -> Option<Owner> {
    if let Some(email) = row.filled("visitorEmail").map(address) {
        return Some(match known.threads.accounts.get(&email) {
            Some(account) => Owner::Client(*account),
            None => Owner::Visitor(email),
        });
    }
    let parties = ["senderId", "receiverId"].into_iter().filter_map(|column| row.link(column));
    let named = row.filled("conversationId").and_then(|legacy| legacy.strip_prefix("thread_"));
    let named = named.into_iter().flat_map(|pair| pair.split('_')).map(ids::of);
    parties.chain(named).find(|id| client(*id, known)).map(Owner::Client)
}

fn client(id: Uuid, known: &Known) -> bool {
    known.users.get(&id).is_some_and(|party| !party.team)
}

/// Whom a message is with.
pub(super) fn owner(row: &OldRow, known: &Known) -> Owner {
    let legacy = row.filled("conversationId").unwrap_or_default();
    direct(row, known).or_else(|| known.threads.legacy.get(legacy).cloned()).unwrap_or_else(|| {
        // Among the team: it stays with who received it.
        let party = ["receiverId", "senderId"].into_iter().filter_map(|column| row.link(column));
        let party = party.into_iter().find(|id| known.users.contains_key(id));
        party.map_or_else(|| Owner::Visitor(format!("inconnu-{}@example.invalid", row.id())), Owner::Client)
    })
}

/// Whether the client's side wrote it.
pub(super) fn from_client(row: &OldRow, owner: &Owner) -> bool {
    let sender = row.link("senderId");
    row.filled("visitorEmail").is_some() && sender.is_none()
        || matches!(owner, Owner::Client(client) if sender == Some(*client))
}

fn tally(row: &OldRow, known: &mut Known) {
    let owner = owner(row, known);
    let unread = i64::from(!row.yes("isRead"));
    let removed = row.yes("deletedByAdmin");
    let mine = from_client(row, &owner);
    let thread = known.threads.threads.entry(owner).or_default();
    let made = row.made().to_owned();
    thread.count += 1;
    thread.admin_removed += i64::from(removed);
    match mine {
        true if !removed => thread.admin_unread += unread,
        true => {}
        false => thread.client_unread += unread,
    }
    if thread.first.is_empty() || made < thread.first {
        thread.first.clone_from(&made);
    }
    let at = (made, Some(row.id()));
    if at > thread.last {
        thread.last = at;
        thread.last_archived = row.yes("isArchived");
    }
    thread.name = row.filled("visitorName").map(str::to_owned).or(thread.name.take());
    thread.phone = row.filled("visitorPhone").map(str::to_owned).or(thread.phone.take());
}

fn written(owner: &Owner, thread: &Thread) -> Vec<Cell> {
    let (user, email) = match owner {
        Owner::Client(id) => (Some(*id), None),
        Owner::Visitor(email) => (None, Some(email.clone())),
    };
    let visitor = email.is_some();
    vec![
        owner.conversation().into(),
        user.into(),
        email.into(),
        thread.name.clone().filter(|_| visitor).into(),
        thread.phone.clone().filter(|_| visitor).into(),
        thread.last.1.into(),
        thread.last.0.clone().into(),
        thread.count.into(),
        thread.client_unread.into(),
        thread.admin_unread.into(),
        thread.admin_removed.into(),
        thread.last_archived.into(),
        (thread.admin_removed == thread.count).into(),
        thread.first.clone().into(),
        thread.last.0.clone().into(),
    ]
}
