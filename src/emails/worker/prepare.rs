//! From a row of the outbox to a mail that can leave: secret links, wording, attachments.

use crate::{
    app::AppState,
    auth::secret_links::{mint_activation, mint_reset},
    checkout::confirming,
    consultations::{self, invite::Parties},
    emails::{
        render::Renderer,
        transport::{Attachment, Outgoing, SendError},
        unsubscribe,
    },
    events::StoredAttachment,
    exports,
    mails::Mail,
    messages,
    payments::resuming,
    public::newsletter,
};

use super::store::Claimed;

/// Largest attachment, in bytes: what mail providers accept, with the growth of base64.
const ATTACHMENT_MAX: u64 = 15 << 20;

/// Completes, renders and addresses a mail.
///
/// # Errors
/// `Transient` for all that a later try, or a later release, may mend; `Permanent` for a secret mail
/// to an account that is gone.
pub(super) async fn prepare(
    state: &AppState,
    renderer: &Renderer,
    domain: &str,
    claimed: &Claimed,
) -> Result<Outgoing, SendError> {
    let mail: Mail = serde_json::from_value(claimed.payload.clone())
        .map_err(|_| later("the stored mail cannot be read"))?;
    let mut attachments = attachments(state, claimed).await?;
    let mail = with_secret_link(state, claimed, mail).await?;
    attachments.extend(invite(state, claimed, &mail));
    let rendered = renderer.render(&mail).map_err(|error| later(error.to_string()))?;
    Ok(Outgoing {
        message_id: format!("<{}@{domain}>", claimed.lease.id),
        to: claimed.to_email.clone(),
        to_name: claimed.to_name.clone(),
        subject: rendered.subject,
        html: rendered.html,
        text: rendered.text,
        attachments,
        unsubscribe_url: way_out(state, claimed, &mail),
        template: claimed.template.clone(),
    })
}

/// Makes the secret link of the mails that carry one: only now, so that none ever rests in the outbox.
async fn with_secret_link(state: &AppState, claimed: &Claimed, mut mail: Mail) -> Result<Mail, SendError> {
    match &mut mail {
        Mail::PaymentFailedUser(mail) => mail.retry_path = resuming::path(state, mail.order_id),
        Mail::DataExport(mail) => mail.export_path = exports::path(state, mail.export_id),
        Mail::VisitorReply(mail) => mail.page_path = messages::page::path(state, mail.conversation_id),
        Mail::OrderToConfirm(mail) => mail.confirm_path = confirming::path(state, mail.order_id),
        Mail::ConsultationUser(mail) => {
            mail.page_path = consultations::changing::path(state, mail.consultation_id);
        }
        Mail::ConsultationReminderUser(mail) => {
            mail.page_path = consultations::changing::path(state, mail.consultation_id);
        }
        Mail::ConsultationProcessedUser(mail) => {
            mail.page_path = consultations::changing::path(state, mail.consultation_id);
        }
        Mail::NewsletterConfirmation(mail) => {
            mail.confirm_path = newsletter::confirm_path(state, mail.subscriber_id);
        }
        Mail::NewsletterWelcome(mail) => mail.leave_path = newsletter::leave_path(state, mail.subscriber_id),
        Mail::ActivationUser(_)
        | Mail::ActivationReminder(_)
        | Mail::AccountInvitation(_)
        | Mail::ResetPassword(_) => {
            return with_token(state, claimed, mail).await;
        }
        _ => {}
    }
    Ok(mail)
}

/// The calendar file that goes with a mail about a call.
fn invite(state: &AppState, claimed: &Claimed, mail: &Mail) -> Option<Attachment> {
    let ours = &state.config.mail;
    let parties = Parties {
        organizer_name: &ours.from_name,
        organizer: &ours.support_email,
        attendee: &claimed.to_email,
    };
    let invite = consultations::invite::of(mail, parties, state.clock.now())?;
    Some(Attachment {
        filename: consultations::invite::FILENAME.to_owned(),
        content_type: invite.content_type.to_owned(),
        bytes: invite.bytes,
    })
}

/// The one-click link of a mail that may be refused.
fn way_out(state: &AppState, claimed: &Claimed, mail: &Mail) -> Option<String> {
    if let Mail::NewsletterWelcome(mail) = mail {
        return Some(format!("{}{}", state.config.api_url, mail.leave_path));
    }
    let reader = claimed.user_id.filter(|_| mail.category().unsubscribable());
    reader.map(|user_id| unsubscribe::url(state, user_id))
}

async fn with_token(state: &AppState, claimed: &Claimed, mut mail: Mail) -> Result<Mail, SendError> {
    let user_id = claimed.user_id.ok_or_else(|| SendError::Permanent("the account is gone".to_owned()))?;
    let now = state.clock.now();
    let mut conn = state.db.conn().await.map_err(database)?;
    match &mut mail {
        Mail::ActivationUser(mail) => {
            (mail.activation_path, mail.expires_at) =
                mint_activation(&mut conn, user_id, now).await.map_err(database)?;
        }
        Mail::ActivationReminder(mail) => {
            (mail.activation_path, mail.expires_at) =
                mint_activation(&mut conn, user_id, now).await.map_err(database)?;
        }
        Mail::AccountInvitation(mail) => {
            (mail.activation_path, mail.expires_at) =
                mint_activation(&mut conn, user_id, now).await.map_err(database)?;
        }
        Mail::ResetPassword(mail) => {
            (mail.reset_path, mail.expires_at) =
                mint_reset(&mut conn, user_id, now).await.map_err(database)?;
        }
        _ => {}
    }
    Ok(mail)
}

async fn attachments(state: &AppState, claimed: &Claimed) -> Result<Vec<Attachment>, SendError> {
    let Some(stored) = &claimed.attachments else { return Ok(vec![]) };
    let stored: Vec<StoredAttachment> =
        serde_json::from_value(stored.clone()).map_err(|_| later("the stored attachments cannot be read"))?;
    let mut attachments = Vec::with_capacity(stored.len());
    for file in stored {
        let bytes = state.storage.read(&file.storage_key, ATTACHMENT_MAX).await;
        let bytes = bytes.map_err(|error| later(format!("attachment {}: {error}", file.storage_key)))?;
        attachments.push(Attachment { filename: file.filename, content_type: file.content_type, bytes });
    }
    Ok(attachments)
}

fn later(reason: impl Into<String>) -> SendError {
    SendError::Transient(reason.into())
}

/// The row keeps no text of the database, which may quote values.
fn database(error: sqlx::Error) -> SendError {
    tracing::warn!(%error, "a mail cannot be prepared");
    later("the database refused while the mail was prepared")
}
