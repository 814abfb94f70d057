//! The audit log, handed out. It is not erased: who did what on an account is kept to establish and defend rights
//! (GDPR, article 17(3)(e)), in sealed ranges that no later change may touch, and leaves with its age.

use serde::Serialize;
use sqlx::MySqlConnection;

use crate::{
    http::iso::Iso,
    subject::{Sections, Subject, exported},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Act {
    timestamp: Iso,
    action: String,
    /// Empty when somebody else acted: whose act it was is the other's own data.
    actor_email: Option<String>,
    ip_address: Option<String>,
    user_agent: Option<String>,
    details: Option<String>,
}

/// What a person did, and what was done to their account.
///
/// # Errors
/// When the database refuses.
pub async fn export(conn: &mut MySqlConnection, subject: &Subject) -> Result<Sections, sqlx::Error> {
    let acts = sqlx::query_as!(
        Act,
        r#"SELECT timestamp AS "timestamp!: Iso", action AS "action!", actor_email, ip_address, user_agent, details
           FROM (SELECT seq, timestamp, action, actor_email, ip_address, user_agent, details
                 FROM audit_logs WHERE actor_email = ?
                 UNION
                 SELECT seq, timestamp, action, NULL, NULL, NULL, NULL
                 FROM audit_logs WHERE target_type IN ('user', 'auth') AND target_id = ? AND actor_email <> ?) acts
           ORDER BY seq"#,
        subject.email,
        subject.user_id.to_string(),
        subject.email
    )
    .fetch_all(conn)
    .await?;
    Ok(vec![("journal", exported(&acts)?)])
}
