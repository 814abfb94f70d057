//! Moving orders: what every caller of the one function that does it can rely on.

use staka::{
    auth::Role,
    clock::new_id,
    commandes::{
        Statut,
        moves::{self, FirstPayment, Move, NewCommande},
        references,
    },
};
use uuid::Uuid;

use crate::support::outbox::Lab;

/// An order of a new account, paid or not.
async fn order(lab: &Lab, statut: Statut, paid: bool) -> Uuid {
    let user_id = lab.user(&format!("{}@example.com", new_id()), Role::User, None).await;
    let mut conn = lab.state.db.conn().await.unwrap();
    let reference = references::claim(&mut conn).await.unwrap();
    let new = NewCommande {
        id: new_id(),
        reference: &reference,
        user_id,
        tarif_id: None,
        titre: "Le Roman",
        description: None,
        fichier_url: None,
        pack_type: None,
        pages: None,
        prix_estime: None,
        due: None,
        buyer: None,
        statut,
        payment: paid.then_some(FirstPayment { amount: 35_000, session_id: None, at: lab.state.clock.now() }),
    };
    moves::begin(&mut conn, lab.state.clock.now(), &new).await.unwrap();
    new.id
}

/// Moves an order; tells whether it moved, or the code of the refusal.
async fn go(lab: &Lab, id: Uuid, to: Statut) -> Result<bool, String> {
    let mut tx = lab.state.begin().await.unwrap();
    let step = Move { to, by: "admin@example.com", told: true };
    let moved = moves::move_to(&mut tx, id, step).await.map_err(|error| error.code().to_owned());
    tx.commit().await.unwrap();
    moved
}

/// `statut finished?` of an order.
async fn standing(lab: &Lab, id: Uuid) -> String {
    sqlx::query_scalar(
        "SELECT CONCAT(statut, IF(date_finition IS NULL, '', CONCAT(' finished ', date_finition = updated_at)))
         FROM commandes WHERE id = ?",
    )
    .bind(id)
    .fetch_one(lab.state.db.pool())
    .await
    .unwrap()
}

/// What the audit log has of an order's moves.
async fn noted(lab: &Lab, id: Uuid) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT CONCAT(actor_email, ' ', JSON_UNQUOTE(JSON_EXTRACT(details, '$.from')), ' ',
                       JSON_UNQUOTE(JSON_EXTRACT(details, '$.to')))
         FROM audit_logs WHERE action = 'COMMAND_STATUS_CHANGED' AND target_id = ? ORDER BY timestamp, id",
    )
    .bind(id.to_string())
    .fetch_all(lab.state.db.pool())
    .await
    .unwrap()
}

#[tokio::test]
async fn a_delivery_is_dated_until_the_order_reopens() {
    let lab = Lab::start().await;
    let id = order(&lab, Statut::EnCours, true).await;
    assert_eq!(go(&lab, id, Statut::Termine).await, Ok(true));
    assert_eq!(standing(&lab, id).await, "TERMINE finished 1");
    assert_eq!(go(&lab, id, Statut::Termine).await, Ok(false), "it stands there already");
    assert_eq!(go(&lab, id, Statut::EnCours).await, Ok(true));
    assert_eq!(standing(&lab, id).await, "EN_COURS");
    let admin = "admin@example.com";
    assert_eq!(
        noted(&lab, id).await,
        [format!("{admin} EN_COURS TERMINE"), format!("{admin} TERMINE EN_COURS")]
    );
    let told = async |sql: &'static str| -> Vec<String> {
        sqlx::query_scalar(sql).fetch_all(lab.state.db.pool()).await.unwrap()
    };
    let bells = told("SELECT title FROM notifications ORDER BY created_at, id").await;
    assert_eq!(bells, ["Votre projet est terminé", "Votre projet avance"]);
    assert_eq!(told("SELECT template FROM email_outbox").await, ["order-user"; 2]);
}

#[tokio::test]
async fn a_refused_move_changes_nothing() {
    let lab = Lab::start().await;
    for (from, paid, to) in [
        (Statut::EnCours, true, Statut::EnAttente),
        (Statut::EnAttente, false, Statut::Payee),
        (Statut::Termine, true, Statut::Annulee),
        (Statut::Annulee, false, Statut::EnCours),
    ] {
        let id = order(&lab, from, paid).await;
        assert_eq!(go(&lab, id, to).await, Err("INVALID_TRANSITION".to_owned()), "{from:?} to {to:?}");
        assert_eq!(standing(&lab, id).await, from.as_str());
        assert!(noted(&lab, id).await.is_empty());
    }
    assert_eq!(go(&lab, new_id(), Statut::EnCours).await, Err("NOT_FOUND".to_owned()));
}
