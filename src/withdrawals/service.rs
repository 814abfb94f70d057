//! Declaring a withdrawal, and deciding about it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

pub use super::store::Withdrawal;
use super::{
    State,
    declaration::{Declaration, Prepared},
    share::{Share, Work},
    store::{self, Attached, Decided},
    term,
    told::{WithdrawalMatched, WithdrawalReceived},
};
use crate::{
    app::AppState,
    audit::{self, acts},
    auth::SessionUser,
    clock::new_id,
    commandes::{
        Statut,
        moves::{self, Move},
        told::OrderRef,
        withdrawing::{self, Withdrawn},
    },
    db::{violates, with_retry},
    events::{self, Tx},
    http::{ApiError, ApiResult},
};

/// How long the same declaration is the same one.
const SAME_FOR: TimeDelta = TimeDelta::minutes(10);

/// Longest reason of a decision, in characters.
pub const REASON_MAX: usize = 2_000;

/// Whether a declaration was recorded now, and when it was.
pub struct Receipt {
    /// Now, or by the same button or the same words before.
    pub is_new: bool,
    /// When.
    pub declared_at: DateTime<Utc>,
}

/// Records a declaration of somebody who may or may not be a client; its order is looked for afterwards.
///
/// # Errors
/// When the database is away.
pub async fn declare(state: &AppState, prepared: &Prepared) -> ApiResult<Receipt> {
    let Prepared { id, declaration, .. } = prepared;
    let recorded = with_retry(|| async {
        let mut tx = state.begin().await?;
        let now = tx.now();
        if !insert(&mut tx, *id, declaration, Some(now)).await? {
            return Ok(None);
        }
        tx.commit().await?;
        Ok::<_, ApiError>(Some(now))
    })
    .await?;
    if let Some(declared_at) = recorded {
        return Ok(Receipt { is_new: true, declared_at });
    }
    let mut conn = state.db.conn().await?;
    let first = store::declared_at(&mut conn, *id, &declaration.fingerprint()).await?;
    let declared_at = first.ok_or_else(ApiError::unavailable)?;
    Ok(Receipt { is_new: false, declared_at })
}

/// Records a declaration with its receipt; false when it was made already.
async fn insert(
    tx: &mut Tx,
    id: Uuid,
    declaration: &Declaration,
    match_due_at: Option<DateTime<Utc>>,
) -> ApiResult<bool> {
    let now = tx.now();
    store::forget_fingerprint(tx, &declaration.fingerprint(), now - SAME_FOR).await?;
    match store::insert(tx, id, declaration, match_due_at, now).await {
        Err(error) if violates(&error, store::FINGERPRINT_KEY) || violates(&error, "PRIMARY") => {
            return Ok(false);
        }
        inserted => inserted?,
    }
    audit::record(tx, acts::WITHDRAWAL_DECLARED, &declaration.email, id, None).await?;
    let received = WithdrawalReceived { id, declaration: declaration.clone(), declared_at: now };
    events::record(tx, received).await?;
    Ok(true)
}

/// A declaration of a connected author.
pub struct Own {
    /// The declaration.
    pub withdrawal: Withdrawal,
    /// Whether it was made now.
    pub is_new: bool,
}

/// Records the declaration of an author about their own order; the one that stands already is given as it is.
///
/// # Errors
/// 404 without such an order.
pub async fn declare_own(
    state: &AppState,
    user: &SessionUser,
    commande_id: Uuid,
    message: Option<&str>,
) -> ApiResult<Own> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        if !withdrawing::is_owned(&mut tx, commande_id, user.id).await? {
            return Err(ApiError::not_found("Cette commande n’existe pas."));
        }
        let order = withdrawing::lock(&mut tx, commande_id).await?;
        let order = order.ok_or_else(|| ApiError::not_found("Cette commande n’existe pas."))?;
        if let Some(withdrawal) = store::standing(&mut tx, commande_id).await? {
            return Ok(Own { withdrawal, is_new: false });
        }
        let declaration = Declaration {
            nom: user.full_name(),
            email: user.email.clone(),
            numero: order.reference.clone().or(Some(order.id.to_string())),
            message: message.map(str::to_owned),
        };
        let id = new_id();
        if !insert(&mut tx, id, &declaration, None).await? {
            // The same words by the public form a moment ago, whose order is being looked for.
            return Err(ApiError::conflict(
                "WITHDRAWAL_UNDER_WAY",
                "Votre rétractation vient d’être enregistrée ; elle sera rapprochée de votre commande dans un instant.",
            ));
        }
        let withdrawal = locked(&mut tx, id).await?;
        attach(&mut tx, &withdrawal, &order).await?;
        let withdrawal = locked(&mut tx, id).await?;
        tx.commit().await?;
        Ok(Own { withdrawal, is_new: true })
    })
    .await
}

