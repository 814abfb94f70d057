//! Looking inside zip and OLE containers, without unpacking anything.

use std::io::{self, Read, Seek, SeekFrom};

/// The first bytes of an OLE compound file ([MS-CFB] 2.2).
const OLE_SIGNATURE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

/// Directory entries of a compound file are 128 bytes long and aligned ([MS-CFB] 2.6).
const OLE_ENTRY: usize = 128;

/// Zip end record (APPNOTE 4.3.16): its signature, its length, and the longest comment after it.
const END_SIGNATURE: &[u8] = b"PK\x05\x06";
const END_LENGTH: usize = 22;
const MAX_COMMENT: u64 = u16::MAX as u64;

/// Zip central directory header (APPNOTE 4.3.12).
const CENTRAL_SIGNATURE: &[u8] = b"PK\x01\x02";
const CENTRAL_LENGTH: usize = 46;

/// Zip local file header (APPNOTE 4.3.7): length without the name and the extra field.
const LOCAL_LENGTH: usize = 30;

/// A central directory longer than this belongs to no document.
const MAX_DIRECTORY: u64 = 8 * 1024 * 1024;

/// One file named by a zip's central directory.
struct Entry {
    name: Vec<u8>,
    stored: bool,
    size: u64,
    offset: u64,
}

/// Whether these first bytes are those of an OLE compound file.
pub(super) fn is_ole(head: &[u8]) -> bool {
    head.starts_with(&OLE_SIGNATURE)
}

/// Whether an OLE file's directory names one of these streams. Entries are aligned in the file, so reading it
/// through is enough; the chain of sectors need not be followed.
pub(super) fn holds_ole_stream<F: Read + Seek>(file: &mut F, names: &[&str]) -> io::Result<bool> {
    let wanted: Vec<Vec<u8>> = names.iter().map(|name| directory_name(name)).collect();
    file.seek(SeekFrom::Start(0))?;
    let mut reader = io::BufReader::with_capacity(64 * 1024, file);
    let mut entry = [0; OLE_ENTRY];
    loop {
        match reader.read_exact(&mut entry) {
            Ok(()) if wanted.iter().any(|name| entry.starts_with(name)) => return Ok(true),
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

/// A stream's name as a directory entry spells it: UTF-16, with its final zero.
fn directory_name(name: &str) -> Vec<u8> {
    let units = name.encode_utf16().chain([0]);
    units.flat_map(u16::to_le_bytes).collect()
}

/// Whether a zip is an Office Open XML package with its parts under `directory`, in whatever order.
pub(super) fn is_ooxml<F: Read + Seek>(file: &mut F, directory: &str) -> io::Result<bool> {
    let entries = entries(file)?;
    let types = entries.iter().any(|entry| entry.name == b"[Content_Types].xml");
    let parts = entries.iter().any(|entry| entry.name.starts_with(directory.as_bytes()));
    Ok(types && parts)
}

/// Whether a zip declares itself to be `mime` in its `mimetype` entry. Writers that compress or forget that entry
/// exist and their files open everywhere, so the manifest of the family is accepted in its place.
pub(super) fn is_packaged<F: Read + Seek>(file: &mut F, mime: &str) -> io::Result<bool> {
    let entries = entries(file)?;
    let find = |name: &[u8]| entries.iter().find(|entry| entry.name == name);
    match find(b"mimetype") {
        Some(entry) if entry.stored => declares(file, entry, mime),
        _ if mime == "application/epub+zip" => Ok(find(b"META-INF/container.xml").is_some()),
        _ => Ok(find(b"META-INF/manifest.xml").is_some() && find(b"content.xml").is_some()),
    }
}

fn declares<F: Read + Seek>(file: &mut F, entry: &Entry, mime: &str) -> io::Result<bool> {
    if entry.size > 256 {
        return Ok(false);
    }
    let Some(header) = read_at(file, entry.offset, LOCAL_LENGTH as u64)? else {
        return Ok(false);
    };
    let skip = u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28));
    let start = entry.offset + LOCAL_LENGTH as u64 + skip;
    let content = read_at(file, start, entry.size)?.unwrap_or_default();
    Ok(content.trim_ascii() == mime.as_bytes())
}

/// The central directory of a zip; empty when there is none to be found.
fn entries<F: Read + Seek>(file: &mut F) -> io::Result<Vec<Entry>> {
    let length = file.seek(SeekFrom::End(0))?;
    let tail_length = length.min(END_LENGTH as u64 + MAX_COMMENT);
    let tail = read_at(file, length - tail_length, tail_length)?.unwrap_or_default();
    let Some(end) = tail.windows(END_LENGTH).rev().find(|window| window.starts_with(END_SIGNATURE)) else {
        return Ok(Vec::new());
    };
    let (size, offset) = (u64::from(u32_at(end, 12)), u64::from(u32_at(end, 16)));
    if size > MAX_DIRECTORY {
        return Ok(Vec::new());
    }
    let directory = read_at(file, offset, size)?.unwrap_or_default();
    Ok(parse_directory(&directory))
}

fn parse_directory(mut rest: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    while rest.starts_with(CENTRAL_SIGNATURE) {
        let name_length = usize::from(u16_at(rest, 28));
        let extras = usize::from(u16_at(rest, 30)) + usize::from(u16_at(rest, 32));
        let Some(name) = rest.get(CENTRAL_LENGTH..CENTRAL_LENGTH + name_length) else {
            break;
        };
        entries.push(Entry {
            name: name.to_vec(),
            stored: u16_at(rest, 10) == 0,
            size: u64::from(u32_at(rest, 24)),
            offset: u64::from(u32_at(rest, 42)),
        });
        rest = rest.get(CENTRAL_LENGTH + name_length + extras..).unwrap_or_default();
    }
    entries
}

/// Reads exactly `length` bytes at `offset`; `None` when the file is shorter.
fn read_at<F: Read + Seek>(file: &mut F, offset: u64, length: u64) -> io::Result<Option<Vec<u8>>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.by_ref().take(length).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 == length).then_some(bytes))
}

