//! Everything that can happen, at a glance. What each one tells whom stands beside its cause, in the
//! `told.rs` of its domain; a happening without a line here does not compile.

use crate::events::Listed;
use crate::{
    audit, auth, checkout, commandes, consultations, emails, exports, files, invoices, jobs, messages,
    payments, public, withdrawals,
};

/// Gives every happening its name, the first part of the key under which it is told once.
macro_rules! happenings {
    ($($(#[$doc:meta])* $name:literal = $happening:path;)+) => {
        $($(#[$doc])* impl Listed for $happening { const NAME: &'static str = $name; })+

        #[cfg(test)]
        const NAMES: &[&str] = &[$($name),+];
    };
}

happenings! {
    // Accounts
    /// Someone registered: welcome; the team hears of it.
    "registered" = auth::told::UserRegistered;
    /// The owner of a guest order chose a password: welcome; the team hears of it.
    "activated" = auth::told::AccountActivated;
    /// A guest order was paid: the activation mail.
    "activation" = auth::told::ActivationRequested;
    /// A new activation link was asked for, or the first one was not followed: the mail with another.
    "activation-renewed" = auth::told::ActivationRenewed;
    /// A password was replaced: its owner hears of it.
    "password-changed" = auth::told::PasswordChanged;
    /// An administrator opened an account that has no password yet: the mail with the link, and each one asked for later.
    "invited" = auth::told::AccountInvited;
    /// An administrator opened an account with its password: welcome.
    "opened" = auth::told::AccountOpened;
    /// An administrator closed an account: its owner hears of it.
    "closed" = auth::told::AccountClosed;
    /// An administrator opened a closed account again: its owner hears of it.
    "opened-again" = auth::told::AccountOpenedAgain;
    /// An administrator gave an account another role: its owner hears of it.
    "role-changed" = auth::told::RoleChanged;
    /// An administrator changed the address of an account: told to the address it had.
    "address-changed" = auth::told::AddressChanged;
    /// The owner of a closed account logged in: it is open again.
    "reopened" = auth::told::AccountReopened;
    /// Someone forgot their password: the mail with the link.
    "reset" = auth::told::PasswordResetRequested;
    /// An export of personal data was made: the mail with its link.
    "data-exported" = exports::told::DataExported;
    /// An export could not be made: told to the team.
    "export-fails" = exports::told::ExportFails;

    // Orders
    /// An order without payment was created: confirmed to its author, told to the team.
    "order-created" = commandes::told::OrderCreated;
    /// An order moved: told to its author, unless a payment moved it, which tells of itself.
    "order-moved" = commandes::told::OrderMoved;
    /// The date of an order moved: told to its author.
    "due-date-moved" = commandes::told::DueDateMoved;
    /// An order was given to a corrector: told to them.
    "order-assigned" = commandes::told::OrderAssigned;
    /// An order waits for its payment: told to the team.
    "order-awaiting" = checkout::told::OrderAwaitingPayment;
    /// A pending order was paid and became an order: its author's bell, beside the mail of the payment.
    "order-opened" = commandes::told::OrderOpened;
    /// An order that costs nothing is final: confirmed to its author, told to the team.
    "order-offered" = commandes::told::OrderOffered;
    /// A guest sent an order that costs nothing: the mail with the link that confirms it.
    "order-to-confirm" = checkout::told::OrderToConfirm;

    // Withdrawals
    /// Someone declared that they withdraw: the receipt.
    "withdrawal" = withdrawals::told::WithdrawalReceived;
    /// The order of a declaration was found: told to its author, and to the team.
    "withdrawal-matched" = withdrawals::told::WithdrawalMatched;
    /// No order was found for a declaration: told to the team.
    "withdrawal-unmatched" = withdrawals::told::WithdrawalUnmatched;
    // Documents
    /// An author added a document to an order: told to its corrector and to the team.
    "document-sent" = files::told::DocumentSent;
    /// The team gave a corrected document back: told to the author.
    "document-corrected" = files::told::DocumentCorrected;

    // Money
    /// Money arrived: confirmed to the client, told to the team.
    "paid" = payments::told::PaymentReceived;
    /// A payment was refused: told to the client, guest or not, and to the team.
    "payment-failed" = payments::told::PaymentFailed;
    /// Something about a payment needs the team.
    "payment-alert" = payments::told::PaymentAlert;
    /// An invoice or a credit note can be sent: the mail with the PDF.
    "invoice" = invoices::told::InvoiceReady;

    // Conversations
    /// A client wrote: told to the team.
    "client-wrote" = messages::told::ClientWrote;
    /// A client wrote whose order is being corrected: the corrector's bell.
    "client-wrote-corrector" = messages::told::ClientWroteToCorrector;
    /// The team wrote to a client: their bell and a mail.
    "team-wrote" = messages::told::TeamWrote;
    /// The team answered a visitor: the mail with the page to answer on.
    "visitor-answered" = messages::told::TeamAnsweredVisitor;
    /// A visitor wrote: told to the team.
    "visitor-wrote" = messages::told::VisitorWrote;
    /// A visitor's message was received: a mail says so, once a day.
    "visitor-acknowledged" = messages::told::VisitorAcknowledged;
    // Calls
    /// A call was booked: confirmed with an invitation, told to the team.
    "call-booked" = consultations::told::ConsultationBooked;
    /// A call was moved by whoever booked it: a new invitation, told to the team.
    "call-moved" = consultations::told::ConsultationMoved;
    /// A call was cancelled by whoever booked it: taken off their calendar, told to the team.
    "call-cancelled" = consultations::told::ConsultationCancelled;
    /// A call is tomorrow: the mail of the evening before.
    "call-tomorrow" = consultations::told::ConsultationTomorrow;
    /// The team saw a booking: told to whoever booked it.
    "call-processed" = consultations::told::ConsultationProcessed;

    // Forms of the public site
    /// A visitor wrote by the contact form: acknowledged, told to the team.
    "contact" = public::told::ContactReceived;
    /// A visitor asked for a free sample: acknowledged, told to the team.
    "free-sample" = public::told::SampleRequested;
    /// Someone wants the newsletter: the mail with the link that confirms it.
    "newsletter-asked" = public::told::NewsletterAsked;
    /// Someone confirmed that they want the newsletter: welcome, with the way out.
    "newsletter-joined" = public::told::NewsletterJoined;

    // The machine room
    /// An invoice cannot be rendered: told to the team.
    "render-fails" = invoices::told::RenderingFails;
    /// A job keeps failing: told to the team.
    "job-fails" = jobs::told::JobFails;
    /// It works again: told to the team.
    "job-works-again" = jobs::told::JobWorksAgain;
    /// An address refuses mails for good: the team's bell only, for a mail might be refused too.
    "mail-refused" = emails::told::MailRefused;
    /// Mails do not leave any more: the team's bell only.
    "mails-stuck" = emails::told::MailsStuck;
    /// An act of high or critical severity was audited: the team's bell, once in ten minutes.
    "act" = audit::told::SensitiveAct;
}

#[cfg(test)]
mod tests {
    use super::NAMES;

    #[test]
    fn no_two_happenings_share_a_name() {
        let mut names = NAMES.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), NAMES.len());
    }
}
