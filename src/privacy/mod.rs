//! Personal data as a whole: what is held, in [`register`]; how it is handed out, in [`export`] and, on request, in
//! [`exporting`]; how it is erased, in [`erase`] and what surrounds it, [`erasing`]. Each part of the program does so for its own rows, in its `personal.rs`, and knows nothing of this.

pub mod erasing;
pub mod erasures;
pub mod exporting;
pub mod jobs;
pub mod register;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{
    audit, auth, commandes, consultations, emails,
    events::{Hint, Tx},
    exports, files,
    http::iso::Iso,
    invoices, messages, notifications, payments, public,
    subject::{Sections, Subject},
    users, withdrawals,
};

/// Everything the person of an account is recognised by; nobody once it is erased.
///
/// # Errors
/// When the database refuses.
pub async fn subject(conn: &mut MySqlConnection, user_id: Uuid) -> Result<Option<Subject>, sqlx::Error> {
    let Some(mut subject) = users::personal::subject(conn, user_id).await? else { return Ok(None) };
    commandes::personal::trace(conn, &mut subject).await?;
    payments::personal::trace(conn, &mut subject).await?;
    Ok(Some(subject))
}

/// Erases an account and all that is held of its owner, except what [`register`] says is kept, and why. Answers who
/// they were; nobody when there is no such account. Stored documents leave after the commit.
///
/// The account's row is locked first, as in every transaction that changes an account. Documents go before the orders
/// and the conversations they are found by. After the commit, end the account's sessions.
///
/// # Errors
/// When the database refuses; run it again after a deadlock, from the start.
pub async fn erase(tx: &mut Tx, user_id: Uuid, now: DateTime<Utc>) -> Result<Option<Subject>, sqlx::Error> {
    users::store::lock(tx, user_id).await?;
    let Some(subject) = subject(tx, user_id).await? else { return Ok(None) };
    erasures::record(tx, user_id, now).await?;
    auth::personal::erase(tx, &subject).await?;
    exports::personal::erase(tx, &subject, now).await?;
    files::personal::erase(tx, &subject, now).await?;
    commandes::personal::erase(tx, &subject, now).await?;
    payments::personal::erase(tx, &subject, now).await?;
    withdrawals::personal::erase(tx, &subject, now).await?;
    messages::personal::erase(tx, &subject, now).await?;
    consultations::personal::erase(tx, &subject).await?;
    public::personal::erase(tx, &subject).await?;
    notifications::personal::erase(tx, &subject, now).await?;
    emails::personal::erase(tx, &subject, now).await?;
    users::personal::erase(tx, &subject, now).await?;
    tx.hint(Hint::Deletions);
    Ok(Some(subject))
}

/// Everything held of a person, as they are handed it: the form of the former platform's export, with all it lacked.
///
/// # Errors
/// When the database refuses.
pub async fn export(
    conn: &mut MySqlConnection,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<Value, sqlx::Error> {
    let sections = sections(conn, subject).await?;
    let count = |name| {
        let section = sections.iter().find(|(key, _)| *key == name);
        section.and_then(|(_, rows)| rows.as_array()).map_or(0, Vec::len)
    };
    Ok(json!({
        "exportDate": Iso(now),
        "dataTypes": sections.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        "totalCommandes": count("commandes"),
        "totalInvoices": count("factures"),
        "totalMessages": count("messages"),
        "user": owner(subject, sections),
    }))
}

/// The former export had the account's id and address beside the sections.
fn owner(subject: &Subject, sections: Sections) -> Value {
    let mut owner = Map::new();
    owner.insert("id".to_owned(), json!(subject.user_id));
    owner.insert("email".to_owned(), json!(subject.email));
    owner.extend(sections.into_iter().map(|(name, section)| (name.to_owned(), section)));
    Value::Object(owner)
}

async fn sections(conn: &mut MySqlConnection, subject: &Subject) -> Result<Sections, sqlx::Error> {
    let mut sections = users::personal::export(conn, subject).await?;
    sections.extend(auth::personal::export(conn, subject).await?);
    sections.extend(commandes::personal::export(conn, subject).await?);
    sections.extend(invoices::personal::export(conn, subject).await?);
    sections.extend(payments::personal::export(conn, subject).await?);
    sections.extend(withdrawals::personal::export(conn, subject).await?);
    sections.extend(files::personal::export(conn, subject).await?);
    sections.extend(messages::personal::export(conn, subject).await?);
    sections.extend(consultations::personal::export(conn, subject).await?);
    sections.extend(public::personal::export(conn, subject).await?);
    sections.extend(notifications::personal::export(conn, subject).await?);
    sections.extend(emails::personal::export(conn, subject).await?);
    sections.extend(exports::personal::export(conn, subject).await?);
    sections.extend(audit::personal::export(conn, subject).await?);
    Ok(sections)
}
