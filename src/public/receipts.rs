//! Which forms came lately, and how often their senders were written to.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::MySqlConnection;

use crate::{clock::new_id, config::MailSettings, db::violates, events::Tx, jobs::BATCH};

/// How long the same form counts once.
const SAME_FOR: TimeDelta = TimeDelta::minutes(10);

/// How long acknowledgements and documents are counted.
pub(super) const DAY: TimeDelta = TimeDelta::days(1);

/// Acknowledgements of one address a day.
const ACKNOWLEDGED_MAX: i64 = 3;

/// The key that lets a form come once.
const FINGERPRINT_KEY: &str = "form_receipts_fingerprint";

/// Local parts behind which nobody reads.
const UNREAD: [&str; 12] = [
    "noreply",
    "no-reply",
    "no_reply",
    "no.reply",
    "donotreply",
    "do-not-reply",
    "nepasrepondre",
    "ne-pas-repondre",
    "ne_pas_repondre",
    "mailer-daemon",
    "postmaster",
    "bounce",
];

/// A form of the public site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Form {
    /// A message to the team.
    Contact,
    /// A request for a free sample.
    FreeSample,
    /// Someone wants the newsletter.
    Newsletter,
}

/// A form that came.
pub struct Incoming<'a> {
    /// Which one.
    pub form: Form,
    /// Its sender's address.
    pub email: &'a str,
    /// Everything it says: the same makes it the same form.
    pub content: Value,
    /// Bytes attached.
    pub bytes: u64,
}

/// What becomes of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is to be kept; whether its sender is written to.
    Fresh {
        /// Whether an acknowledgement goes out.
        acknowledge: bool,
    },
    /// The same one came a moment ago.
    Repeated,
}

/// Takes a form in, in the transaction that keeps what it says. Of several alike at once the others wait for the first
/// and are [`Repeated`](Admission::Repeated).
///
/// # Errors
/// When the database refuses.
pub async fn admit(
    tx: &mut Tx,
    ours: &MailSettings,
    incoming: &Incoming<'_>,
) -> Result<Admission, sqlx::Error> {
    let now = tx.now();
    let fingerprint = incoming.fingerprint();
    let known = sqlx::query_scalar!(
        "SELECT received_at FROM form_receipts WHERE fingerprint = ? FOR UPDATE",
        fingerprint
    )
    .fetch_optional(&mut **tx)
    .await?;
    match known {
        Some(at) if at > now - SAME_FOR => return Ok(Admission::Repeated),
        Some(_) => {
            sqlx::query!("UPDATE form_receipts SET fingerprint = NULL WHERE fingerprint = ?", fingerprint)
                .execute(&mut **tx)
                .await?;
        }
        None => {}
    }
    let acknowledge = is_read(incoming.email, ours)
        && acknowledged(tx, incoming.email, now - DAY).await? < ACKNOWLEDGED_MAX;
    match insert(tx, incoming, &fingerprint, acknowledge, now).await {
        Err(error) if violates(&error, FINGERPRINT_KEY) => Ok(Admission::Repeated),
        inserted => inserted.map(|()| Admission::Fresh { acknowledge }),
    }
}

impl Incoming<'_> {
    fn fingerprint(&self) -> String {
        let form = format!("{:?}", self.form);
        hex::encode(Sha256::digest(format!("{form}\n{}\n{}", self.email, self.content)))
    }
}

async fn acknowledged(
    conn: &mut MySqlConnection,
    email: &str,
    since: DateTime<Utc>,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT COUNT(*) FROM form_receipts WHERE email = ? AND received_at > ? AND acknowledged = TRUE",
        email,
        since
    )
    .fetch_one(conn)
    .await
}

async fn insert(
    conn: &mut MySqlConnection,
    incoming: &Incoming<'_>,
    fingerprint: &str,
    acknowledged: bool,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO form_receipts (id, form, fingerprint, email, acknowledged, bytes, received_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
        new_id(),
        incoming.form,
        fingerprint,
        incoming.email,
        acknowledged,
        i64::try_from(incoming.bytes).unwrap_or(i64::MAX),
        now
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Whether a person may read what is sent to an address: an acknowledgement to a robot, or to ourselves, might be
/// acknowledged in turn.
fn is_read(email: &str, ours: &MailSettings) -> bool {
    let own = [&ours.from_email, &ours.admin_email, &ours.support_email];
    let local = email.split(['@', '+']).next().unwrap_or_default();
    !own.iter().any(|own| own.eq_ignore_ascii_case(email)) && !UNREAD.contains(&local)
}

/// Bytes attached to the forms that came since then.
///
/// # Errors
/// When the database refuses.
pub async fn bytes_since(conn: &mut MySqlConnection, since: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let bytes = sqlx::query_scalar!(
        r#"SELECT CAST(COALESCE(SUM(bytes), 0) AS SIGNED) AS "bytes!: i64" FROM form_receipts WHERE received_at > ?"#,
        since
    )
    .fetch_one(conn)
    .await?;
    Ok(bytes.unsigned_abs())
}

/// Forgets forms that came before then, a batch of them.
///
/// # Errors
/// When the database refuses.
pub async fn forget(conn: &mut MySqlConnection, before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    sqlx::query!(
        "DELETE FROM form_receipts WHERE received_at < ? ORDER BY received_at, id LIMIT ?",
        before,
        BATCH
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MailTransport;

    #[test]
    fn robots_and_ourselves_are_not_written_to() {
        let ours = MailSettings {
            transport: MailTransport::Mailbox,
            from_email: "Contact@staka.fr".to_owned(),
            from_name: String::new(),
            admin_email: "equipe@staka.fr".to_owned(),
            support_email: "aide@staka.fr".to_owned(),
        };
        for nobody in [
            "contact@staka.fr",
            "equipe@staka.fr",
            "aide@staka.fr",
            "noreply@example.com",
            "no-reply+7@example.com",
            "mailer-daemon@example.com",
            "bounce+zoe=example.com@example.org",
        ] {
            assert!(!is_read(nobody, &ours), "{nobody}");
        }
        for somebody in ["zoe@example.com", "no@example.com", "reply@noreply.example.com", "autre@staka.fr"] {
            assert!(is_read(somebody, &ours), "{somebody}");
        }
    }
}
