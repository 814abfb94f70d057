//! SQL of the payments: sessions, events, money received and given back.

mod events;
mod money;
mod sessions;

pub use events::{EventStatus, Inbox, StoredEvent, event_attempts, event_payload, keep_event, take_event};
pub use money::{NewPayment, PaymentKind, PaymentRow, insert_payment, lock_payment, paid_title, refunded};
pub use sessions::{
    OpenSessions, OwnedSession, SessionRow, SessionState, SettledOrder, adopt_session, claim_unchecked,
    has_open_session, insert_session, is_being_paid, lock_session, payable_among, session_of_user,
    set_opened, set_session_processing, set_session_state, settled_order,
};
