//! What the bytes say.

use std::io::{self, Read, Seek, SeekFrom};

use super::container;

/// How much of a file's beginning is looked at first.
pub const HEAD_BYTES: usize = 4096;

/// A PDF reader looks for the header in the first 1024 bytes (ISO 32000, annex H.3.4.1).
const PDF_WINDOW: usize = 1024;

const BUFFER: usize = 64 * 1024;

/// The ways to recognise a content.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Content {
    Pdf,
    Rtf,
    /// Office Open XML whose parts live under this directory.
    Ooxml(&'static str),
    /// A zip that names its own type in an entry called `mimetype` (ODF, EPUB).
    Packaged(&'static str),
    /// An OLE compound file that holds one of these streams.
    Ole(&'static [&'static str]),
    /// A document of Apple Pages: a zip with the parts of iWork.
    Iwork,
    Text,
    Jpeg,
    Png,
    Gif,
    Webp,
    Bmp,
    Tiff,
    Zip,
    Rar,
    SevenZip,
    Mp3,
    Wav,
    Ogg,
    Mp4,
    Avi,
    Mov,
}

/// Whether the beginning of a file can be this content. Markup never is.
pub(super) fn matches_head(content: Content, head: &[u8]) -> bool {
    !is_active_markup(head) && has_signature(content, head)
}

fn has_signature(content: Content, head: &[u8]) -> bool {
    match content {
        Content::Pdf => contains(head.get(..PDF_WINDOW).unwrap_or(head), b"%PDF-"),
        Content::Rtf => head.starts_with(br"{\rtf"),
        Content::Ooxml(_) | Content::Packaged(_) | Content::Iwork | Content::Zip => {
            infer::archive::is_zip(head)
        }
        Content::Ole(_) => container::is_ole(head),
        Content::Text => is_text_head(head),
        Content::Jpeg => infer::image::is_jpeg(head),
        Content::Png => infer::image::is_png(head),
        Content::Gif => head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a"),
        Content::Webp => head.starts_with(b"RIFF") && infer::image::is_webp(head),
        Content::Bmp => infer::image::is_bmp(head),
        Content::Tiff => infer::image::is_tiff(head),
        Content::Rar => infer::archive::is_rar(head),
        Content::SevenZip => infer::archive::is_7z(head),
        Content::Mp3 => is_mp3(head),
        Content::Wav => infer::audio::is_wav(head),
        Content::Ogg => infer::audio::is_ogg(head),
        Content::Mp4 => is_mp4(head),
        Content::Avi => infer::video::is_avi(head),
        Content::Mov => is_mov(head),
    }
}

/// Whether a complete file, whose head was accepted, is this content.
pub(super) fn matches_whole<F: Read + Seek>(content: Content, file: &mut F) -> io::Result<bool> {
    match content {
        Content::Ooxml(directory) => container::is_ooxml(file, directory),
        Content::Packaged(mime) => container::is_packaged(file, mime),
        Content::Iwork => container::is_iwork(file),
        Content::Ole(streams) => container::holds_ole_stream(file, streams),
        Content::Text => is_text(file),
        _ => Ok(true),
    }
}

/// ID3 tag, or an MPEG audio frame header (11 sync bits, layer III).
fn is_mp3(head: &[u8]) -> bool {
    head.starts_with(b"ID3")
        || matches!(head, [0xFF, second, ..] if second & 0xE0 == 0xE0 && second & 0x06 == 0x02)
}

/// An ISO base media file of any brand but QuickTime's and the still image ones.
fn is_mp4(head: &[u8]) -> bool {
    const STILL: [&[u8]; 4] = [b"avif", b"heic", b"heix", b"mif1"];
    let brand = head.get(8..12).unwrap_or_default();
    head.get(4..8) == Some(b"ftyp") && brand != b"qt  " && !STILL.contains(&brand)
}

/// QuickTime: its own brand, or a file from before brands that begins with one of its atoms.
fn is_mov(head: &[u8]) -> bool {
    const ATOMS: [&[u8]; 5] = [b"moov", b"mdat", b"wide", b"free", b"skip"];
    let kind = head.get(4..8).unwrap_or_default();
    ATOMS.contains(&kind) || (kind == b"ftyp" && head.get(8..12) == Some(b"qt  "))
}

/// Text is what no binary format claims.
fn is_text_head(head: &[u8]) -> bool {
    use infer::MatcherType::{Archive, Book, Doc};
    let binary = infer::get(head).is_some_and(|kind| matches!(kind.matcher_type(), Archive | Book | Doc));
    !binary && !head.starts_with(b"%PDF-") && text_bytes_ok(head, utf16(head))
}

fn is_text<F: Read + Seek>(file: &mut F) -> io::Result<bool> {
    file.seek(SeekFrom::Start(0))?;
    let mut buffer = vec![0; BUFFER];
    let mut wide = None;
    loop {
        let read = read_up_to(file, &mut buffer)?;
        let chunk = buffer.get(..read).unwrap_or_default();
        let wide = *wide.get_or_insert_with(|| utf16(chunk));
        if !text_bytes_ok(chunk, wide) {
            return Ok(false);
        }
        if read < BUFFER {
            return Ok(true);
        }
    }
}

