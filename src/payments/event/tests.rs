use proptest::prelude::*;
use serde_json::json;

use super::*;

fn event(kind: &str, object: Value) -> StripeEvent {
    let body = json!({"id": "evt_1", "type": kind, "data": {"object": object}});
    StripeEvent::parse(body.to_string().as_bytes()).unwrap()
}

#[test]
fn an_event_needs_only_an_id_a_type_and_an_object() {
    let read = event("charge.updated", json!({}));
    assert_eq!((read.id.as_str(), read.kind.as_str()), ("evt_1", "charge.updated"));
    assert_eq!((read.created, read.livemode, read.source()), (None, None, None));
    assert!(matches!(StripeEvent::parse(b"{}"), Err(EventError::NotAnEvent(_))));
}

#[test]
fn the_source_is_read_from_the_metadata_of_any_object() {
    let read = event("invoice.paid", json!({"metadata": {"source": "livrestaka.fr"}}));
    assert_eq!(read.source(), Some("livrestaka.fr"));
    assert_eq!(event("invoice.paid", json!({"metadata": null})).source(), None);
}

#[test]
fn a_bare_session_is_read_and_never_taken_for_paid() {
    let session = event("checkout.session.completed", json!({"id": "cs_1"}));
    let session = session.checkout_session().unwrap();
    assert_eq!(session.payment_status, PaymentStatus::Unknown);
    assert!(!session.is_settled());
}

#[test]
fn a_full_session_is_read() {
    let read = event(
        "checkout.session.completed",
        json!({
            "id": "cs_1", "status": "complete", "payment_status": "paid", "amount_total": 35000,
            "currency": "eur", "payment_intent": {"id": "pi_1", "object": "payment_intent"},
            "metadata": {"commandeId": "c"}, "expires_at": 1770000000, "something_new": [1],
            "customer_details": {"name": "Zoé", "email": "z@example.com", "tax_exempt": "none",
                "address": {"line1": "1 rue", "line2": null, "country": "FR"}},
        }),
    );
    let session = read.checkout_session().unwrap();
    assert!(session.is_settled());
    assert_eq!((session.intent(), session.debited_at()), (Some("pi_1"), None));
    assert_eq!(session.expires_at.unwrap().timestamp(), 1_770_000_000);
    let address = session.customer_details.unwrap().address.unwrap();
    assert_eq!((address.line1.as_deref(), address.line2), (Some("1 rue"), None));
}

#[test]
fn values_of_the_future_are_unknown_not_errors() {
    let read = event("x", json!({"id": "cs", "status": "paused", "payment_status": "soon"}));
    let session = read.checkout_session().unwrap();
    assert_eq!(session.status, SessionStatus::Unknown);
    assert!(!session.is_settled());
}

#[test]
fn refunds_and_disputes_are_read_with_or_without_their_optional_parts() {
    let charge = event("charge.refunded", json!({"id": "ch", "metadata": null})).charge();
    assert_eq!(charge.unwrap().refunds, None);
    let charge = json!({"id": "ch", "amount": 500, "amount_refunded": 200,
        "payment_intent": "pi", "refunds": {"data": [{"id": "re", "amount": 200}]}});
    let charge = event("charge.refunded", charge).charge().unwrap();
    assert_eq!(charge.refunds.unwrap().data[0].amount.get(), 200);
    let dispute = json!({"id": "dp", "charge": {"id": "ch"}, "amount": 9, "reason": "general"});
    let dispute = event("charge.dispute.created", dispute).dispute().unwrap();
    assert_eq!((dispute.charge.as_deref(), dispute.payment_intent), (Some("ch"), None));
    assert!(event("refund.updated", json!({"amount": 3})).refund().is_err());
}

#[test]
fn a_payment_read_whole_tells_when_it_was_debited() {
    let debited = |payment: Value| {
        let read = event("x", json!({"id": "cs", "payment_intent": payment})).checkout_session().unwrap();
        (read.intent().map(str::to_owned), read.debited_at().map(|at| at.timestamp()))
    };
    let id = || Some("pi_1".to_owned());
    let charge = json!({"id": "ch_1", "created": 1_770_000_100});
    assert_eq!(debited(json!(null)), (None, None));
    assert_eq!(debited(json!({"id": "pi_1"})), (id(), None));
    assert_eq!(
        debited(json!({"id": "pi_1", "created": 1_770_000_000, "latest_charge": "ch_1"})),
        (id(), Some(1_770_000_000))
    );
    assert_eq!(
        debited(json!({"id": "pi_1", "created": 1_770_000_000, "latest_charge": charge})),
        (id(), Some(1_770_000_100))
    );
}

#[test]
fn what_is_no_amount_is_refused_and_not_quoted() {
    for amount in [json!(-1), json!("35000"), json!(2_147_483_648_i64), json!(1.5), json!({"of": "Zoé"})] {
        let session = event("x", json!({"id": "cs", "amount_total": amount})).checkout_session();
        let why = session.unwrap_err();
        assert!(format!("{why:?}").contains("not a whole number of cents"), "{why:?}");
        assert!(!format!("{why:?}").contains("Zoé") && !format!("{why:?}").contains("35000"), "{why:?}");
        assert!(event("x", json!({"id": "ch", "amount_refunded": amount})).charge().is_err());
    }
    let session = event("x", json!({"id": "cs", "amount_total": null})).checkout_session().unwrap();
    assert_eq!(session.amount_total, None);
}

proptest! {
    #[test]
    fn garbage_is_an_error_not_a_panic(body: Vec<u8>) {
        prop_assert!(StripeEvent::parse(&body).is_err());
    }
}
