//! From an event to the mails it deserves.

use super::{
    mail::{self, Mail},
    outbox::{NewMail, Recipient, StoredAttachment, enqueue},
};
use crate::{
    app::AppState,
    events::{Event, InvoiceRef, Tx},
};

/// Queues the mails of an event: to the person it concerns, unless they refused that kind, and one
/// to the platform's own address.
///
/// # Errors
/// When the database refuses.
pub async fn listen(
    tx: &mut Tx,
    state: &AppState,
    event: &Event,
    recipient: Option<&Recipient>,
) -> Result<(), sqlx::Error> {
    let key = event.key();
    let now = state.clock.now();
    if let Some(recipient) = recipient {
        for mail in for_user(event, recipient).into_iter().filter(|mail| recipient.accepts(mail.category())) {
            let new = NewMail {
                mail,
                to_email: &recipient.email,
                to_name: Some(&recipient.full_name()),
                user_id: Some(recipient.id),
                attachments: attachments(event),
                event_key: &key,
            };
            enqueue(tx, now, new).await?;
        }
    } else if let Some((mail, to_email, to_name)) = for_guest(event) {
        let new = NewMail {
            mail,
            to_email,
            to_name: Some(to_name),
            user_id: None,
            attachments: vec![],
            event_key: &key,
        };
        enqueue(tx, now, new).await?;
    }
    if let Some(mail) = for_admins(event, recipient) {
        let to_email = &state.config.mail.admin_email;
        let new =
            NewMail { mail, to_email, to_name: None, user_id: None, attachments: vec![], event_key: &key };
        enqueue(tx, now, new).await?;
    }
    Ok(())
}

fn for_user(event: &Event, recipient: &Recipient) -> Vec<Mail> {
    let first_name = recipient.prenom.clone();
    let mail = match event {
        Event::UserRegistered { .. } | Event::AccountActivated { .. } => {
            mail::WelcomeUser { first_name, email: recipient.email.clone() }.into()
        }
        // The worker makes the secret link when it sends: no token ever rests in the outbox.
        Event::ActivationRequested { titre, amount, .. } => mail::ActivationUser {
            first_name,
            commande_title: titre.clone(),
            activation_path: String::new(),
            expires_at: Default::default(),
            amount: *amount,
        }
        .into(),
        Event::PasswordResetRequested { .. } => {
            mail::ResetPassword { first_name, reset_path: String::new(), expires_at: Default::default() }
                .into()
        }
        Event::OrderCreated { order, pack, needs_verification, .. } => mail::ClientProjectConfirmation {
            first_name,
            commande_title: order.titre.clone(),
            commande_id: order.id.to_string(),
            pack_name: pack.clone(),
            needs_verification: *needs_verification,
        }
        .into(),
        Event::OrderOpened { order, pack, .. } => mail::ClientProjectConfirmation {
            first_name,
            commande_title: order.titre.clone(),
            commande_id: order.id.to_string(),
            pack_name: pack.clone(),
            needs_verification: false,
        }
        .into(),
        Event::PaymentReceived { order, amount, paid_at, reference, .. } => mail::PaymentUser {
            first_name,
            commande_title: order.titre.clone(),
            amount: *amount,
            paid_at: *paid_at,
            reference: reference.clone(),
        }
        .into(),
        Event::PaymentFailed { titre, amount, retry_path, .. } => mail::PaymentFailedUser {
            first_name,
            commande_title: titre.clone(),
            amount: *amount,
            retry_path: retry_path.clone(),
        }
        .into(),
        Event::InvoiceReady { invoice, titre, .. } => invoice_mail(first_name, invoice, titre),
        Event::OrderAwaitingPayment { .. } | Event::Alert { .. } => return vec![],
    };
    vec![mail]
}

fn invoice_mail(first_name: String, invoice: &InvoiceRef, titre: &str) -> Mail {
    mail::InvoiceUser {
        first_name,
        number: invoice.number.clone(),
        commande_title: titre.to_owned(),
        amount: invoice.amount,
        tax_amount: invoice.tax_amount,
        issued_at: invoice.issued_at,
        is_credit_note: invoice.is_credit_note,
    }
    .into()
}

/// A refused payment of someone who has no account yet.
fn for_guest(event: &Event) -> Option<(Mail, &str, &str)> {
    match event {
        Event::PaymentFailed {
            user_id: None,
            customer_name,
            customer_email,
            titre,
            amount,
            retry_path,
            ..
        } => {
            let first_name = customer_name.split(' ').next().unwrap_or(customer_name).to_owned();
            let mail = mail::PaymentFailedUser {
                first_name,
                commande_title: titre.clone(),
                amount: *amount,
                retry_path: retry_path.clone(),
            };
            Some((mail.into(), customer_email, customer_name))
        }
        _ => None,
    }
}

fn for_admins(event: &Event, recipient: Option<&Recipient>) -> Option<Mail> {
    let name = recipient.map(Recipient::full_name).unwrap_or_default();
    let email = recipient.map(|recipient| recipient.email.clone()).unwrap_or_default();
    Some(match event {
        Event::UserRegistered { .. } => {
            info("Nouvelle inscription", format!("{name} ({email}) vient de s’inscrire."), "/admin/users")
        }
        Event::AccountActivated { .. } => {
            info("Compte activé", format!("{name} ({email}) vient d’activer son compte."), "/admin/users")
        }
        Event::OrderCreated { order, amount, .. } => mail::AdminOrder {
            customer_name: name,
            customer_email: email,
            commande_title: order.titre.clone(),
            commande_id: order.id.to_string(),
            amount: *amount,
        }
        .into(),
        Event::OrderAwaitingPayment {
            customer_name, customer_email, titre, amount, pages, files, ..
        } => mail::AdminProjectPaymentPending {
            customer_name: customer_name.clone(),
            customer_email: customer_email.clone(),
            commande_title: titre.clone(),
            amount: *amount,
            pages: *pages,
            files: *files,
        }
        .into(),
        Event::PaymentReceived { order, amount, reference, invoice_number, .. } => mail::AdminPayment {
            customer_name: name,
            customer_email: email,
            commande_title: order.titre.clone(),
            amount: *amount,
            reference: reference.clone(),
            invoice_number: invoice_number.clone(),
        }
        .into(),
        Event::PaymentFailed { customer_name, titre, .. } => warning(
            "Paiement refusé",
            format!("Le paiement de {customer_name} pour « {titre} » a été refusé."),
            Some("/admin/commandes"),
        ),
        Event::Alert { title, message, action_path, .. } => warning(title, message.clone(), *action_path),
        Event::OrderOpened { .. }
        | Event::ActivationRequested { .. }
        | Event::PasswordResetRequested { .. }
        | Event::InvoiceReady { .. } => return None,
    })
}

fn info(title: &str, message: String, action: &str) -> Mail {
    mail::AdminInfo { title: title.to_owned(), message, action_path: Some(action.to_owned()) }.into()
}

fn warning(title: &str, message: String, action: Option<&str>) -> Mail {
    mail::AdminWarning { title: title.to_owned(), message, action_path: action.map(str::to_owned) }.into()
}

fn attachments(event: &Event) -> Vec<StoredAttachment> {
    match event {
        Event::InvoiceReady { invoice, .. } => vec![StoredAttachment {
            filename: format!(
                "{}-{}.pdf",
                if invoice.is_credit_note { "avoir" } else { "facture" },
                invoice.number
            ),
            content_type: "application/pdf".into(),
            storage_key: invoice.pdf_key.clone(),
        }],
        _ => vec![],
    }
}
