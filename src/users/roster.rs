//! The accounts as administrators look at them: a list, one of them, how many there are. Erased ones are not there.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::Role;
use crate::{
    app::AppState,
    db::{
        columns::columns,
        filter::{Enum, Select},
    },
    http::{
        ApiError, ApiResult, Page,
        list::{Listing, Sort, SortKey, Words, sorts},
    },
};

/// How long an account counts as recent.
const RECENT: TimeDelta = TimeDelta::days(30);

columns! {
    /// An account in the list.
    pub struct Row {
        /// The account.
        pub id: Uuid,
        /// First name.
        pub prenom: String,
        /// Family name.
        pub nom: String,
        /// Stored address.
        pub email: String,
        /// What it may do.
        pub role: Enum<Role>,
        /// Whether it may log in.
        pub is_active: bool,
        /// UTC.
        pub created_at: DateTime<Utc>,
        /// UTC.
        pub updated_at: DateTime<Utc>,
        /// Postal address.
        pub adresse: Option<String>,
        /// Phone number.
        pub telephone: Option<String>,
        /// URL of a picture.
        pub avatar: Option<String>,
    }
}

sorts! {
    /// How accounts are ordered.
    pub enum RosterSort: id "id", default CreatedAt Desc {
        Id: "id" => "id";
        Prenom: "prenom" => "prenom";
        Nom: "nom" => "nom";
        Email: "email" => "email";
        Role: "role" => "role", "created_at";
        Active: "isActive" | "status" => "is_active", "created_at";
        CreatedAt: "createdAt" => "created_at";
        UpdatedAt: "updatedAt" => "updated_at";
    }
}

/// Which accounts to list.
#[derive(Debug, Hash)]
pub struct Filter {
    /// Each of them in one of the names or in the address.
    pub words: Words,
    /// With this role.
    pub role: Option<Role>,
    /// Which may log in, or may not.
    pub active: Option<bool>,
}

impl Filter {
    fn keep(&self, select: Select) -> Select {
        // Addresses compare as bytes; whoever looks for one does not mind its capitals.
        let searched = ["prenom", "nom", "email COLLATE utf8mb4_unicode_ci"];
        select
            .and("deleted_at IS NULL")
            .and_eq_some("role", self.role)
            .and_eq_some("is_active", self.active)
            .and_words(&searched, &self.words)
    }
}

/// A page of the accounts.
///
/// # Errors
/// When the database refuses.
pub async fn list(
    state: &AppState,
    filter: &Filter,
    sort: Sort<RosterSort>,
    page: Page,
) -> ApiResult<Listing<Row>> {
    let mut conn = state.db.conn().await?;
    let rows = filter
        .keep(Select::of::<Row>("users"))
        .order_by(sort.key.columns(), sort.direction)
        .window(page.fetch(), page.offset())
        .rows(&mut conn)
        .await?;
    let count = filter.keep(Select::new("SELECT COUNT(*) FROM users")).count(&mut conn);
    let listing = state.totals.listing("users", filter, page, rows, count).await?;
    conn.release();
    Ok(listing)
}

/// How many accounts there are, those of the demonstration aside.
pub struct Figures {
    /// In all.
    pub total: i64,
    /// Which may log in.
    pub active: i64,
    /// Of administrators.
    pub admins: i64,
    /// Opened within thirty days.
    pub recent: i64,
}

/// How many accounts there are.
///
/// # Errors
/// When the database refuses.
pub async fn figures(state: &AppState) -> ApiResult<Figures> {
    let mut conn = state.db.conn().await?;
    let figures = count(&mut conn, state.clock.now() - RECENT).await?;
    conn.release();
    Ok(figures)
}

async fn count(conn: &mut MySqlConnection, since: DateTime<Utc>) -> Result<Figures, sqlx::Error> {
    sqlx::query_as!(
        Figures,
        r#"SELECT COUNT(*) AS "total!: i64",
                  CAST(COALESCE(SUM(is_active), 0) AS SIGNED) AS "active!: i64",
                  CAST(COALESCE(SUM(role = 'ADMIN'), 0) AS SIGNED) AS "admins!: i64",
                  CAST(COALESCE(SUM(created_at >= ?), 0) AS SIGNED) AS "recent!: i64"
           FROM users WHERE deleted_at IS NULL AND is_demo = FALSE"#,
        since
    )
    .fetch_one(conn)
    .await
}

/// An account with how much there is of it.
pub struct Detail {
    /// The account.
    pub row: Row,
    /// Its orders.
    pub commandes: i64,
    /// Messages it sent.
    pub sent: i64,
    /// Messages of its conversation that others sent.
    pub received: i64,
    /// What its bell shows.
    pub notifications: i64,
}

/// One account.
///
/// # Errors
/// 404 without it, or when the database refuses.
pub async fn one(state: &AppState, id: Uuid) -> ApiResult<Detail> {
    let mut conn = state.db.conn().await?;
    let detail = find(&mut conn, id).await?;
    conn.release();
    detail.ok_or_else(unknown)
}

async fn find(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Detail>, sqlx::Error> {
    let found = sqlx::query!(
        r#"SELECT u.id, u.prenom, u.nom, u.email, u.role AS "role: Role", u.is_active, u.created_at, u.updated_at,
                  u.adresse, u.telephone, u.avatar,
                  (SELECT COUNT(*) FROM commandes c WHERE c.user_id = u.id) AS "commandes!: i64",
                  (SELECT COUNT(*) FROM messages m WHERE m.sender_id = u.id) AS "sent!: i64",
                  (SELECT COUNT(*) FROM conversations v JOIN messages m ON m.conversation_id = v.id
                   WHERE v.user_id = u.id AND (m.sender_id IS NULL OR m.sender_id <> u.id)) AS "received!: i64",
                  (SELECT COUNT(*) FROM notifications n WHERE n.user_id = u.id AND n.is_deleted = FALSE)
                    AS "notifications!: i64"
           FROM users u WHERE u.id = ? AND u.deleted_at IS NULL"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.map(|found| Detail {
        row: Row {
            id: found.id,
            prenom: found.prenom,
            nom: found.nom,
            email: found.email,
            role: Enum(found.role),
            is_active: found.is_active,
            created_at: found.created_at,
            updated_at: found.updated_at,
            adresse: found.adresse,
            telephone: found.telephone,
            avatar: found.avatar,
        },
        commandes: found.commandes,
        sent: found.sent,
        received: found.received,
        notifications: found.notifications,
    }))
}

/// 404: there is no such account, or it was erased.
pub fn unknown() -> ApiError {
    ApiError::not_found("Ce compte n’existe pas.")
}
