//! Who judges what people send before anything of it is kept: a virus scanner, where there is one. Standing at the
//! storage, it is passed by every form, whoever reads it.

mod clamd;

use std::fmt;

use serde_json::json;
use uuid::Uuid;

pub use clamd::ScanError;
use clamd::{Clamd, Verdict};

use super::{storage::PendingObject, upload::UploadError};
use crate::{
    audit::{self, acts},
    config::ScannerAddress,
    db::{Db, with_retry},
    events::Recorder,
    http::RequestContext,
};

/// The scanner, and where its findings are written down.
pub struct Guard {
    clamd: Clamd,
    recorder: Recorder,
    db: Db,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}

impl Guard {
    /// Asks the scanner at an address.
    pub fn new(address: &ScannerAddress, recorder: &Recorder, db: &Db) -> Self {
        Self { clamd: Clamd::new(address.clone()), recorder: recorder.clone(), db: db.clone() }
    }

    /// Judges a file that was received and waits to be kept.
    ///
    /// # Errors
    /// [`UploadError::Infected`], once it is written down; [`UploadError::Scan`] when there is no verdict.
    pub(super) async fn judge(&self, filename: &str, object: &PendingObject) -> Result<(), UploadError> {
        match self.clamd.scan(object.content().await?).await? {
            Verdict::Clean => Ok(()),
            Verdict::Infected(signature) => {
                let known = object.object();
                tracing::warn!(signature, sha256 = known.sha256, "a file is infected and was refused");
                let details = json!({
                    "filename": filename, "size": known.size, "sha256": known.sha256, "signature": signature,
                });
                with_retry(|| self.note(details.clone())).await?;
                Err(UploadError::Infected { filename: filename.to_owned() })
            }
        }
    }

    async fn note(&self, details: serde_json::Value) -> Result<(), sqlx::Error> {
        let mut tx = self.recorder.begin(&self.db).await?;
        let sender = match RequestContext::current().and_then(|context| context.user()) {
            Some(user) => tx.person(user).await?,
            None => None,
        };
        let actor = sender.as_ref().map_or("unknown", |person| person.email.as_str());
        audit::record(&mut tx, acts::FILE_INFECTED, actor, None::<Uuid>, details).await?;
        tx.commit().await
    }
}
