//! Mails that will not arrive.

use super::store::Claimed;
use crate::{
    app::AppState,
    emails::{
        told::{MailRefused, MailsStuck},
        transport::SendError,
    },
    events,
};

/// Gives a mail up and rings the administrators' bell. Writes notifications only, never a mail: that
/// one might die too, and ring for itself.
///
/// # Errors
/// When the database refuses; the mail then comes back when its lease ends.
pub(super) async fn bury(state: &AppState, mail: &Claimed, error: &SendError) -> Result<(), sqlx::Error> {
    let (SendError::Transient(reason) | SendError::Permanent(reason)) = error;
    let now = state.clock.now();
    let mut tx = state.begin().await?;
    if !mail.lease.give_up(&mut tx, now, reason).await? {
        return Ok(());
    }
    match error {
        SendError::Permanent(_) => events::record(&mut tx, refused(mail)).await?,
        SendError::Transient(_) => {
            let hour = now.format("%Y-%m-%dT%H").to_string();
            events::record(&mut tx, MailsStuck { hour }).await?;
        }
    }
    tx.commit().await
}

fn refused(mail: &Claimed) -> MailRefused {
    MailRefused {
        // A mail tried again by an administrator may be refused again.
        refusal: format!("{}:{}", mail.lease.id, mail.lease.until.timestamp()),
        template: mail.template.clone(),
        to_email: mail.to_email.clone(),
    }
}
