//! Objects in a directory of this machine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::stream::{BoxStream, StreamExt, TryStreamExt, try_unfold};
use object_store::local::LocalFileSystem;

use super::spool::{Temporary, blocking};
use super::{StorageError, key};

/// Keys read at a time.
const PAGE: usize = 1000;

/// A directory of this machine.
#[derive(Clone, Debug)]
pub(super) struct Directory(Arc<Path>);

impl Directory {
    pub(super) fn new(root: &Path) -> Self {
        Self(root.into())
    }

    /// The directory as a store, made when it is missing. Blocking.
    pub(super) fn open(&self) -> Result<LocalFileSystem, StorageError> {
        fs::create_dir_all(&self.0)?;
        Ok(LocalFileSystem::new_with_prefix(&self.0)?)
    }

    /// Moves a finished file to its place and makes both the file and its name durable. Blocking.
    pub(super) fn adopt(&self, mut file: Temporary, key: &str) -> Result<(), StorageError> {
        key::validate(key)?;
        let target = self.0.join(key);
        let parent = target.parent().ok_or(StorageError::InvalidKey)?;
        fs::create_dir_all(parent)?;
        fs::File::open(file.path()?)?.sync_all()?;
        fs::rename(file.path()?, &target)?;
        file.disarm();
        Ok(fs::File::open(parent)?.sync_all()?)
    }

    /// Every key, in their byte order. One directory per level is in memory.
    pub(super) fn keys(&self) -> BoxStream<'static, Result<String, StorageError>> {
        let pages = try_unfold(Walk::new(self.0.to_path_buf()), |mut walk| async move {
            let (page, walk) = blocking(move || Ok((walk.page()?, walk))).await?;
            Ok::<_, StorageError>((!page.is_empty()).then_some((page, walk)))
        });
        pages.map_ok(|page| futures_util::stream::iter(page.into_iter().map(Ok))).try_flatten().boxed()
    }
}

/// Where a reading of the tree stands: what is left of each directory from the root down.
struct Walk {
    root: PathBuf,
    levels: Vec<std::vec::IntoIter<String>>,
}

impl Walk {
    fn new(root: PathBuf) -> Self {
        Self { root, levels: vec![vec![String::new()].into_iter()] }
    }

    /// The next keys; none at the end.
    fn page(&mut self) -> io::Result<Vec<String>> {
        let mut page = Vec::new();
        while let Some(level) = self.levels.last_mut().filter(|_| page.len() < PAGE) {
            match level.next() {
                None => drop(self.levels.pop()),
                Some(name) if name.is_empty() || name.ends_with('/') => self.enter(&name)?,
                Some(key) => page.push(key),
            }
        }
        Ok(page)
    }

    /// Reads a directory. Directories sort as their content does: with their final slash.
    fn enter(&mut self, directory: &str) -> io::Result<()> {
        let mut names = Vec::new();
        let entries = match fs::read_dir(self.root.join(directory)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().map(|name| format!("{directory}{name}")) else {
                continue;
            };
            // What is no key, or leads to none, is not ours.
            match entry.file_type()?.is_dir() {
                true if key::validate(&format!("{name}/x")).is_ok() => names.push(format!("{name}/")),
                false if key::validate(&name).is_ok() => names.push(name),
                _ => {}
            }
        }
        names.sort_unstable();
        self.levels.push(names.into_iter());
        Ok(())
    }
}
