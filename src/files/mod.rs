//! Documents: how they are received, judged, kept and given back.
//!
//! A file travels through these rooms in order: [`upload`] reads the multipart form, [`names`] cleans the
//! client's file name, [`sniff`] decides what the content really is, [`storage`] keeps it, [`download`] streams it back.
//! [`guard`] lets no virus in. [`access`] decides who may do what with a document.

pub mod access;
pub mod deletions;
pub mod download;
pub mod guard;
pub mod jobs;
pub mod journal;
pub mod names;
pub mod orphans;
pub mod personal;
mod routes;
pub mod service;
pub mod sniff;
pub mod storage;
pub mod store;
pub mod upload;

mod upload_error;

pub use routes::{FileItem, reading_router};

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
