//! Files, pages, questions and the journal.

use super::{Known, Moving, ids, objects, people::address, row::OldRow};

/// Writes the rows of files, their markers turned into columns.
pub(super) async fn files(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    const READ: &[&str] = &[
        "id",
        "filename",
        "mimeType",
        "size",
        "url",
        "type",
        "uploadedById",
        "commandeId",
        "description",
        "createdAt",
        "updatedAt",
    ];
    let turn = |row: &OldRow, known: &mut Known| {
        let id = row.id();
        let (key, size, sha256) = objects::of(known, id);
        let mut description = row.get("description").unwrap_or_default();
        let mut order = row.link("commandeId").filter(|id| known.orders.contains_key(id));
        let mut pending = None;
        if let Some(marked) = description.strip_prefix("TEMP_PENDING:") {
            let (owner, rest) = marked.split_once('|').unwrap_or((marked, ""));
            description = rest;
            let owner = ids::of(owner.trim());
            match known.pendings.get(&owner) {
                Some(became) => {
                    order = order.or(*became);
                    pending = order.is_none().then_some(owner);
                }
                None => known.report.note("Fichiers d’une commande en attente disparue", id.to_string()),
            }
        }
        let corrected = description.strip_prefix("ADMIN_FILE:");
        let text = corrected.unwrap_or(description).trim();
        let keeper = |party: &super::Party| party.email.starts_with("__temp_upload_user__");
        let uploader = row.link("uploadedById");
        let uploader = uploader.filter(|id| known.users.get(id).is_some_and(|party| !keeper(party)));
        let mime =
            row.filled("mimeType").filter(|mime| mime.is_ascii()).unwrap_or("application/octet-stream");
        Some(vec![
            id.into(),
            row.text("filename"),
            key.into(),
            mime.into(),
            size.into(),
            sha256.into(),
            row.one_of("type", &["DOCUMENT", "IMAGE", "AUDIO", "VIDEO", "ARCHIVE", "OTHER"]).into(),
            Some(text).filter(|text| !text.is_empty()).into(),
            corrected.is_some().into(),
            uploader.into(),
            order.into(),
            pending.into(),
            row.created(),
            row.updated(),
        ])
    };
    let new =
        "id, filename, storage_key, mime_type, size, sha256, type, description, is_corrected, uploaded_by_id,
               commande_id, pending_commande_id, created_at, updated_at";
    moving.table(("files", READ), ("files", new), turn).await
}

/// Writes the pages and the questions.
pub(super) async fn pages(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    const READ: &[&str] = &[
        "id",
        "title",
        "slug",
        "content",
        "excerpt",
        "type",
        "status",
        "metaTitle",
        "metaDescription",
        "metaKeywords",
        "category",
        "tags",
        "sortOrder",
        "isPublic",
        "requireAuth",
        "publishedAt",
        "createdAt",
        "updatedAt",
    ];
    const LEGAL: [&str; 5] = [
        "mentions-legales",
        "politique-confidentialite",
        "politique-de-confidentialite",
        "cgv",
        "conditions-generales",
    ];
    let turn = |row: &OldRow, _: &mut Known| {
        let legal = row.filled("slug").is_some_and(|slug| LEGAL.contains(&slug));
        let kind = row.one_of("type", &["PAGE", "FAQ", "BLOG", "LEGAL", "HELP", "LANDING"]);
        Some(vec![
            row.id().into(),
            row.text("title"),
            row.text("slug"),
            row.text("content"),
            row.cell("excerpt"),
            (if legal { "LEGAL".to_owned() } else { kind }).into(),
            row.one_of("status", &["DRAFT", "PUBLISHED", "ARCHIVED", "SCHEDULED"]).into(),
            row.cell("metaTitle"),
            row.cell("metaDescription"),
            row.cell("metaKeywords"),
            row.cell("category"),
            row.cell("tags"),
            row.int("sortOrder").unwrap_or_default().into(),
            row.yes("isPublic").into(),
            row.yes("requireAuth").into(),
            row.at("publishedAt"),
            row.created(),
            row.updated(),
        ])
    };
    let new = "id, title, slug, content, excerpt, type, status, meta_title, meta_description, meta_keywords, category,
               tags, sort_order, is_public, require_auth, published_at, created_at, updated_at";
    moving.table(("pages", READ), ("pages", new), turn).await?;
    const QUESTION: &[&str] =
        &["id", "question", "answer", "details", "ordre", "visible", "categorie", "createdAt", "updatedAt"];
    let turn = |row: &OldRow, _: &mut Known| {
        Some(vec![
            row.id().into(),
            row.text("question"),
            row.text("answer"),
            row.cell("details"),
            row.int("ordre").unwrap_or_default().into(),
            row.yes("visible").into(),
            row.text("categorie"),
            row.created(),
            row.updated(),
        ])
    };
    let new = "id, question, answer, details, ordre, visible, categorie, created_at, updated_at";
    moving.table(("faqs", QUESTION), ("faqs", new), turn).await
}

/// Writes the journal.
pub(super) async fn audit(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    const READ: &[&str] = &[
        "id",
        "timestamp",
        "adminEmail",
        "userEmail",
        "action",
        "targetType",
        "targetId",
        "details",
        "metadata",
        "description",
        "ipAddress",
        "userAgent",
        "severity",
        "createdAt",
    ];
    let turn = |row: &OldRow, _: &mut Known| {
        let actor = row.filled("adminEmail").or_else(|| row.filled("userEmail")).unwrap_or("system");
        let action = row.filled("action").filter(|action| action.is_ascii()).unwrap_or("UNKNOWN");
        let details = ["details", "metadata", "description"].into_iter().find_map(|column| row.get(column));
        let targets = ["system", "user", "command", "invoice", "payment", "file", "auth"];
        Some(vec![
            row.id().into(),
            row.instant("timestamp").unwrap_or_else(|| row.made()).into(),
            address(actor).into(),
            action.into(),
            row.one_of("targetType", &targets).into(),
            row.cell("targetId"),
            details.into(),
            row.filled("ipAddress").filter(|ip| ip.is_ascii()).into(),
            row.cell("userAgent"),
            row.one_of("severity", &["MEDIUM", "LOW", "HIGH", "CRITICAL"]).into(),
            row.created(),
        ])
    };
    let new = "id, timestamp, actor_email, action, target_type, target_id, details, ip_address, user_agent, severity,
               created_at";
    moving.table(("audit_logs", READ), ("audit_logs", new), turn).await
}
