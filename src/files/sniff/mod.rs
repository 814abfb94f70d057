//! What an uploaded file really is.
//!
//! A file is accepted when its name, the type declared by the browser and its content agree on one format of
//! [`formats`], and the policy of the route allows that format. Markup that a browser could run (HTML, SVG) is
//! refused under any name.

mod container;
mod content;
mod formats;

use std::io;

pub use content::HEAD_BYTES;
pub use formats::Format;

/// Which formats a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Manuscripts sent with an order: documents, text, images, archives.
    Order,
    /// Files of a project.
    Project,
    /// Attachments of messages.
    Message,
}

impl Policy {
    /// The extensions it takes, as people write them: `.pdf, .docx`.
    pub fn accepted(self) -> String {
        formats::accepted(self)
    }
}

/// The file is not of a format that is taken, or is not what it says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unsupported or lying file type")]
pub struct Refused;

/// The format a file claims to be, by its name and its declared type. Generic declarations
/// (`application/octet-stream`, none) claim nothing and leave the name to decide.
pub fn claimed(policy: Policy, filename: &str, declared: Option<&str>) -> Result<&'static Format, Refused> {
    let (_, extension) = filename.rsplit_once('.').ok_or(Refused)?;
    let format = Format::by_extension(extension).ok_or(Refused)?;
    let allowed = format.allows(policy) && format.may_be_declared(declared);
    allowed.then_some(format).ok_or(Refused)
}

/// Judges the first [`HEAD_BYTES`] bytes (all of them when the file is shorter), so that a lie is refused early.
pub fn check_head(format: &Format, head: &[u8]) -> Result<(), Refused> {
    content::matches_head(format.content, head).then_some(()).ok_or(Refused)
}

/// Judges the complete file, whose head was accepted: looks inside containers, and at every byte of a text. Blocking.
pub fn check_whole(format: &Format, file: &mut std::fs::File) -> io::Result<Result<(), Refused>> {
    let matches = content::matches_whole(format.content, file)?;
    Ok(matches.then_some(()).ok_or(Refused))
}
