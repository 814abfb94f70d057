use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

use super::{ConfigError, Vars};

/// Where files are kept.
#[derive(Clone, Debug)]
pub struct StorageSettings {
    /// `UPLOADS_DIR`: the files; with a bucket, only those on their way to it.
    pub directory: PathBuf,
    /// `UPLOADS_RESERVE_MB`: uploads are refused when less free space than this would remain, in MiB.
    pub reserve_mb: u64,
    /// `UNPAID_FILES_MB`: what the files of unpaid orders may take together, in MiB.
    pub unpaid_mb: u64,
    /// `SAMPLE_FILES_MB`: what the extracts of requests for a free sample may take in a day, in MiB.
    pub sample_mb: u64,
    /// `STORAGE_URL`: where they are kept instead of the directory.
    pub bucket: Option<BucketSettings>,
    /// `CLAMD_URL`: who looks for viruses in what people send.
    pub scanner: Option<ScannerAddress>,
}

/// Where clamd listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScannerAddress {
    /// `tcp://host:port`
    Tcp(String),
    /// `unix:///path`
    Socket(PathBuf),
}

/// A bucket of an S3-compatible store.
#[derive(Clone, Debug)]
pub struct BucketSettings {
    /// Its name.
    pub name: String,
    /// What every key begins with there; may be empty.
    pub prefix: String,
    /// `STORAGE_REGION`
    pub region: String,
    /// `STORAGE_ENDPOINT`: base address of the store; Amazon's own when absent.
    pub endpoint: Option<String>,
    /// `STORAGE_ACCESS_KEY_ID`
    pub access_key_id: String,
    /// `STORAGE_SECRET_ACCESS_KEY`
    pub secret_access_key: SecretString,
}

impl StorageSettings {
    pub(super) fn load(vars: &Vars) -> Result<Self, ConfigError> {
        Ok(Self {
            directory: vars.text("UPLOADS_DIR", "uploads").into(),
            reserve_mb: vars.parsed("UPLOADS_RESERVE_MB")?.unwrap_or(256),
            unpaid_mb: vars.parsed("UNPAID_FILES_MB")?.unwrap_or(2048),
            sample_mb: vars.parsed("SAMPLE_FILES_MB")?.unwrap_or(512),
            bucket: bucket(vars)?,
            scanner: scanner(vars)?,
        })
    }
}

/// Beside the files rather than among them: a backup of the files must not set it back.
pub(super) fn erasure_log(vars: &Vars) -> PathBuf {
    let beside = || PathBuf::from(vars.text("UPLOADS_DIR", "uploads")).with_file_name("erasures.log");
    vars.get("ERASURE_LOG").map_or_else(beside, PathBuf::from)
}

/// The port clamd listens on by default.
const CLAMD_PORT: u16 = 3310;

fn scanner(vars: &Vars) -> Result<Option<ScannerAddress>, ConfigError> {
    let Some(text) = vars.get("CLAMD_URL") else { return Ok(None) };
    let refused = || {
        ConfigError::Invalid("CLAMD_URL", "must be tcp://host:3310 or unix:///run/clamav/clamd.ctl".into())
    };
    let url = Url::parse(text).map_err(|_| refused())?;
    match (url.scheme(), url.host_str()) {
        ("tcp", Some(host)) if matches!(url.path(), "" | "/") => {
            let port = url.port().unwrap_or(CLAMD_PORT);
            Ok(Some(ScannerAddress::Tcp(format!("{host}:{port}"))))
        }
        ("unix", None) if url.path().len() > 1 => Ok(Some(ScannerAddress::Socket(PathBuf::from(url.path())))),
        _ => Err(refused()),
    }
}

fn bucket(vars: &Vars) -> Result<Option<BucketSettings>, ConfigError> {
    let region = vars.text("STORAGE_REGION", "us-east-1");
    let endpoint = endpoint(vars)?;
    let access_key_id = vars.get("STORAGE_ACCESS_KEY_ID");
    let secret_access_key = vars.secret("STORAGE_SECRET_ACCESS_KEY");
    let Some(url) = vars.get("STORAGE_URL") else { return Ok(None) };
    let (name, prefix) = name_and_prefix(url).ok_or_else(|| {
        ConfigError::Invalid("STORAGE_URL", "must be s3://bucket or s3://bucket/prefix".into())
    })?;
    let missing = |variable| ConfigError::Missing(variable, ": STORAGE_URL needs it");
    Ok(Some(BucketSettings {
        name: name.to_owned(),
        prefix: prefix.to_owned(),
        region,
        endpoint,
        access_key_id: access_key_id.ok_or_else(|| missing("STORAGE_ACCESS_KEY_ID"))?.to_owned(),
        secret_access_key: secret_access_key.ok_or_else(|| missing("STORAGE_SECRET_ACCESS_KEY"))?,
    }))
}

/// The bucket, by the naming rules of S3, and the prefix, of the characters that keys are made of.
fn name_and_prefix(url: &str) -> Option<(&str, &str)> {
    let path = url.strip_prefix("s3://")?.trim_end_matches('/');
    let (name, prefix) = path.split_once('/').unwrap_or((path, ""));
    let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    let keyed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let segment =
        |segment: &str| !segment.is_empty() && !segment.contains("..") && segment.chars().all(keyed);
    let valid = (3..=63).contains(&name.len())
        && name.chars().all(named)
        && (prefix.is_empty() || prefix.split('/').all(segment));
    valid.then_some((name, prefix))
}

fn endpoint(vars: &Vars) -> Result<Option<String>, ConfigError> {
    let given = vars.get("STORAGE_ENDPOINT").map(|url| url.trim_end_matches('/'));
    match given {
        Some(url) if !url.starts_with("https://") && !url.starts_with("http://") => {
            Err(ConfigError::Invalid("STORAGE_ENDPOINT", "must be an http(s) address".into()))
        }
        given => Ok(given.map(str::to_owned)),
    }
}
