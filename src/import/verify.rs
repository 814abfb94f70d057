//! Whether there is room, and whether everything arrived.

use sqlx::{MySql, MySqlConnection, QueryBuilder};

use super::Moving;
use crate::db::{self, Db};

/// Tables of both, counted.
const TABLES: [&str; 15] = [
    "users",
    "tarifs",
    "commandes",
    "pending_commandes",
    "invoices",
    "files",
    "messages",
    "message_attachments",
    "notifications",
    "payment_methods",
    "support_requests",
    "password_resets",
    "pages",
    "faqs",
    "audit_logs",
];

/// Figures of both: what they are called, the table, the column they need, and how each side computes them.
const SUMS: [(&str, &str, &str, &str, &str); 8] = [
    ("commandes, centimes", "commandes", "amount", "SUM(amount)", "SUM(amount)"),
    (
        "commandes payées",
        "commandes",
        "paymentStatus",
        "SUM(LOWER(paymentStatus) = 'paid')",
        "SUM(payment_status = 'paid')",
    ),
    ("commandes terminées", "commandes", "statut", "SUM(statut = 'TERMINE')", "SUM(statut = 'TERMINE')"),
    ("factures, centimes", "invoices", "amount", "SUM(amount)", "SUM(amount)"),
    ("factures payées", "invoices", "status", "SUM(status = 'PAID')", "SUM(status = 'PAID')"),
    ("messages non lus", "messages", "isRead", "SUM(isRead = 0)", "SUM(is_read = 0)"),
    ("notifications non lues", "notifications", "isRead", "SUM(isRead = 0)", "SUM(is_read = 0)"),
    (
        "fichiers corrigés",
        "files",
        "description",
        "SUM(description LIKE '%ADMIN_FILE:%')",
        "SUM(is_corrected)",
    ),
];

/// Refuses a database that holds anything.
pub(super) async fn is_empty(db: &Db) -> anyhow::Result<()> {
    let pending = db::pending(db).await?;
    anyhow::ensure!(
        pending.is_empty(),
        "{} migrations are pending: run `staka migrate` first",
        pending.len()
    );
    let mut conn = db.conn().await?;
    for table in TABLES.into_iter().chain(["conversations", "consultations", "checkout_sessions", "payments"])
    {
        let rows = figure(&mut conn, table, "COUNT(*)").await?;
        anyhow::ensure!(
            rows == 0,
            "the database of DATABASE_URL is not empty ({rows} rows in `{table}`): an import wants a new one, migrated and not seeded"
        );
    }
    Ok(())
}

async fn figure(conn: &mut MySqlConnection, table: &str, figure: &str) -> anyhow::Result<i64> {
    let sql = format!("SELECT CAST(COALESCE({figure}, 0) AS SIGNED) FROM {table}");
    let (figure,): (i64,) = QueryBuilder::<MySql>::new(sql).build_query_as().fetch_one(conn).await?;
    Ok(figure)
}

/// Counts both sides again, from their tables.
pub(super) async fn compare(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    for table in TABLES {
        let old = moving.source.figure(table, "", "COUNT(*)").await?;
        let mut new = figure(&mut moving.tx, table, "COUNT(*)").await?;
        if table == "tarifs" {
            new -= moving.known.report.offers_added;
        }
        let left_out = moving.known.report.left_out(table);
        moving.known.report.line(table, old, left_out, new);
    }
    for (what, table, column, of_old, of_new) in SUMS {
        // A sum cannot tell what left-out rows held: their tables are counted above.
        if moving.known.report.left_out(table) > 0 {
            continue;
        }
        let old = moving.source.figure(table, column, of_old).await?;
        let new = figure(&mut moving.tx, table, of_new).await?;
        moving.known.report.line(what, old, 0, new);
    }
    let built = [
        ("conversations", moving.known.report.conversations),
        ("consultations", moving.known.report.consultations),
    ];
    for (table, built) in built {
        let new = figure(&mut moving.tx, table, "COUNT(*)").await?;
        moving.known.report.line(format!("{table} (construites)"), built, 0, new);
    }
    let counted = figure(&mut moving.tx, "conversations", "SUM(message_count)").await?;
    let messages = moving.source.figure("messages", "", "COUNT(*)").await?;
    moving.known.report.line("messages dans les conversations", messages, 0, counted);
    Ok(())
}
