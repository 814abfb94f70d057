//! Mails that will not arrive.

use super::store::{self, Claimed};
use crate::{
    app::AppState,
    emails::transport::SendError,
    events::{AlertKind, Event, Hint},
    notifications,
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
    if !store::settle_dead(&mut tx, mail, now, reason).await? {
        return Ok(());
    }
    let alert = match error {
        SendError::Permanent(_) => refused(mail),
        SendError::Transient(_) => outage(&now.format("%Y-%m-%dT%H").to_string()),
    };
    for user_id in notifications::listen(&mut tx, state, &alert, None).await? {
        tx.hint(Hint::Notifications(user_id));
    }
    tx.commit().await
}

/// One address does not work: someone may want to call the person.
fn refused(mail: &Claimed) -> Event {
    let message = format!(
        "Le serveur de messagerie a refusé définitivement le mail « {} » adressé à {}. Vérifiez l’adresse.",
        mail.template, mail.to_email
    );
    alert(format!("mail:{}:{}", mail.id, mail.lease.timestamp()), "Un mail n’a pas pu être remis", message)
}

/// Nothing has left for hours: one bell per hour says it, however many mails are concerned.
fn outage(hour: &str) -> Event {
    let message =
        "Des mails ont été abandonnés après douze essais. Vérifiez le service d’envoi, puis relancez-les."
            .to_owned();
    alert(format!("mails:{hour}"), "Des mails ne partent plus", message)
}

fn alert(subject: String, title: &str, message: String) -> Event {
    Event::Alert { kind: AlertKind::Operations, subject, title: title.to_owned(), message, action_path: None }
}