async fn locked(tx: &mut Tx, id: Uuid) -> ApiResult<Withdrawal> {
    let withdrawal = store::lock(tx, id).await?;
    withdrawal.ok_or_else(|| ApiError::not_found("Cette rétractation n’existe pas."))
}

/// Gives a declaration its order, which stops until it is decided. The caller has locked both.
pub(super) async fn attach(tx: &mut Tx, withdrawal: &Withdrawal, order: &Withdrawn) -> ApiResult<()> {
    let now = tx.now();
    let earlier = store::standing(tx, order.id).await?.filter(|earlier| earlier.id != withdrawal.id);
    let term_at = order.paid_at.map(term::end);
    let entitled = !order.is_of_a_business();
    let stops = earlier.is_none() && entitled && may_stop(order.statut);
    let attached = Attached {
        commande_id: order.id,
        repeats_id: earlier.map(|earlier| earlier.id),
        entitled,
        in_time: term_at.is_none_or(|end| withdrawal.declared_at < end),
        term_at,
        express: order.express,
        statut_before: stops.then_some(order.statut),
        price: order.paid,
        pages_ordered: order.pages,
        pages_done: pages_done(order),
    };
    store::attach(tx, withdrawal.id, &attached, now).await?;
    if stops {
        let stop = Move { to: Statut::Suspendue, by: &withdrawal.email, told: false };
        moves::move_to(tx, order.id, stop).await?;
    }
    if attached.repeats_id.is_some() {
        return Ok(());
    }
    let matched = WithdrawalMatched {
        id: withdrawal.id,
        user_id: order.user_id,
        order: OrderRef::new(order.id, order.reference.clone(), order.titre.clone()),
        declared_at: withdrawal.declared_at,
        stopped: stops,
        entitled,
        in_time: attached.in_time,
        term_at,
        express: order.express,
        price: order.paid.into(),
        share: share_of(&attached),
    };
    Ok(events::record(tx, matched).await?)
}

/// What is delivered or given up has nothing left to stop, and what stands still already need not.
fn may_stop(statut: Statut) -> bool {
    !matches!(statut, Statut::Termine | Statut::Annulee | Statut::Suspendue)
}

/// Pages done, where the status of an order tells: none before the work begins, all once it is delivered.
fn pages_done(order: &Withdrawn) -> Option<i32> {
    match order.statut {
        Statut::Termine => Some(order.pages.unwrap_or(1)),
        Statut::EnCours | Statut::Suspendue | Statut::Annulee => None,
        _ => Some(0),
    }
}

fn share_of(attached: &Attached) -> Option<Share> {
    share(attached.price, attached.pages_ordered, attached.pages_done, attached.express)
}

/// What is kept and given back, as far as it is known: not while the pages are still to be counted.
fn share(price: i32, ordered: Option<i32>, done: Option<i32>, express: bool) -> Option<Share> {
    let pages = |count: i32| u32::try_from(count).unwrap_or_default();
    let work = |done| Work {
        price: price.into(),
        pages_ordered: ordered.map_or(1, pages),
        pages_done: done,
        express,
    };
    match (done, express) {
        (Some(done), _) => Some(work(pages(done)).share()),
        (None, false) => Some(work(0).share()),
        (None, true) => None,
    }
}

