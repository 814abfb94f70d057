//! Adds the Factur-X properties to the XMP packet of a finished PDF.
//!
//! The PDF library writes the packet itself and has no door for other schemas. The packet is an uncompressed
//! stream (PDF/A wants it readable), so the properties are inserted in it, and every offset of the
//! cross-reference table behind the insertion moves by the same length.

use std::ops::Range;

/// The Factur-X properties and the description of their schema that PDF/A-3 demands (ISO 19005-3, 6.6.2.3).
const FACTUR_X: &str = include_str!("factur-x.xmp");
const PACKET_END: &[u8] = b"</rdf:RDF></x:xmpmeta><?xpacket end=";

/// Inserts the Factur-X properties; `None` when the file is not laid out as expected.
pub(super) fn add_factur_x(pdf: &[u8]) -> Option<Vec<u8>> {
    let packet_end = find_last(pdf, PACKET_END)?;
    let length = stream_length(pdf, packet_end)?;
    let old_length: usize = ascii(pdf.get(length.clone())?)?.parse().ok()?;
    let new_length = (old_length + FACTUR_X.len()).to_string();
    let table = xref_table(pdf)?;

    let shift = FACTUR_X.len() + new_length.len() - length.len();
    let mut out = Vec::with_capacity(pdf.len() + shift);
    out.extend_from_slice(pdf.get(..length.start)?);
    out.extend_from_slice(new_length.as_bytes());
    out.extend_from_slice(pdf.get(length.end..packet_end)?);
    out.extend_from_slice(FACTUR_X.as_bytes());
    out.extend_from_slice(pdf.get(packet_end..table.entries.start)?);
    for entry in pdf.get(table.entries.clone())?.chunks_exact(ENTRY) {
        out.extend_from_slice(&moved(entry, length.start, shift)?);
    }
    out.extend_from_slice(pdf.get(table.entries.end..table.start_offset.start)?);
    out.extend_from_slice((table.start + shift).to_string().as_bytes());
    out.extend_from_slice(pdf.get(table.start_offset.end..)?);
    Some(out)
}

/// Bytes of one entry of a cross-reference table: `nnnnnnnnnn ggggg n` and two bytes of line end.
const ENTRY: usize = 20;

/// Where the cross-reference table is.
struct XrefTable {
    /// Offset of the keyword `xref`.
    start: usize,
    entries: Range<usize>,
    /// The digits after `startxref`.
    start_offset: Range<usize>,
}

fn xref_table(pdf: &[u8]) -> Option<XrefTable> {
    let keyword = find_last(pdf, b"startxref\n")? + b"startxref\n".len();
    let start_offset = keyword..keyword + digits_at(pdf, keyword);
    let start: usize = ascii(pdf.get(start_offset.clone())?)?.parse().ok()?;
    let head = pdf.get(start..)?.strip_prefix(b"xref\n0 ")?;
    let count_at = start + b"xref\n0 ".len();
    let digits = digits_at(pdf, count_at);
    let count: usize = ascii(head.get(..digits)?)?.parse().ok()?;
    let first = count_at + digits + 1;
    let entries = first..first + count * ENTRY;
    pdf.get(entries.end..)?.starts_with(b"trailer").then_some(XrefTable { start, entries, start_offset })
}

fn moved(entry: &[u8], from: usize, shift: usize) -> Option<Vec<u8>> {
    let offset: usize = ascii(entry.get(..10)?)?.parse().ok()?;
    let in_use = entry.get(17) == Some(&b'n');
    let offset = if in_use && offset > from { offset + shift } else { offset };
    let mut out = format!("{offset:010}").into_bytes();
    out.extend_from_slice(entry.get(10..)?);
    Some(out)
}

/// The digits of the `/Length` of the packet's stream; its dictionary stands right before the packet.
fn stream_length(pdf: &[u8], packet_end: usize) -> Option<Range<usize>> {
    let packet = find_last(pdf.get(..packet_end)?, b"<?xpacket begin=")?;
    let before = pdf.get(..packet)?;
    let start = find_last(before, b"/Length ")? + b"/Length ".len();
    Some(start..start + digits_at(pdf, start))
}

fn digits_at(bytes: &[u8], at: usize) -> usize {
    bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count()
}

fn find_last(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).rposition(|window| window == needle)
}

fn ascii(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
