//! Issuing: the number, the amounts and the snapshots, in the transaction that settles the payment.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use super::{
    Kind, demo,
    document::{Buyer, Line, Unit, Vat},
    store::{self, Credited},
    totals,
};
use crate::{
    app::AppState,
    clock::{Clock, day_in_paris, new_id},
    config::Config,
    db::{violates, with_retry},
    events::{Hint, Tx},
    money::pro_rata,
};

/// A paid order to invoice. `amount` is cents, VAT included.
pub struct NewInvoice {
    /// The order.
    pub commande_id: Uuid,
    /// What was sold; the lines add up to `amount`.
    pub lines: Vec<Line>,
    /// What was paid.
    pub amount: i64,
    /// To whom.
    pub buyer: Buyer,
    /// When it was paid: the day whose VAT regime it follows.
    pub paid_at: DateTime<Utc>,
    /// The day it was delivered, when that is behind.
    pub supplied_on: Option<NaiveDate>,
    /// The Checkout session that paid; a session is invoiced once.
    pub session_id: String,
    /// What the payment is called at Stripe.
    pub payment_reference: Option<String>,
}

/// Money given back on an invoice. `amount` is cents, VAT included.
pub struct NewCreditNote {
    /// The invoice it corrects.
    pub original_invoice_id: Uuid,
    /// What was given back.
    pub amount: i64,
    /// When.
    pub refunded_at: DateTime<Utc>,
    /// What the refund is called at Stripe.
    pub reference: String,
}

/// What was issued.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The row.
    pub id: Uuid,
    /// Its number.
    pub number: String,
}

/// Issues the invoice of a payment: takes the next number of the year and freezes who sold what to
/// whom. The renderer is woken by the commit.
///
/// # Errors
/// When the database refuses; the number is then not used.
pub async fn issue(tx: &mut Tx, state: &AppState, new: NewInvoice) -> Result<Issued, sqlx::Error> {
    let vat = vat_in_force(tx, &state.config, day_in_paris(new.paid_at)).await?;
    let (number, issued_at) = next_number(tx, &state.clock, Kind::Invoice).await?;
    let row = store::NewRow {
        id: new_id(),
        commande_id: new.commande_id,
        kind: Kind::Invoice,
        original_invoice_id: None,
        number: &number,
        amount: new.amount,
        tax_amount: vat.tax_of(new.amount),
        vat: &vat,
        issued_at,
        paid_at: new.paid_at,
        supplied_on: new.supplied_on,
        seller: frozen(&state.config.company)?,
        buyer: frozen(&new.buyer)?,
        items: frozen(&new.lines)?,
        session_id: Some(&new.session_id),
        payment_reference: new.payment_reference.as_deref(),
    };
    insert(tx, &row).await
}

/// Issues the credit note of a refund, with the parties and the VAT of the original. Partial ones add up to the VAT of
/// the original to the cent: each takes its share of the VAT of all that was given back so far, less what the former
/// ones took. The caller holds a lock that keeps two of one invoice apart.
///
/// # Errors
/// When the original does not exist or the database refuses.
pub async fn issue_credit_note(
    tx: &mut Tx,
    state: &AppState,
    new: NewCreditNote,
) -> Result<Issued, sqlx::Error> {
    // One of the demonstration takes no number of ours.
    let original = store::for_rendering(tx, new.original_invoice_id).await?;
    let original =
        original.filter(|row| !row.number.starts_with(demo::SERIES)).ok_or(sqlx::Error::RowNotFound)?;
    let vat = original.vat();
    let whole = Credited { amount: original.amount.into(), tax_amount: original.tax_amount.into() };
    let before = store::credited(tx, new.original_invoice_id).await?;
    let line = Line {
        title: format!("Remboursement sur la facture {}", original.number),
        description: original.items.0.pointer("/0/title").and_then(Value::as_str).map(str::to_owned),
        quantity: 1,
        unit: Unit::Flat,
        gross: new.amount,
    };
    let (number, issued_at) = next_number(tx, &state.clock, Kind::CreditNote).await?;
    let row = store::NewRow {
        id: new_id(),
        commande_id: original.commande_id,
        kind: Kind::CreditNote,
        original_invoice_id: Some(new.original_invoice_id),
        number: &number,
        amount: new.amount,
        tax_amount: tax_given_back(whole, before, new.amount),
        vat: &vat,
        issued_at,
        paid_at: new.refunded_at,
        supplied_on: original.supplied_on,
        seller: original.seller,
        buyer: original.buyer,
        items: frozen(&[line])?,
        session_id: None,
        payment_reference: Some(&new.reference),
    };
    insert(tx, &row).await
}