impl Withdrawal {
    /// What is kept and given back, as far as it is known.
    pub fn share(&self) -> Option<Share> {
        share(self.price?, self.pages_ordered, self.pages_done, self.express?)
    }

    /// What would be kept and given back with so many pages done.
    pub fn share_with(&self, pages_done: u32) -> Option<Share> {
        let done = i32::try_from(pages_done).unwrap_or(i32::MAX);
        share(self.price?, self.pages_ordered, Some(done), self.express?)
    }
}

/// Accepts a declaration: what is kept follows from the pages done, and the order is given up. What is owed is to be given
/// back by whoever accepts it.
///
/// # Errors
/// 404 without it, 409 `ALREADY_DECIDED`, 400 without an order.
pub async fn accept(
    tx: &mut Tx,
    by: &SessionUser,
    id: Uuid,
    pages_done: u32,
    reason: Option<&str>,
) -> ApiResult<Share> {
    let withdrawal = undecided(tx, id).await?;
    let share = withdrawal.share_with(pages_done).ok_or_else(|| {
        ApiError::bad_request("ORDER_UNKNOWN", "Cette rétractation n’est rattachée à aucune commande.")
    })?;
    let decided = Decided {
        state: State::Accepted,
        pages_done: Some(pages_done),
        amount_kept: Some(share.kept),
        reason,
        by: by.id,
    };
    note(tx, by, &withdrawal, &decided).await?;
    if let Some(commande_id) = withdrawal.commande_id {
        let step = Move { to: Statut::Annulee, by: &by.email, told: true };
        match moves::move_to(tx, commande_id, step).await {
            // Delivered work is not undone.
            Err(error) if error.code() == "INVALID_TRANSITION" => {}
            moved => drop(moved?),
        }
    }
    Ok(share)
}

/// Refuses a declaration, for a reason: the order goes on where it stood.
///
/// # Errors
/// 404 without it, 409 `ALREADY_DECIDED`.
pub async fn refuse(tx: &mut Tx, by: &SessionUser, id: Uuid, reason: &str) -> ApiResult<()> {
    let withdrawal = undecided(tx, id).await?;
    let state = State::Refused;
    let decided = Decided { state, pages_done: None, amount_kept: None, reason: Some(reason), by: by.id };
    note(tx, by, &withdrawal, &decided).await?;
    if let (Some(commande_id), Some(to)) = (withdrawal.commande_id, withdrawal.statut_before) {
        let stands = withdrawing::lock(tx, commande_id).await?.map(|order| order.statut);
        if stands == Some(Statut::Suspendue) {
            moves::move_to(tx, commande_id, Move { to, by: &by.email, told: true }).await?;
        }
    }
    Ok(())
}

/// Notes that what was owed is given back; whether that was awaited.
///
/// # Errors
/// When the database refuses.
pub async fn refunded(tx: &mut Tx, id: Uuid) -> Result<bool, sqlx::Error> {
    let now = tx.now();
    store::set_refunded(tx, id, now).await
}

async fn undecided(tx: &mut Tx, id: Uuid) -> ApiResult<Withdrawal> {
    let withdrawal = locked(tx, id).await?;
    match withdrawal.state {
        State::Received => Ok(withdrawal),
        _ => Err(ApiError::conflict("ALREADY_DECIDED", "Cette rétractation est déjà traitée.")),
    }
}

async fn note(
    tx: &mut Tx,
    by: &SessionUser,
    withdrawal: &Withdrawal,
    decided: &Decided<'_>,
) -> ApiResult<()> {
    if decided.reason.is_some_and(|reason| reason.chars().count() > REASON_MAX) {
        return Err(ApiError::invalid_field("raison", "La raison ne peut pas dépasser 2 000 caractères."));
    }
    let now = tx.now();
    store::decide(tx, withdrawal.id, decided, now).await?;
    let details =
        json!({ "to": decided.state, "pagesDone": decided.pages_done, "amountKept": decided.amount_kept });
    Ok(audit::record(tx, acts::WITHDRAWAL_DECIDED, &by.email, withdrawal.id, details).await?)
}
