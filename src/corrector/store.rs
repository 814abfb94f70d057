//! SQL of the orders of a corrector.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{
    commandes::{Priorite, Statut},
    db::{
        columns::columns,
        filter::{Direction, Enum, Select},
    },
    http::Page,
};

/// Which orders to list.
#[derive(Hash)]
pub struct Filter {
    /// Who was asked to correct them.
    pub corrector_id: Uuid,
    /// Only those of this status.
    pub statut: Option<Statut>,
}

columns! {
    /// An order as its corrector reads it.
    pub struct Assigned {
        pub id: Uuid = "c.id",
        pub reference: Option<String> = "c.reference",
        pub titre: String = "c.titre",
        pub description: Option<String> = "c.description",
        pub note_client: Option<String> = "c.note_client",
        pub statut: Enum<Statut> = "c.statut",
        pub priorite: Enum<Priorite> = "c.priorite",
        pub tarif: Option<String> = "t.nom",
        pub pages: Option<i32> = "COALESCE(c.pages_verifiees, c.pages_declarees)",
        pub date_echeance: Option<DateTime<Utc>> = "c.date_echeance",
        pub date_finition: Option<DateTime<Utc>> = "c.date_finition",
        pub created_at: DateTime<Utc> = "c.created_at",
        pub updated_at: DateTime<Utc> = "c.updated_at",
        pub author_id: Uuid = "u.id",
        pub author_prenom: String = "u.prenom",
        pub author_nom: String = "u.nom",
        /// Documents to correct.
        pub files: i64 = "(SELECT COUNT(*) FROM files f WHERE f.commande_id = c.id AND f.is_corrected = FALSE)",
        /// Corrected documents.
        pub corrected_files: i64 = "(SELECT COUNT(*) FROM files f WHERE f.commande_id = c.id AND f.is_corrected = TRUE)",
    }
}

const TABLES: &str = "commandes c JOIN users u ON u.id = c.user_id LEFT JOIN tarifs t ON t.id = c.tarif_id";

/// The same, read in the order of an index. The figures a server keeps about its tables are guesses: by unlucky ones it
/// would rather begin with the authors and sort all that is assigned.
const NEWEST: &str = "commandes c FORCE INDEX (commandes_corrector_created)
     STRAIGHT_JOIN users u ON u.id = c.user_id LEFT JOIN tarifs t ON t.id = c.tarif_id";
const NEWEST_OF_STATUT: &str = "commandes c FORCE INDEX (commandes_corrector)
     STRAIGHT_JOIN users u ON u.id = c.user_id LEFT JOIN tarifs t ON t.id = c.tarif_id";

impl Filter {
    fn newest(&self) -> &'static str {
        if self.statut.is_some() { NEWEST_OF_STATUT } else { NEWEST }
    }

    fn keep(&self, select: Select) -> Select {
        select.and_eq("c.corrector_id", self.corrector_id).and_eq_some("c.statut", self.statut)
    }
}

/// Rows for a page of a corrector's orders, newest first.
pub async fn list(
    conn: &mut MySqlConnection,
    filter: &Filter,
    page: Page,
) -> Result<Vec<Assigned>, sqlx::Error> {
    filter
        .keep(Select::of::<Assigned>(filter.newest()))
        .order_by(&["c.created_at", "c.id"], Direction::Desc)
        .window(page.fetch(), page.offset())
        .rows(conn)
        .await
}

/// How many orders the filter keeps.
pub async fn count(conn: &mut MySqlConnection, filter: &Filter) -> Result<u64, sqlx::Error> {
    filter.keep(Select::new("SELECT COUNT(*) FROM commandes c")).count(conn).await
}

/// One order of a corrector.
pub async fn one(
    conn: &mut MySqlConnection,
    corrector_id: Uuid,
    id: Uuid,
) -> Result<Option<Assigned>, sqlx::Error> {
    let select = Select::of::<Assigned>(TABLES).and_eq("c.id", id).and_eq("c.corrector_id", corrector_id);
    Ok(select.rows(conn).await?.pop())
}
