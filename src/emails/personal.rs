//! Mails, handed out and erased.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::Value;
use sqlx::{MySql, MySqlConnection, QueryBuilder, types::Json};
use uuid::Uuid;

use crate::{
    app::AppState,
    http::iso::Iso,
    subject::{Sections, Subject, exported},
};

/// Rows removed by one statement: enough to be quick, few enough to lock little.
const BATCH: u32 = 1000;

/// Removes the mails to a person, sent or not, and takes them out of the mails to the team.
///
/// Two kinds that wait still leave, because they are owed to whoever paid: the invoice (CGI, article 289) and the
/// confirmation of what was bought (code de la consommation, article L221-13). [`forget_settled`] removes them afterwards.
///
/// # Errors
/// When the database refuses.
pub async fn erase(
    conn: &mut MySqlConnection,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    for id in to_forget(conn, subject).await? {
        sqlx::query!("DELETE FROM email_outbox WHERE id = ?", id).execute(&mut *conn).await?;
    }
    for mut mail in told_to_the_team(conn, subject).await? {
        // Quotes a message, which goes with their conversation.
        if mail.template == "admin-message" {
            sqlx::query!("DELETE FROM email_outbox WHERE id = ?", mail.id).execute(&mut *conn).await?;
            continue;
        }
        subject.anonymise(&mut mail.payload.0);
        sqlx::query!(
            "UPDATE email_outbox SET payload = ?, updated_at = ? WHERE id = ?",
            mail.payload,
            now,
            mail.id
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Read without a lock, so that no worker waits for the search. The team's own address may be an account's too.
async fn to_forget(conn: &mut MySqlConnection, subject: &Subject) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT id FROM email_outbox
         WHERE (user_id = ? OR (to_email = ? AND template NOT LIKE 'admin-%'))
           AND NOT (status = 'PENDING' AND template IN ('invoice-user', 'payment-user'))",
        subject.user_id,
        subject.email
    )
    .fetch_all(conn)
    .await
}

#[derive(sqlx::FromRow)]
struct Told {
    id: Uuid,
    template: String,
    payload: Json<Value>,
}

async fn told_to_the_team(conn: &mut MySqlConnection, subject: &Subject) -> Result<Vec<Told>, sqlx::Error> {
    let mut query = QueryBuilder::<MySql>::new(
        "SELECT id, template, payload FROM email_outbox WHERE template LIKE 'admin-%' AND user_id IS NULL AND ",
    );
    subject.push_mentioned(&mut query, "dedupe_key", "CAST(payload AS CHAR)");
    query.build_query_as().fetch_all(conn).await
}

/// The job that removes what was still owed to erased accounts, once it has left; answers how many. What could not
/// be delivered is kept for a month, for someone to look at.
///
/// # Errors
/// When the database is away.
pub async fn forget_settled(state: &AppState) -> anyhow::Result<u64> {
    let month_ago = state.clock.now() - chrono::Duration::days(30);
    let mut conn = state.db.conn().await?;
    let settled = sqlx::query_scalar!(
        r#"SELECT o.id AS "id: Uuid" FROM users u JOIN email_outbox o ON o.user_id = u.id
           WHERE u.deleted_at IS NOT NULL AND (o.status = 'SENT' OR (o.status = 'DEAD' AND o.created_at < ?))
           LIMIT ?"#,
        month_ago,
        BATCH
    )
    .fetch_all(&mut *conn)
    .await?;
    for id in &settled {
        sqlx::query!("DELETE FROM email_outbox WHERE id = ?", id).execute(&mut *conn).await?;
    }
    Ok(settled.len() as u64)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SentMail {
    id: Uuid,
    genre: String,
    to_email: String,
    to_name: Option<String>,
    contenu: Json<Value>,
    #[serde(serialize_with = "file_names")]
    pieces_jointes: Option<Json<Value>>,
    statut: String,
    sent_at: Option<Iso>,
    created_at: Iso,
}

/// What attachments are called; where they are stored says nothing to anybody.
fn file_names<S: Serializer>(attachments: &Option<Json<Value>>, serializer: S) -> Result<S::Ok, S::Error> {
    let stored = attachments.iter().filter_map(|json| json.0.as_array()).flatten();
    serializer.collect_seq(stored.filter_map(|attachment| attachment.get("filename")))
}

/// The mails to a person that are still kept.
///
/// # Errors
/// When the database refuses.
pub async fn export(conn: &mut MySqlConnection, subject: &Subject) -> Result<Sections, sqlx::Error> {
    let mails = sqlx::query_as!(
        SentMail,
        r#"SELECT id, template AS genre, to_email, to_name, payload AS "contenu: Json<Value>",
                  attachments AS "pieces_jointes: Json<Value>", status AS statut, sent_at AS "sent_at: Iso", created_at
           FROM email_outbox WHERE user_id = ? OR (to_email = ? AND template NOT LIKE 'admin-%')
           ORDER BY created_at, id"#,
        subject.user_id,
        subject.email
    )
    .fetch_all(conn)
    .await?;
    Ok(vec![("emails", exported(&mails)?)])
}

#[cfg(test)]
mod tests {
    use crate::{events::Category, mails::Mail};

    #[test]
    fn the_mails_that_are_owed_and_those_of_the_team_are_called_so() {
        for mail in Mail::samples() {
            assert_eq!(mail.category() == Category::Admin, mail.template().starts_with("admin-"));
        }
        for owed in ["invoice-user", "payment-user"] {
            let kind = Mail::samples().into_iter().find(|mail| mail.template() == owed);
            assert!(kind.is_some_and(|mail| mail.category() == Category::Transactional), "{owed}");
        }
    }
}
