//! An object being written.

use std::io;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncWriteExt, BufWriter};

use super::place::Place;
use super::spool::{Spool, Temporary, blocking};
use super::{CHUNK, Kind, StorageError, StoredObject, key};

/// An object being written to the spool, hashed on the way. Dropped before [`Draft::commit`], it leaves nothing.
#[derive(Debug)]
pub struct Draft {
    // The writer is dropped before the file it writes to is removed.
    writer: BufWriter<File>,
    temporary: Temporary,
    hasher: Sha256,
    size: u64,
    limit: u64,
    place: Place,
}

impl Draft {
    pub(super) async fn create(spool: Spool, place: Place) -> Result<Self, StorageError> {
        // Created with its guard in one piece of work: a caller gone meanwhile drops both.
        let (file, temporary) = blocking(move || spool.create()).await?;
        Ok(Self {
            writer: BufWriter::with_capacity(CHUNK, File::from_std(file)),
            temporary,
            hasher: Sha256::new(),
            size: 0,
            limit: u64::MAX,
            place,
        })
    }

    /// Sets the most bytes the object may hold.
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// Bytes written so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends bytes. Going over the limit is [`StorageError::TooLarge`], and writes none of them.
    pub async fn write(&mut self, chunk: &[u8]) -> Result<(), StorageError> {
        self.size = self.size.saturating_add(chunk.len() as u64);
        if self.size > self.limit {
            return Err(StorageError::TooLarge { limit: self.limit });
        }
        self.hasher.update(chunk);
        Ok(self.writer.write_all(chunk).await?)
    }

    /// Hands what was written to the operating system.
    pub async fn flush(&mut self) -> Result<(), StorageError> {
        Ok(self.writer.flush().await?)
    }

    /// Lets `look` read back everything written so far, off the async threads.
    pub async fn inspect<T: Send + 'static>(
        &mut self,
        look: impl FnOnce(&mut std::fs::File) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.flush().await?;
        let path = self.temporary.path()?.to_owned();
        blocking(move || Ok(look(&mut std::fs::File::open(path)?)?)).await
    }

    /// Ends the writing and gives the object its key, dated `now`. It is not in the storage yet.
    pub async fn commit(
        self,
        kind: Kind,
        extension: &str,
        now: DateTime<Utc>,
    ) -> Result<PendingObject, StorageError> {
        self.commit_as(key::generate(kind, extension, now)?).await
    }

    /// Ends an object under a key the caller decides: for imports, which find again what they kept.
    ///
    /// # Errors
    /// When the key is invalid or the storage refuses.
    pub async fn commit_as(mut self, key: String) -> Result<PendingObject, StorageError> {
        key::validate(&key)?;
        self.flush().await?;
        let Self { temporary, hasher, size, place, .. } = self;
        let object = StoredObject { key, size, sha256: hex::encode(hasher.finalize()) };
        Ok(PendingObject { object, temporary, place })
    }
}

/// A finished object that waits on this machine to be kept. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct PendingObject {
    object: StoredObject,
    temporary: Temporary,
    place: Place,
}

impl PendingObject {
    /// What it will be once it is kept.
    pub fn object(&self) -> &StoredObject {
        &self.object
    }

    /// Its content, read where it waits.
    pub(in crate::files) async fn content(&self) -> Result<File, StorageError> {
        Ok(File::open(self.temporary.path()?).await?)
    }

    /// Puts the object into the storage, durably, whether or not the caller waits for the end. After an error it may be
    /// there or not.
    ///
    /// # Errors
    /// When the storage refuses or is away.
    pub async fn keep(self) -> Result<StoredObject, StorageError> {
        let Self { object, temporary, place } = self;
        let kept = tokio::spawn(async move {
            place.put(&object, temporary).await?;
            Ok(object)
        });
        kept.await.unwrap_or_else(|error| Err(StorageError::Io(io::Error::other(error))))
    }
}
