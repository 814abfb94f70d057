//! Where objects are kept: one interface over the places that can keep them, a directory of this machine or a bucket of
//! an S3-compatible store.
//!
//! An object is written to the spool first, a directory of this machine, whatever the place; kept once, whole, under a
//! key of our making; read by ranges, and removed. Nothing is ever changed in place. Nothing is removed from a place
//! but by an explicit call: what an abandoned request leaves behind is a file of the spool, which goes with its guard.

mod bucket;
mod draft;
mod https;
mod key;
mod local;
mod place;
mod spool;

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::{GetOptions, GetRange, GetResultPayload, ObjectStoreExt, path};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::guard::Guard;
use crate::config::StorageSettings;
use bucket::Bucket;
pub use draft::{Draft, PendingObject};
pub use key::Kind;
use place::{Place, location};
use spool::{Spool, blocking};

/// Bytes read from a source or an object at a time.
const CHUNK: usize = 64 * 1024;

/// The object store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Storage {
    spool: Spool,
    place: Place,
    guard: Option<Arc<Guard>>,
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
    /// The bucket does not answer, or refuses us.
    #[error("the object store is away")]
    Away(#[source] Box<object_store::Error>),
    /// Anything else the file system says.
    #[error("storage failure")]
    Io(#[source] io::Error),
}

impl From<object_store::Error> for StorageError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::NotFound,
            object_store::Error::InvalidPath { .. } => Self::InvalidKey,
            object_store::Error::Generic { store: "LocalFileSystem", .. } => from_local(error),
            error => Self::Away(Box::new(error)),
        }
    }
}

