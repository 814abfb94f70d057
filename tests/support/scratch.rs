//! A directory that goes with the test.

use std::{
    ops::Deref,
    path::{Path, PathBuf},
};

use staka::clock::new_id;

/// A directory of its own, removed with this value.
pub struct Scratch(PathBuf);

impl Scratch {
    /// A fresh, empty one.
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("staka-test-{}", new_id().simple()));
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

impl Drop for Scratch {
    fn drop(&mut self) {
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
