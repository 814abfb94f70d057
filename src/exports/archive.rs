//! The archive a person is handed: everything as JSON, and a table for each kind of thing.

use std::io::{self, BufWriter, Write};

use bytes::Bytes;
use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Europe::Paris;
use serde_json::Value;
use tokio::sync::mpsc;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::sheet;
use crate::{
    app::AppState,
    files::storage::{Draft, Kind, StoredObject},
};

/// Largest JSON that a mail carries, in bytes.
const ATTACHED_MAX: usize = 5_000_000;

/// Bytes handed over to the storage at a time.
const CHUNK: usize = 64 * 1024;
/// Chunks on their way to the storage.
const ON_THEIR_WAY: usize = 4;

const README: &str = "Vos données personnelles chez Staka Livres\r\n\r\n\
    export.json contient tout ce que nous détenons sur vous. Les fichiers .csv en sont la copie, une table par sujet, à ouvrir \
    avec un tableur (UTF-8, séparées par des points-virgules).\r\n\r\n\
    Les montants sont en centimes d’euro, toutes taxes comprises. Les dates sont en temps universel (UTC). Vos documents \
    (manuscrits, corrections, factures) se téléchargent depuis votre espace.\r\n";

/// An archive in the storage.
pub struct Made {
    /// The ZIP.
    pub archive: StoredObject,
    /// Its JSON alone, when a mail can carry it.
    pub document: Option<StoredObject>,
}

impl Made {
    /// Where its objects are.
    pub fn keys(self) -> Vec<String> {
        [Some(self.archive), self.document].into_iter().flatten().map(|object| object.key).collect()
    }
}

/// Makes the archive of an export and keeps it. An error leaves at most an object without a row, which the sweep of the
/// storage removes.
///
/// # Errors
/// When the storage refuses.
pub async fn keep(state: &AppState, export: Value) -> anyhow::Result<Made> {
    let now = state.clock.now();
    let json = serde_json::to_vec_pretty(&export)?;
    let attached = (json.len() < ATTACHED_MAX).then(|| Bytes::from(json.clone()));
    let draft = zipped(state.storage.draft().await?, export, json, now).await?;
    let document = match attached {
        Some(json) => Some(state.storage.put_bytes(Kind::Exports, "json", now, &json).await?),
        None => None,
    };
    let archive = draft.commit(Kind::Exports, "zip", now).await?.keep().await?;
    Ok(Made { archive, document })
}

/// Writes the ZIP into a draft while a thread of its own compresses.
async fn zipped(mut draft: Draft, export: Value, json: Vec<u8>, now: DateTime<Utc>) -> anyhow::Result<Draft> {
    let (sender, mut chunks) = mpsc::channel(ON_THEIR_WAY);
    let writing = tokio::task::spawn_blocking(move || {
        let mut out = BufWriter::with_capacity(CHUNK, Chunks(sender));
        write(&mut out, &export, &json, now)?;
        out.flush()
    });
    while let Some(chunk) = chunks.recv().await {
        draft.write(&chunk).await?;
    }
    writing.await??;
    Ok(draft)
}

/// Hands what is written over to the other end.
struct Chunks(mpsc::Sender<Bytes>);

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.0.blocking_send(Bytes::copy_from_slice(bytes)).map_err(gone)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(out: impl Write, export: &Value, json: &[u8], now: DateTime<Utc>) -> io::Result<()> {
    let mut options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    if let Some(date) = date_of(now) {
        options = options.last_modified_time(date);
    }
    let mut archive = ZipWriter::new_stream(out);
    archive.start_file("LISEZ-MOI.txt", options)?;
    archive.write_all(README.as_bytes())?;
    archive.start_file("export.json", options.large_file(json.len() > u32::MAX as usize))?;
    archive.write_all(json)?;
    for (name, section) in export.get("user").and_then(Value::as_object).into_iter().flatten() {
        let rows = match section {
            Value::Array(rows) if !rows.is_empty() => rows.as_slice(),
            Value::Object(_) => std::slice::from_ref(section),
            // Nothing of that kind, or no table.
            _ => continue,
        };
        archive.start_file(format!("{name}.csv"), options)?;
        sheet::write(&mut archive, rows)?;
    }
    archive.finish()?;
    Ok(())
}

/// Archives date their files in local time.
fn date_of(now: DateTime<Utc>) -> Option<zip::DateTime> {
    let local = now.with_timezone(&Paris);
    let part = |number: u32| u8::try_from(number).ok();
    zip::DateTime::from_date_and_time(
        u16::try_from(local.year()).ok()?,
        part(local.month())?,
        part(local.day())?,
        part(local.hour())?,
        part(local.minute())?,
        part(local.second())?,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use serde_json::json;
    use zip::ZipArchive;

    use super::*;

    #[test]
    fn an_archive_holds_the_json_and_a_table_for_each_kind() {
        let export = json!({"user": {
            "id": "x", "profil": {"nom": "Zoé"}, "messages": [{"content": "Bonjour"}], "fichiers": [],
        }});
        let json = serde_json::to_vec(&export).unwrap();
        let mut bytes = Vec::new();
        write(&mut bytes, &export, &json, "2026-03-10T09:00:00Z".parse().unwrap()).unwrap();
        let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut names: Vec<_> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        names.sort();
        assert_eq!(names, ["LISEZ-MOI.txt", "export.json", "messages.csv", "profil.csv"]);
        let mut text = String::new();
        archive.by_name("export.json").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), export);
        let mut entry = archive.by_name("profil.csv").unwrap();
        assert_eq!(entry.last_modified().unwrap().hour(), 10);
        text.clear();
        entry.read_to_string(&mut text).unwrap();
        assert_eq!(text, "\u{feff}\"nom\"\n\"Zoé\"\n");
    }
}
