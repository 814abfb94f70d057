//! From an event to the bell notifications it deserves.

use serde_json::{Value, json};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{Kind, Priority, store};
use crate::{
    app::AppState,
    emails::{Recipient, render::format_price},
    events::{AlertKind, Event, dedupe_key},
};

/// What one side is told.
struct Note {
    kind: Kind,
    priority: Priority,
    title: String,
    message: String,
    action: Option<String>,
    data: Option<Value>,
}

/// Writes the notifications of an event, which concerns `person` if anyone, and returns who has a new one.
///
/// # Errors
/// When the database refuses.
pub async fn listen(
    conn: &mut MySqlConnection,
    state: &AppState,
    event: &Event,
    person: Option<&Recipient>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut notified = Vec::new();
    if let (Some(person), Some(note)) = (person, for_client(event)) {
        write(conn, state, event, person.id, &note, &mut notified).await?;
    }
    if let Some(note) = for_admins(event, person) {
        for admin in store::active_admins(conn).await? {
            write(conn, state, event, admin, &note, &mut notified).await?;
        }
    }
    Ok(notified)
}

async fn write(
    conn: &mut MySqlConnection,
    state: &AppState,
    event: &Event,
    user_id: Uuid,
    note: &Note,
    notified: &mut Vec<Uuid>,
) -> Result<(), sqlx::Error> {
    let data = note.data.as_ref().map(Value::to_string);
    let new = store::NewNotification {
        user_id,
        kind: note.kind,
        priority: note.priority,
        title: &note.title,
        message: &note.message,
        data: data.as_deref(),
        action_url: note.action.as_deref(),
        dedupe_key: &dedupe_key(&format!("{}:{user_id}", event.key())),
    };
    if store::insert(conn, state.clock.now(), &new).await? {
        notified.push(user_id);
    }
    Ok(())
}

fn note(kind: Kind, priority: Priority, title: &str, message: String, action: &str) -> Note {
    Note { kind, priority, title: title.to_owned(), message, action: Some(action.to_owned()), data: None }
}

fn for_client(event: &Event) -> Option<Note> {
    Some(match event {
        Event::OrderCreated { order, needs_verification: false, .. } | Event::OrderOpened { order, .. } => {
            note(
                Kind::Success,
                Priority::Haute,
                "Votre projet est créé",
                format!("Votre projet « {} » est bien enregistré.", order.titre),
                &format!("/app/projects/{}/files", order.id),
            )
        }
        Event::OrderCreated { order, .. } => note(
            Kind::Success,
            Priority::Haute,
            "Votre projet est en cours de vérification",
            format!("Nous vérifions votre projet « {} » sous 24 heures ouvrées.", order.titre),
            &format!("/app/projects/{}/files", order.id),
        ),
        Event::PaymentReceived { order, amount, .. } => note(
            Kind::Payment,
            Priority::Haute,
            "Paiement confirmé",
            format!(
                "Nous avons bien reçu votre paiement de {} pour « {} ».",
                format_price(*amount),
                order.titre
            ),
            "/app/billing",
        ),
        Event::PaymentFailed { titre, amount, .. } => note(
            Kind::Error,
            Priority::Haute,
            "Paiement refusé",
            format!(
                "Votre paiement de {} pour « {titre} » n’a pas abouti. Rien n’a été débité.",
                format_price(*amount)
            ),
            "/app/billing",
        ),
        Event::InvoiceReady { invoice, .. } => note(
            Kind::Payment,
            Priority::Normale,
            if invoice.is_credit_note {
                "Votre avoir est disponible"
            } else {
                "Votre facture est disponible"
            },
            format!("Le document {} vous attend dans votre espace.", invoice.number),
            "/app/billing",
        ),
        _ => return None,
    })
}

fn for_admins(event: &Event, person: Option<&Recipient>) -> Option<Note> {
    let name = person.map(Recipient::full_name).unwrap_or_default();
    let email = person.map(|person| person.email.as_str()).unwrap_or_default();
    Some(match event {
        Event::UserRegistered { .. } => note(
            Kind::Info,
            Priority::Normale,
            "Nouvelle inscription",
            format!("{name} ({email}) vient de s’inscrire."),
            "/admin/users",
        ),
        Event::AccountActivated { .. } => note(
            Kind::Info,
            Priority::Normale,
            "Compte activé",
            format!("{name} ({email}) vient d’activer son compte."),
            "/admin/users",
        ),
        Event::OrderCreated { order, .. } => Note {
            data: Some(json!({
                "customerName": name, "customerEmail": email, "commandeTitle": order.titre, "commandeId": order.id,
            })),
            ..note(
                Kind::Order,
                Priority::Haute,
                "Nouvelle commande",
                format!("{name} a créé la commande « {} ».", order.titre),
                "/admin/commandes",
            )
        },
        Event::OrderAwaitingPayment { pending_id, customer_name, customer_email, titre, amount, .. } => {
            Note {
                data: Some(json!({
                    "customerName": customer_name, "customerEmail": customer_email, "commandeTitle": titre,
                    "pendingCommandeId": pending_id, "amount": amount,
                })),
                ..note(
                    Kind::Warning,
                    Priority::Haute,
                    "Projet en attente de paiement",
                    format!("{customer_name} a commandé « {titre} » ({}).", format_price(*amount)),
                    "/admin/commandes",
                )
            }
        }
        Event::PaymentReceived { order, amount, invoice_number, .. } => Note {
            data: Some(json!({
                "customerName": name, "customerEmail": email, "commandeTitle": order.titre, "commandeId": order.id,
                "amount": amount, "invoiceNumber": invoice_number,
            })),
            ..note(
                Kind::Payment,
                Priority::Haute,
                "Paiement reçu",
                format!("{name} a payé {} pour « {} ».", format_price(*amount), order.titre),
                "/admin/factures",
            )
        },
        Event::PaymentFailed { customer_name, titre, amount, .. } => note(
            Kind::Warning,
            Priority::Normale,
            "Paiement refusé",
            format!(
                "Le paiement de {customer_name} pour « {titre} » ({}) a été refusé.",
                format_price(*amount)
            ),
            "/admin/commandes",
        ),
        Event::Alert { kind, title, message, action_path, .. } => Note {
            kind: if *kind == AlertKind::Operations { Kind::System } else { Kind::Warning },
            priority: Priority::Haute,
            title: title.clone(),
            message: message.clone(),
            action: action_path.map(str::to_owned),
            data: None,
        },
        Event::OrderOpened { .. }
        | Event::ActivationRequested { .. }
        | Event::PasswordResetRequested { .. }
        | Event::InvoiceReady { .. } => return None,
    })
}
