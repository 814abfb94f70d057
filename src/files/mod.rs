//! Documents: how they are received, judged, kept and given back.
//!
//! A file travels through these rooms in order: [`upload`] reads the multipart form, [`names`] cleans the
//! client's file name, [`sniff`] decides what the content really is, [`storage`] keeps it, [`download`] streams it back.
//! [`guard`] lets no virus in. [`access`] decides who may do what with a document, [`quota`] how much room they have.
//!
//! | route                                              | what it does                                             |
//! |----------------------------------------------------|----------------------------------------------------------|
//! | `POST /files/projects/{id}/upload`                 | adds a document to an order; the team's is the corrected |
//! | `POST /files/upload/message`                       | a document to be sent with a message                     |
//! | `POST /files/upload`, `POST /unifiedFiles/upload`  | either, as a field says                                  |
//! | `GET /files/projects/{id}/files`                   | the documents of an order                                |
//! | `GET /files/user/all`, `GET /files/user`           | those of all own orders; what the caller sent            |
//! | `GET /unifiedFiles/{id}`, `GET /files/download/{id}` | one: what is known of it, its content                  |
//! | `DELETE /files/{id}`, `DELETE /files/projects/{id}/files/{fileId}` | takes one away                           |

pub mod access;
pub mod deletions;
pub mod demo;
pub mod download;
pub mod guard;
pub mod jobs;
pub mod journal;
pub mod names;
pub mod orphans;
pub mod personal;
pub mod quota;
pub mod removal;
mod routes;
mod sending;
mod sending_routes;
pub mod service;
pub mod sniff;
pub mod storage;
pub mod store;
pub mod told;
mod unsent;
pub mod upload;

mod upload_error;

pub use routes::{FileItem, router};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The family of a document, as the `files.type` column and the wire name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FileType {
    /// Text documents, spreadsheets, presentations.
    Document,
    /// Raster images.
    Image,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// Containers of other files.
    Archive,
    /// Imported rows only: never given to a new upload.
    Other,
}
