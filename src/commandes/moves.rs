//! Where orders stand: the only place that writes `commandes.statut`, when an order begins and when it moves.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::{MySql, MySqlConnection, QueryBuilder, types::Json};
use uuid::Uuid;

use super::{
    Buyer, PaymentStatus, Priorite, Statut, life, references,
    told::{OrderMoved, OrderRef},
};
use crate::{
    audit::{self, acts},
    events::{self, Tx},
    http::{ApiError, ApiResult},
};

/// An order to record. Amounts are cents.
#[derive(Clone, Copy)]
pub struct NewCommande<'a> {
    /// The order.
    pub id: Uuid,
    /// What people call it.
    pub reference: &'a str,
    /// Whose.
    pub user_id: Uuid,
    /// The line of the price list it follows.
    pub tarif_id: Option<Uuid>,
    /// Title.
    pub titre: &'a str,
    /// The author's note.
    pub description: Option<&'a str>,
    /// Where the author says the manuscript is.
    pub fichier_url: Option<&'a str>,
    /// Pack constant of orders that name no tarif.
    pub pack_type: Option<&'a str>,
    /// Length the author declares.
    pub pages: Option<i32>,
    /// What it may cost: an indication.
    pub prix_estime: Option<i32>,
    /// What is owed for it, when the server could compute it and it is not paid.
    pub due: Option<i64>,
    /// Who it is invoiced to.
    pub buyer: Option<&'a Buyer>,
    /// Where it stands.
    pub statut: Statut,
    /// What was paid for it; nothing is owed any more then.
    pub payment: Option<FirstPayment<'a>>,
}

/// What was paid for an order that begins paid.
#[derive(Clone, Copy)]
pub struct FirstPayment<'a> {
    /// Cents; 0 when it was offered.
    pub amount: i64,
    /// Stripe's session, when money came.
    pub session_id: Option<&'a str>,
    /// When it was paid.
    pub at: DateTime<Utc>,
}

/// Records an order.
///
/// # Errors
/// When the database refuses.
pub async fn begin(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
    new: &NewCommande<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO commandes
           (id, reference, user_id, tarif_id, titre, description, fichier_url, statut, pack_type, pages_declarees, prix_estime,
            buyer, payment_status, stripe_session_id, amount, paid_at, created_at, updated_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        new.id,
        new.reference,
        new.user_id,
        new.tarif_id,
        new.titre,
        new.description,
        new.fichier_url,
        new.statut,
        new.pack_type,
        new.pages,
        new.prix_estime,
        new.buyer.map(Json),
        new.payment.map(|_| PaymentStatus::Paid),
        new.payment.and_then(|payment| payment.session_id),
        new.payment.map(|payment| payment.amount).or(new.due),
        new.payment.map(|payment| payment.at),
        now,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}

/// An order of the demonstration, wherever it stands: nobody hears of it.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoOrder {
    /// The order.
    pub id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// Title.
    pub titre: String,
    /// The author's note.
    pub description: Option<String>,
    /// Where it stands.
    pub statut: Statut,
    /// How much it presses.
    pub priorite: Priorite,
    /// Cents, paid or due.
    pub amount: i64,
    /// When it was paid, if it was.
    pub paid_at: Option<DateTime<Utc>>,
    /// When it was finished, if it was.
    pub finished_at: Option<DateTime<Utc>>,
    /// When it shall be finished.
    pub due_at: Option<DateTime<Utc>>,
    /// When it came.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Records orders of the demonstration.
///
/// # Errors
/// When the database refuses.
pub async fn begin_demo(conn: &mut MySqlConnection, orders: &[DemoOrder]) -> Result<(), sqlx::Error> {
    let mut named = Vec::with_capacity(orders.len());
    for order in orders {
        named.push((references::claim(conn).await?, order));
    }
    if named.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<MySql>::new(
        "INSERT INTO commandes (id, reference, user_id, titre, description, statut, priorite, payment_status, amount, paid_at,
           date_finition, date_echeance, is_demo, created_at, updated_at) ",
    );
    query.push_values(&named, |mut row, (reference, order)| {
        row.push_bind(order.id).push_bind(reference).push_bind(order.user_id).push_bind(&order.titre);
        row.push_bind(order.description.as_deref()).push_bind(order.statut).push_bind(order.priorite);
        row.push_bind(order.paid_at.map_or(PaymentStatus::Unpaid, |_| PaymentStatus::Paid));
        row.push_bind(order.amount).push_bind(order.paid_at).push_bind(order.finished_at);
        row.push_bind(order.due_at).push_bind(true).push_bind(order.created_at).push_bind(order.updated_at);
    });
    query.build().execute(conn).await.map(drop)
}

