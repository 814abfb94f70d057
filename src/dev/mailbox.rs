//! The development mailbox, read in a browser.
//!
//! | route                                               | what                                       |
//! |-----------------------------------------------------|--------------------------------------------|
//! | `GET /dev/mailbox`                                  | a page to read the mails as a person would |
//! | `GET /dev/mailbox/messages`                         | JSON list, newest first; `?to=` filters    |
//! | `GET /dev/mailbox/messages/{id}/attachments/{name}` | one attachment                             |
//! | `DELETE /dev/mailbox/messages`                      | empties it                                 |

mod page;
mod routes;

pub use routes::router;
