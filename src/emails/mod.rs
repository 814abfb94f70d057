//! Mails: what they say ([`mail`]), how they look ([`render`]) and how they leave ([`transport`]).

pub mod mail;
pub mod render;
pub mod transport;
