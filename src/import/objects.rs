//! The files of the former platform, copied into our storage and hashed.

use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;
use uuid::Uuid;

use super::{Known, Options, Progress, orders::instant, row::OldRow, source::Source};
use crate::{app::AppState, files::storage::Kind};

const FILE: &[&str] = &["id", "filename", "storedName", "url", "size", "createdAt", "updatedAt"];
const INVOICE: &[&str] = &["id", "number", "pdfUrl", "createdAt", "updatedAt"];

/// A file of the former platform in our storage.
pub(super) struct Copied {
    pub(super) key: String,
    pub(super) size: i64,
    /// None when it was not found.
    pub(super) sha256: Option<String>,
}

/// Copies every file that is there. Safe to repeat: what a former run copied is recognised by its content.
pub(super) async fn copy(
    state: &AppState,
    options: &Options,
    source: &mut Source,
    known: &mut Known,
    progress: Progress<'_>,
) -> anyhow::Result<()> {
    if options.uploads.is_none() {
        known.report.note("À faire", "aucun fichier copié : donnez le répertoire des envois avec --uploads");
    }
    let (mut found, mut kept) = (0, 0);
    for (table, columns) in [("files", FILE), ("invoices", INVOICE)] {
        let all = u64::try_from(source.figure(table, "", "COUNT(*)").await?).unwrap_or_default();
        let (mut done, mut after) = (0, String::new());
        loop {
            let page = source.page(table, columns, &after).await?;
            let Some(last) = page.last() else { break };
            after = last.old_id().to_owned();
            for row in &page {
                let (id, key, size) = (row.id(), key(table, row), row.int("size").unwrap_or_default());
                let path = options.uploads.as_deref().and_then(|root| locate(root, row));
                let copied = match path {
                    Some(path) => {
                        found += 1;
                        let copied = keep(state, &path, key, options.dry_run).await?;
                        kept += i64::from(copied.sha256.is_some());
                        copied
                    }
                    None => Copied { key, size, sha256: None },
                };
                if copied.sha256.is_none() && table == "files" {
                    known.report.note(
                        "Fichiers introuvables",
                        format!("{id} {}", row.filled("url").unwrap_or_default()),
                    );
                }
                if copied.sha256.is_some() && table == "files" && copied.size != size {
                    known.report.note("Fichiers d’une autre taille que celle enregistrée", id.to_string());
                }
                known.objects.insert(id, copied);
                done += 1;
                progress(table, done, all);
            }
        }
    }
    known.report.line("fichiers trouvés, copiés", found, 0, kept);
    Ok(())
}

/// The key, which follows from the row.
fn key(table: &str, row: &OldRow) -> String {
    let url = row.filled("url").unwrap_or_default();
    let kind = match (table, url) {
        ("invoices", _) => Kind::Invoices,
        (_, url) if url.contains("/messages/") => Kind::Messages,
        (_, url) if url.contains("/orders/") => Kind::Orders,
        _ => Kind::Projects,
    };
    let extension = ["storedName", "filename", "pdfUrl"].into_iter().find_map(|column| {
        let (_, extension) = row.filled(column)?.rsplit_once('.')?;
        let short = extension.len() <= 8 && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (short && !extension.is_empty()).then(|| extension.to_ascii_lowercase())
    });
    let made = instant(row.made()).unwrap_or_default();
    kind.imported(&extension.unwrap_or_else(|| "bin".to_owned()), made, row.id())
}

/// Where a row's file lies: below the uploads, whatever was before them when the row was written.
fn locate(root: &Path, row: &OldRow) -> Option<PathBuf> {
    let url = row.filled("url").or_else(|| row.filled("pdfUrl")).unwrap_or_default();
    let below = url.rsplit_once("uploads/").map(|(_, below)| below);
    let name = url.rsplit(['/', '\\']).next().filter(|name| !name.is_empty());
    let mut candidates: Vec<PathBuf> = below.map(PathBuf::from).into_iter().collect();
    for name in row.filled("storedName").into_iter().chain(name) {
        for folder in ["projects", "messages", "orders", "invoices", ""] {
            candidates.push(Path::new(folder).join(name));
        }
    }
    let inside = |path: &PathBuf| path.components().all(|part| matches!(part, Component::Normal(_)));
    let real = root.canonicalize().ok()?;
    let found = candidates.into_iter().filter(inside).filter_map(|path| root.join(path).canonicalize().ok());
    // A link that leads out of the uploads is no file of theirs.
    found.into_iter().find(|path| path.starts_with(&real) && path.is_file())
}

async fn keep(state: &AppState, path: &Path, key: String, dry_run: bool) -> anyhow::Result<Copied> {
    let (sha256, size) = hash(path).await?;
    let there = match state.storage.open(&key).await {
        Ok(object) => object.len() == size,
        Err(_) => false,
    };
    if !dry_run && !there {
        // What a killed run left half way under this key is replaced.
        state.storage.delete(&key).await?;
        let file = tokio::fs::File::open(path).await?;
        let kept = state.storage.put_as(key.clone(), file).await?;
        let same = kept.sha256 == sha256;
        return Ok(Copied { key, size: i64::try_from(kept.size)?, sha256: same.then_some(sha256) });
    }
    Ok(Copied { key, size: i64::try_from(size)?, sha256: Some(sha256) })
}

async fn hash(path: &Path) -> anyhow::Result<(String, u64)> {
    let (mut file, mut hasher, mut size) = (tokio::fs::File::open(path).await?, Sha256::new(), 0);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer).await?;
        let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else { break };
        hasher.update(chunk);
        size += read as u64;
    }
    Ok((hex::encode(hasher.finalize()), size))
}

/// The object of a row that has one, found or not.
pub(super) fn of(known: &Known, id: Uuid) -> (String, i64, Option<String>) {
    known.objects.get(&id).map_or_else(
        || (format!("projects/1970/01/{id}.bin"), 0, None),
        |copied| (copied.key.clone(), copied.size, copied.sha256.clone()),
    )
}
