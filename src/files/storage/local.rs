//! The local directory behind [`super::Storage`].

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{StorageError, key};

/// The directory of unfinished files, beside the finished ones so that a rename never crosses a file system.
const TMP: &str = "tmp";

/// A directory of this machine, and how much of its disk must stay free.
#[derive(Clone, Debug)]
pub struct LocalDir {
    root: Arc<Path>,
    reserve: u64,
}

impl LocalDir {
    pub(super) fn open(root: PathBuf, reserve: u64) -> Result<Self, StorageError> {
        fs::create_dir_all(root.join(TMP))?;
        Ok(Self { root: root.into(), reserve })
    }

    /// Where the object of this key lives. The key is validated.
    pub(super) fn path_of(&self, key: &str) -> Result<PathBuf, StorageError> {
        key::validate(key)?;
        Ok(self.root.join(key))
    }

    pub(super) fn tmp_path(&self, name: &str) -> PathBuf {
        self.root.join(TMP).join(name)
    }

    /// Makes sure that a file can be begun: the directory is there (a volume may be mounted over it at any time)
    /// and the disk has more than the reserve left. Blocking.
    pub(super) fn prepare(&self) -> Result<(), StorageError> {
        fs::create_dir_all(self.root.join(TMP))?;
        let stat = nix::sys::statvfs::statvfs(&*self.root).map_err(io::Error::from)?;
        // The widths of these counters differ between platforms.
        #[allow(clippy::unnecessary_cast)]
        let free = (stat.blocks_available() as u64).saturating_mul(stat.fragment_size() as u64);
        if free < self.reserve {
            return Err(StorageError::Full(None));
        }
        Ok(())
    }

    /// Moves a finished temporary file to its place and makes both the file and its name durable. Blocking.
    pub(super) fn adopt(&self, tmp: &Path, target: &Path) -> Result<(), StorageError> {
        let parent = target.parent().ok_or(StorageError::InvalidKey)?;
        fs::create_dir_all(parent)?;
        fs::File::open(tmp)?.sync_all()?;
        fs::rename(tmp, target)?;
        Ok(fs::File::open(parent)?.sync_all()?)
    }

    pub(super) fn sweep_tmp(&self, cutoff: DateTime<Utc>) -> Result<usize, StorageError> {
        let mut removed = 0;
        for entry in fs::read_dir(self.root.join(TMP))? {
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

    pub(super) fn keys(&self) -> Result<Vec<String>, StorageError> {
        let mut keys = Vec::new();
        let mut pending = vec![self.root.to_path_buf()];
        while let Some(directory) = pending.pop() {
            for entry in fs::read_dir(directory)? {
                let entry = entry?;
                let path = entry.path();
                if entry.file_type()?.is_dir() {
                    pending.push(path);
                } else if let Some(key) = self.key_of(&path) {
                    keys.push(key);
                }
            }
        }
        Ok(keys)
    }

    fn key_of(&self, path: &Path) -> Option<String> {
        let key = path.strip_prefix(&self.root).ok()?.to_str()?;
        key::validate(key).is_ok().then(|| key.to_owned())
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
