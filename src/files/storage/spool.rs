//! Files on their way into the storage, on this machine whatever the storage is: they are measured, hashed and judged here.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::StorageError;
use crate::clock;

/// Beside the finished objects of a local storage, so that a rename never crosses a file system.
const DIRECTORY: &str = "tmp";

/// Documents hold what people entrusted to us: the owner's eyes only.
const PRIVATE_MODE: u32 = 0o600;

/// A directory of this machine, and how much of its disk must stay free, in bytes.
#[derive(Clone, Debug)]
pub(super) struct Spool {
    directory: Arc<Path>,
    reserve: u64,
}

impl Spool {
    pub(super) fn new(root: &Path, reserve: u64) -> Self {
        Self { directory: root.join(DIRECTORY).into(), reserve }
    }

    /// Makes the directory when it is missing. Blocking.
    pub(super) fn prepare(&self) -> io::Result<()> {
        fs::create_dir_all(&self.directory)
    }

    /// A new file, unless less than the reserve is free. Blocking.
    pub(super) fn create(&self) -> Result<(fs::File, Temporary), StorageError> {
        // A volume may be mounted over the directory at any time.
        self.prepare()?;
        if self.free()? < self.reserve {
            return Err(StorageError::Full(None));
        }
        let path = self.directory.join(format!("{}.part", clock::new_id()));
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(PRIVATE_MODE).open(&path)?;
        Ok((file, Temporary(Some(path))))
    }

    fn free(&self) -> io::Result<u64> {
        let stat = nix::sys::statvfs::statvfs(&*self.directory)?;
        // The widths of these counters differ between platforms.
        #[allow(clippy::unnecessary_cast)]
        Ok((stat.blocks_available() as u64).saturating_mul(stat.fragment_size() as u64))
    }

    /// Removes the files last written before `cutoff`. Blocking.
    pub(super) fn sweep(&self, cutoff: DateTime<Utc>) -> io::Result<usize> {
        let mut removed = 0;
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            // A file finished meanwhile by its writer is none of ours.
            let Ok(modified) = entry.metadata().and_then(|data| data.modified()) else {
                continue;
            };
            if DateTime::<Utc>::from(modified) < cutoff && fs::remove_file(entry.path()).is_ok() {
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// A file of the spool, removed when the guard goes. Unlinking is one short system call, and doing it in place is
/// what still works while the runtime shuts down.
#[derive(Debug)]
pub(super) struct Temporary(Option<PathBuf>);

impl Temporary {
    pub(super) fn path(&self) -> Result<&Path, StorageError> {
        self.0.as_deref().ok_or(StorageError::NotFound)
    }

    /// The file was moved away.
    pub(super) fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let Some(path) = self.0.take() else { return };
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "an abandoned file could not be removed");
            }
            _ => {}
        }
    }
}

/// Runs file system work off the async threads.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
) -> Result<T, StorageError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(StorageError::Io(io::Error::other(error))))
}
