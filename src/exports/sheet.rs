//! A section of an export as a table that spreadsheets open.

use std::collections::BTreeSet;
use std::io::{self, Write};

use csv::{QuoteStyle, WriterBuilder};
use serde_json::{Map, Value};

/// What makes a spreadsheet take a text for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Writes rows as CSV: UTF-8 with its mark and semicolons, as the spreadsheets of French machines read it; everything
/// quoted, no text a formula. What is no object is no row.
///
/// # Errors
/// When `out` refuses.
pub(super) fn write<W: Write>(mut out: W, rows: &[Value]) -> io::Result<()> {
    let rows: Vec<&Map<String, Value>> = rows.iter().filter_map(Value::as_object).collect();
    let columns: BTreeSet<&String> = rows.iter().flat_map(|row| row.keys()).collect();
    out.write_all("\u{feff}".as_bytes())?;
    let mut sheet = WriterBuilder::new().delimiter(b';').quote_style(QuoteStyle::Always).from_writer(out);
    sheet.write_record(&columns)?;
    for row in rows {
        sheet.write_record(columns.iter().map(|column| cell(row.get(*column))))?;
    }
    sheet.flush()
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) if text.starts_with(FORMULA) => format!("'{text}"),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sheet(rows: Value) -> String {
        let mut out = Vec::new();
        write(&mut out, rows.as_array().unwrap()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rows_become_lines_whatever_they_hold() {
        let rows = json!([
            {"a": "dit « oui ; \"non\" »\nfin", "b": -5, "c": null},
            {"a": "=1+1", "d": {"x": [1]}, "b": true},
            "no row",
        ]);
        assert_eq!(
            sheet(rows),
            "\u{feff}\"a\";\"b\";\"c\";\"d\"\n\"dit « oui ; \"\"non\"\" »\nfin\";\"-5\";\"\";\"\"\n\
             \"'=1+1\";\"true\";\"\";\"{\"\"x\"\":[1]}\"\n"
        );
    }

    #[test]
    fn no_text_is_a_formula() {
        for text in ["=1", "+33 6", "-1", "@x", "\tx", "\rx"] {
            assert!(sheet(json!([{"a": text}])).contains(&format!("\"'{text}\"")), "{text:?}");
        }
    }
}
