//! SQL of the team's view of invoices.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{Kind, Status};
use crate::{
    commandes::Statut,
    db::{
        columns::columns,
        filter::{Enum, Select},
    },
    files::storage::StoredObject,
    http::{
        Page,
        list::{Sort, SortKey, Words, sorts},
    },
};

columns! {
    /// An invoice or a credit note, with its order and its client.
    #[allow(missing_docs, reason = "named as their columns")]
    pub struct DeskRow {
        pub id: Uuid = "i.id",
        pub kind: Enum<Kind> = "i.kind",
        pub number: String = "i.number",
        /// Cents, kept positive.
        pub amount: i32 = "i.amount",
        pub tax_amount: i32 = "i.tax_amount",
        pub status: Enum<Status> = "i.status",
        pub created_at: DateTime<Utc> = "i.created_at",
        pub issued_at: DateTime<Utc> = "i.issued_at",
        pub due_at: Option<DateTime<Utc>> = "i.due_at",
        pub paid_at: Option<DateTime<Utc>> = "i.paid_at",
        /// Number of the invoice that a credit note corrects.
        pub original_number: Option<String> = "o.number",
        pub commande_id: Uuid = "c.id",
        pub titre: String = "c.titre",
        pub description: Option<String> = "c.description",
        pub statut: Enum<Statut> = "c.statut",
        pub commande_amount: Option<i32> = "c.amount",
        pub commande_created_at: DateTime<Utc> = "c.created_at",
        pub user_id: Uuid = "u.id",
        pub prenom: String = "u.prenom",
        pub nom: String = "u.nom",
        pub email: String = "u.email",
        pub adresse: Option<String> = "u.adresse",
        pub telephone: Option<String> = "u.telephone",
    }
}

sorts! {
    /// How invoices are ordered. A credit note's amount counts by its size.
    pub enum InvoiceSort: id "i.id", default CreatedAt Desc {
        CreatedAt: "createdAt" => "i.created_at";
        Number: "number" => "i.number";
        Amount: "amount" => "i.amount";
        Status: "status" => "i.status", "i.created_at";
        DueAt: "dueAt" => "i.due_at";
    }
}

/// Which invoices an administrator looks at.
#[derive(Debug, Hash)]
pub struct Filter {
    /// In one of these states; in any of them when absent.
    pub statuses: Option<&'static [Status]>,
    /// Each of them in the number, the order's title or reference, or the client's name or address.
    pub words: Words,
}

const SEARCHED: [&str; 6] = [
    "CONVERT(i.number USING utf8mb4)",
    "c.titre",
    "COALESCE(CONVERT(c.reference USING utf8mb4), '')",
    "u.prenom",
    "u.nom",
    "u.email",
];

impl Filter {
    fn keep(&self, select: Select) -> Select {
        let select = match self.statuses {
            Some([status]) => select.and_eq("i.status", *status),
            Some(statuses) => select.and_in("i.status", statuses.iter().copied()),
            None => select,
        };
        select.and_words(&SEARCHED, &self.words)
    }
}

/// Every row has its order and its client: the outer joins keep the invoices in the order of their index.
fn listing() -> Select {
    Select::of::<DeskRow>(
        "invoices i LEFT JOIN commandes c ON c.id = i.commande_id LEFT JOIN users u ON u.id = i.user_id
         LEFT JOIN invoices o ON o.id = i.original_invoice_id",
    )
}

/// Rows for a page.
pub async fn page(
    conn: &mut MySqlConnection,
    filter: &Filter,
    sort: Sort<InvoiceSort>,
    page: Page,
) -> Result<Vec<DeskRow>, sqlx::Error> {
    filter
        .keep(listing())
        .order_by(sort.key.columns(), sort.direction)
        .window(page.fetch(), page.offset())
        .rows(conn)
        .await
}

/// How many there are in all.
pub async fn count(conn: &mut MySqlConnection, filter: &Filter) -> Result<u64, sqlx::Error> {
    let from = match filter.words.is_empty() {
        true => "SELECT COUNT(*) FROM invoices i",
        false => {
            "SELECT COUNT(*) FROM invoices i JOIN commandes c ON c.id = i.commande_id JOIN users u ON u.id = i.user_id"
        }
    };
    filter.keep(Select::new(from)).count(conn).await
}

/// One of them.
pub async fn one(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<DeskRow>, sqlx::Error> {
    Ok(listing().and_eq("i.id", id).rows(conn).await?.pop())
}

/// What a change of state depends on.
pub struct StateRow {
    pub kind: Kind,
    pub status: Status,
    pub number: String,
    pub amount: i32,
}

/// The state of one, which nobody else changes until the end of the transaction.
pub async fn lock(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<StateRow>, sqlx::Error> {
    sqlx::query_as!(
        StateRow,
        r#"SELECT kind AS "kind: Kind", status AS "status: Status", number, amount
           FROM invoices WHERE id = ? FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// Writes a state; `paid_at` when it is paid by that, and was not before.
pub async fn set_status(
    conn: &mut MySqlConnection,
    id: Uuid,
    status: Status,
    paid_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE invoices SET status = ?, paid_at = COALESCE(paid_at, ?), updated_at = ? WHERE id = ?",
        status,
        paid_at,
        now,
        id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Puts a file in the place of the one of this key; false when another one is there by now.
pub async fn replace_pdf(
    conn: &mut MySqlConnection,
    id: Uuid,
    former: &str,
    object: &StoredObject,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE invoices SET pdf_key = ?, pdf_sha256 = ?, pdf_size = ?, updated_at = ? WHERE id = ? AND pdf_key = ?",
        object.key,
        object.sha256,
        object.size as i64,
        now,
        id,
        former
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
