//! The account of a session, in its owner's hands: what they change of it, are handed of it, and how they leave.
//!
//! | route                                | what it does                                                |
//! |--------------------------------------|-------------------------------------------------------------|
//! | `GET /users/me`                      | the account                                                 |
//! | `PUT /users/me`, `/users/me/profile` | changes the profile                                         |
//! | `PUT /users/me/password`             | replaces the password, given the one there is               |
//! | `GET`, `PUT /users/me/preferences`   | choices about mails and privacy                             |
//! | `GET /users/me/stats`                | counts of the profile page                                  |
//! | `GET /users/me/export`               | queues an export of all that is held of them, see [`crate::privacy`] |
//! | `PUT /users/me/deactivate`           | closes the account until the next login                     |
//! | `DELETE /users/me`                   | erases the account, see [`crate::privacy`]                  |

mod routes;
mod service;
mod wire;

pub use routes::router;
