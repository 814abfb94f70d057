//! The JSON objects of Stripe's API, complete enough for a strict client.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::status::SessionStatus;
use super::store::SessionRow;

/// The version of the API our objects look like.
pub const API_VERSION: &str = "2025-11-17.clover";

/// What a new session is made of.
pub struct NewObject<'p> {
    pub id: &'p str,
    pub url: String,
    pub amount: i64,
    pub currency: &'p str,
    pub title: &'p str,
    pub description: Option<&'p str>,
    pub client_reference_id: Option<&'p str>,
    pub customer_email: Option<&'p str>,
    pub customer: Option<&'p str>,
    /// Of that customer.
    pub customer_address: Option<&'p str>,
    /// The sentence beside the box that must be ticked.
    pub terms: Option<&'p str>,
    pub locale: Option<&'p str>,
    pub billing_address_collection: Option<&'p str>,
    pub success_url: &'p str,
    pub cancel_url: Option<&'p str>,
    pub metadata: &'p BTreeMap<String, String>,
    pub created: DateTime<Utc>,
    pub expires_at: i64,
}

/// The session just opened. `line_items`, which Stripe gives only when asked to, serves the page.
pub fn session(new: &NewObject<'_>) -> Value {
    let mut object = unused_parts();
    let parts = json!({
        "id": new.id,
        "object": "checkout.session",
        "amount_subtotal": new.amount,
        "amount_total": new.amount,
        "billing_address_collection": new.billing_address_collection,
        "cancel_url": new.cancel_url,
        "client_reference_id": new.client_reference_id,
        "created": new.created.timestamp(),
        "currency": new.currency,
        "consent_collection": new.terms.map(|_| json!({"payment_method_reuse_agreement": null, "promotions": "none",
            "terms_of_service": "required"})),
        "custom_text": {"after_submit": null, "shipping_address": null, "submit": null,
            "terms_of_service_acceptance": new.terms.map(|message| json!({"message": message}))},
        "customer": new.customer,
        "customer_details": new.customer_email.or(new.customer_address).map(|email| json!({"address": null, "email": email,
            "name": null, "phone": null, "tax_exempt": "none", "tax_ids": null})),
        "customer_email": new.customer_email,
        "expires_at": new.expires_at,
        "line_items": {"object": "list", "has_more": false, "data": [line_item(new)],
            "url": format!("/v1/checkout/sessions/{}/line_items", new.id)},
        "livemode": false,
        "locale": new.locale,
        "metadata": new.metadata,
        "mode": "payment",
        "payment_intent": null,
        "payment_method_types": ["card", "sepa_debit"],
        "payment_status": "unpaid",
        "status": "open",
        "success_url": new.success_url,
        "url": new.url,
    });
    if let (Value::Object(object), Value::Object(parts)) = (&mut object, parts) {
        object.extend(parts);
    }
    object
}

