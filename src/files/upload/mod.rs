//! Multipart forms with files, read as a stream.
//!
//! The text fields that come before the first file are read first and judged by the caller; only then are files
//! written, each one checked on the way. Whatever ends the upload early (a refusal, an error, a client that goes
//! away) leaves nothing: no object is in the storage before the whole form was accepted.
//!
//! ```ignore
//! let mut form = MultipartForm::new(body, spec);
//! let order = validate(form.fields_until_first_file().await?)?;
//! let received = form.receive_files(&storage, clock.now()).await?;
//! // Where nobody can cancel it:
//! let files = received.keep(&storage).await?;
//! if let Err(error) = service::create(order, &files).await {
//!     deletions::abandon(&state, &keys_of(&files)).await;
//!     return Err(error);
//! }
//! ```

mod body;
mod fields;
mod source;

use chrono::{DateTime, Utc};
use multer::Field;

pub use self::body::MultipartBody;
pub use self::fields::{Fields, FileMetadata};
use super::sniff::{self, HEAD_BYTES, Policy};
use super::storage::{Draft, Kind, PendingObject, Storage, StorageError, StoredObject};
pub use super::upload_error::UploadError;
use super::{FileType, names};

/// What a route takes.
#[derive(Debug, Clone, Copy)]
pub struct UploadSpec {
    /// The form field that carries files.
    pub file_field: &'static str,
    /// The most files.
    pub max_files: usize,
    /// The most bytes of each file.
    pub max_bytes_per_file: u64,
    /// Which formats.
    pub policy: Policy,
    /// Where they are kept.
    pub kind: Kind,
}

/// A multipart form being read. Dropped before its end, it lets the client finish sending within bounds, so that
/// the refusal is read rather than lost in a broken connection.
pub struct MultipartForm {
    body: MultipartBody,
    spec: UploadSpec,
    fields: Fields,
    /// The first file, met while reading the text fields.
    waiting: Option<FilePart>,
}

/// A file of the form, not yet read.
struct FilePart {
    field: Field<'static>,
    /// The file's name as sent; empty for a file input that was left empty.
    filename: String,
}

/// A file that was received and judged.
#[derive(Debug, Clone)]
pub struct ReceivedFile {
    /// Its rank among the files of the form, from 0.
    pub index: usize,
    /// The client's name for it, cleaned.
    pub filename: String,
    /// What is kept of it, and where.
    pub object: StoredObject,
    /// Its true type.
    pub mime: &'static str,
    /// Its family.
    pub file_type: FileType,
    /// What the form says about it in `fileMetadata_<index>`.
    pub metadata: Option<FileMetadata>,
}

/// The files of a form, not in the storage yet. Dropped, they leave nothing.
#[derive(Debug)]
pub struct Received {
    files: Vec<ReceivedFile>,
    objects: Vec<PendingObject>,
}

impl Received {
    /// The files, in the order they came.
    pub fn files(&self) -> &[ReceivedFile] {
        &self.files
    }

    /// Puts them into the storage, all of them or none. To be called where nobody cancels it, before their rows are
    /// written; when those cannot be, [`super::deletions::abandon`] takes the objects back.
    ///
    /// # Errors
    /// When the storage refuses or is away.
    pub async fn keep(self, storage: &Storage) -> Result<Vec<ReceivedFile>, StorageError> {
        let mut begun = Vec::with_capacity(self.objects.len());
        for object in self.objects {
            begun.push(object.object().key.clone());
            if let Err(error) = object.keep().await {
                take_back(storage, &begun).await;
                return Err(error);
            }
        }
        Ok(self.files)
    }

    /// The one file of a form that must have one, or [`UploadError::MissingFile`].
    pub fn first(&self) -> Result<&ReceivedFile, UploadError> {
        self.files.first().ok_or(UploadError::MissingFile)
    }
}

async fn take_back(storage: &Storage, keys: &[String]) {
    for key in keys {
        if let Err(error) = storage.delete(key).await {
            tracing::warn!(%error, "an object is left to the sweep of the storage");
        }
    }
}

/// The most bytes of a form beside its files: texts, headers, boundaries.
const AROUND_FILES: u64 = 1024 * 1024;

impl UploadSpec {
    /// The most bytes of the whole form.
    fn max_bytes(&self) -> u64 {
        (self.max_files as u64).saturating_mul(self.max_bytes_per_file).saturating_add(AROUND_FILES)
    }
}

impl MultipartForm {
    /// Reads `body` under the limits of `spec`.
    pub fn new(body: MultipartBody, spec: UploadSpec) -> Self {
        Self { body, spec, fields: Fields::default(), waiting: None }
    }

    /// Reads the rest of the form under other limits: those of what its first fields say that it is for.
    pub fn under(&mut self, spec: UploadSpec) {
        self.spec = spec;
    }

