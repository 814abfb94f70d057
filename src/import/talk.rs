//! Messages, their attachments, and the consultations that were messages.

use chrono::{LocalResult, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Europe::Paris;
use serde_json::Value;
use std::collections::HashSet;

use super::{
    Known, Moving, ids, orders,
    people::{address, json_of},
    row::OldRow,
    target::Cell,
    threads,
};

const READ: &[&str] = &[
    "id",
    "senderId",
    "receiverId",
    "subject",
    "content",
    "type",
    "statut",
    "isRead",
    "isArchived",
    "isPinned",
    "parentId",
    "createdAt",
    "updatedAt",
    "conversationId",
    "visitorEmail",
    "visitorName",
    "deletedByAdmin",
    "displayFirstName",
    "displayLastName",
    "displayRole",
    "isFromVisitor",
    "metadata",
    "status",
    "visitorPhone",
];

/// Writes the conversations and their messages, and the consultations asked for in them.
pub(super) async fn messages(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    threads::conversations(moving).await?;
    let mut slots = HashSet::new();
    let new = "id, conversation_id, legacy_conversation_id, sender_id, receiver_id, subject, content, type, statut, is_read,
               is_archived, is_pinned, parent_id, visitor_email, visitor_name, visitor_phone, is_from_visitor,
               display_first_name, display_last_name, display_role, metadata, status, deleted_by_admin, created_at,
               updated_at";
    let turn = |row: &OldRow, known: &mut Known| Some(message(row, known, &mut slots));
    moving.table(("messages", READ), ("messages", new), turn).await?;
    moving.known.report.consultations = moving.known.beside.len() as i64;
    let new = "id, first_name, last_name, email, phone, starts_at, slot, message, source, status, admin_note, message_id,
               processed_at, created_at, updated_at";
    moving.beside("consultations", new).await
}

fn message(row: &OldRow, known: &mut Known, slots: &mut HashSet<String>) -> Vec<Cell> {
    let kinds = [
        "USER_MESSAGE",
        "SYSTEM_MESSAGE",
        "NOTIFICATION",
        "SUPPORT_MESSAGE",
        "ADMIN_MESSAGE",
        "CONSULTATION_REQUEST",
    ];
    let owner = threads::owner(row, known);
    let metadata = json_of(row.filled("metadata"));
    if let Some(asked) = metadata.as_ref().filter(|value| value.get("consultationRequest").is_some()) {
        match consultation(row, asked, known, slots) {
            Some(cells) => known.beside.push(cells),
            None => known.report.note("Consultations illisibles (restées messages)", row.old_id()),
        }
    }
    let account = |column| row.link(column).filter(|id| known.users.contains_key(id));
    let email = row.filled("visitorEmail").map(address);
    let visitor = email.is_some() && row.link("senderId").is_none();
    vec![
        row.id().into(),
        owner.conversation().into(),
        row.cell("conversationId"),
        account("senderId").into(),
        account("receiverId").into(),
        row.cell("subject"),
        row.text("content"),
        row.one_of("type", &kinds).into(),
        row.one_of("statut", &["ENVOYE", "BROUILLON", "DELIVRE", "LU", "ARCHIVE"]).into(),
        row.yes("isRead").into(),
        row.yes("isArchived").into(),
        row.yes("isPinned").into(),
        row.link("parentId").into(),
        email.into(),
        row.cell("visitorName"),
        row.cell("visitorPhone"),
        visitor.into(),
        row.cell("displayFirstName"),
        row.cell("displayLastName"),
        row.cell("displayRole"),
        metadata.map(|value| value.to_string()).into(),
        row.cell("status"),
        row.yes("deletedByAdmin").into(),
        row.created(),
        row.updated(),
    ]
}

/// The row of a consultation. Of one to come, the hour is taken, unless an earlier row took it.
fn consultation(
    row: &OldRow,
    metadata: &Value,
    known: &mut Known,
    slots: &mut HashSet<String>,
) -> Option<Vec<Cell>> {
    let asked = metadata.get("consultationRequest")?;
    let text = |name: &str| asked.get(name).and_then(Value::as_str).unwrap_or_default().trim();
    let short = |name: &str, most: usize| Cell::from(text(name).chars().take(most).collect::<String>());
    let day = NaiveDate::parse_from_str(text("requestedDate").get(..10)?, "%Y-%m-%d").ok()?;
    let time = NaiveTime::parse_from_str(&text("requestedTime").replace('h', ":"), "%H:%M").ok()?;
    let start = match Paris.from_local_datetime(&day.and_time(time)) {
        LocalResult::Single(start) | LocalResult::Ambiguous(start, _) => start.with_timezone(&Utc),
        LocalResult::None => return None,
    };
    let starts_at = orders::written(start);
    let mut slot = Cell::Null;
    if start > known.now {
        match slots.insert(starts_at.clone()) {
            true => slot = Cell::Text(starts_at.clone()),
            false => known.report.note("Consultations à la même heure (à appeler)", text("email")),
        }
    }
    let source = if text("source").starts_with("client") { "client_space" } else { "landing_page" };
    let processed = metadata.get("processedAt").and_then(Value::as_str);
    let processed = processed.and_then(|at| at.parse::<chrono::DateTime<Utc>>().ok()).map(orders::written);
    Some(vec![
        ids::derived("consultation", row.old_id()).into(),
        short("firstName", 100),
        short("lastName", 100),
        address(text("email")).into(),
        short("phone", 20),
        starts_at.into(),
        slot,
        Some(text("message")).filter(|text| !text.is_empty()).into(),
        source.into(),
        row.one_of("statut", &["ENVOYE", "BROUILLON", "DELIVRE", "LU", "ARCHIVE"]).into(),
        metadata.get("adminNote").and_then(Value::as_str).into(),
        row.id().into(),
        processed.into(),
        row.created(),
        row.updated(),
    ])
}

/// Writes which file hangs on which message.
pub(super) async fn attachments(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    const READ: &[&str] = &["id", "messageId", "fileId"];
    let turn = |row: &OldRow, _: &mut Known| {
        Some(vec![row.id().into(), row.link("messageId").into(), row.link("fileId").into()])
    };
    moving
        .table(("message_attachments", READ), ("message_attachments", "id, message_id, file_id"), turn)
        .await
}
