//! `POST /public/free-sample`: a form with an extract of the text to be corrected.
//!
//! The text fields come before the file and are judged before a byte of it is kept. The extract becomes a document of the
//! visitor's conversation, and travels with the team's mail.

use axum::{
    Json,
    extract::{FromRequest, Request, State},
};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    desk::{self, Counter, is_trapped},
    receipts::{self, Admission, DAY, Form, Incoming},
    told::{SampleFile, SampleRequested},
};
use crate::{
    app::AppState,
    audit::{self, Act, Target, acts},
    auth::Session,
    checkout::Fields,
    clock::new_id,
    db::with_retry,
    events::{self, Tx},
    files::{
        deletions,
        sniff::Policy,
        storage::Kind,
        store::{self as files, NewFile, Owner},
        upload::{MultipartBody, MultipartForm, Received, ReceivedFile, UploadSpec},
    },
    http::{ApiError, ApiResult, ClientIp, ErrorBody, LongRunning, Problems, RequestContext},
    messages::{
        Kind as MessageKind,
        service::{Post, Visitor},
    },
    users::rules,
};

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(free_sample))
}

/// One extract of 10 MiB.
const EXTRACT: UploadSpec = UploadSpec {
    file_field: "fichier",
    max_files: 1,
    max_bytes_per_file: 10 << 20,
    policy: Policy::Message,
    kind: Kind::Messages,
};

const MEBIBYTE: u64 = 1 << 20;

const RECEIVED: &str =
    "Votre demande a bien été envoyée. Votre échantillon corrigé vous parvient sous 48 heures ouvrées.";

/// Fields that must be known before the file.
const JUDGED: [&str; 6] = ["nom", "email", "telephone", "genre", "description", "website"];

/// A request for a free sample.
#[derive(ToSchema)]
#[allow(dead_code, reason = "documents the form; the fields are read by name")]
struct SampleForm {
    #[schema(min_length = 1, max_length = 100)]
    nom: String,
    #[schema(format = Email, max_length = 255)]
    email: String,
    #[schema(min_length = 1, max_length = 20)]
    telephone: String,
    /// Kind of text, such as `roman`.
    #[schema(max_length = 100)]
    genre: Option<String>,
    #[schema(max_length = 2000)]
    description: Option<String>,
    /// Left empty by people.
    #[schema(max_length = 200)]
    website: Option<String>,
    /// An extract of 10 MiB at most, after the text fields.
    #[schema(value_type = Option<String>, format = Binary)]
    fichier: Option<Vec<u8>>,
}

/// A request that was received.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SampleReceived {
    success: bool,
    message: &'static str,
    conversation_id: Uuid,
}

/// A request for a free sample, judged.
struct Wanted {
    nom: String,
    email: String,
    telephone: String,
    genre: Option<String>,
    description: Option<String>,
}

/// Asks for a free sample. Kept in the visitor's conversation, told to the team, acknowledged by mail. Limited per address;
/// a form that is not in order counts as nothing.
#[utoipa::path(post, path = "/public/free-sample", tag = "Public site",
    request_body(content = SampleForm, content_type = "multipart/form-data"),
    responses((status = 200, body = SampleReceived), (status = 400, body = ErrorBody), (status = 413, body = ErrorBody),
              (status = 415, body = ErrorBody), (status = 429, body = ErrorBody), (status = 503, body = ErrorBody)))]
