//! Keeps Stripe's list of products and prices like ours.
//!
//! What Stripe has is looked at each time, so that a synchronisation cut off anywhere, or made with another account or the
//! simulator, is set right by the next one: an object this account does not know is made, a price of another amount is
//! replaced and retired.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::stripe::{StripeFailure, StripeGateway, catalogue::ProductForm};
use crate::{
    app::AppState,
    tarifs::lines::{self, Line},
};

/// What a line of the price list needs at Stripe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// To be made: Stripe does not know it.
    Create,
    /// To be told again: name, description, price.
    Update,
    /// To be retired: it is not sold any more.
    Disable,
    /// Nothing.
    Skip,
}

impl Need {
    /// What a line needs, as far as we know.
    pub fn of(line: &Line) -> Self {
        match (line.actif, &line.stripe_product_id) {
            (true, None) => Self::Create,
            (true, Some(_)) => Self::Update,
            (false, Some(_)) => Self::Disable,
            (false, None) => Self::Skip,
        }
    }
}

/// What was done about a line.
#[derive(Clone, Debug)]
pub struct Synced {
    /// The line.
    pub id: Uuid,
    /// Its name.
    pub nom: String,
    /// What was done; none when it failed.
    pub done: Result<Need, StripeFailure>,
    /// What Stripe calls it.
    pub product_id: Option<String>,
    /// What Stripe calls its price.
    pub price_id: Option<String>,
}

/// Tells Stripe about a line. A refusal or an outage of Stripe's is part of the answer.
///
/// # Errors
/// When the database refuses.
pub async fn sync(state: &AppState, actor: &str, line: &Line) -> Result<Synced, sqlx::Error> {
    let need = Need::of(line);
    let (product_id, price_id) = (line.stripe_product_id.clone(), line.stripe_price_id.clone());
    let mut synced = Synced { id: line.id, nom: line.nom.clone(), done: Ok(need), product_id, price_id };
    match need {
        Need::Skip => {}
        Need::Disable => synced.done = retire(&state.stripe, line).await.map(|()| need),
        Need::Create | Need::Update => match offer(&state.stripe, line).await {
            Ok(offered) => {
                synced.done = Ok(if offered.is_new { Need::Create } else { Need::Update });
                note(state, actor, line, &offered).await?;
                // Only now: whoever came between would have found no price at all.
                if let Some(former) = &offered.former_price
                    && let Err(error) = state.stripe.offer_price(former, false).await
                {
                    tracing::warn!(%error, "a former price stays on offer at Stripe");
                }
                synced.product_id = Some(offered.product_id);
                synced.price_id = Some(offered.price_id);
            }
            Err(failure) => synced.done = Err(failure),
        },
    }
    if let Err(failure) = &synced.done {
        tracing::warn!(%failure, tarif = %line.id, "a line of the price list cannot be told to Stripe");
    }
    Ok(synced)
}

/// Takes a line that is gone off Stripe's list.
///
/// # Errors
/// See [`StripeFailure`].
pub async fn retire(stripe: &StripeGateway, line: &Line) -> Result<(), StripeFailure> {
    if let Some(id) = &line.stripe_price_id {
        known(stripe.offer_price(id, false).await)?;
    }
    if let Some(id) = &line.stripe_product_id {
        known(stripe.retire_product(id).await)?;
    }
    Ok(())
}

/// What a line is at Stripe.
struct Offered {
    is_new: bool,
    product_id: String,
    price_id: String,
    /// The price that was on offer before, to be retired.
    former_price: Option<String>,
}

async fn note(state: &AppState, actor: &str, line: &Line, offered: &Offered) -> Result<(), sqlx::Error> {
    let known = line.stripe_product_id.as_deref() == Some(&offered.product_id)
        && line.stripe_price_id.as_deref() == Some(&offered.price_id);
    match known {
        true => Ok(()),
        false => lines::note_stripe(state, actor, line.id, &offered.product_id, &offered.price_id).await,
    }
}

async fn offer(stripe: &StripeGateway, line: &Line) -> Result<Offered, StripeFailure> {
    let form = ProductForm {
        name: line.nom.clone(),
        description: line.description.clone(),
        active: true,
        metadata: BTreeMap::from([
            ("tarifId", line.id.to_string()),
            ("typeService", line.type_service.clone()),
        ]),
    };
    let told = match &line.stripe_product_id {
        Some(id) => known(stripe.update_product(id, &form).await)?,
        None => None,
    };
    let is_new = told.is_none();
    let product = match told {
        Some(product) => product,
        None => stripe.create_product(&form).await?,
    };
    let current = match &line.stripe_price_id {
        Some(id) if !is_new => known(stripe.price(id).await)?,
        _ => None,
    };
    let amount = i64::from(line.prix);
    let mut former_price = None;
    let price = match current {
        Some(price) if price.unit_amount == Some(amount) && price.product == product.id => match price.active
        {
            true => price,
            false => stripe.offer_price(&price.id, true).await?,
        },
        other => {
            former_price = other.map(|price| price.id);
            stripe.create_price(&product.id, amount, line.id, former_price.as_deref()).await?
        }
    };
    Ok(Offered { is_new, product_id: product.id, price_id: price.id, former_price })
}

/// An object this account does not know is none.
fn known<T>(answer: Result<T, StripeFailure>) -> Result<Option<T>, StripeFailure> {
    match answer {
        Ok(object) => Ok(Some(object)),
        Err(StripeFailure::NotFound) => Ok(None),
        Err(other) => Err(other),
    }
}

/// A line and whether Stripe offers it.
pub struct Listed {
    /// The line.
    pub line: Line,
    /// Whether Stripe offers its product; `None` when there is none, or Stripe cannot tell.
    pub product_active: Option<bool>,
    /// The same of its price.
    pub price_active: Option<bool>,
}

/// Every line with what Stripe says of it, asked about a few at a time.
///
/// # Errors
/// When the database refuses.
pub async fn status(state: &AppState) -> Result<Vec<Listed>, sqlx::Error> {
    use futures_util::{StreamExt, stream};
    const AT_ONCE: usize = 4;
    let lines = lines::all(state).await?;
    let listed = stream::iter(lines).map(|line| async move {
        let product = match &line.stripe_product_id {
            Some(id) => state.stripe.product(id).await.ok().map(|product| product.active),
            None => None,
        };
        let price = match &line.stripe_price_id {
            Some(id) => state.stripe.price(id).await.ok().map(|price| price.active),
            None => None,
        };
        Listed { line, product_active: product, price_active: price }
    });
    Ok(listed.buffered(AT_ONCE).collect().await)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::{db::filter::Enum, tarifs::Unite};

    #[test]
    fn what_a_line_needs_follows_from_what_it_is() {
        let need = |actif, product: Option<&str>| {
            Need::of(&Line {
                id: Uuid::nil(),
                nom: String::new(),
                description: String::new(),
                prix: 0,
                prix_formate: String::new(),
                unite: Enum(Unite::Forfait),
                type_service: String::new(),
                duree_estimee: None,
                actif,
                ordre: 0,
                stripe_product_id: product.map(str::to_owned),
                stripe_price_id: None,
                created_at: DateTime::UNIX_EPOCH,
                updated_at: DateTime::UNIX_EPOCH,
            })
        };
        assert_eq!(need(true, None), Need::Create);
        assert_eq!(need(true, Some("prod_1")), Need::Update);
        assert_eq!(need(false, Some("prod_1")), Need::Disable);
        assert_eq!(need(false, None), Need::Skip);
    }
}
