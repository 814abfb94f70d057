//! A directory that goes with the test.

use std::{
    ops::Deref,
    path::{Path, PathBuf},
};

use staka::clock::new_id;

/// A memory disk smaller than this is left alone: containers often have 64 MiB.
const MEMORY_DISK: u64 = 2 << 30;

/// A path nobody uses: in memory where there is room, for nothing here needs to survive.
pub fn path(what: &str) -> PathBuf {
    let memory = Path::new("/dev/shm");
    let free =
        nix::sys::statvfs::statvfs(memory).map_or(0, |disk| disk.blocks_available() * disk.fragment_size());
    let base = if free >= MEMORY_DISK { memory.to_owned() } else { std::env::temp_dir() };
    base.join(format!("staka-test-{what}-{}", new_id().simple()))
}

/// A directory of its own, removed with this value.
pub struct Scratch(PathBuf);

impl Scratch {
    /// A fresh, empty one.
    pub fn new() -> Self {
        let path = path("files");
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// Every file below, by its path from the directory.
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(&self.0, &self.0, &mut found);
        found
    }
}

impl Deref for Scratch {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for Scratch {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

/// A file beside a directory, which goes with it.
pub fn beside(directory: &Path) -> PathBuf {
    directory.with_extension("erasures.log")
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(beside(&self.0));
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn walk(root: &Path, directory: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => walk(root, &entry.path(), found),
            false => found.push(entry.path().strip_prefix(root).unwrap().display().to_string()),
        }
    }
}
