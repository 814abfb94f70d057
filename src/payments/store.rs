//! SQL of the payments: sessions, events, money received and given back.

mod closing;
mod desk;
mod events;
mod money;
mod sessions;

pub use closing::{
    Closings, forget_closing, part_from_pending, queue_closing, queue_closing_of_person, queue_overdue,
};
pub use desk::{
    EventFilter, InboxEvent, count_events, discard_event, event, event_page, events_by_status, lock_event,
    take_over,
};
pub use events::{
    EventStatus, Inbox, Kept, StoredEvent, event_attempts, event_payload, keep_event, lock_events_awaiting,
    set_processed, take_event,
};
pub use money::{
    NewPayment, PaymentKind, PaymentRow, Refundable, insert_payment, lock_payment, paid_title, refundable,
    refunded,
};
pub use sessions::{
    OpenSessions, OwnedSession, SessionRow, SessionState, SettledOrder, adopt_session, claim_unchecked,
    has_open_session, insert_session, is_being_paid, lock_session, open_pages, payable_among, session,
    session_of_user, set_next_check, set_not_opened, set_opened, set_session_processing, set_session_state,
    settled_order, standing_page,
};
