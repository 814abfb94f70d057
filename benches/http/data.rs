//! The data set: authors who have each had a dozen manuscripts corrected.

use anyhow::Context;
use sqlx::{Connection, Executor, MySqlConnection};
use uuid::Uuid;

/// How many authors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Size {
    /// A thousand.
    S,
    /// A hundred thousand.
    M,
    /// A million.
    L,
}

impl Size {
    fn users(self) -> u32 {
        match self {
            Self::S => 1_000,
            Self::M => 100_000,
            Self::L => 1_000_000,
        }
    }
}

/// Authors per transaction.
const CHUNK: u32 = 1_000;

/// The first twenty-five whole numbers, as a derived table `k(k)`.
const RANKS: &str = "(SELECT a.d + 5 * b.d AS k FROM \
    (SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) a, \
    (SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) b) k";

/// Every kind of row has its own range of ids, which grow with time as version 7 does.
fn id(kind: u8, number: &str) -> String {
    format!(
        "UNHEX(CONCAT(LPAD(HEX(1767225600000 + {number}), 12, '0'), '70{kind:02}8', LPAD(HEX({number}), 15, '0')))"
    )
}

fn steps() -> [(&'static str, String); 4] {
    let (user, order, invoice) = (id(1, "n.n"), id(2, "(n.n * 25 + k.k)"), id(3, "(n.n * 25 + k.k)"));
    let (bell, file) = (id(4, "(n.n * 25 + k.k)"), id(5, "(n.n * 25 + k.k)"));
    let when = "DATE_ADD('2026-01-05 09:00:00.000', INTERVAL (n.n * 131 + k.k * 86400 * 7) SECOND)";
    let of = |ranks: &str| format!("FROM bench_numbers n JOIN {RANKS} ON {ranks} WHERE n.n BETWEEN ? AND ?");
    [
        (
            "users",
            format!(
                "INSERT INTO users (id, prenom, nom, email, password_hash, telephone, adresse, preferences, created_at, updated_at) \
             SELECT {user}, 'Marguerite', CONCAT('Lefèvre-', n.n), CONCAT('autrice', n.n, '@example.org'), '!', '06 12 34 56 78', \
             '12 rue de la Grande-Chaumière, 75006 Paris', '{{\"notifications\":{{\"email\":true}}}}', {when}, {when} {}",
                of("k.k < 1")
            ),
        ),
        (
            "commandes",
            format!(
                "INSERT INTO commandes (id, user_id, tarif_id, titre, description, statut, note_client, payment_status, amount, \
             pages_declarees, paid_at, date_echeance, created_at, updated_at) \
             SELECT {order}, {user}, (SELECT t.id FROM tarifs t ORDER BY t.ordre, t.id LIMIT 1), \
             CONCAT('La Grande Traversée, tome ', k.k + 1), \
             'Un roman de cent cinquante pages, à relire avant l’envoi aux éditeurs : orthographe, typographie, cohérence.', \
             ELT(1 + (n.n + k.k) MOD 4, 'TERMINE', 'EN_COURS', 'PAYEE', 'TERMINE'), 'Merci de garder les dialogues.', 'paid', 28000, \
             150, {when}, {when}, {when}, {when} {}",
                of("k.k < 14")
            ),
        ),
        (
            "files",
            format!(
                "INSERT INTO files (id, filename, storage_key, mime_type, size, sha256, is_corrected, uploaded_by_id, commande_id, \
             created_at, updated_at) \
             SELECT {file}, 'manuscrit-relu.docx', CONCAT('projects/2026/01/', n.n, '-', k.k, '.docx'), \
             'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 482113, REPEAT('ab', 32), k.k MOD 2, {user}, \
             {order}, {when}, {when} {}",
                of("k.k < 14")
            ),
        ),
        (
            "bells and invoices",
            format!(
                "INSERT INTO notifications (id, user_id, title, message, type, action_url, is_read, expires_at, created_at, updated_at) \
             SELECT {bell}, {user}, 'Votre projet avance', \
             CONCAT('La correction de « La Grande Traversée, tome ', k.k + 1, ' » a commencé.'), 'ORDER', '/app/projets', k.k < 20, \
             '2099-01-01', {when}, {when} {};\
             INSERT INTO invoices (id, user_id, commande_id, number, amount, tax_amount, vat_regime, vat_rate_bp, status, issued_at, paid_at, \
             seller, buyer, items, pdf_key, pdf_sha256, created_at, updated_at) \
             SELECT {invoice}, {user}, {order}, CONCAT('FA-2026-', LPAD(n.n * 25 + k.k, 8, '0')), 28000, 4667, 'STANDARD', 2000, 'PAID', {when}, \
             {when}, '{{}}', '{{}}', '[]', CONCAT('invoices/2026/01/', n.n, '-', k.k, '.pdf'), REPEAT('cd', 32), {when}, {when} {}",
                of("k.k < 25"),
                of("k.k < 12")
            ),
        ),
    ]
}

/// An author of the data set.
pub struct Author {
    pub id: Uuid,
    pub email: String,
}

/// Fills a migrated and seeded database, and gives back some of its authors, spread over it.
///
/// # Errors
/// When the database refuses.
pub async fn fill(url: &str, size: Size, authors: u32) -> anyhow::Result<Vec<Author>> {
    let mut conn = MySqlConnection::connect(url).await?;
    number(&mut conn, size.users()).await?;
    let steps = steps();
    for first in (1..=size.users()).step_by(CHUNK as usize) {
        for (what, sql) in &steps {
            for statement in sql.split(';') {
                let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(first).bind(first + CHUNK - 1);
                rows.execute(&mut conn).await.with_context(|| format!("the {what} cannot be written"))?;
            }
        }
    }
    conn.execute("ANALYZE TABLE users, commandes, files, notifications, invoices").await?;
    let every = size.users() / authors;
    let chosen = sqlx::query_as::<_, (Uuid, String)>(
        "SELECT id, email FROM users WHERE email LIKE 'autrice%' AND CAST(SUBSTRING(nom, 9) AS UNSIGNED) % ? = 0",
    );
    let rows = chosen.bind(every).fetch_all(&mut conn).await?;
    Ok(rows.into_iter().map(|(id, email)| Author { id, email }).collect())
}

/// The numbers from 1 to `last`, in a table of this session.
async fn number(conn: &mut MySqlConnection, last: u32) -> anyhow::Result<()> {
    conn.execute("CREATE TEMPORARY TABLE bench_numbers (n INT UNSIGNED NOT NULL PRIMARY KEY)").await?;
    conn.execute("INSERT INTO bench_numbers VALUES (1)").await?;
    conn.execute("CREATE TEMPORARY TABLE bench_more LIKE bench_numbers").await?;
    let mut filled = 1;
    while filled < last {
        // A temporary table cannot be read twice in one statement of MySQL.
        conn.execute("INSERT INTO bench_more SELECT n FROM bench_numbers").await?;
        let double = sqlx::query("INSERT INTO bench_numbers SELECT n + ? FROM bench_more WHERE n + ? <= ?");
        double.bind(filled).bind(filled).bind(last).execute(&mut *conn).await?;
        conn.execute("DELETE FROM bench_more").await?;
        filled *= 2;
    }
    Ok(())
}
