//! Mail, documents, the way in through the proxy.

use super::Finding;
use crate::{
    config::Config,
    emails::transport::Transport,
    files::storage::{Storage, StorageError},
};

/// Asks the mail server and the place of the documents whether they would take something. Nothing is sent or kept.
pub async fn findings(config: &Config) -> Vec<Finding> {
    vec![mail(config).await, documents(config).await]
}

async fn mail(config: &Config) -> Finding {
    let transport = match Transport::outward(&config.mail) {
        Ok(Some(transport)) => transport,
        Ok(None) => return Finding::good("mail server", "none: mails stay here"),
        Err(error) => return Finding::bad("mail server", error.to_string(), "Mend SMTP_URL."),
    };
    match transport.probe().await {
        Ok(()) => Finding::good("mail server", "it greets us"),
        Err(error) => Finding::bad(
            "mail server",
            error.to_string(),
            "Is its address right, is the port open from here, and do the user and the password of SMTP_URL hold?",
        ),
    }
}

async fn documents(config: &Config) -> Finding {
    let asked: Result<(), StorageError> = async {
        let storage = Storage::new(&config.storage)?;
        storage.prepare()?;
        storage.probe().await
    }
    .await;
    let place = if config.storage.bucket.is_some() { "the bucket" } else { "the directory" };
    match asked {
        Ok(()) => Finding::good("documents", format!("{place} takes them")),
        Err(error) => Finding::bad(
            "documents",
            format!("{place} takes none: {error}"),
            "May this user write to UPLOADS_DIR, is the disk full, do the keys of the bucket hold?",
        ),
    }
}
