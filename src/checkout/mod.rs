//! From the order form to the payment page: orders that are paid at once, of guests and connected authors.
//!
//! A form travels through these rooms in order: [`routes`] reads it as text [`form`] fields, [`intake`] (with
//! [`buyer`] for the billing block) says what is asked for and at what price, [`place`] records it with its documents
//! and opens the payment page, [`announce`] tells the team; [`confirming`] opens what a guest ordered for nothing. [`quota`]
//! bounds what unpaid orders take, [`purge`] forgets what nobody paid.
//!
//! | route                                  | what it does                                       |
//! |----------------------------------------|----------------------------------------------------|
//! | `POST /public/order`                   | a guest's order, with its manuscripts, to be paid  |
//! | `GET /public/order/{id}`               | whether that order is paid                         |
//! | `/public/commande-offerte/{token}`     | a page that confirms a guest's order of no cost    |
//! | `POST /commandes/create-paid-project`  | the same for a connected author                    |

mod announce;
mod buyer;
pub mod confirming;
pub mod form;
mod intake;
pub mod jobs;
mod place;
pub mod purge;
mod quota;
mod routes;
pub mod told;

pub use form::Fields;
pub use routes::router;
