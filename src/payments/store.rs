//! SQL of the payments: sessions, orders, events, money received and given back.

mod events;
mod money;
mod orders;
mod sessions;

pub use events::{EventStatus, StoredEvent, claim_events, event_attempts, keep_event, take_event};
pub use money::{NewPayment, PaymentRow, insert_payment, lock_payment, paid_title, refunded};
pub use orders::{
    CommandeRow, NewCommande, Payable, PendingRow, attach_files, commande_of_user, expire_pending,
    insert_commande, lock_commande, lock_pending, payable_commande, payable_pending, set_commande_failed,
    set_commande_paid, set_commande_unpaid, set_pending_paid, unpaid_order,
};
pub use sessions::{
    OwnedSession, SessionRow, SessionState, adopt_session, claim_unchecked, insert_session, is_target_paid,
    lock_session, session_of_user, set_opened, set_session_processing, set_session_state, settled_order,
};
