//! Conversations and messages as the web application reads them.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Kind, Statut,
    access::{SUPPORT, Side},
    reading::Shown,
    store::{attachments::AttachmentRow, lists::ListedRow, threads::MessageRow},
};
use crate::{
    app::AppState,
    files::{self, FileType},
    http::iso::Iso,
};

/// What anybody may know of an account.
#[derive(Serialize, ToSchema)]
pub struct UserMini {
    id: Uuid,
    prenom: String,
    nom: String,
    avatar: Option<String>,
}

impl UserMini {
    /// An account by its columns, as far as there is one.
    pub fn of(
        id: Option<Uuid>,
        prenom: Option<String>,
        nom: Option<String>,
        avatar: Option<String>,
    ) -> Option<Self> {
        Some(Self { id: id?, prenom: prenom?, nom: nom?, avatar })
    }
}

/// A document of a message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct FileMini {
    id: Uuid,
    filename: String,
    /// Bytes.
    size: i64,
    mime_type: String,
    /// Relative link that works without a session for 15 minutes; images open in the browser.
    url: String,
    #[serde(rename = "type")]
    file_type: FileType,
}

/// A document as it was sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MessageAttachment {
    id: Uuid,
    message_id: Uuid,
    file_id: Uuid,
    file: FileMini,
}

impl MessageAttachment {
    fn new(state: &AppState, row: AttachmentRow, reader: Uuid) -> Self {
        let file = FileMini {
            url: files::service::link(state, row.file_id, &row.mime_type, reader),
            id: row.file_id,
            filename: row.filename,
            size: row.size,
            mime_type: row.mime_type,
            file_type: row.file_type,
        };
        Self { id: row.id, message_id: row.message_id, file_id: row.file_id, file }
    }
}

/// A message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    id: Uuid,
    sender_id: Option<Uuid>,
    receiver_id: Option<Uuid>,
    subject: Option<String>,
    content: String,
    #[serde(rename = "type")]
    kind: Kind,
    statut: Statut,
    /// Whether the other side has read it.
    is_read: bool,
    /// Whether the reader's side archived it.
    is_archived: bool,
    is_pinned: bool,
    parent_id: Option<Uuid>,
    created_at: Iso,
    updated_at: Iso,
    conversation_id: Uuid,
    visitor_email: Option<String>,
    visitor_name: Option<String>,
    visitor_phone: Option<String>,
    deleted_by_admin: bool,
    display_first_name: Option<String>,
    display_last_name: Option<String>,
    display_role: Option<String>,
    is_from_visitor: bool,
    /// What programs may want to know; a text in old messages.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    status: Option<String>,
    sender: Option<UserMini>,
    attachments: Vec<MessageAttachment>,
}

impl Message {
    fn new(row: MessageRow, side: Side, attachments: Vec<MessageAttachment>) -> Self {
        let is_archived = match side {
            Side::Client => row.archived_by_client,
            Side::Team => row.is_archived,
            Side::Corrector => false,
        };
        Self {
            sender: UserMini::of(row.sender_id, row.sender_prenom, row.sender_nom, row.sender_avatar),
            id: row.id,
            sender_id: row.sender_id,
            receiver_id: row.receiver_id,
            subject: row.subject,
            content: row.content,
            kind: row.kind.0,
            statut: row.statut.0,
            is_read: row.is_read,
            is_archived,
            is_pinned: row.is_pinned,
            parent_id: row.parent_id,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            conversation_id: row.conversation_id,
            visitor_email: row.visitor_email,
            visitor_name: row.visitor_name,
            visitor_phone: row.visitor_phone,
            deleted_by_admin: row.deleted_by_admin && side == Side::Team,
            display_first_name: row.display_first_name,
            display_last_name: row.display_last_name,
            display_role: row.display_role,
            is_from_visitor: row.is_from_visitor,
            metadata: row.metadata.map(|json| json.0),
            status: row.status,
            attachments,
        }
    }

    /// Messages as `reader` is shown them, each with its documents.
    pub fn all(state: &AppState, shown: Shown, reader: Uuid) -> Vec<Self> {
        let Shown { rows, attachments } = shown;
        let mut attachments: Vec<Option<AttachmentRow>> = attachments.into_iter().map(Some).collect();
        let mut of = |id: Uuid| {
            let own =
                attachments.iter_mut().filter(|one| one.as_ref().is_some_and(|one| one.message_id == id));
            own.filter_map(Option::take).map(|row| MessageAttachment::new(state, row, reader)).collect()
        };
        rows.into_iter()
            .map(|(row, side)| {
                let attachments = if row.has_files { of(row.id) } else { vec![] };
                Self::new(row, side, attachments)
            })
            .collect()
    }
}

