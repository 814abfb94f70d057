//! SQL of the invoices.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::Value;
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use super::{
    Kind, VatRegime,
    document::{Regime, Vat},
};
use crate::{
    commandes::Statut,
    db::{Backoff, lease::Queue},
    files::storage::StoredObject,
    http::Page,
};

/// An invoice to write.
pub struct NewRow<'a> {
    pub id: Uuid,
    pub commande_id: Uuid,
    pub kind: Kind,
    pub original_invoice_id: Option<Uuid>,
    pub number: &'a str,
    pub amount: i64,
    pub tax_amount: i64,
    pub vat: &'a Vat,
    pub issued_at: DateTime<Utc>,
    pub paid_at: DateTime<Utc>,
    pub supplied_on: Option<NaiveDate>,
    pub seller: Json<Value>,
    pub buyer: Json<Value>,
    pub items: Json<Value>,
    pub session_id: Option<&'a str>,
    pub payment_reference: Option<&'a str>,
}

/// A regime by date.
pub struct RegimeRow {
    pub regime: VatRegime,
    pub rate_bp: u32,
    pub mention: Option<String>,
}

pub async fn insert(conn: &mut MySqlConnection, row: &NewRow<'_>) -> Result<(), sqlx::Error> {
    let regime = match row.vat.regime {
        Regime::Standard { .. } => VatRegime::Standard,
        Regime::Franchise => VatRegime::Franchise,
    };
    sqlx::query!(
        "INSERT INTO invoices
           (id, commande_id, user_id, kind, original_invoice_id, number, amount, tax_amount, vat_regime, vat_rate_bp,
            vat_mention, status, issued_at, due_at, paid_at, supplied_on, seller, buyer, items, stripe_session_id,
            payment_reference, render_due_at, created_at, updated_at)
         VALUES (?, ?, (SELECT user_id FROM commandes WHERE id = ?), ?, ?, ?, ?, ?, ?, ?, ?, 'PAID', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row.id,
        row.commande_id,
        row.commande_id,
        row.kind,
        row.original_invoice_id,
        row.number,
        row.amount,
        row.tax_amount,
        regime,
        row.vat.rate_bp(),
        row.vat.mention,
        row.issued_at,
        row.paid_at,
        row.paid_at,
        row.supplied_on,
        row.seller,
        row.buyer,
        row.items,
        row.session_id,
        row.payment_reference,
        row.issued_at,
        row.issued_at,
        row.issued_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes the next number of a series; the row stays locked until the transaction ends.
pub async fn next_number(conn: &mut MySqlConnection, series: &str, year: u16) -> Result<u32, sqlx::Error> {
    sqlx::query!(
        "INSERT INTO invoice_counters (series, year, last_number) VALUES (?, ?, 1)
         ON DUPLICATE KEY UPDATE last_number = last_number + 1",
        series,
        year
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query_scalar!(
        "SELECT last_number FROM invoice_counters WHERE series = ? AND year = ?",
        series,
        year
    )
    .fetch_one(conn)
    .await
}

pub async fn vat_regime(
    conn: &mut MySqlConnection,
    day: NaiveDate,
) -> Result<Option<RegimeRow>, sqlx::Error> {
    sqlx::query_as!(
        RegimeRow,
        r#"SELECT regime AS "regime: VatRegime", rate_bp, mention
           FROM vat_regimes WHERE valid_from <= ? ORDER BY valid_from DESC LIMIT 1"#,
        day
    )
    .fetch_optional(conn)
    .await
}

pub async fn insert_first_regime(
    conn: &mut MySqlConnection,
    from: NaiveDate,
    regime: VatRegime,
    rate_bp: u32,
    mention: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO vat_regimes (valid_from, regime, rate_bp, mention, created_at)
         SELECT ?, ?, ?, ?, ? FROM (SELECT 1 AS one) AS row_to_add
         WHERE NOT EXISTS (SELECT 1 FROM vat_regimes)",
        from,
        regime,
        rate_bp,
        mention,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An amount and the VAT within it, such as what was given back on an invoice so far. Cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credited {
    pub amount: i64,
    pub tax_amount: i64,
}

pub async fn credited(conn: &mut MySqlConnection, invoice_id: Uuid) -> Result<Credited, sqlx::Error> {
    sqlx::query_as!(
        Credited,
        r#"SELECT CAST(COALESCE(SUM(amount), 0) AS SIGNED) AS "amount!: i64",
                  CAST(COALESCE(SUM(tax_amount), 0) AS SIGNED) AS "tax_amount!: i64"
           FROM invoices WHERE original_invoice_id = ? AND kind = 'CREDIT_NOTE'"#,
        invoice_id
    )
    .fetch_one(conn)
    .await
}

/// Everything the document is made of. The snapshots are read as they are drawn: a credit note copies them unread.
pub struct RenderRow {
    pub id: Uuid,
    pub commande_id: Uuid,
    pub kind: Kind,
    pub number: String,
    pub amount: i32,
    pub tax_amount: i32,
    pub vat_regime: VatRegime,
    pub vat_rate_bp: u32,
    pub vat_mention: Option<String>,
    pub issued_at: DateTime<Utc>,
    pub paid_at: Option<DateTime<Utc>>,
    pub due_at: Option<DateTime<Utc>>,
    pub supplied_on: Option<NaiveDate>,
    pub seller: Json<Value>,
    pub buyer: Json<Value>,
    pub items: Json<Value>,
    pub payment_reference: Option<String>,
    pub original_number: Option<String>,
    pub original_issued_at: Option<DateTime<Utc>>,
    pub user_id: Uuid,
    pub titre: String,
    /// What people call the order.
    pub reference: Option<String>,
    pub pdf_key: Option<String>,
}

impl RenderRow {
    /// The regime it was issued under.
    pub fn vat(&self) -> Vat {
        Vat::new(self.vat_regime, self.vat_rate_bp, self.vat_mention.clone())
    }
}

pub async fn for_rendering(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<RenderRow>, sqlx::Error> {
    sqlx::query_as!(
        RenderRow,
        r#"SELECT i.id, i.commande_id, i.kind AS "kind: Kind", i.number, i.amount, i.tax_amount,
                  i.vat_regime AS "vat_regime: VatRegime", i.vat_rate_bp, i.vat_mention, i.issued_at, i.paid_at,
                  i.due_at, i.supplied_on, i.seller AS "seller: Json<Value>", i.buyer AS "buyer: Json<Value>",
                  i.items AS "items: Json<Value>", i.payment_reference, o.number AS "original_number?",
                  o.issued_at AS "original_issued_at?", c.user_id, c.titre, c.reference, i.pdf_key
           FROM invoices i
           JOIN commandes c ON c.id = i.commande_id
           LEFT JOIN invoices o ON o.id = i.original_invoice_id
           WHERE i.id = ?"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// Invoices that wait for their PDF: tried for two days and a half. One given up is made when somebody asks for it.
pub enum Rendering {}

impl Queue for Rendering {
    type Id = Uuid;
    const TABLE: &'static str = "invoices";
    const DUE: &'static str = "render_due_at";
    const INDEX: &'static str = "invoices_render";
    const ATTEMPTS: Option<&'static str> = Some("render_attempts");
    const CAUSE: Option<&'static str> = Some("render_error");
    const LEASE: TimeDelta = TimeDelta::minutes(2);
    const BACKOFF: Backoff = Backoff::new(TimeDelta::seconds(30), TimeDelta::hours(1));
    const TRIES: u32 = 64;
}

/// Notes the rendered file; false when another renderer was first.
pub async fn set_rendered(
    conn: &mut MySqlConnection,
    id: Uuid,
    object: &StoredObject,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE invoices SET pdf_key = ?, pdf_sha256 = ?, pdf_size = ?, render_due_at = NULL, render_error = NULL,
                updated_at = ?
         WHERE id = ? AND pdf_key IS NULL",
        object.key,
        object.sha256,
        object.size as i64,
        now,
        id
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// An invoice as its owner sees it.
pub struct InvoiceRow {
    pub id: Uuid,
    pub kind: Kind,
    pub number: String,
    pub amount: i32,
    pub tax_amount: i32,
    pub created_at: DateTime<Utc>,
    pub commande_id: Uuid,
    pub titre: String,
    pub description: Option<String>,
    pub statut: Statut,
    pub commande_created_at: DateTime<Utc>,
    pub commande_updated_at: DateTime<Utc>,
    pub user_id: Uuid,
    pub prenom: String,
    pub nom: String,
    pub email: String,
    pub pdf_key: Option<String>,
    pub pdf_sha256: Option<String>,
    /// Number of the invoice that a credit note corrects.
    pub original_number: Option<String>,
}

pub async fn find(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<InvoiceRow>, sqlx::Error> {
    sqlx::query_as!(
        InvoiceRow,
        r#"SELECT i.id, i.kind AS "kind: Kind", i.number, i.amount, i.tax_amount, i.created_at, i.commande_id,
                  c.titre, c.description, c.statut AS "statut: Statut", c.created_at AS commande_created_at,
                  c.updated_at AS commande_updated_at, i.user_id, u.prenom, u.nom, u.email, i.pdf_key,
                  i.pdf_sha256 AS "pdf_sha256: String", o.number AS "original_number?"
           FROM invoices i
           LEFT JOIN invoices o ON o.id = i.original_invoice_id
           JOIN commandes c ON c.id = i.commande_id
           JOIN users u ON u.id = i.user_id
           WHERE i.id = ?"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// Rows for a page of someone's invoices, newest first.
pub async fn list_of_user(
    conn: &mut MySqlConnection,
    user_id: Uuid,
    page: Page,
) -> Result<Vec<InvoiceRow>, sqlx::Error> {
    sqlx::query_as!(
        InvoiceRow,
        r#"SELECT i.id, i.kind AS "kind: Kind", i.number, i.amount, i.tax_amount, i.created_at, i.commande_id,
                  c.titre, c.description, c.statut AS "statut: Statut", c.created_at AS commande_created_at,
                  c.updated_at AS commande_updated_at, i.user_id, u.prenom, u.nom, u.email, i.pdf_key,
                  i.pdf_sha256 AS "pdf_sha256: String", o.number AS "original_number?"
           FROM invoices i
           LEFT JOIN invoices o ON o.id = i.original_invoice_id
           JOIN commandes c ON c.id = i.commande_id
           JOIN users u ON u.id = i.user_id
           WHERE i.user_id = ?
           ORDER BY i.created_at DESC, i.id DESC
           LIMIT ? OFFSET ?"#,
        user_id,
        page.fetch(),
        page.offset()
    )
    .fetch_all(conn)
    .await
}

/// How many invoices someone has.
pub async fn count_of_user(conn: &mut MySqlConnection, user_id: Uuid) -> Result<u64, sqlx::Error> {
    let count = sqlx::query_scalar!("SELECT COUNT(*) FROM invoices WHERE user_id = ?", user_id)
        .fetch_one(conn)
        .await?;
    Ok(count.unsigned_abs())
}

/// The order of the invoice or credit note of this number, if its client has this address.
///
/// # Errors
/// When the database refuses.
pub async fn order_of_number(
    conn: &mut MySqlConnection,
    number: &str,
    email: &str,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT i.commande_id AS "id: Uuid" FROM invoices i JOIN users u ON u.id = i.user_id
           WHERE i.number = ? AND u.email = ? AND u.deleted_at IS NULL"#,
        number,
        email
    )
    .fetch_optional(conn)
    .await
}

/// The invoices and credit notes of an order, oldest first.
pub async fn of_order(
    conn: &mut MySqlConnection,
    commande_id: Uuid,
) -> Result<Vec<super::service::OrderInvoice>, sqlx::Error> {
    sqlx::query_as!(
        super::service::OrderInvoice,
        r#"SELECT id, kind AS "kind: Kind", number, amount, status AS "status: super::InvoiceStatus", created_at
           FROM invoices WHERE commande_id = ? ORDER BY created_at, id"#,
        commande_id
    )
    .fetch_all(conn)
    .await
}
