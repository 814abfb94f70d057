//! Conversations between an author and the team: one per author.

mod store;

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::{
    clock::{Clock, new_id},
    commandes::told::OrderRef,
};

/// Opens the conversation of an author whose first order was paid: a welcome and what comes next,
/// both from the platform itself and unread. Nothing when the conversation has begun already.
///
/// # Errors
/// When the database refuses.
pub async fn welcome(
    conn: &mut MySqlConnection,
    clock: &Clock,
    user_id: Uuid,
    prenom: &str,
    order: &OrderRef,
) -> Result<(), sqlx::Error> {
    let now = clock.now();
    let Some(conversation) = store::begin_conversation(conn, user_id, now).await? else { return Ok(()) };
    let greeting = format!(
        "Bonjour {prenom},\n\nBienvenue chez Staka Livres ! Votre paiement est confirmé et votre projet « {} » est \
         entre nos mains.\n\nToute l’équipe vous remercie de votre confiance.",
        order.titre
    );
    let next = "Et maintenant ?\n\n1. Nous vérifions vos documents sous 24 heures ouvrées.\n2. Un correcteur est désigné \
                et commence son travail.\n3. Vous recevez une notification dès que le document corrigé est prêt.\n\n\
                Écrivez-nous ici à tout moment : nous répondons sous 24 heures ouvrées."
        .to_owned();
    send(conn, conversation, user_id, order, greeting, "isWelcomeMessage", now).await?;
    // One millisecond later, so that the order of the two is total.
    send(
        conn,
        conversation,
        user_id,
        order,
        next,
        "isFollowUpMessage",
        now + chrono::Duration::milliseconds(1),
    )
    .await
}

async fn send(
    conn: &mut MySqlConnection,
    conversation_id: Uuid,
    receiver_id: Uuid,
    order: &OrderRef,
    content: String,
    role: &str,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let metadata = json!({ role: true, "commandeId": order.id, "createdBySystem": true });
    let message =
        store::SystemMessage { id: new_id(), conversation_id, receiver_id, content: &content, metadata, at };
    store::insert_system_message(conn, &message).await
}
