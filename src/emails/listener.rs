//! What is told by mail.

use super::outbox::{NewMail, enqueue};
use crate::events::{Category, Heard, Hint, Letter, Listener, Person, Told, Tx};

/// Queues the mails of happenings: to the person concerned, unless they refused that kind, and one to the
/// platform's own address.
pub struct Post {
    /// The platform's own address.
    pub team_email: String,
}

impl Listener for Post {
    fn hear<'a>(&'a self, tx: &'a mut Tx, told: &'a Told) -> Heard<'a> {
        Box::pin(async move {
            if let (Some(person), Some(letter)) = (&told.person, &told.telling.mail)
                && exists(&person.email)
                && accepts(person, letter.category)
            {
                post(tx, to_person(person, letter, &told.key)).await?;
            }
            match &told.telling.team_mail {
                Some(letter) => post(tx, self.to_team(letter, &told.key)).await,
                None => Ok(()),
            }
        })
    }
}

impl Post {
    fn to_team<'a>(&'a self, letter: &'a Letter, key: &'a str) -> NewMail<'a> {
        NewMail { letter, to_email: &self.team_email, to_name: None, user_id: None, key }
    }
}

fn to_person<'a>(person: &'a Person, letter: &'a Letter, key: &'a str) -> NewMail<'a> {
    NewMail { letter, to_email: &person.email, to_name: Some(&person.name), user_id: person.id, key }
}

async fn post(tx: &mut Tx, new: NewMail<'_>) -> Result<(), sqlx::Error> {
    let now = tx.now();
    enqueue(tx, now, new).await?;
    tx.hint(Hint::Outbox);
    Ok(())
}

/// Whether an address can exist: those of erased accounts and of the demonstration never do (RFC 2606, section 2).
fn exists(email: &str) -> bool {
    !email.ends_with(".invalid")
}

/// Whether someone wants mails of a category; transactional ones are not a matter of choice.
fn accepts(person: &Person, category: Category) -> bool {
    let chosen = |pointer: &str| person.preferences.as_ref()?.pointer(pointer)?.as_bool();
    let unless_refused = |pointer: &str| chosen(pointer) != Some(false);
    // emailNotifications is the switch of the former platform.
    let general = || unless_refused("/notifications/email") && unless_refused("/emailNotifications");
    match category {
        Category::Transactional | Category::Admin => true,
        Category::General => general(),
        Category::Projects => general() && unless_refused("/notificationTypes/projects"),
        Category::Messages => general() && unless_refused("/notificationTypes/messages"),
        Category::Invoices => general() && unless_refused("/notificationTypes/invoices"),
        // Nobody is sent offers without having asked for them; without an account, that is the sender's affair.
        Category::Promos => {
            general() && (person.id.is_none() || chosen("/notificationTypes/promos") == Some(true))
        }
    }
}
