//! Who may do what with which document: decided here and nowhere else. What is not allowed is refused.

use uuid::Uuid;

use crate::auth::{Role, SessionUser};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub id: Uuid,
    /// What it is in the database's eyes.
    pub role: Role,
}

impl From<&SessionUser> for Caller {
    fn from(user: &SessionUser) -> Self {
        Self { id: user.id, role: user.role }
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// See that the document is there.
    List,
    /// Fetch its content.
    Read,
    /// Add a document to what this one is attached to.
    Upload,
    /// Remove it.
    Delete,
}

/// What a document is attached to, as far as it concerns the caller. It may be attached to several things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// An order.
    Order {
        /// Its author.
        owner: Uuid,
        /// Who was asked to correct it.
        corrector: Option<Uuid>,
    },
    /// An order not paid yet; that of a guest has no owner.
    PendingOrder {
        /// Its author.
        owner: Option<Uuid>,
    },
    /// A message that was sent.
    Message {
        /// What the caller is in the conversation.
        part: Part,
        /// Whether someone other than its uploader sent it (too).
        sent_by_others: bool,
    },
    /// The extract a visitor sent for a free sample.
    Sample,
    /// The personal data of one account.
    Export {
        /// The account.
        owner: Uuid,
    },
    /// Nothing yet: uploaded to be sent with a message.
    Loose,
}

/// What the caller is in a conversation between an author and the team. Administrators are the team, in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The author.
    Author,
    /// Corrects one of the author's orders.
    Corrector,
    /// No one.
    Stranger,
}

/// All that decides about a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Who sent it; nobody for a guest's.
    pub uploader: Option<Uuid>,
    /// Whether it is the team's corrected document.
    pub is_corrected: bool,
    /// What it is attached to; attached to nothing, it is nobody's.
    pub attachments: Vec<Attachment>,
}

impl Facts {
    /// Of any document of an order: to list them, or to add one.
    pub fn of_order(owner: Uuid, corrector: Option<Uuid>) -> Self {
        let attachments = vec![Attachment::Order { owner, corrector }];
        Self { uploader: None, is_corrected: false, attachments }
    }
}

/// Whether `caller` may do this. A document attached to several things is read through any of them, and removed only
/// by who may remove it from all.
pub fn may(caller: Caller, verb: Verb, file: &Facts) -> bool {
    let mut attachments = file.attachments.iter();
    match verb {
        Verb::List | Verb::Read => attachments.any(|attachment| reads(caller, file, *attachment)),
        Verb::Upload => attachments.any(|attachment| adds(caller, *attachment)),
        Verb::Delete => {
            !file.attachments.is_empty() && attachments.all(|attachment| removes(caller, file, *attachment))
        }
    }
}

fn reads(caller: Caller, file: &Facts, attachment: Attachment) -> bool {
    let admin = caller.role == Role::Admin;
    let sent = file.uploader == Some(caller.id);
    match attachment {
        Attachment::Order { owner, corrector } => {
            admin || sent || owner == caller.id || corrects(caller, corrector)
        }
        Attachment::PendingOrder { owner } => admin || sent || owner == Some(caller.id),
        Attachment::Message { part, .. } => admin || sent || takes_part(caller, part),
        Attachment::Loose => admin || sent,
        Attachment::Sample => admin,
        // Not even administrators: they may ask for an export of their own.
        Attachment::Export { owner } => owner == caller.id,
    }
}

fn adds(caller: Caller, attachment: Attachment) -> bool {
    let admin = caller.role == Role::Admin;
    match attachment {
        Attachment::Order { owner, corrector } => admin || owner == caller.id || corrects(caller, corrector),
        Attachment::Message { part, .. } => admin || takes_part(caller, part),
        Attachment::Loose => true,
        // Received with their form, or made by ourselves.
        Attachment::PendingOrder { .. } | Attachment::Sample | Attachment::Export { .. } => false,
    }
}

fn removes(caller: Caller, file: &Facts, attachment: Attachment) -> bool {
    let admin = caller.role == Role::Admin;
    let sent = file.uploader == Some(caller.id);
    match attachment {
        Attachment::Order { owner, .. } => admin || (sent && owner == caller.id && !file.is_corrected),
        Attachment::Message { sent_by_others, .. } => admin || (sent && !sent_by_others),
        Attachment::Loose => admin || sent,
        Attachment::Sample => admin,
        // They go with their order, or by themselves.
        Attachment::PendingOrder { .. } | Attachment::Export { .. } => false,
    }
}

/// Whether this corrector is the assigned one. A corrector whose role was taken away is none.
fn corrects(caller: Caller, corrector: Option<Uuid>) -> bool {
    caller.role == Role::Corrector && corrector == Some(caller.id)
}

fn takes_part(caller: Caller, part: Part) -> bool {
    match part {
        Part::Author => true,
        Part::Corrector => caller.role == Role::Corrector,
        Part::Stranger => false,
    }
}

#[cfg(test)]
mod tests;