/// A message just sent.
#[derive(Serialize, ToSchema)]
pub struct SentMessage {
    #[serde(flatten)]
    message: Message,
    /// The client it was sent to; nobody for the team and for visitors.
    receiver: Option<UserMini>,
}

impl SentMessage {
    /// A message as its sender is shown it.
    pub fn new(
        state: &AppState,
        row: MessageRow,
        side: Side,
        attachments: Vec<AttachmentRow>,
        reader: Uuid,
    ) -> Self {
        let receiver = UserMini::of(
            row.receiver_id,
            row.receiver_prenom.clone(),
            row.receiver_nom.clone(),
            row.receiver_avatar.clone(),
        );
        let attachments =
            attachments.into_iter().map(|row| MessageAttachment::new(state, row, reader)).collect();
        Self { message: Message::new(row, side, attachments), receiver }
    }
}

/// A message found by a search, and where it stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FoundMessage {
    #[serde(flatten)]
    message: Message,
    /// What the caller names its conversation by.
    thread_id: String,
}

impl FoundMessage {
    /// Messages as `reader` is shown them.
    pub fn all(state: &AppState, shown: Shown, reader: Uuid) -> Vec<Self> {
        let threads: Vec<String> = shown.rows.iter().map(|(row, side)| thread_of(row, *side)).collect();
        let messages = Message::all(state, shown, reader);
        messages.into_iter().zip(threads).map(|(message, thread_id)| Self { message, thread_id }).collect()
    }
}

fn thread_of(row: &MessageRow, side: Side) -> String {
    match (side, row.client_id, &row.conversation_email) {
        (Side::Client, ..) => SUPPORT.to_owned(),
        (_, Some(client), _) => client.to_string(),
        (_, None, Some(email)) => email.clone(),
        (_, None, None) => row.conversation_id.to_string(),
    }
}

/// With whom a conversation is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WithUser {
    /// An account, an address, or `admin-support`.
    id: String,
    name: String,
    /// Of visitors.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Not of visitors.
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar: Option<Option<String>>,
    /// Told to the team.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_visitor: Option<bool>,
    /// Told to the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_admin: Option<bool>,
}

/// The last message of a conversation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LastMessage {
    id: Uuid,
    content: String,
    created_at: Iso,
    sender_id: Option<Uuid>,
}

/// A conversation in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    /// `admin-support` for a client; for the team the client's account or the visitor's address.
    thread_id: String,
    conversation_id: Uuid,
    with_user: WithUser,
    last_message: LastMessage,
    /// Messages of the other side that the reader's side has not read.
    unread_count: i64,
    total_messages: i64,
    /// Told to the team.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_visitor: Option<bool>,
    /// Told to the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_admin_thread: Option<bool>,
}

impl Thread {
    /// A conversation as it is listed for someone.
    pub fn new(row: ListedRow, side: Side) -> Self {
        let with_user = match side {
            Side::Client => support(),
            Side::Team | Side::Corrector => other_party(&row),
        };
        Self {
            thread_id: with_user.id.clone(),
            conversation_id: row.id,
            is_visitor: with_user.is_visitor,
            is_admin_thread: with_user.is_admin,
            with_user,
            last_message: LastMessage {
                id: row.last_id,
                content: row.last_content,
                created_at: row.last_at.into(),
                sender_id: row.last_sender,
            },
            unread_count: row.unread,
            total_messages: row.total,
        }
    }
}

fn support() -> WithUser {
    WithUser {
        id: SUPPORT.to_owned(),
        name: "Équipe Staka Livres".to_owned(),
        email: None,
        avatar: Some(None),
        is_visitor: None,
        is_admin: Some(true),
    }
}

fn other_party(row: &ListedRow) -> WithUser {
    match (row.user_id, &row.visitor_email) {
        (Some(id), _) => {
            let names = [row.prenom.as_deref(), row.nom.as_deref()].map(Option::unwrap_or_default);
            WithUser {
                id: id.to_string(),
                name: names.join(" "),
                email: None,
                avatar: Some(row.avatar.clone()),
                is_visitor: Some(false),
                is_admin: None,
            }
        }
        (None, email) => WithUser {
            id: email.clone().unwrap_or_else(|| row.id.to_string()),
            name: row.visitor_name.clone().unwrap_or_else(|| "Visiteur".to_owned()),
            email: email.clone(),
            avatar: None,
            is_visitor: Some(true),
            is_admin: None,
        },
    }
}
