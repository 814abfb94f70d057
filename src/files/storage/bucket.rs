//! Objects in a bucket of an S3-compatible store.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::prefix::PrefixStore;
use object_store::{
    BackoffConfig, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig, path,
};
use secrecy::ExposeSecret;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::Semaphore;

use super::StorageError;
use super::https::Https;
use crate::config::BucketSettings;

/// Bytes sent in one request: the least S3 takes for a part that is not the last.
const PART: u64 = 5 * 1024 * 1024;

/// Objects sent at the same time, each with one part in memory.
const SENDERS: usize = 4;

/// How long an object waits for its turn.
const TURN_LIMIT: Duration = Duration::from_secs(120);

/// What is not there is asked again after these pauses; an upload waits for the last of them.
const RETRIES: RetryConfig = RetryConfig {
    backoff: BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(2),
        base: 2.,
    },
    max_retries: 4,
    retry_timeout: Duration::from_secs(20),
};

/// A bucket, or what is below a prefix of it.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    store: Arc<dyn ObjectStore>,
    senders: Arc<Semaphore>,
}

impl Bucket {
    pub(super) fn open(settings: &BucketSettings) -> Result<Self, StorageError> {
        let builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.name)
            .with_region(&settings.region)
            .with_access_key_id(&settings.access_key_id)
            .with_secret_access_key(settings.secret_access_key.expose_secret())
            // One request per object: not every store knows how to remove several.
            .with_disable_bulk_delete(true)
            .with_retry(RETRIES)
            .with_http_connector(Https);
        let builder = match &settings.endpoint {
            Some(endpoint) => builder.with_endpoint(endpoint),
            None => builder,
        };
        let store = PrefixStore::new(builder.build()?, settings.prefix.as_str());
        Ok(Self { store: Arc::new(store), senders: Arc::new(Semaphore::new(SENDERS)) })
    }

    pub(super) fn store(&self) -> &dyn ObjectStore {
        self.store.as_ref()
    }

    /// Sends a file of `size` bytes; nothing is to be seen in the bucket before its last byte.
    pub(super) async fn put(&self, to: &path::Path, file: &Path, size: u64) -> Result<(), StorageError> {
        let turn = tokio::time::timeout(TURN_LIMIT, self.senders.acquire()).await;
        let _turn = turn.map_err(|late| object_store::Error::Generic { store: "S3", source: late.into() })?;
        let mut file = File::open(file).await?;
        if size <= PART {
            self.store.put(to, part(&mut file).await?).await.map_err(away)?;
            return Ok(());
        }
        let mut upload = self.store.put_multipart(to).await.map_err(away)?;
        let sent = send(upload.as_mut(), &mut file).await;
        if sent.is_err()
            && let Err(error) = upload.abort().await
        {
            tracing::warn!(%error, "parts of an unfinished object stay in the bucket until its life cycle rule removes them");
        }
        sent
    }

    /// Whether the bucket is there and lets us in. Nothing is written.
    pub(super) async fn probe(&self) -> Result<(), StorageError> {
        let nothing = path::Path::from("probe");
        self.store.list_with_delimiter(Some(&nothing)).await.map_err(away)?;
        Ok(())
    }
}

/// Where nothing has to be found, "not found" is said of the bucket.
fn away(error: object_store::Error) -> StorageError {
    StorageError::Away(Box::new(error))
}

async fn send(upload: &mut dyn MultipartUpload, file: &mut File) -> Result<(), StorageError> {
    loop {
        let part = part(file).await?;
        if part.content_length() == 0 {
            upload.complete().await.map_err(away)?;
            return Ok(());
        }
        upload.put_part(part).await.map_err(away)?;
    }
}

/// The next [`PART`] bytes, or what is left.
async fn part(file: &mut (impl AsyncRead + Unpin)) -> Result<PutPayload, StorageError> {
    let mut bytes = Vec::new();
    file.take(PART).read_to_end(&mut bytes).await?;
    Ok(bytes.into())
}