/// A credit note that would be issued.
pub struct CreditNotePreview {
    /// Number of the invoice it would correct.
    pub original_number: String,
    /// VAT within it, in cents.
    pub tax_amount: i64,
}

/// The credit note that giving `amount` cents of an invoice back would issue; none without the invoice.
///
/// # Errors
/// When the database refuses.
pub async fn credit_note_preview(
    conn: &mut MySqlConnection,
    invoice_id: Uuid,
    amount: i64,
) -> Result<Option<CreditNotePreview>, sqlx::Error> {
    let Some(original) = store::for_rendering(conn, invoice_id).await? else { return Ok(None) };
    let whole = Credited { amount: original.amount.into(), tax_amount: original.tax_amount.into() };
    let before = store::credited(conn, invoice_id).await?;
    let tax_amount = tax_given_back(whole, before, amount);
    Ok(Some(CreditNotePreview { original_number: original.number, tax_amount }))
}

/// What an invoice keeps of something that changes later.
fn frozen(value: &impl Serialize) -> Result<Json<Value>, sqlx::Error> {
    serde_json::to_value(value).map(Json).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// The VAT within `amount` cents given back after `before`, of an invoice of `whole`.
fn tax_given_back(whole: Credited, before: Credited, amount: i64) -> i64 {
    let of = |amount: i64| u32::try_from(amount).unwrap_or(u32::MAX);
    let part = (before.amount + amount).min(whole.amount);
    let in_all = pro_rata(whole.tax_amount, of(part), of(whole.amount));
    (in_all - before.tax_amount).clamp(0, amount)
}

async fn insert(tx: &mut Tx, row: &store::NewRow<'_>) -> Result<Issued, sqlx::Error> {
    store::insert(tx, row).await?;
    totals::add(tx, row.kind, row.amount, row.paid_at).await?;
    tx.hint(Hint::Invoices);
    Ok(Issued { id: row.id, number: row.number.to_owned() })
}

/// The next number of the series and the instant of issue. The counter's row stays locked until the
/// transaction ends, so that numbers have no hole and follow the order of issue; a roll-back gives
/// the number back. One that waited for the lock over new year's eve is still of the old year.
async fn next_number(
    conn: &mut MySqlConnection,
    clock: &Clock,
    kind: Kind,
) -> Result<(String, DateTime<Utc>), sqlx::Error> {
    use chrono::Datelike;
    let asked_at = clock.now();
    let year = day_in_paris(asked_at).year();
    let number = store::next_number(conn, kind.series(), year as u16).await?;
    let now = clock.now();
    let issued_at = if day_in_paris(now).year() == year { now } else { asked_at };
    Ok((format!("{}-{year}-{number:06}", kind.series()), issued_at))
}

/// The regime of the day: the latest dated row that has begun, else the configured one.
async fn vat_in_force(
    conn: &mut MySqlConnection,
    config: &Config,
    day: NaiveDate,
) -> Result<Vat, sqlx::Error> {
    Ok(match store::vat_regime(conn, day).await? {
        Some(row) => Vat::new(row.regime, row.rate_bp, row.mention),
        None => Vat::new(config.vat.regime, config.vat.rate_bp, config.vat.mention.clone()),
    })
}

/// Writes the configured regime when the table has none; later changes are dated rows. Of servers that start together
/// one does.
///
/// # Errors
/// When the database refuses.
pub async fn ensure_vat_regime(state: &AppState) -> Result<(), sqlx::Error> {
    let settings = &state.config.vat;
    let mention = settings.mention.as_deref();
    let written = with_retry(|| async {
        let mut conn = state.db.conn().await?;
        store::insert_first_regime(
            &mut conn,
            settings.from,
            settings.regime,
            settings.rate_bp,
            mention,
            state.clock.now(),
        )
        .await
    });
    match written.await {
        Err(error) if violates(&error, "PRIMARY") => Ok(()),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn partial_credit_notes_add_up_to_the_vat_of_their_invoice(
            parts in prop::collection::vec(1_i64..100_000, 1..12), rate_bp in 0_u32..3_000,
        ) {
            let amount = parts.iter().sum();
            let whole = Credited { amount, tax_amount: crate::money::vat_in(amount, rate_bp) };
            let mut given_back = Credited { amount: 0, tax_amount: 0 };
            for part in parts {
                let tax = tax_given_back(whole, given_back, part);
                prop_assert!((0..=part).contains(&tax));
                prop_assert!((tax - crate::money::vat_in(part, rate_bp)).abs() <= 1);
                given_back.amount += part;
                given_back.tax_amount += tax;
            }
            prop_assert_eq!(given_back, whole);
        }
    }
}
