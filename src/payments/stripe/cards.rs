//! Stripe's customers and the cards they keep there.

use serde::{Deserialize, Serialize};
use stripe_client_core::{RequestBuilder, StripeMethod};
use uuid::Uuid;

use super::{StripeFailure, StripeGateway, check_id};
use crate::payments::event::SavedMethod;

/// A customer to make at Stripe.
#[derive(Serialize)]
pub struct NewCustomer<'a> {
    /// Where Stripe may write to them; prefilled on the payment page.
    pub email: &'a str,
    /// First and family name.
    pub name: &'a str,
    /// The account.
    #[serde(rename = "metadata[userId]")]
    pub user_id: Uuid,
    /// The site, of those that share the account at Stripe.
    #[serde(rename = "metadata[source]")]
    pub source: &'a str,
}

/// An object of Stripe, of which nothing but its name matters.
#[derive(Deserialize)]
struct Named {
    id: String,
}

/// What a browser needs to hand a card to Stripe, which we never see.
#[derive(Debug, Deserialize)]
pub struct SetupIntent {
    /// `seti_...`.
    pub id: String,
    /// Lets the browser of its owner, and nobody else, finish it.
    pub client_secret: String,
}

#[derive(Serialize)]
struct OfCustomer<'a> {
    customer: &'a str,
}

impl StripeGateway {
    /// Makes a customer; the same key makes the same one. Gives its id.
    ///
    /// # Errors
    /// See [`StripeFailure`].
    pub async fn create_customer(&self, key: Uuid, new: &NewCustomer<'_>) -> Result<String, StripeFailure> {
        let request = || RequestBuilder::new(StripeMethod::Post, "/customers").form(new);
        self.call::<Named>(request, Some(key)).await.map(|customer| customer.id)
    }

    /// Deletes a customer, whose cards are detached with it.
    ///
    /// # Errors
    /// See [`StripeFailure`].
    pub async fn delete_customer(&self, id: &str) -> Result<(), StripeFailure> {
        check_id(id)?;
        let request = || RequestBuilder::new(StripeMethod::Delete, format!("/customers/{id}"));
        self.call::<Named>(request, None).await.map(drop)
    }

    /// Prepares the saving of a card for a customer.
    ///
    /// # Errors
    /// See [`StripeFailure`].
    pub async fn create_setup_intent(&self, key: Uuid, customer: &str) -> Result<SetupIntent, StripeFailure> {
        #[derive(Serialize)]
        struct Form<'a> {
            customer: &'a str,
            usage: &'static str,
            #[serde(rename = "payment_method_types[0]")]
            kind: &'static str,
        }
        let form = Form { customer, usage: "on_session", kind: "card" };
        let request = || RequestBuilder::new(StripeMethod::Post, "/setup_intents").form(&form);
        self.call(request, Some(key)).await
    }

    /// What Stripe knows of a means of payment.
    ///
    /// # Errors
    /// See [`StripeFailure`].
    pub async fn method(&self, id: &str) -> Result<SavedMethod, StripeFailure> {
        check_id(id)?;
        self.call(|| RequestBuilder::new(StripeMethod::Get, format!("/payment_methods/{id}")), None).await
    }

    /// Gives a card to a customer.
    ///
    /// # Errors
    /// [`StripeFailure::Refused`] when its bank or Stripe does not want it; see [`StripeFailure`].
    pub async fn attach_card(&self, id: &str, customer: &str) -> Result<SavedMethod, StripeFailure> {
        check_id(id)?;
        let path = format!("/payment_methods/{id}/attach");
        let form = OfCustomer { customer };
        self.call(|| RequestBuilder::new(StripeMethod::Post, path.clone()).form(&form), None).await
    }

    /// Takes a card from its customer, for ever.
    ///
    /// # Errors
    /// [`StripeFailure::Refused`] when it has none any more; see [`StripeFailure`].
    pub async fn detach_card(&self, id: &str) -> Result<(), StripeFailure> {
        check_id(id)?;
        let path = format!("/payment_methods/{id}/detach");
        self.call::<Named>(|| RequestBuilder::new(StripeMethod::Post, path.clone()), None).await.map(drop)
    }
}
