//! An object being written.

use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncWriteExt, BufWriter};

use super::local::{self, LocalDir};
use super::{CHUNK, Kind, StorageError, StoredObject, key};
use crate::clock;

/// Objects hold what people entrusted to us: the owner's eyes only.
const PRIVATE_MODE: u32 = 0o600;

/// An object being written to a temporary file, hashed on the way. Dropped before [`Draft::commit`], it leaves nothing.
#[derive(Debug)]
pub struct Draft {
    // The writer is dropped before the file it writes to is removed.
    writer: BufWriter<File>,
    temporary: RemovedOnDrop,
    hasher: Sha256,
    size: u64,
    limit: u64,
    dir: LocalDir,
}

impl Draft {
    pub(super) async fn create(dir: LocalDir) -> Result<Self, StorageError> {
        let target = dir.clone();
        // Created with its guard in one piece of work: a caller gone meanwhile drops both.
        let (file, temporary) = local::blocking(move || create_file(&target)).await?;
        Ok(Self {
            writer: BufWriter::with_capacity(CHUNK, File::from_std(file)),
            temporary,
            hasher: Sha256::new(),
            size: 0,
            limit: u64::MAX,
            dir,
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
        local::blocking(move || Ok(look(&mut std::fs::File::open(path)?)?)).await
    }

    /// Ends the writing and gives the object its key, dated `now`. It is not in the storage yet.
    pub async fn commit(
        mut self,
        kind: Kind,
        extension: &str,
        now: DateTime<Utc>,
    ) -> Result<PendingObject, StorageError> {
        let key = key::generate(kind, extension, now)?;
        self.flush().await?;
        let Self { temporary, hasher, size, dir, .. } = self;
        let object = StoredObject { key, size, sha256: hex::encode(hasher.finalize()) };
        Ok(PendingObject { object, temporary, dir })
    }
}

fn create_file(dir: &LocalDir) -> Result<(std::fs::File, RemovedOnDrop), StorageError> {
    dir.prepare()?;
    let path = dir.tmp_path(&format!("{}.part", clock::new_id()));
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(PRIVATE_MODE).open(&path)?;
    Ok((file, RemovedOnDrop(Some(path))))
}

/// A finished object that waits on this machine to be kept. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct PendingObject {
    object: StoredObject,
    temporary: RemovedOnDrop,
    dir: LocalDir,
}

impl PendingObject {
    /// What it will be once it is kept.
    pub fn object(&self) -> &StoredObject {
        &self.object
    }

    /// Puts the object into the storage, durably, whether or not the caller waits for the end. After an error it may be
    /// there or not.
    ///
    /// # Errors
    /// When the storage refuses.
    pub async fn keep(self) -> Result<StoredObject, StorageError> {
        let Self { object, mut temporary, dir } = self;
        local::blocking(move || {
            dir.adopt(temporary.path()?, &dir.path_of(&object.key)?)?;
            temporary.disarm();
            Ok(object)
        })
        .await
    }
}

/// A file removed when the guard goes. Unlinking is one short system call, and doing it in place is what
/// still works while the runtime shuts down.
#[derive(Debug)]
struct RemovedOnDrop(Option<PathBuf>);

impl RemovedOnDrop {
    fn path(&self) -> Result<&Path, StorageError> {
        self.0.as_deref().ok_or(StorageError::NotFound)
    }

    fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for RemovedOnDrop {
    fn drop(&mut self) {
        let Some(path) = self.0.take() else { return };
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "an abandoned file could not be removed");
            }
            _ => {}
        }
    }
}
