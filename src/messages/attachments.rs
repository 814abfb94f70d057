//! Which documents may be sent with a message.

use uuid::Uuid;

use super::store::attachments::{self, Candidate};
use crate::{
    events::Tx,
    files::FileType,
    http::{ApiError, ApiResult},
};

/// Documents of one message.
pub(super) const FILES_MAX: usize = 10;

/// Bytes of one document, and of all of one message.
const EACH_MAX: u64 = 50 << 20;
const TOTAL_MAX: u64 = 100 << 20;

/// Reads the ids of a body.
///
/// # Errors
/// 400 `INVALID_ATTACHMENT` for what is no id, and for too many.
pub(super) fn read(ids: &[String]) -> ApiResult<Vec<Uuid>> {
    let mut read: Vec<Uuid> = Vec::with_capacity(ids.len().min(FILES_MAX));
    for id in ids {
        let id = id.parse().map_err(|_| refused("l’identifiant d’un fichier n’est pas valide."))?;
        // The web application may name a document of the message before once more.
        if !read.contains(&id) {
            read.push(id);
        }
    }
    match read.len() {
        0..=FILES_MAX => Ok(read),
        _ => Err(refused("un message porte au plus 10 fichiers.")),
    }
}

/// Judges documents that `sender` uploaded before; they stay until the transaction ends.
///
/// # Errors
/// 400 `INVALID_ATTACHMENT` for a document that is not there, not theirs, of an order, or not of a kind that messages
/// carry, and for what is too large.
pub(super) async fn judge(tx: &mut Tx, sender: Uuid, ids: &[Uuid]) -> ApiResult<Vec<Uuid>> {
    let found = attachments::lock_own(tx, sender, ids).await?;
    let find = |id: &Uuid| found.iter().find(|file| file.id == *id).filter(|file| may_travel(file));
    let mut total = 0_u64;
    for id in ids {
        let Some(file) = find(id) else {
            return Err(refused("un fichier n’existe pas ou ne peut pas être envoyé par message."));
        };
        let size = file.size.unsigned_abs();
        if size > EACH_MAX {
            return Err(refused(format!("« {} » dépasse 50 Mo.", file.filename)));
        }
        total = total.saturating_add(size);
    }
    if total > TOTAL_MAX {
        return Err(refused("les fichiers d’un message ne peuvent pas dépasser 100 Mo ensemble."));
    }
    Ok(ids.to_vec())
}

/// Sound and pictures that move are no correspondence.
fn may_travel(file: &Candidate) -> bool {
    matches!(file.file_type.0, FileType::Document | FileType::Image | FileType::Archive)
}

/// What the documents of a message are called.
pub(super) async fn names(tx: &mut Tx, message_id: Uuid) -> Result<Vec<String>, sqlx::Error> {
    Ok(attachments::of(tx, message_id).await?.into_iter().map(|file| file.filename).collect())
}

fn refused(why: impl AsRef<str>) -> ApiError {
    ApiError::bad_request("INVALID_ATTACHMENT", format!("Pièces jointes refusées : {}", why.as_ref()))
}
