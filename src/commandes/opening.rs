//! From a pending order to an order: what happens once nothing is owed for it any more.

use chrono::{DateTime, Utc};

use super::{
    Statut, express,
    moves::{self, FirstPayment, NewCommande},
    pending::{self, Pending},
    references,
    told::{OrderOffered, OrderOpened, OrderRef},
};
use crate::{
    auth::told::ActivationRequested,
    clock::new_id,
    events::{self, Tx},
    files,
    http::{ApiError, ApiResult},
    messages,
    users::owners::{self, Account, Guest},
};

/// An order just opened, and whose it is.
pub struct Opened {
    /// The account, which may have been opened with it.
    pub account: Account,
    /// The order.
    pub order: OrderRef,
}

/// Makes an order of a locked pending one: its author's account when there is none, the order, its documents, first
/// words and the news, in the caller's transaction.
///
/// # Errors
/// When the database refuses.
pub async fn open(tx: &mut Tx, pending: &Pending, payment: FirstPayment<'_>) -> ApiResult<Opened> {
    let now = tx.now();
    let account = account(tx, pending, now).await?;
    let reference = match &pending.reference {
        Some(reference) => reference.clone(),
        None => references::claim(tx).await?,
    };
    let titre = pending.titre.clone().unwrap_or_else(|| pending.tarif_nom.clone());
    let order = OrderRef::new(new_id(), Some(reference), titre);
    moves::begin(tx, now, &new_commande(pending, &account, &order, payment)).await?;
    pending::set_paid(tx, pending.id, account.id, order.id, now).await?;
    express::adopt(tx, pending.id, order.id).await?;
    files::store::adopt(tx, pending.id, order.id, account.id, now).await?;
    tell(tx, pending, &account, &order, payment.amount).await?;
    Ok(Opened { account, order })
}

async fn tell(
    tx: &mut Tx,
    pending: &Pending,
    account: &Account,
    order: &OrderRef,
    amount: i64,
) -> ApiResult<()> {
    let (user_id, pack) = (account.id, Some(pending.tarif_nom.clone()));
    match amount {
        0 => {
            let by_activation = account.dormant;
            let offered = OrderOffered {
                user_id,
                order: order.clone(),
                pack: pack.clone(),
                by_activation,
                team_knows: false,
            };
            events::record(tx, offered).await?;
        }
        _ => events::record(tx, OrderOpened { user_id, order: order.clone() }).await?,
    }
    if account.dormant {
        welcome(tx, account, order, pack, amount).await?;
    }
    Ok(())
}

fn new_commande<'a>(
    pending: &'a Pending,
    account: &Account,
    order: &'a OrderRef,
    payment: FirstPayment<'a>,
) -> NewCommande<'a> {
    NewCommande {
        id: order.id,
        reference: &order.reference,
        user_id: account.id,
        tarif_id: Some(pending.tarif_id),
        titre: &order.titre,
        description: pending.description.as_deref(),
        fichier_url: None,
        pack_type: None,
        pages: pending.nombre_pages,
        prix_estime: None,
        due: None,
        buyer: pending.buyer.as_deref(),
        statut: Statut::Payee,
        payment: Some(payment),
    }
}

/// Finds the author's account or opens it, without a password until they choose one.
async fn account(tx: &mut Tx, pending: &Pending, now: DateTime<Utc>) -> ApiResult<Account> {
    if let Some(id) = pending.user_id
        && let Some(account) = owners::lock_account(tx, id).await?
    {
        return Ok(account);
    }
    if let Some(account) = owners::lock_account_by_email(tx, &pending.email).await? {
        return Ok(account);
    }
    let guest = Guest {
        prenom: &pending.prenom,
        nom: &pending.nom,
        email: &pending.email,
        telephone: pending.telephone.as_deref(),
        adresse: pending.adresse.as_deref(),
    };
    owners::open_dormant(tx, &guest, now).await?;
    owners::lock_account_by_email(tx, &pending.email).await?.ok_or_else(|| {
        ApiError::internal(anyhow::anyhow!("the account of the pending order {} is gone", pending.id))
    })
}

/// First words and the way in, for someone who has no password yet.
async fn welcome(
    tx: &mut Tx,
    account: &Account,
    order: &OrderRef,
    pack: Option<String>,
    amount: i64,
) -> ApiResult<()> {
    messages::welcome(tx, account.id, &account.prenom, order.id, &order.titre).await?;
    let requested = ActivationRequested {
        user_id: account.id,
        request_id: order.id,
        titre: order.titre.clone(),
        reference: order.reference.clone(),
        pack,
        amount,
    };
    Ok(events::record(tx, requested).await?)
}
