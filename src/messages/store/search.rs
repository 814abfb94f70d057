//! Searching messages: by the full-text index among all, word by word among the few of one's own conversations.

use sqlx::{MySql, MySqlConnection, QueryBuilder};
use uuid::Uuid;

use super::threads::{FROM, MessageRow, Seen};
use crate::{
    db::{
        columns::Columns,
        filter::{Direction, Select},
    },
    http::Page,
};

/// Messages looked at, among those of one's own conversations.
const OWN_MAX: u32 = 500;

/// A page of the messages that match a full-text expression and that the team has not removed, most relevant first.
/// They are found before anything is joined to them.
pub async fn in_all(
    conn: &mut MySqlConnection,
    expression: &str,
    page: Page,
) -> Result<Vec<MessageRow>, sqlx::Error> {
    let mut query = QueryBuilder::<MySql>::new("SELECT ");
    query
        .push(MessageRow::LIST)
        .push(" FROM ")
        .push(FROM)
        .push(" JOIN (SELECT x.id, MATCH (x.subject, x.content) AGAINST (")
        .push_bind(expression.to_owned())
        .push(" IN BOOLEAN MODE) AS score FROM messages x WHERE x.deleted_by_admin = FALSE AND MATCH (x.subject, x.content) AGAINST (")
        .push_bind(expression.to_owned())
        .push(" IN BOOLEAN MODE) ORDER BY score DESC, x.created_at DESC, x.id DESC LIMIT ")
        .push_bind(page.fetch())
        .push(" OFFSET ")
        .push_bind(page.offset())
        .push(") f ON f.id = m.id ORDER BY f.score DESC, m.created_at DESC, m.id DESC");
    query.build_query_as().fetch_all(conn).await
}

/// How many there are.
pub async fn count_in_all(conn: &mut MySqlConnection, expression: &str) -> Result<u64, sqlx::Error> {
    let count = sqlx::query_scalar!(
        "SELECT COUNT(*) FROM messages
         WHERE deleted_by_admin = FALSE AND MATCH (subject, content) AGAINST (? IN BOOLEAN MODE)",
        expression
    )
    .fetch_one(conn)
    .await?;
    Ok(count.unsigned_abs())
}

/// The newest messages of these clients' conversations in which every word stands.
pub async fn in_those_of(
    conn: &mut MySqlConnection,
    clients: Vec<Uuid>,
    seen: Seen,
    words: &[String],
) -> Result<Vec<MessageRow>, sqlx::Error> {
    seen.keep(Select::of::<MessageRow>(FROM).and_in("v.user_id", clients))
        .and_words(&["m.subject", "m.content"], words)
        .order_by(&["m.created_at", "m.id"], Direction::Desc)
        .window(OWN_MAX, 0)
        .rows(conn)
        .await
}

/// The clients whose orders a corrector was given.
pub async fn clients_of(conn: &mut MySqlConnection, corrector: Uuid) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT DISTINCT user_id AS "user_id: Uuid" FROM commandes WHERE corrector_id = ?"#,
        corrector
    )
    .fetch_all(conn)
    .await
}
