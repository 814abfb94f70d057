//! What the platform itself writes to a new client.

use serde_json::json;
use uuid::Uuid;

use super::{
    Kind,
    service::later_than,
    store::{
        conversations,
        writing::{self, NewMessage},
    },
};
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
    let Some(conversation_id) = conversations::begin(tx, user_id, now).await? else { return Ok(()) };
    let greeting = format!(
        "Bonjour {prenom},\n\nBienvenue chez Staka Livres ! Votre paiement est confirmé et votre projet « {titre} » \
         est entre nos mains.\n\nToute l’équipe vous remercie de votre confiance."
    );
    let next = "Et maintenant ?\n\n1. Nous vérifions vos documents sous 24 heures ouvrées.\n2. Un correcteur est désigné \
                et commence son travail.\n3. Vous recevez une notification dès que le document corrigé est prêt.\n\n\
                Écrivez-nous ici à tout moment : nous répondons sous 24 heures ouvrées."
        .to_owned();
    let mut last = None;
    for (content, role) in [(greeting, "isWelcomeMessage"), (next, "isFollowUpMessage")] {
        let metadata = json!({ role: true, "commandeId": commande_id, "createdBySystem": true });
        let at = later_than(last, now);
        let message = NewMessage {
            id: new_id(),
            conversation_id,
            sender_id: None,
            receiver_id: Some(user_id),
            subject: None,
            content: &content,
            kind: Kind::SystemMessage,
            visitor: None,
            signature: [Some("Équipe"), Some("Staka Livres"), Some("Support")],
            metadata: Some(&metadata),
            at,
        };
        writing::insert(tx, &message).await?;
        writing::count_from_team(tx, conversation_id, message.id, at, None).await?;
        last = Some(at);
    }
    Ok(())
}
