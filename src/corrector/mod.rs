//! What correctors see and do: the orders they were asked to correct, their documents ([`crate::files`]) and the
//! conversation with their authors, and nothing else.
//!
//! | route                                | what it does                              |
//! |--------------------------------------|-------------------------------------------|
//! | `GET /corrector/projects`            | a page of the orders assigned to the caller |
//! | `PUT /corrector/projects/{id}/status`| delivers one of them                      |

mod routes;
mod service;
mod store;

pub use routes::router;
