//! What visitors of the public site leave with us.
//!
//! | path                                       | what it does                                              |
//! |--------------------------------------------|-----------------------------------------------------------|
//! | `POST /public/contact`                     | a message to the team                                     |
//! | `POST /public/free-sample`                 | a request for a free sample, with an extract               |
//! | `POST /public/newsletter`                  | someone wants the newsletter                              |
//! | `/public/newsletter/confirm/{token}`       | the page that confirms it                                 |
//! | `/public/newsletter/leave/{token}`         | the page that leaves it, and its one-click form           |
//!
//! Every form goes through [`receipts`] first, in the transaction that keeps what it says: the same one is taken once in
//! ten minutes, and an address is acknowledged three times a day at most, so that nobody fills somebody else's mailbox.

mod contact;
mod desk;
pub mod jobs;
pub mod newsletter;
pub mod personal;
mod receipts;
mod sample;
pub mod told;

use utoipa_axum::router::OpenApiRouter;

use crate::app::AppState;

/// The routes of the table at the head of this module.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(contact::router()).merge(sample::router()).merge(newsletter::router())
}
