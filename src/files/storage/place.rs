//! The places objects can be kept in.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use futures_util::stream::{BoxStream, StreamExt};
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, path};

use super::bucket::Bucket;
use super::local::Directory;
use super::spool::{Temporary, blocking};
use super::{StorageError, StoredObject, key};

/// Where objects are. Reading and removing are the same everywhere; keeping and listing are not.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// The store wants its directory to exist, so it is opened when it is first used.
    Local(Directory, Arc<OnceLock<LocalFileSystem>>),
    Bucket(Bucket),
}

impl Place {
    pub(super) fn local(root: &Path) -> Self {
        Self::Local(Directory::new(root), Arc::default())
    }

    pub(super) fn store(&self) -> Result<&dyn ObjectStore, StorageError> {
        Ok(match self {
            Self::Bucket(bucket) => bucket.store(),
            Self::Local(directory, store) => match store.get() {
                Some(store) => store,
                None => {
                    let opened = directory.open()?;
                    store.get_or_init(|| opened)
                }
            },
        })
    }

    /// Keeps a finished file under its key.
    pub(super) async fn put(&self, object: &StoredObject, file: Temporary) -> Result<(), StorageError> {
        match self {
            Self::Local(directory, _) => {
                let (directory, key) = (directory.clone(), object.key.clone());
                blocking(move || directory.adopt(file, &key)).await
            }
            Self::Bucket(bucket) => bucket.put(&location(&object.key)?, file.path()?, object.size).await,
        }
    }

    /// Every key, in their byte order, read a page at a time.
    pub(super) fn keys(&self) -> BoxStream<'static, Result<String, StorageError>> {
        match self {
            Self::Local(directory, _) => directory.keys(),
            Self::Bucket(bucket) => {
                let listed = bucket.store().list(None).map(|object| Ok(object?.location.to_string()));
                let ours = |key: &Result<String, StorageError>| {
                    std::future::ready(key.as_ref().map_or(true, |key| key::validate(key).is_ok()))
                };
                listed.filter(ours).boxed()
            }
        }
    }
}

/// A key as the stores name it.
pub(super) fn location(key: &str) -> Result<path::Path, StorageError> {
    key::validate(key)?;
    path::Path::parse(key).map_err(|_| StorageError::InvalidKey)
}
