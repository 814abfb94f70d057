//! The table of accepted formats.

use super::Policy;
use super::content::Content::{self, *};
use crate::files::FileType::{self, *};

/// A format that some route takes.
#[derive(Debug, PartialEq)]
pub struct Format {
    /// Extensions, lower case, the canonical one first.
    extensions: &'static [&'static str],
    /// The type the file is stored and served with.
    pub mime: &'static str,
    /// The other types browsers declare for it.
    aliases: &'static [&'static str],
    /// Its family.
    pub file_type: FileType,
    pub(super) content: Content,
    policies: &'static [Policy],
}

/// What browsers declare when they know nothing.
const GENERIC: [&str; 3] = ["", "application/octet-stream", "binary/octet-stream"];

const ALL: &[Policy] = &[Policy::Order, Policy::Project, Policy::Message];
const WORK: &[Policy] = &[Policy::Order, Policy::Project];
const ORDER: &[Policy] = &[Policy::Order];
const MESSAGE: &[Policy] = &[Policy::Message];
const ORDER_AND_MESSAGE: &[Policy] = &[Policy::Order, Policy::Message];

/// Zip-based documents are declared as plain archives by systems that do not know the office suite.
const ZIP_LIKE: &[&str] = &["application/zip", "application/x-zip-compressed"];

#[rustfmt::skip]
static FORMATS: [Format; 31] = [
    f(&["pdf"], "application/pdf", &["application/x-pdf"], Document, Pdf, ALL),
    f(&["docx"], "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ZIP_LIKE, Document, Ooxml("word/"), ALL),
    f(&["doc"], "application/msword", &["application/vnd.ms-word"], Document, Ole(&["WordDocument"]), ALL),
    f(&["odt"], "application/vnd.oasis.opendocument.text", ZIP_LIKE, Document, Packaged("application/vnd.oasis.opendocument.text"), WORK),
    f(&["ods"], "application/vnd.oasis.opendocument.spreadsheet", ZIP_LIKE, Document, Packaged("application/vnd.oasis.opendocument.spreadsheet"), ORDER),
    f(&["epub"], "application/epub+zip", ZIP_LIKE, Document, Packaged("application/epub+zip"), ORDER),
    // Windows with Word installed declares .rtf as a Word document.
    f(&["rtf"], "application/rtf", &["text/rtf", "application/x-rtf", "text/richtext", "application/msword"], Document, Rtf, WORK),
    f(&["pages"], "application/vnd.apple.pages", &["application/zip", "application/x-zip-compressed", "application/x-iwork-pages-sffpages"], Document, Iwork, WORK),
    f(&["tex"], "application/x-tex", &["text/x-tex", "text/plain", "application/x-latex"], Document, Text, WORK),
    f(&["txt"], "text/plain", &[], Document, Text, ALL),
    f(&["md", "markdown"], "text/markdown", &["text/x-markdown", "text/plain"], Document, Text, WORK),
    // Windows with Excel installed declares .csv as a workbook.
    f(&["csv"], "text/csv", &["application/csv", "text/plain", "text/comma-separated-values", "application/vnd.ms-excel"], Document, Text, ORDER_AND_MESSAGE),
    f(&["xlsx"], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ZIP_LIKE, Document, Ooxml("xl/"), ALL),
    f(&["xls"], "application/vnd.ms-excel", &["application/msexcel", "application/x-excel"], Document, Ole(&["Workbook", "Book"]), ALL),
    f(&["pptx"], "application/vnd.openxmlformats-officedocument.presentationml.presentation", ZIP_LIKE, Document, Ooxml("ppt/"), ALL),
    f(&["ppt"], "application/vnd.ms-powerpoint", &["application/mspowerpoint", "application/powerpoint"], Document, Ole(&["PowerPoint Document"]), ALL),
    f(&["jpg", "jpeg", "jpe"], "image/jpeg", &["image/jpg", "image/pjpeg"], Image, Jpeg, ALL),
    f(&["png"], "image/png", &["image/x-png"], Image, Png, ALL),
    f(&["gif"], "image/gif", &[], Image, Gif, ALL),
    f(&["webp"], "image/webp", &[], Image, Webp, ORDER_AND_MESSAGE),
    f(&["bmp"], "image/bmp", &["image/x-ms-bmp", "image/x-bmp"], Image, Bmp, WORK),
    f(&["tiff", "tif"], "image/tiff", &["image/tif"], Image, Tiff, WORK),
    f(&["zip"], "application/zip", &["application/x-zip-compressed", "application/x-zip", "multipart/x-zip"], Archive, Zip, ALL),
    f(&["rar"], "application/vnd.rar", &["application/x-rar-compressed", "application/x-rar", "application/rar", "application/x-compressed"], Archive, Rar, ALL),
    f(&["7z"], "application/x-7z-compressed", &["application/x-compressed"], Archive, SevenZip, ALL),
    f(&["mp3"], "audio/mpeg", &["audio/mp3", "audio/x-mpeg", "audio/mpeg3", "audio/x-mp3"], Audio, Mp3, MESSAGE),
    f(&["wav"], "audio/wav", &["audio/x-wav", "audio/wave", "audio/vnd.wave"], Audio, Wav, MESSAGE),
    f(&["ogg", "oga"], "audio/ogg", &["application/ogg", "video/ogg", "audio/x-ogg"], Audio, Ogg, MESSAGE),
    f(&["mp4"], "video/mp4", &["video/x-mp4", "application/mp4"], Video, Mp4, MESSAGE),
    f(&["avi"], "video/x-msvideo", &["video/avi", "video/msvideo"], Video, Avi, MESSAGE),
    f(&["mov", "qt"], "video/quicktime", &[], Video, Mov, MESSAGE),
];

const fn f(
    extensions: &'static [&'static str],
    mime: &'static str,
    aliases: &'static [&'static str],
    file_type: FileType,
    content: Content,
    policies: &'static [Policy],
) -> Format {
    Format { extensions, mime, aliases, file_type, content, policies }
}

/// The extensions a policy takes, as people write them: `.pdf, .docx`.
pub(super) fn accepted(policy: Policy) -> String {
    let taken = FORMATS.iter().filter(|format| format.allows(policy));
    let names: Vec<String> = taken.map(|format| format!(".{}", format.extension())).collect();
    names.join(", ")
}

impl Format {
    /// The extension objects of this format are stored under.
    pub fn extension(&self) -> &'static str {
        self.extensions.first().copied().unwrap_or_default()
    }

    /// The format a file name's extension means, whatever its case.
    pub(super) fn by_extension(extension: &str) -> Option<&'static Self> {
        let extension = extension.to_ascii_lowercase();
        FORMATS.iter().find(|format| format.extensions.contains(&extension.as_str()))
    }

    pub(super) fn allows(&self, policy: Policy) -> bool {
        self.policies.contains(&policy)
    }

    /// Whether a client that sends this format may declare `declared`; its parameters do not count.
    pub(super) fn may_be_declared(&self, declared: Option<&str>) -> bool {
        let essence = declared.unwrap_or_default().split(';').next().unwrap_or_default();
        let essence = essence.trim().to_ascii_lowercase();
        let essence = essence.as_str();
        GENERIC.contains(&essence) || self.mime == essence || self.aliases.contains(&essence)
    }
}
