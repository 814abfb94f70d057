//! The text fields of a form.

use std::collections::BTreeMap;

use multer::Field;
use serde::Deserialize;

use super::UploadError;
use super::body::MultipartBody;

/// The most bytes of one text field.
const MAX_TEXT: usize = 64 * 1024;

/// The most bytes of all text fields together, names and repetitions included.
const MAX_TEXTS: usize = 256 * 1024;

/// The longest title the database column holds, in characters.
const MAX_TITLE: usize = 255;

/// The text fields of a form, by name. A repeated name keeps its last value.
#[derive(Debug, Default)]
pub struct Fields {
    values: BTreeMap<String, String>,
    /// Bytes received, whatever became of them.
    received: usize,
}

/// What the single-page app says about a file beside it, as JSON in `fileMetadata_<n>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FileMetadata {
    /// The person's title for the document, at most 255 characters; `None` when blank.
    #[serde(deserialize_with = "text")]
    pub title: Option<String>,
    /// The person's note about it; `None` when blank.
    #[serde(deserialize_with = "text")]
    pub description: Option<String>,
    /// The file's name on the person's machine.
    #[serde(deserialize_with = "text")]
    pub original_name: Option<String>,
}

impl Fields {
    /// The value of a field, untouched.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What `fileMetadata_<index>` says. What cannot be read is as good as absent.
    pub fn metadata(&self, index: usize) -> Option<FileMetadata> {
        let json = self.get(&format!("fileMetadata_{index}"))?;
        let mut metadata: FileMetadata = serde_json::from_str(json).ok()?;
        metadata.title = metadata.title.map(|title| title.chars().take(MAX_TITLE).collect());
        Some(metadata)
    }

    pub(super) async fn read(
        &mut self,
        body: &MultipartBody,
        name: String,
        mut field: Field<'static>,
    ) -> Result<(), UploadError> {
        self.received += name.len();
        let mut bytes = Vec::new();
        while let Some(chunk) = body.chunk(&mut field).await? {
            bytes.extend_from_slice(&chunk);
            self.received += chunk.len();
            if bytes.len() > MAX_TEXT || self.received > MAX_TEXTS {
                return Err(UploadError::TextTooLong { field: name });
            }
        }
        let value = String::from_utf8(bytes).map_err(|_| UploadError::Malformed(None))?;
        self.values.insert(name, value);
        Ok(())
    }
}

/// A trimmed text; blank is `None`.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = Option::<String>::deserialize(deserializer)?;
    Ok(value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()))
}
