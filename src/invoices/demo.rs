//! Invoices of the demonstration: a series of their own, which no counter, no journal and no figure knows.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::{MySql, MySqlConnection, QueryBuilder, types::Json};
use uuid::Uuid;

use super::{
    VatRegime,
    document::{Buyer, Line, Unit, Vat},
};
use crate::config::Config;

/// What its numbers begin with.
pub const SERIES: &str = "DEMO-";

/// An invoice of the demonstration, paid.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoInvoice {
    /// The row.
    pub id: Uuid,
    /// Its order, which belongs to the demonstration too.
    pub commande_id: Uuid,
    /// The account of that order.
    pub user_id: Uuid,
    /// [`SERIES`]`<year>-<number>`.
    pub number: String,
    /// Cents, VAT included.
    pub amount: i64,
    /// First and family name.
    pub name: String,
    /// Address of the account.
    pub email: String,
    /// Title of the order.
    pub titre: String,
    /// When it was issued and paid.
    pub at: DateTime<Utc>,
}

/// Writes invoices of the demonstration. None is drawn before somebody asks for it.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut MySqlConnection,
    config: &Config,
    invoices: &[DemoInvoice],
) -> Result<(), sqlx::Error> {
    if invoices.is_empty() {
        return Ok(());
    }
    let (regime, vat) = (config.vat.regime, vat(config));
    let seller = Json(json!(config.company));
    let mut query = QueryBuilder::<MySql>::new(
        "INSERT INTO invoices (id, commande_id, user_id, number, amount, tax_amount, vat_regime, vat_rate_bp, vat_mention,
           status, issued_at, due_at, paid_at, seller, buyer, items, is_demo, created_at, updated_at) ",
    );
    query.push_values(invoices, |mut row, invoice| {
        row.push_bind(invoice.id).push_bind(invoice.commande_id).push_bind(invoice.user_id);
        row.push_bind(&invoice.number).push_bind(invoice.amount).push_bind(vat.tax_of(invoice.amount));
        row.push_bind(regime).push_bind(vat.rate_bp()).push_bind(vat.mention.clone()).push_bind("PAID");
        row.push_bind(invoice.at).push_bind(invoice.at).push_bind(invoice.at);
        row.push_bind(seller.clone())
            .push_bind(Json(json!(buyer(invoice))))
            .push_bind(Json(json!(lines(invoice))));
        row.push_bind(true).push_bind(invoice.at).push_bind(invoice.at);
    });
    query.build().execute(conn).await.map(drop)
}

fn vat(config: &Config) -> Vat {
    let regime: VatRegime = config.vat.regime;
    Vat::new(regime, config.vat.rate_bp, config.vat.mention.clone())
}

fn buyer(invoice: &DemoInvoice) -> Buyer {
    Buyer { name: invoice.name.clone(), email: invoice.email.clone(), ..Buyer::default() }
}

fn lines(invoice: &DemoInvoice) -> Vec<Line> {
    let line = Line {
        title: "Correction de démonstration".to_owned(),
        description: Some(invoice.titre.clone()),
        quantity: 1,
        unit: Unit::Flat,
        gross: invoice.amount,
    };
    vec![line]
}

/// How many invoices of the demonstration there are.
///
/// # Errors
/// When the database refuses.
pub async fn count(conn: &mut MySqlConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT COUNT(*) FROM commandes c JOIN invoices i ON i.commande_id = c.id
         WHERE c.is_demo = TRUE AND i.is_demo = TRUE"
    )
    .fetch_one(conn)
    .await
}

/// Removes the invoices of the demonstration of these orders; gives how many there were and the objects that were drawn.
///
/// # Errors
/// When the database refuses.
pub async fn remove(conn: &mut MySqlConnection, orders: &[Uuid]) -> Result<(u64, Vec<String>), sqlx::Error> {
    if orders.is_empty() {
        return Ok((0, vec![]));
    }
    let mut query = QueryBuilder::<MySql>::new("SELECT pdf_key FROM invoices WHERE pdf_key IS NOT NULL AND ");
    of_orders(&mut query, orders);
    let keys = query.build_query_scalar().fetch_all(&mut *conn).await?;
    let mut query = QueryBuilder::<MySql>::new("DELETE FROM invoices WHERE ");
    of_orders(&mut query, orders);
    Ok((query.build().execute(conn).await?.rows_affected(), keys))
}

fn of_orders(query: &mut QueryBuilder<MySql>, orders: &[Uuid]) {
    query.push("is_demo = TRUE AND commande_id IN (");
    let mut list = query.separated(", ");
    for order in orders {
        list.push_bind(*order);
    }
    query.push(")");
}
