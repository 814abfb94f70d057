//! Uploads and downloads, through a small route over real HTTP.

mod demo;
mod downloads;
mod limits;
mod types;