/// What our sessions do not use, and Stripe sends all the same.
fn unused_parts() -> Value {
    let unset = [
        "after_expiration",
        "allow_promotion_codes",
        "client_secret",
        "consent",
        "currency_conversion",
        "invoice",
        "payment_link",
        "payment_method_configuration_details",
        "permissions",
        "recovered_from",
        "saved_payment_method_options",
        "setup_intent",
        "shipping_address_collection",
        "shipping_cost",
        "submit_type",
        "subscription",
        "wallet_options",
    ];
    let mut object: Value = unset.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
    object["adaptive_pricing"] = json!({"enabled": false});
    object["automatic_tax"] = json!({"enabled": false, "liability": null, "provider": null, "status": null});
    object["custom_fields"] = json!([]);
    object["customer_creation"] = json!("if_required");
    object["discounts"] = json!([]);
    object["invoice_creation"] = json!({"enabled": false, "invoice_data": {"account_tax_ids": null,
        "custom_fields": null, "description": null, "footer": null, "issuer": null, "metadata": {},
        "rendering_options": null}});
    object["payment_method_collection"] = json!("if_required");
    object["payment_method_options"] = json!({"card": {"request_three_d_secure": "automatic"}});
    object["phone_number_collection"] = json!({"enabled": false});
    object["shipping_options"] = json!([]);
    object["total_details"] = json!({"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0});
    object["ui_mode"] = json!("hosted");
    object
}

fn line_item(new: &NewObject<'_>) -> Value {
    let suffix = new.id.trim_start_matches("cs_test_");
    json!({
        "id": format!("li_{suffix}"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": new.amount,
        "amount_tax": 0,
        "amount_total": new.amount,
        "currency": new.currency,
        "description": new.title,
        "metadata": {},
        "price": {"id": format!("price_{suffix}"), "object": "price", "active": false,
            "billing_scheme": "per_unit", "created": new.created.timestamp(),
            "currency": new.currency, "custom_unit_amount": null, "livemode": false,
            "lookup_key": null, "metadata": {}, "nickname": new.description,
            "product": format!("prod_{suffix}"), "recurring": null, "tax_behavior": "unspecified",
            "tiers_mode": null, "transform_quantity": null, "type": "one_time",
            "unit_amount": new.amount, "unit_amount_decimal": new.amount.to_string()},
        "quantity": 1,
    })
}

impl SessionRow {
    /// The session as it is now.
    pub fn session(&self) -> Value {
        let mut object = self.created();
        object["status"] = json!(self.status);
        object["payment_status"] = json!(self.payment_status);
        if self.status != SessionStatus::Open {
            object["url"] = Value::Null;
        }
        if self.status == SessionStatus::Complete {
            object["payment_intent"] = json!(self.payment_intent);
            if !object["consent_collection"].is_null() {
                object["consent"] = json!({"promotions": null, "terms_of_service": "accepted"});
            }
        }
        if let Some(details) = &self.customer_details {
            object["customer_details"] = parse(details);
        }
        object
    }

    /// Whether a box must be ticked to pay.
    pub fn asks_for_terms(&self) -> bool {
        self.created()["consent_collection"]["terms_of_service"] == "required"
    }

    /// The session as it was answered when it was opened.
    pub fn created(&self) -> Value {
        parse(&self.object)
    }

    /// The payment intent after a refused card.
    pub fn refused_intent(&self) -> Value {
        let object = self.created();
        json!({
            "id": self.payment_intent,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": 0,
            "amount_received": 0,
            "capture_method": "automatic_async",
            "client_secret": null,
            "confirmation_method": "automatic",
            "created": self.created_at.timestamp(),
            "currency": object["currency"],
            "customer": null,
            "last_payment_error": {"code": "card_declined", "decline_code": "generic_decline",
                "doc_url": "https://stripe.com/docs/error-codes/card-declined",
                "message": "Votre carte a été refusée.", "type": "card_error"},
            "latest_charge": null,
            "livemode": false,
            "metadata": parse(&self.intent_metadata),
            "payment_method": null,
            "payment_method_types": ["card"],
            "receipt_email": null,
            "status": "requires_payment_method",
        })
    }

    /// The payment intent of a completed session, with its charge.
    pub fn intent(&self, debited_at: DateTime<Utc>) -> Value {
        let mut charge = self.charge();
        charge["created"] = json!(debited_at.timestamp());
        json!({
            "id": self.payment_intent,
            "object": "payment_intent",
            "amount": self.amount,
            "created": self.created_at.timestamp(),
            "latest_charge": charge,
            "metadata": parse(&self.intent_metadata),
        })
    }

    /// The charge of a paid session, with what was given back of it.
    pub fn charge(&self) -> Value {
        let session = self.session();
        json!({
            "id": self.charge_id(),
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.amount,
            "amount_refunded": self.refunded,
            "billing_details": session["customer_details"],
            "captured": true,
            "created": self.created_at.timestamp(),
            "currency": session["currency"],
            "customer": null,
            "disputed": false,
            "livemode": false,
            "metadata": parse(&self.intent_metadata),
            "paid": true,
            "payment_intent": self.payment_intent,
            "refunded": self.refunded == self.amount,
            "status": "succeeded",
        })
    }

    /// The one charge of the session's payment.
    pub fn charge_id(&self) -> String {
        self.payment_intent.replacen("pi_", "ch_", 1)
    }
}

/// A refund that just succeeded.
pub fn refund(
    id: &str,
    row: &SessionRow,
    amount: i64,
    metadata: &BTreeMap<String, String>,
    now: DateTime<Utc>,
) -> Value {
    json!({
        "id": id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": null,
        "charge": row.charge_id(),
        "created": now.timestamp(),
        "currency": row.created()["currency"],
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": metadata,
        "payment_intent": row.payment_intent,
        "reason": "requested_by_customer",
        "receipt_number": null,
        "source_transfer_reversal": null,
        "status": "succeeded",
        "transfer_reversal": null,
    })
}

/// The envelope of a webhook.
pub fn event(id: &str, kind: &str, data: Value, now: DateTime<Utc>) -> Value {
    json!({
        "id": id,
        "object": "event",
        "api_version": API_VERSION,
        "created": now.timestamp(),
        "data": data,
        "livemode": false,
        "pending_webhooks": 1,
        "request": {"id": null, "idempotency_key": null},
        "type": kind,
    })
}

/// Reads back what we wrote ourselves.
fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}
