//! Invoices under their old numbers, with the paper that was sent.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    Known, Moving,
    orders::written,
    row::OldRow,
    target::{Cell, insert},
};

const READ: &[&str] = &[
    "id",
    "commandeId",
    "number",
    "amount",
    "taxAmount",
    "pdfUrl",
    "status",
    "issuedAt",
    "dueAt",
    "paidAt",
    "createdAt",
    "updatedAt",
];

/// The rate that every invoice of the former platform printed, in basis points.
const RATE: i64 = 2000;

/// Writes the invoices, and lets the numbers go on after those of our own series.
pub(super) async fn invoices(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    let mut last: BTreeMap<(String, i64), i64> = BTreeMap::new();
    let turn = |row: &OldRow, known: &mut Known| {
        if let Some((series, year, number)) = row.filled("number").and_then(own) {
            let highest = last.entry((series, year)).or_default();
            *highest = number.max(*highest);
        }
        invoice(row, known)
    };
    let new = "id, commande_id, user_id, number, amount, tax_amount, vat_regime, vat_rate_bp, status, issued_at, due_at,
               paid_at, seller, buyer, items, pdf_key, pdf_sha256, pdf_size, render_due_at, is_demo, created_at, updated_at";
    moving.table(("invoices", READ), ("invoices", new), turn).await?;
    let rows =
        last.into_iter().map(|((series, year), number)| vec![series.into(), year.into(), number.into()]);
    insert(&mut moving.tx, "invoice_counters", "series, year, last_number", rows.collect()).await
}

/// Series, year and rank of a number that we could have given.
fn own(number: &str) -> Option<(String, i64, i64)> {
    let mut parts = number.split('-');
    let (series, year, rank) = (parts.next()?, parts.next()?, parts.next()?);
    let ours = ["FA", "AV"].contains(&series) && year.len() == 4 && parts.next().is_none();
    if !ours {
        return None;
    }
    Some((series.to_owned(), year.parse().ok()?, rank.parse().ok()?))
}

fn invoice(row: &OldRow, known: &mut Known) -> Option<Vec<Cell>> {
    let id = row.id();
    let number = row.filled("number").unwrap_or_default().to_owned();
    let order = row.link("commandeId").filter(|id| known.orders.contains_key(id));
    let Some((order_id, order)) = order.and_then(|id| Some((id, known.orders.get(&id)?))) else {
        known.report.leave_out("invoices", "Factures sans commande", &number);
        return None;
    };
    let amount = row.int("amount").unwrap_or_default();
    let tax = match row.int("taxAmount").unwrap_or_default() {
        0 => amount - (amount * 10_000 + (10_000 + RATE) / 2) / (10_000 + RATE),
        tax => tax,
    };
    let buyer = known.users.get(&order.user_id);
    let buyer = json!({
        "name": buyer.map(|buyer| buyer.name.as_str()).unwrap_or_default(),
        "email": buyer.map(|buyer| buyer.email.as_str()).unwrap_or_default(),
        "address": buyer.and_then(|buyer| buyer.address.as_deref()).map(|line| json!({
            "line1": line, "postal_code": "", "city": "", "country": "FR",
        })),
    });
    let items = json!([{ "title": order.title, "quantity": 1, "unit": "flat", "gross": amount }]);
    let issued = row.instant("issuedAt").unwrap_or_else(|| row.made());
    let status = row.one_of("status", &["GENERATED", "SENT", "PAID", "OVERDUE", "CANCELLED"]);
    let settled =
        ["PAID"].contains(&status.as_str()) || (order.paid && !["CANCELLED"].contains(&status.as_str()));
    let paid = row.instant("paidAt").or(settled.then_some(issued));
    let demo = ["DEMO-", "INV-STATS-"].iter().any(|start| number.starts_with(start));
    let (key, sha, size) = match known.objects.get(&id) {
        Some(copied) if copied.sha256.is_some() => {
            (Some(copied.key.clone()), copied.sha256.clone(), Some(copied.size))
        }
        _ => (None, None, None),
    };
    let due = key.is_none().then(|| written(known.now));
    if due.is_some() {
        known.report.note("Factures sans PDF (redessinées sous leur numéro)", number.clone());
    }
    Some(vec![
        id.into(),
        order_id.into(),
        order.user_id.into(),
        number.into(),
        amount.into(),
        tax.into(),
        "STANDARD".into(),
        RATE.into(),
        status.into(),
        issued.into(),
        row.at("dueAt"),
        paid.into(),
        known.seller.to_string().into(),
        buyer.to_string().into(),
        items.to_string().into(),
        key.into(),
        sha.into(),
        size.into(),
        due.into(),
        demo.into(),
        row.created(),
        row.updated(),
    ])
}
