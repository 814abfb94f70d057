//! SQL of the projects.

use sqlx::MySqlConnection;
use uuid::Uuid;

use super::view::{ProjectRow, Stage};
use crate::{
    commandes::Statut,
    db::filter::{Direction, Select},
    http::{Page, list::Words},
};

/// Which projects to list.
#[derive(Hash)]
pub struct Filter {
    /// Whose.
    pub user_id: Uuid,
    /// Only those of this stage.
    pub stage: Option<Stage>,
    /// Only those whose title has each of these words.
    pub words: Words,
}

const TABLES: &str =
    "commandes c LEFT JOIN tarifs t ON t.id = c.tarif_id LEFT JOIN users u ON u.id = c.corrector_id";

/// Rows for a page of projects: those due last first, then the newest.
pub async fn list(
    conn: &mut MySqlConnection,
    filter: &Filter,
    page: Page,
) -> Result<Vec<ProjectRow>, sqlx::Error> {
    filter
        .keep(Select::of::<ProjectRow>(TABLES))
        .order_by(&["c.date_echeance", "c.created_at", "c.id"], Direction::Desc)
        .window(page.fetch(), page.offset())
        .rows(conn)
        .await
}

/// How many projects the filter keeps.
pub async fn count(conn: &mut MySqlConnection, filter: &Filter) -> Result<u64, sqlx::Error> {
    filter.keep(Select::new("SELECT COUNT(*) FROM commandes c")).count(conn).await
}

impl Filter {
    fn keep(&self, select: Select) -> Select {
        let select = select.and_eq("c.user_id", self.user_id).and_words(&["c.titre"], &self.words);
        match self.stage {
            Some(stage) => select.and_in("c.statut", stage.statuts()),
            None => select,
        }
    }
}

/// How many orders someone has of each status.
pub async fn by_statut(conn: &mut MySqlConnection, user_id: Uuid) -> Result<Vec<(Statut, i64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT statut AS "statut: Statut", COUNT(*) AS total FROM commandes WHERE user_id = ? GROUP BY statut"#,
        user_id
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.statut, row.total)).collect())
}