/// Who moves an order, and where to.
#[derive(Clone, Copy)]
pub struct Move<'a> {
    /// The status it goes to.
    pub to: Statut,
    /// Address of who moves it, or `system`.
    pub by: &'a str,
    /// Whether the author hears of the move itself. A payment tells of itself.
    pub told: bool,
}

/// Moves an order, whoever asks: locked, judged by [`life::may_move`], written and told of in the caller's
/// transaction. Tells whether it moved; one that stands there already is left as it is.
///
/// # Errors
/// 404 without the order, 409 `INVALID_TRANSITION`, or when the database refuses.
pub async fn move_to(tx: &mut Tx, id: Uuid, step: Move<'_>) -> ApiResult<bool> {
    let order = lock(tx, id).await?.ok_or_else(absent)?;
    make(tx, &order, step).await
}

/// Delivers an order in the name of the corrector it is assigned to: from being corrected, and from nowhere else. Tells
/// whether it moved; one that is delivered already is left as it is.
///
/// # Errors
/// 404 without such an order of theirs, 409 `INVALID_TRANSITION`, or when the database refuses.
pub async fn deliver(tx: &mut Tx, id: Uuid, corrector: Uuid, by: &str) -> ApiResult<bool> {
    let order = lock(tx, id).await?.filter(|order| order.corrector_id == Some(corrector));
    let order = order.ok_or_else(absent)?;
    match order.statut {
        Statut::EnCours | Statut::Termine => {
            make(tx, &order, Move { to: Statut::Termine, by, told: true }).await
        }
        from => Err(refused(from, Statut::Termine)),
    }
}

/// 404: no such order, for who asks.
pub fn absent() -> ApiError {
    ApiError::not_found("Cette commande n’existe pas.")
}

async fn make(tx: &mut Tx, order: &Position, step: Move<'_>) -> ApiResult<bool> {
    if order.statut == step.to {
        return Ok(false);
    }
    if !life::may_move(order.statut, step.to, order.paid) {
        return Err(refused(order.statut, step.to));
    }
    let now = tx.now();
    write(tx, order, step.to, now).await?;
    tell(tx, order, step).await?;
    Ok(true)
}

fn refused(from: Statut, to: Statut) -> ApiError {
    let message = format!("Une commande « {} » ne peut pas passer à « {} ».", from.label(), to.label());
    ApiError::conflict("INVALID_TRANSITION", message)
}

/// An order about to move, locked.
struct Position {
    id: Uuid,
    user_id: Uuid,
    corrector_id: Option<Uuid>,
    reference: Option<String>,
    titre: String,
    statut: Statut,
    paid: bool,
    date_finition: Option<DateTime<Utc>>,
}

async fn lock(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Position>, sqlx::Error> {
    sqlx::query_as!(
        Position,
        r#"SELECT id, user_id, corrector_id, reference, titre, statut AS "statut: Statut", COALESCE(payment_status = 'paid', FALSE) AS "paid!: bool",
                  date_finition
           FROM commandes WHERE id = ? FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await
}

async fn write(
    conn: &mut MySqlConnection,
    order: &Position,
    to: Statut,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let finished_at = match (order.statut, to) {
        (_, Statut::Termine) => Some(now),
        (Statut::Termine, _) => None,
        _ => order.date_finition,
    };
    sqlx::query!(
        "UPDATE commandes SET statut = ?, date_finition = ?, updated_at = ? WHERE id = ?",
        to,
        finished_at,
        now,
        order.id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// All that follows of a move, in its transaction.
async fn tell(tx: &mut Tx, order: &Position, step: Move<'_>) -> Result<(), sqlx::Error> {
    let details = json!({ "from": order.statut, "to": step.to });
    audit::record(tx, acts::COMMAND_STATUS_CHANGED, step.by, order.id, details).await?;
    if !step.told {
        return Ok(());
    }
    let moved = OrderMoved {
        user_id: order.user_id,
        order: OrderRef::new(order.id, order.reference.clone(), order.titre.clone()),
        to: step.to,
        at: tx.now(),
    };
    events::record(tx, moved).await
}
