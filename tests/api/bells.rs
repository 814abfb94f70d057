//! What each happening rings, for whom, how loudly, and where it leads: a page the web application has.

use chrono::TimeDelta;
use staka::auth::{
    Role,
    told::{AccountActivated, UserRegistered},
};
use staka::clock::new_id;
use staka::commandes::{
    Statut,
    told::{OrderMoved, OrderOpened, OrderRef},
};
use staka::events::Happening;
use staka::invoices::{Kind, told::InvoiceReady};
use staka::payments::told::{PaymentFailed, PaymentReceived};
use uuid::Uuid;

use crate::support::outbox::Lab;

/// `type priority path` of what rang since the last call, the order's id written `:id`.
async fn rung(lab: &Lab, person: Uuid, order: Uuid) -> Vec<String> {
    let sql = format!(
        "SELECT CONCAT(type, ' ', priority, ' ', REPLACE(action_url, '{order}', ':id')) FROM notifications
         WHERE user_id = UNHEX('{}') ORDER BY id",
        person.simple()
    );
    let all = lab.texts(&sql).await;
    lab.execute(&format!("DELETE FROM notifications WHERE user_id = UNHEX('{}')", person.simple())).await;
    all
}

struct Scene {
    lab: Lab,
    client: Uuid,
    admin: Uuid,
    order: OrderRef,
}

impl Scene {
    /// Records something twice, as a repeated event does, and asserts what rings once.
    async fn rings(&self, what: impl Happening + Clone, client: &[&str], admin: &[&str]) {
        self.lab.record(what.clone()).await;
        self.lab.record(what).await;
        assert_eq!(rung(&self.lab, self.client, self.order.id).await, client);
        assert_eq!(rung(&self.lab, self.admin, self.order.id).await, admin);
    }

    /// The team hears of a newcomer, calmly.
    async fn newcomer(&self, what: impl Happening) {
        self.lab.record(what).await;
        assert_eq!(rung(&self.lab, self.admin, self.order.id).await, ["INFO NORMALE /admin/users"]);
        rung(&self.lab, self.client, self.order.id).await;
    }
}

#[tokio::test]
async fn every_bell_has_its_weight_and_leads_somewhere() {
    let lab = Lab::start().await;
    let scene = Scene {
        client: lab.user("zoe@example.com", Role::User, None).await,
        admin: lab.user("admin@example.com", Role::Admin, None).await,
        order: OrderRef::new(new_id(), Some("7F3K-92QD".to_owned()), "L’été".to_owned()),
        lab,
    };
    let (user_id, order, now) = (scene.client, scene.order.clone(), scene.lab.state.clock.now());
    let moved =
        |to, seconds| OrderMoved { user_id, order: order.clone(), to, at: now + TimeDelta::seconds(seconds) };
    scene.rings(moved(Statut::EnCours, 0), &["INFO NORMALE /app/projects/:id/files"], &[]).await;
    scene.rings(moved(Statut::Termine, 1), &["SUCCESS HAUTE /app/projects/:id/files"], &[]).await;
    // Reopened and delivered again: told again.
    scene.rings(moved(Statut::EnCours, 2), &["INFO NORMALE /app/projects/:id/files"], &[]).await;
    let opened = OrderOpened { user_id, order: order.clone() };
    scene.rings(opened, &["SUCCESS HAUTE /app/projects/:id/files"], &[]).await;
    let paid = PaymentReceived {
        user_id,
        order: order.clone(),
        pack: None,
        amount: 28_000,
        paid_at: now,
        session_id: "cs_1".to_owned(),
        invoice_number: None,
        by_activation: false,
    };
    scene.rings(paid, &["PAYMENT HAUTE /app/billing"], &["PAYMENT HAUTE /admin/factures"]).await;
    let failed = PaymentFailed {
        user_id: Some(user_id),
        attempt: "pi_1".to_owned(),
        customer_name: "Zoé Martin".to_owned(),
        customer_email: "zoe@example.com".to_owned(),
        order: order.clone(),
        amount: 28_000,
    };
    scene.rings(failed, &["ERROR HAUTE /app/billing"], &["WARNING NORMALE /admin/commandes"]).await;
    for (kind, attempt) in [(Kind::Invoice, 0), (Kind::CreditNote, 0), (Kind::Invoice, 1)] {
        let ready = InvoiceReady {
            user_id,
            id: new_id(),
            kind,
            number: "FA-2026-000001".to_owned(),
            amount: 28_000,
            tax_amount: 4_667,
            issued_at: now,
            pdf_key: "invoice/2026/03/x.pdf".to_owned(),
            titre: order.titre.clone(),
            reference: order.reference.clone(),
            attempt,
        };
        scene.rings(ready, &["PAYMENT NORMALE /app/billing"], &[]).await;
    }
    scene.newcomer(UserRegistered { user_id }).await;
    scene.newcomer(AccountActivated { user_id }).await;
}
