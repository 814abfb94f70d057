//! Mails about withdrawals.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::samples::{NASTY_TITLE, REFERENCE, Sampled, at, long_title, s};

contexts! {
    /// The receipt of a declaration, to whoever made it.
    WithdrawalUser {
        nom: String,
        email: String,
        /// Order or invoice, as typed.
        numero: Option<String>,
        message: Option<String>,
        declared_at: DateTime<Utc>,
    }

    /// What a withdrawal does to its order, for the order's author.
    WithdrawalOrderUser {
        first_name: String,
        commande_title: String,
        /// What people call the order; empty for one that has no reference yet.
        reference: String,
        declared_at: DateTime<Utc>,
        /// Whether the order stops for it.
        stopped: bool,
        /// Whether its author has the right to withdraw.
        entitled: bool,
        in_time: bool,
        /// Within the last day of the period; none while nothing is paid.
        last_day: Option<DateTime<Utc>>,
        /// Whether its author had asked that work begin at once.
        express: bool,
        /// Paid, in cents.
        price: i64,
        /// What of it is kept, when it is known.
        kept: Option<i64>,
        /// What of it is given back, when it is known.
        returned: Option<i64>,
    }

    /// A withdrawal, for the team.
    AdminWithdrawal {
        title: String,
        customer_name: String,
        customer_email: String,
        commande_title: String,
        /// What people call the order; empty for one that has no reference yet.
        reference: String,
        declared_at: DateTime<Utc>,
        /// Whether its author has the right to withdraw.
        entitled: bool,
        in_time: bool,
        /// Within the last day of the period; none while nothing is paid.
        last_day: Option<DateTime<Utc>>,
        /// Whether its author had asked that work begin at once.
        express: bool,
        /// Paid, in cents.
        price: i64,
        /// What of it is kept, when it is known.
        kept: Option<i64>,
    }
}

impl Sampled for WithdrawalUser {
    fn samples() -> Vec<Self> {
        let whole = Self {
            nom: s("Éloïse d'Aubigné <b>"),
            email: s("eloise@example.com"),
            numero: Some(s(REFERENCE)),
            message: Some(s("Je change d'avis.\nMerci.")),
            declared_at: at(7, 29, 9, 8),
        };
        let bare = Self { numero: None, message: None, ..whole.clone() };
        vec![whole, bare]
    }
}

impl Sampled for WithdrawalOrderUser {
    fn samples() -> Vec<Self> {
        let stopped = Self {
            first_name: s("Éloïse"),
            commande_title: s(NASTY_TITLE),
            reference: s(REFERENCE),
            declared_at: at(7, 29, 9, 8),
            stopped: true,
            entitled: true,
            in_time: true,
            last_day: Some(at(8, 10, 21, 59)),
            express: true,
            price: 46_800,
            kept: None,
            returned: None,
        };
        let whole = Self { express: false, kept: Some(0), returned: Some(46_800), ..stopped.clone() };
        let late =
            Self { stopped: false, in_time: false, kept: Some(46_800), returned: Some(0), ..stopped.clone() };
        let unpaid =
            Self { last_day: None, price: 0, express: false, reference: String::new(), ..stopped.clone() };
        let business =
            Self { entitled: false, stopped: false, commande_title: long_title(), ..stopped.clone() };
        vec![stopped, whole, late, unpaid, business]
    }
}

impl Sampled for AdminWithdrawal {
    fn samples() -> Vec<Self> {
        let one = Self {
            title: s("Rétractation à traiter"),
            customer_name: s("Éloïse d'Aubigné"),
            customer_email: s("eloise@example.com"),
            commande_title: s(NASTY_TITLE),
            reference: s(REFERENCE),
            declared_at: at(7, 29, 9, 8),
            entitled: true,
            in_time: true,
            last_day: Some(at(8, 10, 21, 59)),
            express: true,
            price: 46_800,
            kept: None,
        };
        let late =
            Self { title: s("Rétractation hors délai"), in_time: false, express: false, ..one.clone() };
        let business = Self {
            title: s("Rétractation d’un professionnel"),
            entitled: false,
            last_day: None,
            ..one.clone()
        };
        vec![one, late, business]
    }
}
