//! Where objects are kept: one interface over the places that can keep them.
//!
//! An object is written once under a key of our making, read by ranges, and removed. Nothing is ever changed in place.

mod draft;
mod key;
mod local;

use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream::{BoxStream, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

pub use draft::{Draft, PendingObject};
pub use key::Kind;
use local::LocalDir;

/// Bytes read from a source or an object at a time.
const CHUNK: usize = 64 * 1024;

/// The object store. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Storage {
    /// A directory of this machine.
    Local(LocalDir),
}

/// What is known of an object once it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// The name to open it by: `<kind>/<yyyy>/<mm>/<uuid>.<ext>`.
    pub key: String,
    /// Length in bytes.
    pub size: u64,
    /// SHA-256 of the content, lower-case hexadecimal.
    pub sha256: String,
}

/// Why the storage refused.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The content is longer than the caller allows.
    #[error("the object is larger than {limit} bytes")]
    TooLarge {
        /// The most bytes allowed.
        limit: u64,
    },
    /// The disk or the quota is full, less is free than the reserve, or the disk went read-only.
    #[error("the storage is full")]
    Full(#[source] Option<io::Error>),
    /// No object has this key.
    #[error("no such object")]
    NotFound,
    /// The key is not one this storage can hold.
    #[error("invalid object key")]
    InvalidKey,
    /// Reading from the caller's source failed; the storage itself is well.
    #[error("the source could not be read")]
    Source(#[source] io::Error),
    /// Anything else the file system says.
    #[error("storage failure")]
    Io(#[source] io::Error),
}

impl From<io::Error> for StorageError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{NotFound, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded | ReadOnlyFilesystem => Self::Full(Some(error)),
            NotFound => Self::NotFound,
            _ => Self::Io(error),
        }
    }
}

impl Storage {
    /// A storage in the local directory `root`, created when missing. Writing is refused when less than
    /// `reserve` bytes would stay free, so that uploads never starve what shares the disk.
    pub fn local(root: impl Into<PathBuf>, reserve: u64) -> Result<Self, StorageError> {
        LocalDir::open(root.into(), reserve).map(Self::Local)
    }

    /// Begins an object: nothing is visible under a key until the draft is committed.
    pub async fn draft(&self) -> Result<Draft, StorageError> {
        let Self::Local(dir) = self;
        Draft::create(dir.clone()).await
    }

    /// Keeps what `reader` gives, at most `limit` bytes. `now` dates the key.
    pub async fn put_stream(
        &self,
        kind: Kind,
        extension: &str,
        now: DateTime<Utc>,
        mut reader: impl AsyncRead + Unpin,
        limit: u64,
    ) -> Result<StoredObject, StorageError> {
        let mut draft = self.draft().await?.limit(limit);
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = reader.read(&mut buffer).await.map_err(StorageError::Source)?;
            match buffer.get(..read) {
                Some(chunk) if read > 0 => draft.write(chunk).await?,
                _ => break,
            }
        }
        draft.commit(kind, extension, now).await?.keep().await
    }

    /// Keeps bytes already in memory: small things made by ourselves.
    pub async fn put_bytes(
        &self,
        kind: Kind,
        extension: &str,
        now: DateTime<Utc>,
        bytes: &[u8],
    ) -> Result<StoredObject, StorageError> {
        self.put_stream(kind, extension, now, bytes, u64::MAX).await
    }

    /// Opens an object for reading. A missing object is [`StorageError::NotFound`].
    pub async fn open(&self, key: &str) -> Result<StoredFile, StorageError> {
        let Self::Local(dir) = self;
        let file = tokio::fs::File::open(dir.path_of(key)?).await?;
        let metadata = file.metadata().await?;
        if !metadata.is_file() {
            return Err(StorageError::NotFound);
        }
        Ok(StoredFile { len: metadata.len(), file })
    }

    /// Reads a whole object into memory; for attachments of mails and other small things.
    /// Longer than `limit` bytes is [`StorageError::TooLarge`].
    pub async fn read(&self, key: &str, limit: u64) -> Result<Vec<u8>, StorageError> {
        let mut object = self.open(key).await?;
        if object.len > limit {
            return Err(StorageError::TooLarge { limit });
        }
        let mut bytes = Vec::new();
        object.file.read_to_end(&mut bytes).await?;
        Ok(bytes)
    }

    /// Removes an object. Removing what is not there succeeds.
    pub async fn delete(&self, key: &str) -> Result<(), StorageError> {
        let Self::Local(dir) = self;
        match tokio::fs::remove_file(dir.path_of(key)?).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Whether an object has this key.
    pub async fn exists(&self, key: &str) -> Result<bool, StorageError> {
        let Self::Local(dir) = self;
        Ok(tokio::fs::try_exists(dir.path_of(key)?).await?)
    }

    /// Proves that objects can be kept: writes and removes a small file, and checks the free space.
    pub async fn probe(&self) -> Result<(), StorageError> {
        let mut draft = self.draft().await?;
        draft.write(b"probe").await?;
        draft.flush().await
    }

    /// Removes temporary files last written before `cutoff`: what a killed process left behind. Answers how many.
    pub async fn sweep_tmp(&self, cutoff: DateTime<Utc>) -> Result<usize, StorageError> {
        let Self::Local(dir) = self;
        let dir = dir.clone();
        local::blocking(move || dir.sweep_tmp(cutoff)).await
    }

    /// When the object of a key of our making was made; nothing of an imported one.
    pub fn made_at(key: &str) -> Option<DateTime<Utc>> {
        key::made_at(key)
    }

    /// Every key kept, in no order, for the job that looks for objects without a row.
    pub async fn keys(&self) -> Result<Vec<String>, StorageError> {
        let Self::Local(dir) = self;
        let dir = dir.clone();
        local::blocking(move || dir.keys()).await
    }
}

/// An object opened for reading.
#[derive(Debug)]
pub struct StoredFile {
    len: u64,
    file: tokio::fs::File,
}

impl StoredFile {
    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the object holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The `length` bytes that begin at `start`, as a stream.
    pub async fn into_stream(
        mut self,
        start: u64,
        length: u64,
    ) -> io::Result<BoxStream<'static, io::Result<Bytes>>> {
        if start > 0 {
            self.file.seek(io::SeekFrom::Start(start)).await?;
        }
        Ok(ReaderStream::with_capacity(self.file.take(length), CHUNK).boxed())
    }
}
