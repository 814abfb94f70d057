//! Writing as somebody with an account: to the team, to a client, to a visitor.

use serde_json::json;
use uuid::Uuid;

use super::{
    Kind,
    access::{self, Side, ThreadId, forbidden, invalid_thread, no_conversation, side_of},
    attachments,
    service::{From, PAGE_LIFETIME, Post, Posted, write},
    store::{
        attachments::{AttachmentRow, of},
        conversations::{self, Conversation},
        sides, threads,
        threads::MessageRow,
    },
    told::{ClientWrote, ClientWroteToCorrector, TeamAnsweredVisitor, TeamWrote},
};
use crate::{
    app::AppState,
    audit::{self, acts},
    auth::{Role, SessionUser},
    db::with_retry,
    events::{self, Person, Tx},
    http::{ApiError, ApiResult},
};

/// A message as somebody with an account wrote it. Lengths are judged.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub subject: Option<String>,
    pub text: String,
    /// Documents uploaded before.
    pub files: Vec<Uuid>,
    /// First name, family name and role that an administrator signs with.
    pub signature: [Option<String>; 3],
    /// Where it was written.
    pub source: Option<String>,
}

/// A message that was sent.
pub(super) struct Sent {
    pub row: MessageRow,
    pub side: Side,
    pub attachments: Vec<AttachmentRow>,
}

/// Whom a message is for.
#[derive(Clone, Copy)]
pub(super) enum To<'a> {
    /// A thread or a conversation.
    Thread(&'a ThreadId),
    /// The conversation that is there under this name: none is begun.
    Existing(&'a ThreadId),
    /// The team, from a client.
    Team,
    /// This account, from the team.
    Account(Uuid),
}

/// Sends a message.
///
/// # Errors
/// 400 for documents that cannot be sent and threads that are none, 403 and 404 for conversations of others.
pub(super) async fn send(
    state: &AppState,
    user: &SessionUser,
    to: To<'_>,
    kind: Kind,
    draft: &Draft,
) -> ApiResult<Sent> {
    let (message_id, side) = with_retry(|| async {
        let mut tx = state.begin().await?;
        let (conversation, side) = addressed(&mut tx, user, to).await?;
        let posted = post(&mut tx, user, &conversation, side, kind, draft).await?;
        tell(&mut tx, state, user, (&conversation, side), draft, &posted).await?;
        tx.commit().await?;
        Ok::<_, ApiError>((posted.message_id, side))
    })
    .await?;
    let mut conn = state.db.conn().await?;
    let row = threads::one(&mut conn, message_id).await?.ok_or_else(no_conversation)?;
    let attachments = if row.has_files { of(&mut conn, message_id).await? } else { vec![] };
    Ok(Sent { row, side, attachments })
}

/// The conversation a message goes to, locked, and what its sender is there.
async fn addressed(tx: &mut Tx, user: &SessionUser, to: To<'_>) -> ApiResult<(Conversation, Side)> {
    let now = tx.now();
    match to {
        To::Team if user.role == Role::Admin => Err(recipient_required()),
        To::Team | To::Thread(ThreadId::Support) if user.role != Role::Admin => {
            Ok((conversations::lock_or_begin(tx, user.id, now).await?, Side::Client))
        }
        To::Account(id) => with_account(tx, user, id).await,
        To::Team => Err(recipient_required()),
        To::Thread(name) => {
            if let (ThreadId::Id(id), true) = (name, user.role != Role::User)
                && sides::is_account(tx, *id).await?
            {
                return with_account(tx, user, *id).await;
            }
            let refusal = || match user.role {
                Role::Admin if *name == ThreadId::Support => invalid_thread(),
                Role::Admin => no_conversation(),
                Role::User => invalid_thread(),
                Role::Corrector => forbidden(),
            };
            access::lock(tx, user, name).await?.ok_or_else(refusal)
        }
        To::Existing(name) => {
            let refusal = || if user.role == Role::Admin { no_conversation() } else { forbidden() };
            access::lock(tx, user, name).await?.ok_or_else(refusal)
        }
    }
}

/// The conversation of a client, begun if there is none, for one of the team.
async fn with_account(tx: &mut Tx, user: &SessionUser, client: Uuid) -> ApiResult<(Conversation, Side)> {
    if !sides::is_account(tx, client).await? {
        return Err(ApiError::not_found("Cet utilisateur n’existe pas."));
    }
    if client == user.id {
        return Err(ApiError::bad_request(
            "INVALID_RECIPIENT",
            "Vous ne pouvez pas vous écrire à vous-même.",
        ));
    }
    let side = side_of(tx, user, Some(client)).await?.ok_or_else(forbidden)?;
    let now = tx.now();
    Ok((conversations::lock_or_begin(tx, client, now).await?, side))
}

async fn post(
    tx: &mut Tx,
    user: &SessionUser,
    conversation: &Conversation,
    side: Side,
    kind: Kind,
    draft: &Draft,
) -> ApiResult<Posted> {
    let files = attachments::judge(tx, user.id, &draft.files).await?;
    let signature = signature(user, side, draft);
    let from = match side {
        Side::Client => From::Client(user.id),
        Side::Team | Side::Corrector => From::Team(user.id, signature),
    };
    let post = Post {
        kind,
        subject: draft.subject.as_deref(),
        text: &draft.text,
        source: draft.source.as_deref(),
        details: None,
        files: &files,
    };
    Ok(write(tx, conversation, from, post).await?)
}

/// Administrators sign as they like, or as the team; a corrector is named.
fn signature<'a>(user: &'a SessionUser, side: Side, draft: &'a Draft) -> [Option<&'a str>; 3] {
    match side {
        Side::Client => [None; 3],
        Side::Team => draft.signature.each_ref().map(Option::as_deref),
        Side::Corrector => [Some(&user.prenom), Some(&user.nom), Some("Correcteur")],
    }
}

