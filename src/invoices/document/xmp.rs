//! Adds the Factur-X properties to the XMP packet of a finished PDF.
//!
//! The PDF library writes the packet itself and has no door for other schemas. The packet is an uncompressed
//! stream (PDF/A wants it readable), so the properties are inserted in it, and every offset of the
//! cross-reference table behind it moves by the same length.

use std::ops::Range;

/// The Factur-X properties.
const PROPERTIES: &str = include_str!("factur-x.xmp");
/// The description of their schema, which PDF/A-3 demands for properties it does not know (ISO 19005-3, 6.6.2.3).
const SCHEMA: &str = include_str!("factur-x-schema.xmp");
const PACKET_START: &[u8] = b"<?xpacket begin=";
const PACKET_END: &[u8] = b"<?xpacket end=";
/// The PDF library describes schemas of its own; a packet holds one list of them.
const SCHEMAS_END: &str = "</rdf:Bag></pdfaExtension:schemas>";
const PROPERTIES_END: &str = "</rdf:RDF>";

/// Inserts the Factur-X properties; `None` when the file is not laid out as expected.
pub(super) fn add_factur_x(pdf: &[u8]) -> Option<Vec<u8>> {
    let packet = find_last(pdf, PACKET_START)?..find_last(pdf, PACKET_END)?;
    let length = stream_length(pdf, packet.start)?;
    let table = xref_table(pdf)?;
    let grown = grown_packet(ascii(pdf.get(packet.clone())?)?)?;
    let added = grown.len() - packet.len();
    let old_length: usize = ascii(pdf.get(length.clone())?)?.parse().ok()?;
    let new_length = (old_length + added).to_string();

    let shift = added + new_length.len() - length.len();
    let mut out = Vec::with_capacity(pdf.len() + shift);
    out.extend_from_slice(pdf.get(..length.start)?);
    out.extend_from_slice(new_length.as_bytes());
    out.extend_from_slice(pdf.get(length.end..packet.start)?);
    out.extend_from_slice(grown.as_bytes());
    out.extend_from_slice(pdf.get(packet.end..table.entries.start)?);
    for entry in pdf.get(table.entries.clone())?.chunks_exact(ENTRY) {
        out.extend_from_slice(&moved(entry, length.start, shift)?);
    }
    out.extend_from_slice(pdf.get(table.entries.end..table.start_offset.start)?);
    out.extend_from_slice((table.start + shift).to_string().as_bytes());
    out.extend_from_slice(pdf.get(table.start_offset.end..)?);
    Some(out)
}

/// The packet with the schema among the others and the properties at its end.
fn grown_packet(packet: &str) -> Option<String> {
    let (before, schemas_on) = packet.split_once(SCHEMAS_END)?;
    let (between, after) = schemas_on.rsplit_once(PROPERTIES_END)?;
    Some([before, SCHEMA, SCHEMAS_END, between, PROPERTIES, PROPERTIES_END, after].concat())
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
fn stream_length(pdf: &[u8], packet_start: usize) -> Option<Range<usize>> {
    let start = find_last(pdf.get(..packet_start)?, b"/Length ")? + b"/Length ".len();
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