/// What the file system said, below the layers of the crate.
fn from_local(error: object_store::Error) -> StorageError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(found) = cause {
        if let Some(found) = found.downcast_ref::<io::Error>() {
            return io::Error::new(found.kind(), error).into();
        }
        cause = found.source();
    }
    StorageError::Io(io::Error::other(error))
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
    /// The storage of these settings. Nothing is made on the disk nor asked of a bucket yet.
    ///
    /// # Errors
    /// When the bucket's settings contradict each other.
    pub fn new(settings: &StorageSettings) -> Result<Self, StorageError> {
        let (root, reserve) = (settings.directory.as_path(), settings.reserve_mb << 20);
        let place = match &settings.bucket {
            None => Place::local(root),
            Some(bucket) => Place::Bucket(Bucket::open(bucket)?),
        };
        Ok(Self { spool: Spool::new(root, reserve), place, guard: None })
    }

    /// The same storage, behind someone who judges what people send before it is kept.
    #[must_use]
    pub fn guarded(self, guard: Option<Guard>) -> Self {
        Self { guard: guard.map(Arc::new), ..self }
    }

    /// Who judges what people send.
    pub(super) fn guard(&self) -> Option<&Guard> {
        self.guard.as_deref()
    }

    /// Makes the directories that are missing.
    ///
    /// # Errors
    /// When one cannot be made.
    pub fn prepare(&self) -> Result<(), StorageError> {
        self.spool.prepare()?;
        self.place.store().map(drop)
    }

    /// A storage in the local directory `root`, created when missing. Writing is refused when less than
    /// `reserve` bytes would stay free, so that uploads never starve what shares the disk.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn local(root: impl AsRef<Path>, reserve: u64) -> Result<Self, StorageError> {
        let root = root.as_ref();
        let storage = Self { spool: Spool::new(root, reserve), place: Place::local(root), guard: None };
        storage.prepare()?;
        Ok(storage)
    }

    /// Begins an object: nothing is visible under a key until it is committed and kept.
    ///
    /// # Errors
    /// When the spool has no room.
    pub async fn draft(&self) -> Result<Draft, StorageError> {
        Draft::create(self.spool.clone(), self.place.clone()).await
    }

    /// Keeps what `reader` gives, at most `limit` bytes. `now` dates the key.
    ///
    /// # Errors
    /// When the reader fails or gives more, or the storage refuses.
    pub async fn put_stream(
        &self,
        kind: Kind,
        extension: &str,
        now: DateTime<Utc>,
        reader: impl AsyncRead + Unpin,
        limit: u64,
    ) -> Result<StoredObject, StorageError> {
        let draft = self.filled(reader, limit).await?;
        draft.commit(kind, extension, now).await?.keep().await
    }

    /// Keeps what `reader` gives under a key the caller decides: for imports and restorations, which find again what they kept.
    ///
    /// # Errors
    /// When the key is invalid, the reader fails, or the storage refuses.
    pub async fn put_as(
        &self,
        key: String,
        reader: impl AsyncRead + Unpin,
    ) -> Result<StoredObject, StorageError> {
        self.filled(reader, u64::MAX).await?.commit_as(key).await?.keep().await
    }

    async fn filled(&self, mut reader: impl AsyncRead + Unpin, limit: u64) -> Result<Draft, StorageError> {
        let mut draft = self.draft().await?.limit(limit);
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = reader.read(&mut buffer).await.map_err(StorageError::Source)?;
            match buffer.get(..read) {
                Some(chunk) if read > 0 => draft.write(chunk).await?,
                _ => return Ok(draft),
            }
        }
    }

    /// Keeps bytes already in memory: small things made by ourselves.
    ///
    /// # Errors
    /// When the storage refuses.
    pub async fn put_bytes(
        &self,
        kind: Kind,
        extension: &str,
        now: DateTime<Utc>,
        bytes: &[u8],
    ) -> Result<StoredObject, StorageError> {
        self.put_stream(kind, extension, now, bytes, u64::MAX).await
    }

    /// Opens an object for reading.
    ///
    /// # Errors
    /// [`StorageError::NotFound`] for a missing object.
    pub async fn open(&self, key: &str) -> Result<StoredFile, StorageError> {
        let location = location(key)?;
        let len = self.place.store()?.head(&location).await?.size;
        Ok(StoredFile { len, location, place: self.place.clone() })
    }

    /// Reads a whole object into memory; for attachments of mails and other small things.
    ///
    /// # Errors
    /// [`StorageError::TooLarge`] when it is longer than `limit` bytes.
    pub async fn read(&self, key: &str, limit: u64) -> Result<Vec<u8>, StorageError> {
        let object = self.open(key).await?;
        let len = object.len;
        if len > limit {
            return Err(StorageError::TooLarge { limit });
        }
        let mut content = object.into_stream(0, len).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = content.try_next().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// Removes an object. Removing what is not there succeeds.
    ///
    /// # Errors
    /// When the storage refuses.
    pub async fn delete(&self, key: &str) -> Result<(), StorageError> {
        match self.place.store()?.delete(&location(key)?).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            deleted => Ok(deleted?),
        }
    }

    /// Whether an object has this key.
    ///
    /// # Errors
    /// When the storage cannot tell.
    pub async fn exists(&self, key: &str) -> Result<bool, StorageError> {
        match self.open(key).await {
            Ok(_) => Ok(true),
            Err(StorageError::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Proves that objects can be kept: writes and removes a small file of the spool, checks the free space, and asks
    /// the bucket for the keys below a name nothing has. No object is written.
    ///
    /// # Errors
    /// When they cannot.
    pub async fn probe(&self) -> Result<(), StorageError> {
        let mut draft = self.draft().await?;
        draft.write(b"probe").await?;
        draft.flush().await?;
        match &self.place {
            Place::Local(..) => Ok(()),
            Place::Bucket(bucket) => bucket.probe().await,
        }
    }

    /// Removes files of the spool last written before `cutoff`: what a killed process left behind. Answers how many.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub async fn sweep_tmp(&self, cutoff: DateTime<Utc>) -> Result<usize, StorageError> {
        let spool = self.spool.clone();
        blocking(move || Ok(spool.sweep(cutoff)?)).await
    }

    /// When the object of a key of our making was made; nothing of an imported one.
    pub fn made_at(key: &str) -> Option<DateTime<Utc>> {
        key::made_at(key)
    }

    /// Every key kept, in their byte order, for the job that looks for objects without a row. Read a page at a time.
    pub fn keys(&self) -> BoxStream<'static, Result<String, StorageError>> {
        self.place.keys()
    }
}

/// An object opened for reading.
#[derive(Debug)]
pub struct StoredFile {
    len: u64,
    location: path::Path,
    place: Place,
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
    ///
    /// # Errors
    /// When the storage refuses, or the object was removed meanwhile.
    pub async fn into_stream(
        self,
        start: u64,
        length: u64,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>, StorageError> {
        if length == 0 {
            return Ok(stream::empty().boxed());
        }
        let range = GetRange::Bounded(start..start.saturating_add(length));
        let options = GetOptions { range: Some(range), ..GetOptions::default() };
        match self.place.store()?.get_opts(&self.location, options).await?.payload {
            GetResultPayload::Stream(content) => Ok(content.map_err(io::Error::other).boxed()),
            GetResultPayload::File(file, _) => {
                let mut file = tokio::fs::File::from_std(file);
                file.seek(io::SeekFrom::Start(start)).await?;
                Ok(ReaderStream::with_capacity(file.take(length), CHUNK).boxed())
            }
        }
    }
}
