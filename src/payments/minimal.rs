//! What is kept of a Stripe event once its work is done: enough to reconcile the money, nothing about people.

use serde_json::{Map, Value};

/// Objects that describe a person or their card, whatever their fields.
const PEOPLE: [&str; 9] = [
    "billing_details",
    "collected_information",
    "custom_fields",
    "customer_address",
    "customer_details",
    "evidence",
    "payment_method_details",
    "shipping",
    "shipping_details",
];

/// Texts that name an object, a state or a kind, in events of every API version.
const TEXTS: [&str; 24] = [
    "api_version",
    "balance_transaction",
    "billing_reason",
    "charge",
    "client_reference_id",
    "code",
    "currency",
    "customer",
    "decline_code",
    "id",
    "idempotency_key",
    "invoice",
    "latest_charge",
    "mode",
    "object",
    "payment_intent",
    "payment_method",
    "payment_status",
    "reason",
    "refund",
    "status",
    "subscription",
    "terms_of_service",
    "type",
];

/// Our own pairs on Stripe's objects: ids, and the site they belong to.
const METADATA: [&str; 5] = ["commandeId", "pendingCommandeId", "source", "termsVersion", "userId"];

/// An event without the texts that may speak of a person. What is no JSON object is not kept.
pub fn minimised(payload: &str) -> String {
    let event: serde_json::Result<Map<String, Value>> = serde_json::from_str(payload);
    let mut event = event.map_or(Value::Null, Value::Object);
    reduce(&mut event);
    event.to_string()
}

fn reduce(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    _ if PEOPLE.contains(&name.as_str()) => *field = Value::Null,
                    Value::Object(pairs) if name == "metadata" => {
                        pairs.retain(|key, _| METADATA.contains(&key.as_str()));
                    }
                    Value::String(_) if !TEXTS.contains(&name.as_str()) => *field = Value::Null,
                    field => reduce(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| match item {
            Value::String(_) => *item = Value::Null,
            item => reduce(item),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::payments::event::StripeEvent;

    #[test]
    fn an_event_keeps_what_reconciles_money_and_nothing_about_people() {
        let event = json!({
            "id": "evt_1", "type": "checkout.session.completed", "api_version": "2025-09-30", "created": 1_770_000_000,
            "livemode": true, "request": {"id": "req_1", "idempotency_key": "k"},
            "data": {"object": {
                "id": "cs_1", "object": "checkout.session", "payment_status": "paid", "amount_total": 35000,
                "currency": "eur", "payment_intent": "pi_1", "customer_email": "zoe@example.com",
                "customer_details": {"name": "Zoé", "email": "zoe@example.com", "phone": "06"},
                "shipping": {"name": "Zoé"}, "success_url": "https://x/?zoe", "client_reference_id": "r",
                "metadata": {"source": "livrestaka.fr", "commandeId": "c", "name": "Zoé"},
                "tags": ["Zoé"], "refunds": {"data": [{"id": "re_1", "amount": 200, "description": "Zoé"}]},
            }},
        });
        let kept = minimised(&event.to_string());
        assert!(!kept.contains("Zo") && !kept.contains("zoe") && !kept.contains("06"), "{kept}");
        let read = StripeEvent::parse(kept.as_bytes()).unwrap();
        assert_eq!((read.id.as_str(), read.source()), ("evt_1", Some("livrestaka.fr")));
        let session = read.checkout_session().unwrap();
        assert!(session.is_settled());
        let amount = session.amount_total.map(|amount| amount.get());
        assert_eq!((amount, session.intent()), (Some(35_000), Some("pi_1")));
        assert_eq!(read.object["refunds"]["data"][0]["amount"], 200);
    }

    #[test]
    fn what_is_no_event_is_not_kept() {
        for text in ["Zoé", "\"Zoé\"", "[\"Zoé\"]", ""] {
            assert_eq!(minimised(text), "null");
        }
    }
}
