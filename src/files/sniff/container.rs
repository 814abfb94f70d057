//! Looking inside zip and OLE containers, without unpacking anything.

use std::io::ErrorKind::{InvalidData, InvalidInput, NotFound, UnexpectedEof, Unsupported};
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use cfb::CompoundFile;
use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// The first bytes of an OLE compound file ([MS-CFB] 2.2).
const OLE_SIGNATURE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

/// Bytes read of a container at most. A longer table of contents belongs to no document; one made up to fill our
/// memory is given up here.
const MAX_READ: u64 = 4 * 1024 * 1024;

/// A media type longer than this is none that we take.
const MAX_MIME: u64 = 256;

/// Whether these first bytes are those of an OLE compound file.
pub(super) fn is_ole(head: &[u8]) -> bool {
    head.starts_with(&OLE_SIGNATURE)
}

/// Whether an OLE file holds one of these streams.
pub(super) fn holds_ole_stream<F: Read + Seek>(file: &mut F, names: &[&str]) -> io::Result<bool> {
    let compound = readable(CompoundFile::open(Bounded::new(file)))?;
    Ok(compound.is_some_and(|compound| names.iter().any(|name| compound.is_stream(name))))
}

/// Whether a zip is an Office Open XML package with its parts under `directory`, in whatever order.
pub(super) fn is_ooxml<F: Read + Seek>(file: &mut F, directory: &str) -> io::Result<bool> {
    let Some(archive) = open_zip(file)? else { return Ok(false) };
    let types = archive.index_for_name("[Content_Types].xml").is_some();
    Ok(types && archive.file_names_raw().any(|name| name.starts_with(directory.as_bytes())))
}

/// Whether a zip has the parts of a document of iWork: archives of its own (since 2013), or an index in XML before.
pub(super) fn is_iwork<F: Read + Seek>(file: &mut F) -> io::Result<bool> {
    let Some(archive) = open_zip(file)? else { return Ok(false) };
    let is_part = |name: &[u8]| {
        name.ends_with(b".iwa") || matches!(name, b"Index.zip" | b"index.xml" | b"index.xml.gz")
    };
    Ok(archive.file_names_raw().any(is_part))
}

/// Whether a zip declares itself to be `mime` in its `mimetype` entry. Writers that compress or forget that entry
/// exist and their files open everywhere, so the manifest of the family is accepted in its place.
pub(super) fn is_packaged<F: Read + Seek>(file: &mut F, mime: &str) -> io::Result<bool> {
    let Some(mut archive) = open_zip(file)? else { return Ok(false) };
    let manifest = manifest_of(mime).iter().all(|name| archive.index_for_name(name).is_some());
    match declared_type(&mut archive).map_err(io::Error::from) {
        Ok(declared) => Ok(declared.trim_ascii() == mime.as_bytes()),
        Err(error) if matches!(error.kind(), NotFound | Unsupported) => Ok(manifest),
        Err(error) => readable(Err::<bool, _>(error)).map(|_| false),
    }
}

/// What a package without a readable `mimetype` must hold.
fn manifest_of(mime: &str) -> &'static [&'static str] {
    match mime {
        "application/epub+zip" => &["META-INF/container.xml"],
        _ => &["META-INF/manifest.xml", "content.xml"],
    }
}

/// The content of the `mimetype` entry, which must be neither compressed nor encrypted.
fn declared_type<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<Vec<u8>, ZipError> {
    let entry = archive.by_name("mimetype")?;
    if entry.compression() != CompressionMethod::Stored {
        return Err(ZipError::UnsupportedArchive("a compressed media type"));
    }
    let mut content = Vec::new();
    entry.take(MAX_MIME).read_to_end(&mut content)?;
    Ok(content)
}

/// The table of contents of a zip; `None` when it has none that can be read.
fn open_zip<F: Read + Seek>(file: &mut F) -> io::Result<Option<ZipArchive<Bounded<'_, F>>>> {
    let config = Config { archive_offset: ArchiveOffset::Known(0) };
    readable(ZipArchive::with_config(config, Bounded::new(file)).map_err(io::Error::from))
}

/// `None` for a damaged container, which is no failure of ours.
fn readable<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.kind() {
            InvalidData | InvalidInput | NotFound | Unsupported | UnexpectedEof => Ok(None),
            _ => Err(error),
        },
    }
}

/// A file of which at most [`MAX_READ`] bytes are read, wherever; more is a damaged container.
struct Bounded<'a, F> {
    file: BufReader<&'a mut F>,
    left: u64,
}

impl<'a, F: Read> Bounded<'a, F> {
    fn new(file: &'a mut F) -> Self {
        Self { file: BufReader::new(file), left: MAX_READ }
    }
}

impl<F: Read> Read for Bounded<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or(InvalidData)?;
        Ok(read)
    }
}

impl<F: Seek> Seek for Bounded<'_, F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
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

    /// A zip of nothing but `count` entries with long names, and the end record that promises them.
    fn table_of_contents(count: u16) -> Vec<u8> {
        let mut entry = [b"PK\x01\x02".as_slice(), &[0; 42], &[b'x'; 200]].concat();
        entry[28] = 200;
        // One file before it: a table of contents at offset 0 belongs to an empty zip.
        let mut bytes = [b"PK\x03\x04".to_vec(), entry.repeat(count.into())].concat();
        let size = u32::try_from(bytes.len() - 4).unwrap();
        bytes.extend([b"PK\x05\x06\0\0\0\0".as_slice(), &count.to_le_bytes(), &count.to_le_bytes()].concat());
        bytes.extend([size.to_le_bytes(), 4_u32.to_le_bytes()].concat());
        bytes.extend([0; 2]);
        bytes
    }

    #[test]
    fn an_endless_table_of_contents_is_given_up() {
        assert!(open_zip(&mut Cursor::new(&table_of_contents(1000))).unwrap().is_some());
        assert!(open_zip(&mut Cursor::new(&table_of_contents(60_000))).unwrap().is_none());
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

        #[test]
        fn damaged_compound_files_are_refused_without_harm(cut in 0..DOC.len(), at in 0..DOC.len(), byte: u8) {
            let mut bytes = DOC.to_vec();
            bytes[at] = byte;
            bytes.truncate(cut);
            holds_ole_stream(&mut Cursor::new(&bytes), &["WordDocument"]).unwrap();
        }
    }
}