async fn free_sample(
    _: LongRunning,
    State(state): State<AppState>,
    ClientIp(ip): ClientIp,
    session: ApiResult<Option<Session>>,
    request: Request,
) -> ApiResult<Json<SampleReceived>> {
    // Before a byte of the form is read; only fields that have to be corrected cost nothing.
    let counter = Counter::count(&state, ip, "free-sample")?;
    let body = MultipartBody::from_request(request, &()).await?;
    let mut form = MultipartForm::new(body, EXTRACT);
    let fields = texts(&mut form).await?;
    let trapped = is_trapped(fields.raw("website"));
    let wanted = counter.unless_refused(judged(&fields))?;
    if trapped {
        return Ok(Json(SampleReceived::of(new_id())));
    }
    let extract = extract(&state, form, &fields).await?;
    let work = take(state.clone(), desk::author(session), wanted, extract);
    // A visitor who leaves now must not leave half a request behind: the rest runs to its end without them.
    let task = match RequestContext::current() {
        Some(context) => tokio::spawn(context.scope(work)),
        None => tokio::spawn(work),
    };
    let conversation_id = task.await.map_err(ApiError::internal)??;
    Ok(Json(SampleReceived::of(conversation_id)))
}

impl SampleReceived {
    fn of(conversation_id: Uuid) -> Self {
        Self { success: true, message: RECEIVED, conversation_id }
    }
}

async fn texts(form: &mut MultipartForm) -> ApiResult<Fields> {
    let mut fields = Fields::default();
    for (name, value) in form.fields_until_first_file().await?.iter() {
        fields.insert(name, value.to_owned());
    }
    Ok(fields)
}

fn judged(fields: &Fields) -> ApiResult<Wanted> {
    let mut problems = Problems::default();
    let wanted = Wanted {
        nom: fields.required("nom", "Le nom", 1, 100, &mut problems),
        email: fields.email("email", &mut problems),
        telephone: fields.required("telephone", "Le téléphone", 1, rules::PHONE_MAX, &mut problems),
        genre: fields.optional("genre", 100, &mut problems),
        description: fields.text("description", 2_000, &mut problems),
    };
    problems.finish()?;
    Ok(wanted)
}

/// Reads the file into the spool, where it stays until it is kept.
async fn extract(state: &AppState, mut form: MultipartForm, judged: &Fields) -> ApiResult<Received> {
    let received = form.receive_files(&state.storage, state.clock.now()).await?;
    let late =
        form.fields().iter().find(|(name, value)| JUDGED.contains(name) && judged.raw(name) != Some(value));
    match late {
        Some((name, _)) => {
            Err(ApiError::invalid_field(name, format!("Le champ « {name} » doit précéder le fichier.")))
        }
        None => Ok(received),
    }
}

/// Keeps the extract and records the request, or nothing.
async fn take(state: AppState, author: Option<Uuid>, wanted: Wanted, received: Received) -> ApiResult<Uuid> {
    make_room(&state, received.files().iter().map(|file| file.object.size).sum()).await?;
    let kept = received.keep(&state.storage).await?;
    let recorded = with_retry(|| record(&state, author, &wanted, kept.first())).await;
    let keys: Vec<String> = kept.iter().map(|file| file.object.key.clone()).collect();
    match recorded {
        Ok(Some(conversation_id)) => Ok(conversation_id),
        Ok(None) => {
            deletions::abandon(&state, &keys).await;
            Ok(new_id())
        }
        Err(error) => {
            deletions::abandon(&state, &keys).await;
            Err(error)
        }
    }
}

/// Whether the extracts of a day leave room for one more.
async fn make_room(state: &AppState, bytes: u64) -> ApiResult<()> {
    if bytes == 0 {
        return Ok(());
    }
    let limit = state.config.storage.sample_mb.saturating_mul(MEBIBYTE);
    let mut conn = state.db.conn().await?;
    let taken = receipts::bytes_since(&mut conn, state.clock.now() - DAY).await?;
    match taken.saturating_add(bytes) <= limit {
        true => Ok(()),
        false => Err(ApiError::storage_full()),
    }
}

