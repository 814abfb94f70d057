//! The layers and the listener, around a small demonstration router, over real sockets.

pub mod demo;
mod edge;
mod errors;
mod limits;
pub mod log;
mod server;
mod spa;
mod system;
mod unreadable;
