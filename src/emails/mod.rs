//! Mails on their way: how they look ([`render`]), how they leave ([`transport`]), and the table they wait in
//! ([`outbox`]), filled in the transaction of what they tell of. What they say is in `mails/`.

pub mod desk;
pub mod jobs;
mod listener;
pub mod outbox;
pub mod personal;
pub mod render;
pub mod told;
pub mod transport;
pub mod unsubscribe;
pub mod worker;

pub use listener::Post;
