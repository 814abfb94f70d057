//! Booked calls, handed out and erased.

use serde::Serialize;
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{
    http::iso::Iso,
    subject::{Sections, Subject, exported},
};

/// Removes what a person booked. A call to come gives its slot back.
///
/// # Errors
/// When the database refuses.
pub async fn erase(conn: &mut MySqlConnection, subject: &Subject) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM consultations WHERE email = ?", subject.email).execute(conn).await.map(drop)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Consultation {
    id: Uuid,
    first_name: String,
    last_name: String,
    email: String,
    phone: String,
    starts_at: Iso,
    cancelled_at: Option<Iso>,
    message: Option<String>,
    source: String,
    status: String,
    admin_note: Option<String>,
    created_at: Iso,
}

/// What a person booked.
///
/// # Errors
/// When the database refuses.
pub async fn export(conn: &mut MySqlConnection, subject: &Subject) -> Result<Sections, sqlx::Error> {
    let consultations = sqlx::query_as!(
        Consultation,
        r#"SELECT id, first_name, last_name, email, phone, starts_at, cancelled_at AS "cancelled_at: Iso", message,
                  source, status, admin_note, created_at
           FROM consultations WHERE email = ? ORDER BY created_at, id"#,
        subject.email
    )
    .fetch_all(conn)
    .await?;
    Ok(vec![("consultations", exported(&consultations)?)])
}
