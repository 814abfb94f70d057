//! Documents on their way in: to an order, or to be sent with a message. Whoever sends one is judged before a byte of it is
//! read, and once more when it is recorded: a long upload may outlast an order, a role or an account.

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use super::{
    access::{self, Facts, Verb},
    deletions, quota,
    sniff::Policy,
    storage::Kind,
    store::{self, FileRow, NewFile, Owner},
    told::{self, Added},
    upload::{Fields, FileMetadata, Received, ReceivedFile, UploadError, UploadSpec},
};
use crate::{
    app::AppState,
    audit::{self, acts},
    auth::{Role, SessionUser, session_stands},
    db::with_retry,
    events::Tx,
    http::{ApiError, ApiResult, RequestContext},
    users,
};

const MEBIBYTE: u64 = 1 << 20;

/// The form field of the one file of a form.
const FIELD: &str = "file";

/// What an author adds to an order.
const OF_AUTHOR: UploadSpec = UploadSpec {
    file_field: FIELD,
    max_files: 1,
    max_bytes_per_file: 20 * MEBIBYTE,
    policy: Policy::Project,
    kind: Kind::Projects,
};

/// What the team gives back: the corrected form of a manuscript may be as large as an order's form lets it be.
const OF_TEAM: UploadSpec = UploadSpec { max_bytes_per_file: 50 * MEBIBYTE, ..OF_AUTHOR };

/// What is sent with a message.
const ATTACHMENT: UploadSpec = UploadSpec {
    max_bytes_per_file: 10 * MEBIBYTE,
    policy: Policy::Message,
    kind: Kind::Messages,
    ..OF_AUTHOR
};

/// The widest of them, until the fields of a form say what it is for.
pub const WIDEST: UploadSpec = OF_TEAM;

/// The longest thing that is said of a document, in characters.
const MAX_DESCRIPTION: usize = 2_000;

/// Marks of the former platform, which told by them what a document was.
const OLD_MARKS: [&str; 2] = ["ADMIN_FILE:", "TEMP_PENDING:"];

/// Where someone may send a document.
#[derive(Clone, Copy)]
pub struct Admission {
    /// The order it is added to.
    order: Option<Uuid>,
    /// Whether it is the corrected one.
    corrected: bool,
}

impl Admission {
    /// Lets someone add a document to an order that is theirs, that they correct, or that they run.
    ///
    /// # Errors
    /// 403 `PROJECT_FORBIDDEN`, also for an order that does not exist; 400 `PROJECT_FILES_FULL`.
    pub async fn to_order(state: &AppState, user: &SessionUser, id: Uuid) -> ApiResult<Self> {
        let mut conn = state.db.conn().await?;
        let parties = store::parties(&mut conn, id).await?.ok_or_else(no_project)?;
        let corrected = judge(user, parties.owner, parties.corrector)?;
        quota::room_in_order(&mut conn, id, corrected, 1).await?;
        Ok(Self { order: Some(id), corrected })
    }

    /// Lets someone send a document that belongs to nothing yet.
    ///
    /// # Errors
    /// 400 `ATTACHMENTS_FULL`.
    pub async fn alone(state: &AppState, user: &SessionUser) -> ApiResult<Self> {
        if user.role == Role::User {
            let mut conn = state.db.conn().await?;
            quota::outside_orders(&mut conn, user.id, 1).await?;
        }
        Ok(Self { order: None, corrected: false })
    }

    /// What is taken.
    pub fn spec(self) -> UploadSpec {
        match (self.order, self.corrected) {
            (None, _) => ATTACHMENT,
            (Some(_), false) => OF_AUTHOR,
            (Some(_), true) => OF_TEAM,
        }
    }
}

/// Whether what someone adds to an order is its corrected document.
fn judge(user: &SessionUser, owner: Uuid, corrector: Option<Uuid>) -> ApiResult<bool> {
    if !access::may(user.into(), Verb::Upload, &Facts::of_order(owner, corrector)) {
        return Err(no_project());
    }
    Ok(match user.role {
        Role::Admin => true,
        Role::Corrector => corrector == Some(user.id),
        Role::User => false,
    })
}

pub(super) fn no_project() -> ApiError {
    ApiError::forbidden("PROJECT_FORBIDDEN", "Ce projet n’existe pas ou ne vous appartient pas.")
}

/// Keeps the one document of a form, whether or not the client waits for the answer.
///
/// # Errors
/// 400 without a document, or for what is said of it; 403 when the order changed hands meanwhile, 401 when the session
/// ended. Nothing is left behind then.
pub async fn keep(
    state: &AppState,
    user: Arc<SessionUser>,
    fields: &Fields,
    received: Received,
    admission: Admission,
) -> ApiResult<FileRow> {
    received.first()?;
    let description = description(fields)?;
    let state = state.clone();
    let work = async move { store_and_record(&state, &user, admission, received, description).await };
    RequestContext::see_through(work).await
}

