//! The chat of the public site: whoever writes there is known by the address they give.

use super::{
    Kind,
    service::{Post, Posted, Visitor, post_from_visitor},
    told::{VisitorAcknowledged, VisitorWrote},
};
use crate::{
    app::AppState,
    clock::{day_in_paris, new_id},
    db::with_retry,
    events,
    http::ApiResult,
};

/// A message of the chat. Lengths are judged.
pub(super) struct ChatMessage {
    pub name: String,
    /// Normalised.
    pub email: String,
    pub phone: String,
    pub subject: Option<String>,
    pub text: String,
    /// What a field holds that people do not see.
    pub trap: bool,
}

/// Keeps a message of the chat, tells the team, and acknowledges it. What a machine filled in is dropped, and it cannot
/// tell.
///
/// # Errors
/// When the database refuses.
pub(super) async fn chat(state: &AppState, message: &ChatMessage) -> ApiResult<Posted> {
    if message.trap {
        let nothing = new_id();
        return Ok(Posted {
            conversation_id: nothing,
            message_id: nothing,
            at: state.clock.now(),
            repeated: true,
        });
    }
    let acknowledged = may_be_acknowledged(state, &message.email);
    let posted = with_retry(|| async {
        let mut tx = state.begin().await?;
        let visitor = Visitor { name: &message.name, email: &message.email, phone: Some(&message.phone) };
        let post = Post {
            kind: Kind::UserMessage,
            subject: message.subject.as_deref(),
            text: &message.text,
            source: Some("chat"),
            details: None,
            files: &[],
        };
        let posted = post_from_visitor(&mut tx, visitor, post).await?;
        if !posted.repeated {
            events::record(&mut tx, told(message, &posted)).await?;
            if acknowledged {
                events::record(&mut tx, acknowledgement(message, &posted)).await?;
            }
        }
        tx.commit().await?;
        Ok::<_, sqlx::Error>(posted)
    });
    Ok(posted.await?)
}

fn told(message: &ChatMessage, posted: &Posted) -> VisitorWrote {
    VisitorWrote {
        message_id: posted.message_id,
        name: message.name.clone(),
        email: message.email.clone(),
        phone: Some(message.phone.clone()),
        subject: message.subject.clone(),
        text: message.text.clone(),
        files: vec![],
        is_answer: false,
    }
}

fn acknowledgement(message: &ChatMessage, posted: &Posted) -> VisitorAcknowledged {
    VisitorAcknowledged {
        conversation_id: posted.conversation_id,
        name: message.name.clone(),
        email: message.email.clone(),
        day: day_in_paris(posted.at),
    }
}

/// Mailboxes that answer by themselves, or that nobody reads: a mail to them may come back for ever.
const MACHINES: [&str; 6] =
    ["mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "ne-pas-repondre"];

fn may_be_acknowledged(state: &AppState, email: &str) -> bool {
    let mail = &state.config.mail;
    let ours = [&mail.from_email, &mail.admin_email, &mail.support_email];
    let mailbox = email.split(['@', '+']).next().unwrap_or_default();
    !ours.iter().any(|own| own.eq_ignore_ascii_case(email)) && !MACHINES.contains(&mailbox)
}
