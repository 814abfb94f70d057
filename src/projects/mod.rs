//! The author's view of their orders: what each project is, how far it is, what can be fetched.
//!
//! | route                       | what it does                            |
//! |-----------------------------|-----------------------------------------|
//! | `GET /projects`             | a page of the caller's projects         |
//! | `GET /projects/counts`      | how many there are under each tab       |
//! | `GET /projects/{id}/files`  | their documents, see [`crate::files`]   |

mod routes;
mod service;
mod store;
mod view;

pub use routes::router;
pub use service::{Counts, counts};