/// A little-endian field; zero when the bytes end before it.
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk());
    field.map_or(0, |field| u16::from_le_bytes(*field))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk());
    field.map_or(0, |field| u32::from_le_bytes(*field))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    const DOCX: &[u8] = include_bytes!("../../../tests/fixtures/extrait.docx");
    const ODT: &[u8] = include_bytes!("../../../tests/fixtures/extrait.odt");
    const EPUB: &[u8] = include_bytes!("../../../tests/fixtures/extrait.epub");
    const DOC: &[u8] = include_bytes!("../../../tests/fixtures/extrait.doc");
    const XLS: &[u8] = include_bytes!("../../../tests/fixtures/tableau.xls");

    #[test]
    fn office_documents_are_told_apart() {
        assert!(is_ooxml(&mut Cursor::new(DOCX), "word/").unwrap());
        assert!(!is_ooxml(&mut Cursor::new(DOCX), "xl/").unwrap());
        assert!(!is_ooxml(&mut Cursor::new(ODT), "word/").unwrap());
        let odt = "application/vnd.oasis.opendocument.text";
        assert!(is_packaged(&mut Cursor::new(ODT), odt).unwrap());
        assert!(!is_packaged(&mut Cursor::new(EPUB), odt).unwrap());
        assert!(is_packaged(&mut Cursor::new(EPUB), "application/epub+zip").unwrap());
        assert!(holds_ole_stream(&mut Cursor::new(DOC), &["WordDocument"]).unwrap());
        assert!(!holds_ole_stream(&mut Cursor::new(XLS), &["WordDocument"]).unwrap());
        assert!(holds_ole_stream(&mut Cursor::new(XLS), &["Workbook", "Book"]).unwrap());
    }

    proptest! {
        #[test]
        fn damaged_containers_are_refused_without_harm(cut in 0..DOCX.len(), at in 0..DOCX.len(), byte: u8) {
            let mut bytes = DOCX.to_vec();
            bytes[at] = byte;
            bytes.truncate(cut);
            is_ooxml(&mut Cursor::new(&bytes), "word/").unwrap();
            is_packaged(&mut Cursor::new(&bytes), "application/epub+zip").unwrap();
        }
    }
}
