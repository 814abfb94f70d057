//! SQL of the orders.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{PaymentStatus, Statut};
use crate::{
    db::{
        columns::columns,
        filter::{Direction, Enum, Select},
    },
    http::Page,
};

columns! {
    /// An order as its owner reads it.
    pub struct OwnCommande {
        pub id: Uuid,
        pub reference: Option<String>,
        pub titre: String,
        pub description: Option<String>,
        pub fichier_url: Option<String>,
        pub statut: Enum<Statut>,
        pub note_client: Option<String>,
        pub note_correcteur: Option<String>,
        pub payment_status: Option<Enum<PaymentStatus>>,
        pub created_at: DateTime<Utc>,
        pub updated_at: DateTime<Utc>,
    }
}

/// Which of someone's orders to list.
#[derive(Hash)]
pub struct OwnFilter {
    /// Whose.
    pub user_id: Uuid,
    /// Only those of this status.
    pub statut: Option<Statut>,
}

impl OwnFilter {
    fn keep(&self, select: Select) -> Select {
        select.and_eq("user_id", self.user_id).and_eq_some("statut", self.statut)
    }
}

/// Rows for a page of someone's orders, newest first.
pub async fn of_user(
    conn: &mut MySqlConnection,
    filter: &OwnFilter,
    page: Page,
) -> Result<Vec<OwnCommande>, sqlx::Error> {
    filter
        .keep(Select::of::<OwnCommande>("commandes"))
        .order_by(&["created_at", "id"], Direction::Desc)
        .window(page.fetch(), page.offset())
        .rows(conn)
        .await
}

/// How many orders of someone the filter keeps.
pub async fn count_of_user(conn: &mut MySqlConnection, filter: &OwnFilter) -> Result<u64, sqlx::Error> {
    filter.keep(Select::new("SELECT COUNT(*) FROM commandes")).count(conn).await
}

/// One order of someone.
pub async fn one_of_user(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    id: Uuid,
) -> Result<Option<OwnCommande>, sqlx::Error> {
    sqlx::query_as!(
        OwnCommande,
        r#"SELECT id, reference, titre, description, fichier_url, statut AS "statut: Enum<Statut>", note_client, note_correcteur,
                  payment_status AS "payment_status: Enum<PaymentStatus>", created_at, updated_at
           FROM commandes WHERE id = ? AND user_id = ?"#,
        id,
        user_id
    )
    .fetch_optional(conn)
    .await
}
