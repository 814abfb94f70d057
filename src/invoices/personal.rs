//! Invoices, handed out. They are never erased: their content is fixed at issue and kept with the books, ten years
//! (code de commerce, article L123-22; GDPR, article 17(3)(b)), which is why they carry the buyer's identity themselves.

use serde::Serialize;
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use super::document::{Buyer, Line};
use crate::{
    http::iso::Iso,
    subject::{Sections, Subject, exported},
};

/// Amounts are cents, VAT included.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invoice {
    id: Uuid,
    commande_id: Uuid,
    number: String,
    kind: String,
    status: String,
    amount: i32,
    tax_amount: i32,
    acheteur: Json<Buyer>,
    lignes: Json<Vec<Line>>,
    stripe_session_id: Option<String>,
    payment_reference: Option<String>,
    issued_at: Iso,
    due_at: Option<Iso>,
    paid_at: Option<Iso>,
    created_at: Iso,
    /// Where the document is, for someone who is logged in.
    pdf_url: Option<String>,
}

/// The invoices and credit notes of a person's orders.
///
/// # Errors
/// When the database refuses.
pub async fn export(conn: &mut MySqlConnection, subject: &Subject) -> Result<Sections, sqlx::Error> {
    let mut invoices = sqlx::query_as!(
        Invoice,
        r#"SELECT i.id, i.commande_id, i.number, i.kind, i.status, i.amount, i.tax_amount,
                  i.buyer AS "acheteur: Json<Buyer>", i.items AS "lignes: Json<Vec<Line>>", i.stripe_session_id,
                  i.payment_reference, i.issued_at, i.due_at AS "due_at: Iso", i.paid_at AS "paid_at: Iso",
                  i.created_at, NULL AS "pdf_url: String"
           FROM invoices i JOIN commandes c ON c.id = i.commande_id
           WHERE c.user_id = ? ORDER BY i.created_at, i.id"#,
        subject.user_id
    )
    .fetch_all(conn)
    .await?;
    for invoice in &mut invoices {
        invoice.pdf_url = Some(format!("/api/invoices/{}/download", invoice.id));
    }
    Ok(vec![("factures", exported(&invoices)?)])
}
