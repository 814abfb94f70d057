//! Forms, support requests and newsletter subscriptions, handed out and erased.

use serde::Serialize;
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{
    http::iso::Iso,
    subject::{Sections, Subject, exported},
};

/// Removes what a person sent, asked for or subscribed to.
///
/// # Errors
/// When the database refuses.
pub async fn erase(conn: &mut MySqlConnection, subject: &Subject) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM form_receipts WHERE email = ?", subject.email).execute(&mut *conn).await?;
    sqlx::query!("DELETE FROM support_requests WHERE user_id = ?", subject.user_id)
        .execute(&mut *conn)
        .await?;
    sqlx::query!("DELETE FROM newsletter_subscribers WHERE email = ?", subject.email).execute(conn).await?;
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Form {
    form: String,
    email: String,
    received_at: Iso,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SupportRequest {
    id: Uuid,
    title: String,
    description: String,
    category: String,
    status: String,
    tags: Option<String>,
    created_at: Iso,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    email: String,
    status: String,
    confirmed_at: Option<Iso>,
    created_at: Iso,
}

/// What a person sent, asked for and subscribed to.
///
/// # Errors
/// When the database refuses.
pub async fn export(conn: &mut MySqlConnection, subject: &Subject) -> Result<Sections, sqlx::Error> {
    let forms = forms(conn, &subject.email).await?;
    let requests = support_requests(conn, subject.user_id).await?;
    let subscriptions = subscriptions(conn, &subject.email).await?;
    Ok(vec![
        ("formulaires", exported(&forms)?),
        ("demandesSupport", exported(&requests)?),
        ("newsletter", exported(&subscriptions)?),
    ])
}

async fn forms(conn: &mut MySqlConnection, email: &str) -> Result<Vec<Form>, sqlx::Error> {
    sqlx::query_as!(
        Form,
        "SELECT form, email, received_at FROM form_receipts WHERE email = ? ORDER BY received_at, id",
        email
    )
    .fetch_all(conn)
    .await
}

async fn support_requests(
    conn: &mut MySqlConnection,
    user_id: Uuid,
) -> Result<Vec<SupportRequest>, sqlx::Error> {
    sqlx::query_as!(
        SupportRequest,
        "SELECT id, title, description, category, status, tags, created_at
         FROM support_requests WHERE user_id = ? ORDER BY created_at, id",
        user_id
    )
    .fetch_all(conn)
    .await
}

async fn subscriptions(conn: &mut MySqlConnection, email: &str) -> Result<Vec<Subscription>, sqlx::Error> {
    sqlx::query_as!(
        Subscription,
        r#"SELECT email, status, confirmed_at AS "confirmed_at: Iso", created_at
           FROM newsletter_subscribers WHERE email = ?"#,
        email
    )
    .fetch_all(conn)
    .await
}
