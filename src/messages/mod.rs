//! Conversations between an author and the team: one per author.

pub mod personal;
mod store;

use chrono::Duration;
use serde_json::json;
use uuid::Uuid;

use crate::{clock::new_id, events::Tx};

/// Opens the conversation of an author whose first order was paid: a welcome and what comes next,
/// both from the platform itself and unread. Nothing when the conversation has begun already.
///
/// # Errors
/// When the database refuses.
pub async fn welcome(
    tx: &mut Tx,
    user_id: Uuid,
    prenom: &str,
    commande_id: Uuid,
    titre: &str,
) -> Result<(), sqlx::Error> {
    let now = tx.now();
    let Some(conversation_id) = store::begin_conversation(tx, user_id, now).await? else { return Ok(()) };
    let greeting = format!(
        "Bonjour {prenom},\n\nBienvenue chez Staka Livres ! Votre paiement est confirmé et votre projet « {titre} » \
         est entre nos mains.\n\nToute l’équipe vous remercie de votre confiance."
    );
    let next = "Et maintenant ?\n\n1. Nous vérifions vos documents sous 24 heures ouvrées.\n2. Un correcteur est désigné \
                et commence son travail.\n3. Vous recevez une notification dès que le document corrigé est prêt.\n\n\
                Écrivez-nous ici à tout moment : nous répondons sous 24 heures ouvrées."
        .to_owned();
    // One millisecond later, so that the order of the two is total.
    let later = now + Duration::milliseconds(1);
    for (content, role, at) in [(greeting, "isWelcomeMessage", now), (next, "isFollowUpMessage", later)] {
        let metadata = json!({ role: true, "commandeId": commande_id, "createdBySystem": true });
        let message = store::SystemMessage {
            id: new_id(),
            conversation_id,
            receiver_id: user_id,
            content: &content,
            metadata,
            at,
        };
        store::insert_system_message(tx, &message).await?;
    }
    Ok(())
}
