//! The audit log: who did what, written in the transaction of the act it tells of.
//!
//! An act is a line in [`acts`]. Acts of high or critical severity are told to the administrators, here and
//! nowhere else. Rows are sealed in a [`chain`], so that the past cannot be changed unnoticed; who reads it through
//! [`service`] is on record.

pub mod acts;
pub mod chain;
pub mod export;
pub mod jobs;
pub mod service;
pub mod store;
pub mod told;

pub mod personal;

use serde::Serialize;
use serde_json::Value;
use sqlx::MySqlConnection;
use utoipa::ToSchema;
use uuid::Uuid;

pub use acts::Act;

use crate::{
    app::AppState,
    clock::new_id,
    events::{self, Tx},
    http::context::RequestContext,
};
use told::SensitiveAct;

/// What an audit row speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(rename_all = "lowercase")]
#[schema(as = AuditTarget)]
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

impl Target {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::User, Self::Command, Self::Invoice, Self::Payment, Self::File, Self::Auth, Self::System];

    /// As the wire and the table have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Command => "command",
            Self::Invoice => "invoice",
            Self::Payment => "payment",
            Self::File => "file",
            Self::Auth => "auth",
            Self::System => "system",
        }
    }
}

/// How much an act matters. `High` and `Critical` are told to the administrators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(rename_all = "UPPERCASE")]
#[schema(as = AuditSeverity)]
#[allow(missing_docs)]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// As the wire and the table have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}

/// Who acts when nobody asked: jobs, webhooks, commands.
pub const SYSTEM: &str = "system";

/// What was acted upon, as its row names it; nothing where there is no such thing.
pub struct TargetId(Option<String>);

impl From<Uuid> for TargetId {
    fn from(id: Uuid) -> Self {
        Self(Some(id.to_string()))
    }
}

impl From<&str> for TargetId {
    fn from(id: &str) -> Self {
        Self(Some(id.to_owned()))
    }
}

impl From<Option<Uuid>> for TargetId {
    fn from(id: Option<Uuid>) -> Self {
        Self(id.map(|id| id.to_string()))
    }
}

/// Longest user agent kept, in characters.
const USER_AGENT_CHARS: usize = 500;

/// Longest actor kept, in characters.
const ACTOR_CHARS: usize = 255;

/// Writes an act to the log, in the transaction that does it. `actor` is the address of who acted, [`SYSTEM`] or
/// `unknown`; `details` are what a reader needs to know, never a secret. Address and user agent are those of
/// the request being served.
///
/// # Errors
/// When the database refuses, so that the act itself is rolled back too.
pub async fn record(
    tx: &mut Tx,
    act: Act,
    actor: &str,
    id: impl Into<TargetId>,
    details: impl Into<Option<Value>>,
) -> Result<(), sqlx::Error> {
    let now = tx.now();
    let row = Row { act, actor: cut(actor, ACTOR_CHARS), target_id: id.into().0, details: details.into() };
    insert(tx, now, &row).await?;
    match SensitiveAct::of(act, row.actor, now) {
        Some(alarm) => events::record(tx, alarm).await,
        None => Ok(()),
    }
}

/// Writes an act that changes nothing else, such as a download: a transaction of its own.
///
/// # Errors
/// When the database refuses.
pub async fn record_alone(
    state: &AppState,
    act: Act,
    actor: &str,
    id: impl Into<TargetId>,
    details: impl Into<Option<Value>>,
) -> Result<(), sqlx::Error> {
    let mut tx = state.begin().await?;
    record(&mut tx, act, actor, id, details).await?;
    tx.commit().await
}

struct Row {
    act: Act,
    actor: String,
    target_id: Option<String>,
    details: Option<Value>,
}

async fn insert(
    conn: &mut MySqlConnection,
    now: chrono::DateTime<chrono::Utc>,
    row: &Row,
) -> Result<(), sqlx::Error> {
    let context = RequestContext::current();
    let ip = context.as_ref().map(|context| context.client_ip.to_string());
    let agent = context.and_then(|context| context.user_agent().map(|agent| cut(agent, USER_AGENT_CHARS)));
    sqlx::query!(
        "INSERT INTO audit_logs
           (id, timestamp, actor_email, action, target_type, target_id, details, ip_address, user_agent, severity, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        new_id(),
        now,
        row.actor,
        row.act.name,
        row.act.target,
        row.target_id,
        row.details.as_ref().map(Value::to_string),
        ip,
        agent,
        row.act.severity,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}