/// Records a request whole: its conversation; nothing when the same one came a moment ago.
async fn record(
    state: &AppState,
    author: Option<Uuid>,
    wanted: &Wanted,
    file: Option<&ReceivedFile>,
) -> ApiResult<Option<Uuid>> {
    let mut tx = state.begin().await?;
    let Wanted { nom, email, telephone, genre, description } = wanted;
    let bytes = file.map_or(0, |file| file.object.size);
    let content =
        json!([nom, telephone, genre, description, file.map(|file| (&file.filename, &file.object.sha256))]);
    let incoming = Incoming { form: Form::FreeSample, email, content, bytes };
    let admission = receipts::admit(&mut tx, &state.config.mail, &incoming).await?;
    let Admission::Fresh { acknowledge } = admission else { return Ok(None) };
    let mut attached = Vec::new();
    if let Some(file) = file {
        attached.push(record_file(&mut tx, author, email, file).await?);
    }
    let subject = format!("Demande d’échantillon gratuit de {nom}");
    let text = summary(wanted, file);
    let details =
        json!({ "isFreeSample": true, "name": nom, "email": email, "phone": telephone, "genre": genre });
    let post = Post {
        kind: MessageKind::UserMessage,
        subject: Some(&subject),
        text: &text,
        source: Some("free-sample"),
        details: Some(&details),
        files: &attached,
    };
    let visitor = Visitor { name: nom, email, phone: Some(telephone) };
    let posted = desk::post(&mut tx, author, visitor, post).await?;
    if posted.repeated {
        return Ok(None);
    }
    note(&mut tx, wanted, file, posted.conversation_id).await?;
    let requested = SampleRequested {
        message_id: posted.message_id,
        name: nom.clone(),
        email: email.clone(),
        phone: telephone.clone(),
        genre: genre.clone(),
        description: description.clone(),
        file: file.map(sample_file),
        acknowledge,
    };
    events::record(&mut tx, requested).await?;
    tx.commit().await?;
    Ok(Some(posted.conversation_id))
}

/// Notes the request in the audit log, as that of nobody who has an account.
async fn note(
    tx: &mut Tx,
    wanted: &Wanted,
    file: Option<&ReceivedFile>,
    conversation_id: Uuid,
) -> Result<(), sqlx::Error> {
    let act = Act { target: Target::System, ..acts::USER_MESSAGE_SUPPORT_EMAIL_SENT };
    let details = json!({
        "prospectEmail": wanted.email, "prospectName": wanted.nom, "genre": wanted.genre, "hasFile": file.is_some(),
        "fileName": file.map(|file| &file.filename), "fileSize": file.map(|file| file.object.size),
        "conversationId": conversation_id,
    });
    audit::record(tx, act, audit::SYSTEM, "free-sample-request", details).await
}

async fn record_file(
    tx: &mut Tx,
    author: Option<Uuid>,
    email: &str,
    file: &ReceivedFile,
) -> Result<Uuid, sqlx::Error> {
    let now = tx.now();
    let row = NewFile { file, owner: Owner::Uploader, uploaded_by: author, is_corrected: false };
    let id = files::insert(tx, now, row).await?;
    let details = json!({ "size": file.object.size, "mimeType": file.mime });
    audit::record(tx, acts::FILE_UPLOADED, email, id, details).await?;
    Ok(id)
}

fn sample_file(file: &ReceivedFile) -> SampleFile {
    SampleFile {
        name: file.filename.clone(),
        mime: file.mime,
        storage_key: file.object.key.clone(),
        size: file.object.size,
    }
}

/// The request as a message.
fn summary(wanted: &Wanted, file: Option<&ReceivedFile>) -> String {
    let mut lines = vec![
        format!("Demande d’échantillon gratuit de {}.", wanted.nom),
        String::new(),
        format!("E-mail : {}", wanted.email),
        format!("Téléphone : {}", wanted.telephone),
    ];
    lines.extend(wanted.genre.as_ref().map(|genre| format!("Genre : {genre}")));
    lines.push(match file.map(sample_file) {
        Some(file) => format!("Document : {} ({})", file.name, file.size_label()),
        None => "Document : aucun".to_owned(),
    });
    if let Some(description) = &wanted.description {
        lines.extend([String::new(), "Description :".to_owned(), description.clone()]);
    }
    lines.join("\n")
}