/// Tells the other side, and notes what an administrator did.
async fn tell(
    tx: &mut Tx,
    state: &AppState,
    user: &SessionUser,
    (conversation, side): (&Conversation, Side),
    draft: &Draft,
    posted: &Posted,
) -> ApiResult<()> {
    let files = attachments::names(tx, posted.message_id).await?;
    match side {
        Side::Client => tell_team(tx, state, user, draft, posted, files).await?,
        Side::Team | Side::Corrector => {
            let signed = signed(user, side, draft);
            tell_client(tx, conversation, draft, posted, files, signed).await?;
        }
    }
    if side == Side::Team {
        let details = json!({ "conversationId": posted.conversation_id, "attachments": draft.files.len() });
        let about = conversation.user_id.unwrap_or(posted.conversation_id);
        audit::record(tx, acts::MESSAGE_SENT, &user.email, about, details).await?;
    }
    Ok(())
}

/// Whom the client reads that a message is from.
fn signed(user: &SessionUser, side: Side, draft: &Draft) -> String {
    let [first, last, _] = &draft.signature;
    match side {
        Side::Corrector => user.full_name(),
        _ => match (first, last) {
            (Some(first), Some(last)) => format!("{first} {last}"),
            _ => "l’équipe Staka Livres".to_owned(),
        },
    }
}

async fn tell_team(
    tx: &mut Tx,
    state: &AppState,
    user: &SessionUser,
    draft: &Draft,
    posted: &Posted,
    files: Vec<String>,
) -> ApiResult<()> {
    if draft.source.as_deref() == Some("client-help") {
        let details = json!({
            "supportEmail": state.config.mail.support_email,
            "subject": draft.subject,
            "hasAttachments": !draft.files.is_empty(),
            "attachmentCount": draft.files.len(),
            "contentLength": draft.text.chars().count(),
        });
        audit::record(tx, acts::USER_MESSAGE_SUPPORT_EMAIL_SENT, &user.email, user.id, details).await?;
    }
    for corrector_id in sides::correctors_at_work(tx, user.id).await? {
        let told = ClientWroteToCorrector {
            corrector_id,
            client_id: user.id,
            client_name: user.full_name(),
            message_id: posted.message_id,
            text: draft.text.clone(),
        };
        events::record(tx, told).await?;
    }
    let told = ClientWrote {
        client_id: user.id,
        message_id: posted.message_id,
        subject: draft.subject.clone(),
        text: draft.text.clone(),
        files,
    };
    Ok(events::record(tx, told).await?)
}

async fn tell_client(
    tx: &mut Tx,
    conversation: &Conversation,
    draft: &Draft,
    posted: &Posted,
    files: Vec<String>,
    signed: String,
) -> ApiResult<()> {
    let (message_id, text) = (posted.message_id, draft.text.clone());
    match (conversation.user_id, &conversation.visitor_email) {
        (Some(user_id), _) => {
            events::record(tx, TeamWrote { user_id, message_id, signed, text, files }).await?;
        }
        (None, Some(email)) => {
            let told = TeamAnsweredVisitor {
                conversation_id: conversation.id,
                message_id,
                name: conversation.visitor_name.clone().unwrap_or_default(),
                email: email.clone(),
                signed,
                text,
                files,
                expires_at: posted.at + PAGE_LIFETIME,
            };
            events::record(tx, told).await?;
        }
        (None, None) => {}
    }
    Ok(())
}

fn recipient_required() -> ApiError {
    ApiError::invalid_field("userId", "Choisissez à qui écrire.")
}

/// Whose account it is.
///
/// # Errors
/// 404 when it is gone.
pub(super) async fn person(state: &AppState, id: Uuid) -> ApiResult<Person> {
    let mut tx = state.begin().await?;
    tx.person(id).await?.ok_or_else(|| ApiError::not_found("Cet utilisateur n’existe pas."))
}
