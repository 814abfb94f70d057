//! What is sold, as Stripe lists it: products and their prices. Nothing is charged by them: payment pages carry the amount
//! the server computed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stripe_client_core::{RequestBuilder, StripeMethod};
use uuid::Uuid;

use super::{StripeFailure, StripeGateway, check_id};

/// A product, as much of it as matters here.
#[derive(Clone, Debug, Deserialize)]
pub struct Product {
    /// `prod_...`.
    pub id: String,
    /// Whether Stripe offers it.
    pub active: bool,
}

/// A price, as much of it as matters here.
#[derive(Clone, Debug, Deserialize)]
pub struct Price {
    /// `price_...`.
    pub id: String,
    /// Whether Stripe offers it.
    pub active: bool,
    /// Cents.
    pub unit_amount: Option<i64>,
    /// Of this product.
    pub product: String,
}

/// What a product shall be.
#[derive(Clone, Debug, Serialize)]
pub struct ProductForm {
    /// Name.
    pub name: String,
    /// Description; Stripe refuses an empty one.
    pub description: String,
    /// Whether it is offered.
    pub active: bool,
    /// What of ours it stands for.
    pub metadata: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct PriceForm<'f> {
    product: &'f str,
    unit_amount: i64,
    currency: &'static str,
    metadata: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Activity {
    active: bool,
}

impl StripeGateway {
    /// A product of this id.
    ///
    /// # Errors
    /// [`StripeFailure::NotFound`] when this account has none; see [`StripeFailure`].
    pub async fn product(&self, id: &str) -> Result<Product, StripeFailure> {
        check_id(id)?;
        self.call(|| RequestBuilder::new(StripeMethod::Get, format!("/products/{id}")), None).await
    }

    /// Makes a product. Made again with the same form within a day, it is the same one.
    ///
    /// # Errors
    /// See [`StripeFailure`].
    pub async fn create_product(&self, form: &ProductForm) -> Result<Product, StripeFailure> {
        let key = key("product", form, "");
        self.call(|| RequestBuilder::new(StripeMethod::Post, "/products").form(form), Some(key)).await
    }

    /// Changes a product.
    ///
    /// # Errors
    /// [`StripeFailure::NotFound`] when this account has none; see [`StripeFailure`].
    pub async fn update_product(&self, id: &str, form: &ProductForm) -> Result<Product, StripeFailure> {
        check_id(id)?;
        self.call(|| RequestBuilder::new(StripeMethod::Post, format!("/products/{id}")).form(form), None)
            .await
    }

    /// Stops offering a product.
    ///
    /// # Errors
    /// See [`StripeFailure`].
    pub async fn retire_product(&self, id: &str) -> Result<Product, StripeFailure> {
        check_id(id)?;
        let form = Activity { active: false };
        self.call(|| RequestBuilder::new(StripeMethod::Post, format!("/products/{id}")).form(&form), None)
            .await
    }

    /// A price of this id.
    ///
    /// # Errors
    /// [`StripeFailure::NotFound`] when this account has none; see [`StripeFailure`].
    pub async fn price(&self, id: &str) -> Result<Price, StripeFailure> {
        check_id(id)?;
        self.call(|| RequestBuilder::new(StripeMethod::Get, format!("/prices/{id}")), None).await
    }

    /// Makes a price in cents of euro, which takes the place of `former`. Made again within a day, it is the same one.
    ///
    /// # Errors
    /// See [`StripeFailure`].
    pub async fn create_price(
        &self,
        product: &str,
        unit_amount: i64,
        tarif_id: Uuid,
        former: Option<&str>,
    ) -> Result<Price, StripeFailure> {
        let metadata = BTreeMap::from([("tarifId", tarif_id.to_string())]);
        let form = PriceForm { product, unit_amount, currency: "eur", metadata };
        let key = key("price", &form, former.unwrap_or_default());
        self.call(|| RequestBuilder::new(StripeMethod::Post, "/prices").form(&form), Some(key)).await
    }

    /// Offers a price, or stops offering it: its amount never changes.
    ///
    /// # Errors
    /// See [`StripeFailure`].
    pub async fn offer_price(&self, id: &str, active: bool) -> Result<Price, StripeFailure> {
        check_id(id)?;
        let form = Activity { active };
        self.call(|| RequestBuilder::new(StripeMethod::Post, format!("/prices/{id}")).form(&form), None).await
    }
}

/// The same for the same object: two administrators who synchronise at once make one.
fn key(kind: &str, form: &impl Serialize, former: &str) -> Uuid {
    let text = serde_json::to_string(form).unwrap_or_default();
    let digest = Sha256::digest(format!("{kind}\n{former}\n{text}"));
    let mut bytes = [0; 16];
    for (byte, of) in bytes.iter_mut().zip(digest) {
        *byte = of;
    }
    Uuid::from_bytes(bytes)
}
