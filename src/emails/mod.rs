//! Mails: what they say ([`mail`]), how they look ([`render`]), how they leave ([`transport`]), and
//! the table they wait in ([`outbox`]), filled in the transaction of the event they tell of.

mod listener;
pub mod mail;
pub mod outbox;
pub mod render;
pub mod transport;
pub mod unsubscribe;
pub mod worker;

pub use listener::listen;
pub use outbox::{Recipient, recipient};
