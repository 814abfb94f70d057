//! The audit log: who did what, written in the transaction of the act it tells of.

use serde_json::Value;
use sqlx::MySqlConnection;

use crate::{
    clock::{Clock, new_id},
    http::context::RequestContext,
};

/// What an audit row speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Target {
    User,
    Command,
    Invoice,
    Payment,
    File,
    Auth,
    System,
}

/// How much an act matters. `High` and `Critical` are told to the administrators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

/// One act to record.
pub struct Entry<'a> {
    /// Address of who acted, `system` or `unknown`.
    pub actor: &'a str,
    /// Stable name, such as `LOGIN_SUCCESS`.
    pub action: &'static str,
    /// What it was done to.
    pub target: Target,
    /// Its id.
    pub target_id: Option<String>,
    /// What a reader needs to know, never a secret.
    pub details: Option<Value>,
    /// How much it matters.
    pub severity: Severity,
}

/// Longest user agent kept.
const USER_AGENT_CHARS: usize = 500;

/// Writes an act to the log; address and user agent are those of the request being served.
///
/// # Errors
/// When the database refuses, so that the act itself is rolled back too.
pub async fn record(conn: &mut MySqlConnection, clock: &Clock, entry: Entry<'_>) -> Result<(), sqlx::Error> {
    let now = clock.now();
    let context = RequestContext::current();
    let ip = context.as_ref().map(|context| context.client_ip.to_string());
    let agent: Option<String> = context
        .and_then(|context| context.user_agent().map(|agent| agent.chars().take(USER_AGENT_CHARS).collect()));
    let actor: String = entry.actor.chars().take(255).collect();
    sqlx::query!(
        "INSERT INTO audit_logs
           (id, timestamp, actor_email, action, target_type, target_id, details, ip_address, user_agent, severity, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        new_id(),
        now,
        actor,
        entry.action,
        entry.target,
        entry.target_id,
        entry.details.map(|details| details.to_string()),
        ip,
        agent,
        entry.severity,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
