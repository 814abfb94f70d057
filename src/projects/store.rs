//! SQL of the projects.

use sqlx::{MySql, MySqlConnection, QueryBuilder};
use uuid::Uuid;

use super::view::{ProjectRow, Stage};
use crate::{commandes::Statut, http::Page};

/// Which projects to list.
pub struct Filter {
    /// Whose.
    pub user_id: Uuid,
    /// Only those of this stage.
    pub stage: Option<Stage>,
    /// Only those whose title has each of these words.
    pub words: Vec<String>,
}

// The type of an ENUM column is only known to checked queries: here it travels as text.
const COLUMNS: &str = "SELECT c.id, c.titre, c.description, CAST(c.statut AS CHAR) AS statut,
        c.amount, c.pack_type, t.nom AS tarif,
        c.pages_declarees, c.pages_verifiees, c.date_echeance, c.date_finition, c.created_at, c.updated_at,
        u.prenom AS corrector_prenom, u.nom AS corrector_nom,
        EXISTS (SELECT 1 FROM files f WHERE f.commande_id = c.id AND f.is_corrected = TRUE) AS corrected
    FROM commandes c
    LEFT JOIN tarifs t ON t.id = c.tarif_id
    LEFT JOIN users u ON u.id = c.corrector_id";

/// A page of projects: those due last first, then the newest.
pub async fn list(
    conn: &mut MySqlConnection,
    filter: &Filter,
    page: Page,
) -> Result<Vec<ProjectRow>, sqlx::Error> {
    let mut query = QueryBuilder::new(COLUMNS);
    filter.push_to(&mut query);
    query.push(" ORDER BY c.date_echeance DESC, c.created_at DESC, c.id DESC LIMIT ");
    query.push_bind(page.limit).push(" OFFSET ").push_bind(page.offset());
    query.build_query_as().fetch_all(conn).await
}

/// How many projects the filter keeps.
pub async fn count(conn: &mut MySqlConnection, filter: &Filter) -> Result<i64, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT COUNT(*) FROM commandes c");
    filter.push_to(&mut query);
    query.build_query_scalar().fetch_one(conn).await
}

impl Filter {
    fn push_to(&self, query: &mut QueryBuilder<MySql>) {
        query.push(" WHERE c.user_id = ").push_bind(self.user_id);
        if let Some(stage) = self.stage {
            let mut statuts = query.push(" AND c.statut IN (").separated(", ");
            for statut in stage.statuts() {
                statuts.push_bind(statut);
            }
            query.push(")");
        }
        for word in &self.words {
            query.push(" AND c.titre LIKE ").push_bind(containing(word));
        }
    }
}

/// The LIKE pattern of a text that contains `word`, whose own wildcards stand for themselves.
fn containing(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len() + 2);
    pattern.push('%');
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
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
