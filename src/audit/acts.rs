//! Every act the log knows: name, what it is done to, how much it matters. The names are those that the
//! dashboard filters by.

use super::{Severity, Target};

/// An act that can be recorded.
#[derive(Clone, Copy, Debug)]
pub struct Act {
    /// Stable name, such as `LOGIN_SUCCESS`.
    pub name: &'static str,
    /// What it is done to.
    pub target: Target,
    /// How much it matters.
    pub severity: Severity,
    /// What the administrators read when it matters much; `None` for what anybody can cause in any number.
    pub alarm: Option<&'static str>,
}

impl Act {
    /// The same act where it matters more, or less, than usual.
    #[must_use]
    pub const fn at(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }
}

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident: $target:ident, $severity:ident $(, $alarm:literal)?;)+) => {
        $($(#[$doc])* pub const $name: Act = Act {
            name: stringify!($name),
            target: Target::$target,
            severity: Severity::$severity,
            alarm: acts!(@alarm $($alarm)?),
        };)+

        /// All of them.
        pub const ALL: &[Act] = &[$($name),+];
    };
    (@alarm) => { None };
    (@alarm $alarm:literal) => { Some($alarm) };
}

acts! {
    // Accounts
    /// An account was opened by its owner.
    REGISTER_SUCCESS: Auth, Low;
    /// An account could not be opened.
    REGISTER_FAILED: Auth, Low;
    /// Someone logged in.
    LOGIN_SUCCESS: Auth, Low;
    /// Someone could not log in.
    LOGIN_FAILED: Auth, Medium;
    /// An account cannot be logged into for a while, after too many failures.
    ACCOUNT_LOCKED: Auth, High, "Un compte est bloqué après trop d’échecs de connexion";
    /// The owner of a guest order chose a password.
    ACCOUNT_ACTIVATED: Auth, Low;
    /// A new activation link was asked for.
    ACTIVATION_REQUEST: Auth, Low;
    /// A link to choose a new password was asked for.
    PASSWORD_RESET_REQUEST: Auth, Medium;
    /// A forgotten password was replaced.
    PASSWORD_RESET_SUCCESS: Auth, Medium;
    /// A reset failed. Anybody can cause any number of these: no bell rings.
    PASSWORD_RESET_FAILED: Auth, High;
    /// An account was opened by an administrator, or on the command line.
    USER_CREATED: User, High, "Un compte a été créé par l’administration";
    /// An account changed.
    USER_UPDATED: User, Low;
    /// An administrator gave an account another role.
    USER_ROLE_CHANGED: User, High, "Le rôle d’un compte a changé";
    /// An administrator closed an account, or opened it again.
    USER_STATUS_CHANGED: User, Medium;
    /// The owner of an account replaced their password.
    PASSWORD_CHANGE: Auth, Medium;
    /// An account was erased.
    USER_DELETED: User, High, "Un compte a été supprimé";
    /// Someone asked for all that is held of them.
    USER_DATA_EXPORTED: User, Medium;
    /// An export of personal data was fetched.
    USER_DATA_DOWNLOADED: User, Medium;

    // Orders
    /// An order was created.
    COMMAND_CREATED: Command, Low;
    /// An order changed.
    COMMAND_UPDATED: Command, Low;
    /// An order was given to a corrector, or taken back.
    COMMAND_ASSIGNED: Command, Low;
    /// An order that was never paid was removed.
    COMMAND_DELETED: Command, High, "Une commande a été supprimée";
    /// Money was asked back for a client.
    REFUND_REQUESTED: Payment, High, "Un remboursement a été demandé";
    /// An order moved from one status to another.
    COMMAND_STATUS_CHANGED: Command, Medium;
    /// Someone declared that they withdraw from an order.
    WITHDRAWAL_DECLARED: Command, Medium;
    /// A withdrawal was accepted or refused.
    WITHDRAWAL_DECIDED: Command, Medium;

    // Money
    /// A payment page was opened.
    PAYMENT_SESSION_CREATED: Payment, Low;
    /// Someone asked what became of a payment.
    PAYMENT_STATUS_CHECKED: Payment, Low;
    /// Money arrived.
    PAYMENT_WEBHOOK_RECEIVED: Payment, Medium;
    /// The totals of a day were not what its invoices come to.
    DAILY_TOTALS_REPAIRED: Payment, High, "Les totaux d’une journée ne correspondaient pas à ses factures : ils ont été recalculés";
    /// The PDF of an invoice was fetched.
    INVOICE_DOWNLOADED: Invoice, Low;
    /// An administrator looked at an invoice.
    INVOICE_ACCESSED: Invoice, Low;
    /// An administrator had an invoice sent again.
    INVOICE_SENT: Invoice, Medium;
    /// An administrator changed the state of an invoice.
    INVOICE_UPDATED: Invoice, Medium;
    /// An invoice asks for nothing any more.
    INVOICE_CANCELLED: Invoice, High, "Une facture a été annulée";
    /// The PDF of an invoice was made anew.
    INVOICE_PDF_GENERATED: Invoice, Low;

    // Conversations
    /// A client asked for help.
    USER_MESSAGE_SUPPORT_EMAIL_SENT: User, Medium;
    /// An administrator wrote.
    MESSAGE_SENT: User, Low;
    /// An administrator removed a message from the team's sight.
    MESSAGE_DELETED: User, Low;
    /// An administrator removed a conversation from the team's sight.
    CONVERSATION_DELETED: User, Medium;

    // Calls
    /// An administrator noted where a booked call stands.
    CONSULTATION_PROCESSED: System, Medium;
    // Content of the site
    /// A line was added to the price list.
    TARIF_CREATED: System, Medium;
    /// A line of the price list changed.
    TARIF_UPDATED: System, Medium;
    /// A line left the price list.
    TARIF_DELETED: System, Medium;
    /// A line was told to Stripe.
    TARIF_SYNCED: System, Low;
    /// A question was added.
    FAQ_CREATED: System, Low;
    /// A question changed.
    FAQ_UPDATED: System, Low;
    /// A question was removed.
    FAQ_DELETED: System, Medium;
    /// A page was added.
    PAGE_CREATED: System, Low;
    /// A page changed.
    PAGE_UPDATED: System, Medium;
    /// A page was published, by an administrator or at its time.
    PAGE_PUBLISHED: System, Medium;
    /// A page is a draft again.
    PAGE_UNPUBLISHED: System, Medium;
    /// A page was removed.
    PAGE_DELETED: System, Medium;

    // The demonstration
    /// The demonstration was made anew.
    DEMO_REFRESHED: System, Medium;
    /// The demonstration was made anew as it was first.
    DEMO_RESET: System, Medium;
    /// The demonstration was taken away.
    DEMO_REMOVED: System, Medium;

    // Documents
    /// A document was received.
    FILE_UPLOADED: File, Medium;
    /// A document was fetched.
    FILE_DOWNLOADED: File, Medium;
    /// A document was removed.
    FILE_DELETED: File, High, "Un document a été supprimé";
    /// A virus was found in what somebody sent; nothing of it was kept.
    FILE_INFECTED: File, High, "Un fichier infecté a été refusé";

    // The log itself. Reading it rings no bell.
    /// An administrator read the log.
    AUDIT_LOGS_ACCESSED: System, High;
    /// The log could not be read.
    AUDIT_LOGS_ACCESS_ERROR: System, High;
    /// An administrator looked at the figures of the log.
    AUDIT_STATS_ACCESSED: System, Medium;
    /// The figures of the log could not be read.
    AUDIT_STATS_ERROR: System, High;
    /// The log was exported.
    AUDIT_LOGS_EXPORTED: System, High;
    /// The log could not be exported.
    AUDIT_LOGS_EXPORT_ERROR: System, High;
    /// Old rows of the log were let go.
    AUDIT_LOGS_CLEANUP: System, High, "Le journal d’audit a été épuré";
    /// Old rows of the log could not be let go.
    AUDIT_LOGS_CLEANUP_ERROR: System, High, "Le journal d’audit n’a pas pu être épuré";

    // What runs behind the site
    /// A mail that had been given up was queued again.
    EMAIL_RETRIED: System, Medium;
    /// A mail was looked at.
    EMAIL_ACCESSED: System, Low;
    /// An event of Stripe was tried again.
    STRIPE_EVENT_RETRIED: Payment, Medium;
    /// An event of Stripe was given up.
    STRIPE_EVENT_DISCARDED: Payment, High, "Un événement de Stripe a été abandonné";
    /// An administrator told all administrators something.
    NOTIFICATION_SENT: System, Low;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_that_matter_ring_but_for_reads_of_the_log_and_what_anybody_can_cause() {
        let silent: Vec<_> =
            ALL.iter().filter(|act| act.severity >= Severity::High && act.alarm.is_none()).collect();
        let silent: Vec<_> = silent.iter().map(|act| act.name).collect();
        let expected = [
            "PASSWORD_RESET_FAILED",
            "AUDIT_LOGS_ACCESSED",
            "AUDIT_LOGS_ACCESS_ERROR",
            "AUDIT_STATS_ERROR",
            "AUDIT_LOGS_EXPORTED",
            "AUDIT_LOGS_EXPORT_ERROR",
        ];
        assert_eq!(silent, expected);
    }

    #[test]
    fn names_are_unique_and_fit_their_column() {
        let mut names: Vec<_> = ALL.iter().map(|act| act.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        assert!(names.iter().all(|name| name.len() <= 100));
    }
}