    /// Reads the text fields that come before the first file. Nothing is written.
    pub async fn fields_until_first_file(&mut self) -> Result<&Fields, UploadError> {
        self.waiting = self.next_file().await?;
        Ok(&self.fields)
    }

    /// Whether a file ended what [`Self::fields_until_first_file`] read.
    pub fn is_at_a_file(&self) -> bool {
        self.waiting.is_some()
    }

    /// The text fields read so far; after [`Self::receive_files`], all of them.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Reads the rest of the form, its files into the spool of the storage, for keys dated `now`.
    pub async fn receive_files(
        &mut self,
        storage: &Storage,
        now: DateTime<Utc>,
    ) -> Result<Received, UploadError> {
        let mut received = Received { files: Vec::new(), objects: Vec::new() };
        let mut next = self.waiting.take();
        if next.is_none() {
            next = self.next_file().await?;
        }
        while let Some(part) = next {
            self.store_part(part, storage, now, &mut received).await?;
            next = self.next_file().await?;
        }
        for file in &mut received.files {
            file.metadata = self.fields.metadata(file.index);
        }
        // The client has nothing left to send: however long this takes, it is not the client that stalls.
        if let Some(guard) = storage.guard() {
            for (file, object) in received.files.iter().zip(&received.objects) {
                guard.judge(&file.filename, object).await?;
            }
        }
        Ok(received)
    }

    /// Collects text fields up to the next file, or to the end.
    async fn next_file(&mut self) -> Result<Option<FilePart>, UploadError> {
        self.body.limit(self.spec.max_bytes())?;
        while let Some(field) = self.body.next_field().await? {
            let name = field.name().unwrap_or_default().to_owned();
            match body::filename(&field) {
                Some(_) if name != self.spec.file_field => {
                    return Err(UploadError::UnexpectedField { field: name });
                }
                Some(filename) => {
                    return Ok(Some(FilePart { field, filename }));
                }
                None => self.fields.read(&self.body, name, field).await?,
            }
        }
        Ok(None)
    }

    async fn store_part(
        &self,
        mut part: FilePart,
        storage: &Storage,
        now: DateTime<Utc>,
        received: &mut Received,
    ) -> Result<(), UploadError> {
        let first = self.body.chunk(&mut part.field).await?;
        if part.filename.is_empty() && first.is_none() {
            return Ok(());
        }
        let max = self.spec.max_files;
        if received.files.len() >= max {
            return Err(UploadError::TooManyFiles { max });
        }
        let index = received.files.len();
        let (file, object) = self.store_file(part, first, index, storage, now).await?;
        received.files.push(file);
        received.objects.push(object);
        Ok(())
    }

    async fn store_file(
        &self,
        part: FilePart,
        first: Option<bytes::Bytes>,
        index: usize,
        storage: &Storage,
        now: DateTime<Utc>,
    ) -> Result<(ReceivedFile, PendingObject), UploadError> {
        let FilePart { mut field, filename } = part;
        let filename = names::clean(&filename);
        let accepted = || self.spec.policy.accepted();
        let refused = |_| UploadError::UnsupportedType { filename: filename.clone(), accepted: accepted() };
        let declared = field.content_type().map(|mime| mime.to_string());
        let format = sniff::claimed(self.spec.policy, &filename, declared.as_deref()).map_err(refused)?;
        let limit = self.spec.max_bytes_per_file;
        let mut draft = storage.draft().await?.limit(limit);
        let mut head = Vec::new();
        let mut next = first;
        while let Some(chunk) = next {
            write(&mut draft, &chunk, &filename).await?;
            if grow_head(&mut head, &chunk) {
                sniff::check_head(format, &head).map_err(refused)?;
            }
            next = self.body.chunk(&mut field).await?;
        }
        if draft.size() == 0 {
            return Err(UploadError::EmptyFile { filename });
        }
        sniff::check_head(format, &head).map_err(refused)?;
        let verdict = draft.inspect(move |file| sniff::check_whole(format, file));
        verdict.await?.map_err(refused)?;
        let stored = draft.commit(self.spec.kind, format.extension(), now).await?;
        let file = ReceivedFile {
            index,
            filename,
            object: stored.object().clone(),
            mime: format.mime,
            file_type: format.file_type,
            metadata: None,
        };
        Ok((file, stored))
    }
}

/// Collects the beginning of a file; true at the moment it is complete.
fn grow_head(head: &mut Vec<u8>, chunk: &[u8]) -> bool {
    let room = HEAD_BYTES - head.len();
    head.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
    room > 0 && head.len() == HEAD_BYTES
}

async fn write(draft: &mut Draft, chunk: &[u8], filename: &str) -> Result<(), UploadError> {
    draft.write(chunk).await.map_err(|error| match error {
        StorageError::TooLarge { limit } => UploadError::TooLarge { filename: filename.to_owned(), limit },
        error => error.into(),
    })
}
