//! The log as a stream: a batch of rows at a time, whatever its length, with no connection held between two of them.

use std::io;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use csv::{QuoteStyle, WriterBuilder};
use futures_util::{Stream, stream};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Severity, Target,
    store::{self, Entry, Filter},
};
use crate::{db::Db, http::iso::Iso};

/// Rows read at once.
const BATCH: u32 = 1_000;

/// The first line of the table.
const HEADER: &str = "Timestamp,Admin Email,Action,Target Type,Target ID,Severity,IP Address,Details";

/// What makes a spreadsheet take a text for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table.
    Csv,
    /// An array.
    Json,
}

impl Format {
    /// The ending of a file's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// The type of a file.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    fn begin(self) -> &'static str {
        match self {
            Self::Csv => HEADER,
            Self::Json => "[",
        }
    }

    fn end(self) -> &'static str {
        match self {
            Self::Csv => "",
            Self::Json => "\n]",
        }
    }
}

/// A row of the log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditLog {
    id: Uuid,
    timestamp: Iso,
    /// Address of who acted, `system` or `unknown`.
    admin_email: String,
    action: String,
    target_type: Target,
    target_id: Option<String>,
    severity: Severity,
    ip_address: Option<String>,
    user_agent: Option<String>,
    /// JSON as text, not as an object.
    details: Option<String>,
}

impl From<Entry> for AuditLog {
    fn from(row: Entry) -> Self {
        Self {
            id: row.id,
            timestamp: row.timestamp.into(),
            admin_email: row.actor_email,
            action: row.action,
            target_type: row.target_type.0,
            target_id: row.target_id,
            severity: row.severity.0,
            ip_address: row.ip_address,
            user_agent: row.user_agent,
            details: row.details,
        }
    }
}

/// Where an export stands.
#[derive(Clone, Copy)]
enum Place {
    Begin,
    After(Option<(DateTime<Utc>, Uuid)>),
    End,
}

/// The rows of a filter, the newest first, and how many each piece has. An error ends it in the midst, so that nobody
/// takes what came for the whole.
pub fn stream(db: Db, filter: Filter, format: Format) -> impl Stream<Item = io::Result<(Bytes, u64)>> + Send {
    stream::unfold(Place::Begin, move |place| {
        let (db, filter) = (db.clone(), filter.clone());
        async move { next(&db, &filter, format, place).await }
    })
}

async fn next(
    db: &Db,
    filter: &Filter,
    format: Format,
    place: Place,
) -> Option<(io::Result<(Bytes, u64)>, Place)> {
    let last = match place {
        Place::Begin => return Some((Ok((format.begin().into(), 0)), Place::After(None))),
        Place::After(last) => last,
        Place::End => return None,
    };
    match batch(db, filter, format, last).await {
        Ok((text, rows, Some(last))) if rows == u64::from(BATCH) => {
            Some((Ok((text.into(), rows)), Place::After(Some(last))))
        }
        Ok((mut text, rows, _)) => {
            text.extend(format.end().bytes());
            Some((Ok((text.into(), rows)), Place::End))
        }
        Err(error) => {
            tracing::warn!(%error, "an export of the audit log ends before its end");
            Some((Err(error), Place::End))
        }
    }
}

type Batch = (Vec<u8>, u64, Option<(DateTime<Utc>, Uuid)>);

async fn batch(
    db: &Db,
    filter: &Filter,
    format: Format,
    after: Option<(DateTime<Utc>, Uuid)>,
) -> io::Result<Batch> {
    let mut conn = db.conn().await.map_err(io::Error::other)?;
    let rows = store::following(&mut conn, filter, after, BATCH).await.map_err(io::Error::other)?;
    conn.release();
    let (count, last) = (rows.len() as u64, rows.last().map(|row| (row.timestamp, row.id)));
    let text = match format {
        Format::Csv => lines(rows)?,
        Format::Json => items(rows, after.is_none())?,
    };
    Ok((text, count, last))
}

/// Each on a line of its own, after the one before.
fn lines(rows: Vec<Entry>) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for row in rows {
        text.push(b'\n');
        text.extend(line(&row.into())?);
    }
    Ok(text)
}

fn line(row: &AuditLog) -> io::Result<Vec<u8>> {
    let mut line = WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(Vec::new());
    let at = row.timestamp.0.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let optional = |text: &Option<String>| text.as_deref().unwrap_or_default().to_owned();
    let cells = [
        at,
        row.admin_email.clone(),
        row.action.clone(),
        row.target_type.name().to_owned(),
        optional(&row.target_id),
        row.severity.name().to_owned(),
        optional(&row.ip_address),
        optional(&row.details),
    ];
    line.write_record(cells.iter().map(|cell| harmless(cell)))?;
    let mut line = line.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    line.truncate(line.len().saturating_sub(1));
    Ok(line)
}

/// A text no spreadsheet takes for a formula.
fn harmless(text: &str) -> String {
    match text.starts_with(FORMULA) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

fn items(rows: Vec<Entry>, first: bool) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for (number, row) in rows.into_iter().enumerate() {
        text.extend(if first && number == 0 { &b"\n"[..] } else { b",\n" });
        serde_json::to_writer(&mut text, &AuditLog::from(row))?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_no_formula() {
        let row = AuditLog {
            id: Uuid::nil(),
            timestamp: DateTime::UNIX_EPOCH.into(),
            admin_email: "=cmd|'/c calc'!A1@example.com".into(),
            action: "PASSWORD_RESET_FAILED".into(),
            target_type: Target::Auth,
            target_id: None,
            severity: Severity::High,
            ip_address: Some("::1".into()),
            user_agent: Some("x".into()),
            details: Some("{\"a\":\"b, c\nd\"}".into()),
        };
        assert_eq!(
            String::from_utf8(line(&row).unwrap()).unwrap(),
            "\"1970-01-01T00:00:00.000Z\",\"'=cmd|'/c calc'!A1@example.com\",\"PASSWORD_RESET_FAILED\",\"auth\",\"\",\
             \"HIGH\",\"::1\",\"{\"\"a\"\":\"\"b, c\nd\"\"}\""
        );
        for text in ["+33", "-1", "@x", "\tx", "\rx"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
    }
}