fn description(fields: &Fields) -> ApiResult<Option<String>> {
    let mut text = fields.get("description").unwrap_or_default().trim();
    while let Some(rest) = OLD_MARKS.iter().find_map(|mark| text.strip_prefix(mark)) {
        text = rest.trim_start();
    }
    match text.chars().count() {
        0 => Ok(None),
        1..=MAX_DESCRIPTION => Ok(Some(text.to_owned())),
        _ => Err(ApiError::invalid_field("description", "La description dépasse 2 000 caractères.")),
    }
}

async fn store_and_record(
    state: &AppState,
    user: &SessionUser,
    admission: Admission,
    received: Received,
    description: Option<String>,
) -> ApiResult<FileRow> {
    if !session_stands(state, user).await.map_err(|error| ApiError::unavailable().caused_by(error))? {
        return Err(ApiError::unauthorized("TOKEN_INVALID", "Votre session a expiré. Reconnectez-vous."));
    }
    let kept = received.keep(&state.storage).await?;
    let mut file = kept.into_iter().next().ok_or(UploadError::MissingFile)?;
    file.metadata = Some(FileMetadata { description, ..FileMetadata::default() });
    match with_retry(|| record(state, user, admission, &file)).await {
        Ok(row) => Ok(row),
        Err(error) => {
            deletions::abandon(state, std::slice::from_ref(&file.object.key)).await;
            Err(error)
        }
    }
}

async fn record(
    state: &AppState,
    user: &SessionUser,
    admission: Admission,
    file: &ReceivedFile,
) -> ApiResult<FileRow> {
    let mut tx = state.begin().await?;
    let row = match admission.order {
        Some(id) => add_to_order(&mut tx, user, id, file).await?,
        None => add_alone(&mut tx, user, file).await?,
    };
    tx.commit().await?;
    Ok(row)
}

async fn add_to_order(tx: &mut Tx, user: &SessionUser, id: Uuid, file: &ReceivedFile) -> ApiResult<FileRow> {
    // An account before what is its own, as everywhere.
    let parties = store::parties(tx, id).await?.ok_or_else(no_project)?;
    users::store::lock(tx, parties.owner).await?;
    let order = store::room::lock_order(tx, id).await?.ok_or_else(no_project)?;
    let corrected = judge(user, order.owner, order.corrector)?;
    quota::of_order(tx, &order, corrected, file.object.size).await?;
    let row = insert(tx, user, Owner::Commande(id), corrected, file).await?;
    let added = Added {
        document_id: row.id,
        filename: &row.filename,
        sender: format!("{} {}", user.prenom, user.nom),
        sender_email: &user.email,
        corrector: corrector_to_tell(tx, order.corrector).await?,
        order: &order,
    };
    match corrected {
        true => told::corrected(tx, &added, user.role == Role::Corrector).await?,
        false => told::sent(tx, &added).await?,
    }
    Ok(row)
}

/// The corrector of an order, unless the role was taken away or the account is closed.
async fn corrector_to_tell(tx: &mut Tx, corrector: Option<Uuid>) -> Result<Option<Uuid>, sqlx::Error> {
    let Some(id) = corrector else { return Ok(None) };
    let account = users::store::session_user(tx, id).await?;
    Ok(account
        .filter(|account| account.is_active && account.role == Role::Corrector)
        .map(|account| account.id))
}

async fn add_alone(tx: &mut Tx, user: &SessionUser, file: &ReceivedFile) -> ApiResult<FileRow> {
    // Whoever else sends in this name waits, and an erasure is seen.
    users::store::lock(tx, user.id).await?;
    if !users::store::session_user(tx, user.id).await?.is_some_and(|account| account.is_active) {
        return Err(ApiError::unauthorized("ACCOUNT_INACTIVE", "Ce compte n’est plus actif."));
    }
    if user.role == Role::User {
        quota::outside_orders(tx, user.id, file.object.size).await?;
    }
    insert(tx, user, Owner::Uploader, false, file).await
}

async fn insert(
    tx: &mut Tx,
    user: &SessionUser,
    owner: Owner,
    is_corrected: bool,
    file: &ReceivedFile,
) -> ApiResult<FileRow> {
    let now = tx.now();
    let new = NewFile { file, owner, uploaded_by: Some(user.id), is_corrected };
    let id = store::insert(tx, now, new).await?;
    let commande_id = match owner {
        Owner::Commande(id) => Some(id),
        Owner::Pending(_) | Owner::Uploader => None,
    };
    let details = json!({
        "filename": file.filename, "size": file.object.size, "mimeType": file.mime, "commandeId": commande_id,
        "corrected": is_corrected,
    });
    audit::record(tx, acts::FILE_UPLOADED, &user.email, id, details).await?;
    Ok(FileRow {
        id,
        filename: file.filename.clone(),
        mime_type: file.mime.to_owned(),
        size: i64::try_from(file.object.size).unwrap_or(i64::MAX),
        file_type: file.file_type,
        commande_id,
        is_corrected,
        created_at: now,
    })
}