/// Fills the buffer as far as the file goes: every chunk but the last has an even length.
fn read_up_to<F: Read>(file: &mut F, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// The byte order of a UTF-16 text, from its mark.
#[derive(Clone, Copy)]
enum ByteOrder {
    Little,
    Big,
}

fn utf16(head: &[u8]) -> Option<ByteOrder> {
    match head {
        [0xFF, 0xFE, ..] => Some(ByteOrder::Little),
        [0xFE, 0xFF, ..] => Some(ByteOrder::Big),
        _ => None,
    }
}

/// UTF-8, Latin-1 and Windows-1252 texts may hold any byte but control codes; UTF-16 any unit but those.
fn text_bytes_ok(bytes: &[u8], wide: Option<ByteOrder>) -> bool {
    match wide {
        None => !bytes.iter().any(|byte| is_control(u16::from(*byte))),
        Some(order) => !units(bytes, order).any(is_control),
    }
}

fn units(bytes: &[u8], order: ByteOrder) -> impl Iterator<Item = u16> {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(move |pair| match order {
        ByteOrder::Little => u16::from_le_bytes(*pair),
        ByteOrder::Big => u16::from_be_bytes(*pair),
    })
}

/// Control codes that no text holds: all but tab, line feed, form feed, carriage return, the old end of file and escape.
fn is_control(unit: u16) -> bool {
    unit < 0x20 && !matches!(unit, 0x09 | 0x0A | 0x0B | 0x0C | 0x0D | 0x1A | 0x1B)
}

/// Whether the file begins as HTML, SVG or a script, in UTF-8 or UTF-16: what a browser could run.
fn is_active_markup(head: &[u8]) -> bool {
    const ACTIVE: [&str; 9] = [
        "<svg",
        "<!doctype html",
        "<!doctype svg",
        "<html",
        "<head",
        "<body",
        "<script",
        "<iframe",
        "<xhtml",
    ];
    let text = match utf16(head) {
        Some(order) => char::decode_utf16(units(head, order)).map(|c| c.unwrap_or(' ')).collect(),
        None => String::from_utf8_lossy(head).into_owned(),
    };
    let text = text.to_ascii_lowercase();
    let start = skip_prologue(&text);
    ACTIVE.iter().any(|tag| start.starts_with(tag))
}

/// What follows the byte order mark, blanks, processing instructions and comments.
fn skip_prologue(text: &str) -> &str {
    let mut rest = text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{FEFF}');
    loop {
        let end = match rest {
            _ if rest.starts_with("<?") => rest.find("?>").map(|at| at + 2),
            _ if rest.starts_with("<!--") => rest.find("-->").map(|at| at + 3),
            _ => return rest,
        };
        match end.and_then(|end| rest.get(end..)) {
            Some(after) => rest = after.trim_start(),
            None => return rest,
        }
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn text(bytes: &[u8]) -> bool {
        matches_head(Content::Text, bytes) && matches_whole(Content::Text, &mut Cursor::new(bytes)).unwrap()
    }

    #[test]
    fn texts_of_every_usual_encoding_are_texts() {
        let latin1 = b"L'\xe9t\xe9 dernier\r\n";
        let wide: Vec<u8> = "\u{FEFF}Été".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{FEFF}Été".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in ["Un été".as_bytes(), latin1, &wide, &big, b"BM est un sigle", b"MZ"] {
            assert!(text(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn binary_bytes_are_no_text_even_far_from_the_beginning() {
        let mut far = vec![b'a'; 200_000];
        far.push(0);
        assert!(matches_head(Content::Text, &far[..HEAD_BYTES]));
        assert!(!text(&far));
        for bytes in [&b"%PDF-1.7 texte"[..], b"\x89PNG\r\n\x1a\n\0\0", b"PK\x03\x04"] {
            assert!(!text(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn markup_hides_behind_nothing() {
        let wide: Vec<u8> = "\u{FEFF}<SVG>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [
            "<svg xmlns='x'/>".as_bytes(),
            b"  \n<!DOCTYPE html><p>",
            "\u{FEFF}<HTML>".as_bytes(),
            b"<?xml version='1.0'?>\n<!-- c --><svg/>",
            b"<script>alert(1)</script>",
            &wide,
        ] {
            assert!(!text(bytes), "{bytes:?}");
        }
        assert!(!matches_head(Content::Pdf, b"<html>%PDF-1.4"));
        assert!(text(b"<titre> dans un texte, et plus loin <svg>"));
    }

    #[test]
    fn films_are_told_apart() {
        assert!(is_mp4(b"\0\0\0\x20ftypisom\0\0\x02\0"));
        assert!(is_mov(b"\0\0\0\x14ftypqt  \0\0\0\0"));
        assert!(!is_mp4(b"\0\0\0\x14ftypqt  \0\0\0\0"));
        assert!(!is_mp4(b"\0\0\0\x14ftypheic\0\0\0\0"));
        assert!(is_mp3(b"\xff\xfb\x90\x44") && is_mp3(b"ID3\x04") && !is_mp3(b"\xff\xd8\xff"));
    }
}
