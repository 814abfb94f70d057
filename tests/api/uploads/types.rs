//! Which files are taken, and what they are taken for.

use std::io::{Cursor, Write};

use serde_json::Value;

use super::demo::{Demo, one};

const DOCX: &[u8] = include_bytes!("../../fixtures/extrait.docx");
const ODT: &[u8] = include_bytes!("../../fixtures/extrait.odt");
const REPACKED_ODT: &[u8] = include_bytes!("../../fixtures/extrait-repacke.odt");
const EPUB: &[u8] = include_bytes!("../../fixtures/extrait.epub");
const PDF: &[u8] = include_bytes!("../../fixtures/extrait.pdf");
const RTF: &[u8] = include_bytes!("../../fixtures/extrait.rtf");
const DOC: &[u8] = include_bytes!("../../fixtures/extrait.doc");
const TXT: &[u8] = include_bytes!("../../fixtures/extrait.txt");
const XLSX: &[u8] = include_bytes!("../../fixtures/tableau.xlsx");
const XLS: &[u8] = include_bytes!("../../fixtures/tableau.xls");

const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const SLIDES: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
const ODF_TEXT: &str = "application/vnd.oasis.opendocument.text";
const BINARY: &str = "application/octet-stream";

/// A Word document whose parts are renamed: enough of a presentation to be one.
fn pptx() -> Vec<u8> {
    replace(DOCX, b"word/", b"ppt/w")
}

/// A package with one of the archives every document of Pages has.
fn pages() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("Index/Document.iwa", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(b"iwa").unwrap();
    zip.finish().unwrap().into_inner()
}

/// A compound file with the one stream every presentation has.
fn ppt() -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    file.create_stream("PowerPoint Document").unwrap().write_all(b"diapositives").unwrap();
    file.into_inner().into_inner()
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for at in 0..bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + from.len()].copy_from_slice(to);
        }
    }
    bytes
}

/// Which policies take a file, its name, its declared type, its content, and what it is then taken for.
type Accepted = (&'static str, &'static str, &'static str, Vec<u8>, &'static str, &'static str);

const ALL: &str = "order project message";
const WORK: &str = "order project";

#[rustfmt::skip]
fn accepted() -> Vec<Accepted> {
    vec![
        (ALL, "L’été à Sète.pdf", "application/pdf", PDF.into(), "application/pdf", "DOCUMENT"),
        (ALL, "roman.pdf", "application/x-pdf", [b"\r\n", PDF].concat(), "application/pdf", "DOCUMENT"),
        (ALL, "ROMAN.DOCX", WORD, DOCX.into(), WORD, "DOCUMENT"),
        (ALL, "roman.docx", BINARY, DOCX.into(), WORD, "DOCUMENT"),
        (ALL, "roman.doc", "application/msword", DOC.into(), "application/msword", "DOCUMENT"),
        (WORK, "roman.odt", ODF_TEXT, ODT.into(), ODF_TEXT, "DOCUMENT"),
        (WORK, "roman.odt", "", REPACKED_ODT.into(), ODF_TEXT, "DOCUMENT"),
        ("order", "roman.epub", "application/epub+zip", EPUB.into(), "application/epub+zip", "DOCUMENT"),
        (WORK, "roman.rtf", "application/rtf", RTF.into(), "application/rtf", "DOCUMENT"),
        (WORK, "roman.rtf", "text/rtf", RTF.into(), "application/rtf", "DOCUMENT"),
        (WORK, "roman.rtf", "application/msword", RTF.into(), "application/rtf", "DOCUMENT"),
        (ALL, "roman.txt", "text/plain; charset=utf-8", TXT.into(), "text/plain", "DOCUMENT"),
        (ALL, "roman.txt", "", b"L'\xe9t\xe9".into(), "text/plain", "DOCUMENT"),
        (WORK, "roman.pages", "application/vnd.apple.pages", pages(), "application/vnd.apple.pages", "DOCUMENT"),
        (WORK, "roman.pages", "application/zip", pages(), "application/vnd.apple.pages", "DOCUMENT"),
        (WORK, "these.tex", "application/x-tex", TXT.into(), "application/x-tex", "DOCUMENT"),
        (WORK, "these.tex", "", TXT.into(), "application/x-tex", "DOCUMENT"),
        (WORK, "notes.md", "text/markdown", TXT.into(), "text/markdown", "DOCUMENT"),
        ("order message", "notes.csv", "application/vnd.ms-excel", TXT.into(), "text/csv", "DOCUMENT"),
        (ALL, "t.xlsx", SHEET, XLSX.into(), SHEET, "DOCUMENT"),
        (ALL, "t.xls", "application/vnd.ms-excel", XLS.into(), "application/vnd.ms-excel", "DOCUMENT"),
        (ALL, "t.pptx", SLIDES, pptx(), SLIDES, "DOCUMENT"),
        (ALL, "t.ppt", "application/vnd.ms-powerpoint", ppt(), "application/vnd.ms-powerpoint", "DOCUMENT"),
        (ALL, "a.jpeg", "image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0".into(), "image/jpeg", "IMAGE"),
        (ALL, "a.png", "image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".into(), "image/png", "IMAGE"),
        (ALL, "a.gif", "image/gif", b"GIF89a\x01\0\x01\0".into(), "image/gif", "IMAGE"),
        ("order message", "a.webp", "image/webp", b"RIFF\x24\0\0\0WEBPVP8 ".into(), "image/webp", "IMAGE"),
        (WORK, "a.bmp", "image/x-ms-bmp", b"BM\x46\0\0\0\0\0\0\0".into(), "image/bmp", "IMAGE"),
        (WORK, "a.tif", "image/tiff", b"II*\0\x08\0\0\0\0\0\0\0".into(), "image/tiff", "IMAGE"),
        (ALL, "a.zip", "application/x-zip-compressed", DOCX.into(), "application/zip", "ARCHIVE"),
        (ALL, "a.rar", "application/vnd.rar", b"Rar!\x1a\x07\x01\0rest".into(), "application/vnd.rar", "ARCHIVE"),
        (ALL, "a.rar", BINARY, b"Rar!\x1a\x07\0rest".into(), "application/vnd.rar", "ARCHIVE"),
        (ALL, "a.7z", "application/x-7z-compressed", b"7z\xbc\xaf\x27\x1c\0\x04".into(), "application/x-7z-compressed", "ARCHIVE"),
        ("message", "a.mp3", "audio/mpeg", b"ID3\x04\0\0\0\0\0\0".into(), "audio/mpeg", "AUDIO"),
        ("message", "a.wav", "audio/x-wav", b"RIFF\x24\0\0\0WAVEfmt ".into(), "audio/wav", "AUDIO"),
        ("message", "a.ogg", "video/ogg", b"OggS\0\x02\0\0".into(), "audio/ogg", "AUDIO"),
        ("message", "a.mp4", "video/mp4", b"\0\0\0\x20ftypisom\0\0\x02\0".into(), "video/mp4", "VIDEO"),
        ("message", "a.avi", "video/x-msvideo", b"RIFF\x24\0\0\0AVI LIST".into(), "video/x-msvideo", "VIDEO"),
        ("message", "a.mov", "video/quicktime", b"\0\0\0\x14ftypqt  \0\0\0\0".into(), "video/quicktime", "VIDEO"),
    ]
}

#[tokio::test]
async fn each_policy_takes_its_formats_and_no_other() {
    let demo = Demo::start().await;
    for (policies, name, declared, bytes, mime, file_type) in accepted() {
        for policy in ["order", "project", "message"] {
            let (status, body) = demo.post(policy, one(name, declared, bytes.clone())).await;
            if !policies.contains(policy) {
                assert!(refused(status, &body), "{policy} {name}: {status} {body}");
                continue;
            }
            assert_eq!(status, 200, "{policy} {name} {declared}: {body}");
            let file = &body["files"][0];
            assert_eq!((&file["mime"], &file["type"]), (&mime.into(), &file_type.into()), "{name}");
            assert_eq!((&file["filename"], &file["size"]), (&name.into(), &bytes.len().into()));
            let key = file["key"].as_str().unwrap();
            assert!(key.starts_with("orders/2026/03/"), "{key}");
            assert_eq!(demo.storage.read(key, u64::MAX).await.unwrap(), bytes);
        }
    }
}

#[tokio::test]
async fn files_that_lie_are_refused_and_leave_nothing() {
    let demo = Demo::start().await;
    let wide_svg: Vec<u8> = "\u{FEFF}<svg/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut late = vec![b'a'; 300_000];
    late.extend_from_slice(b"\0\x01\x02");
    for (name, declared, bytes) in [
        ("page.html", "text/html", &b"<!doctype html><p>"[..]),
        ("logo.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("page.txt", "text/plain", b"\xef\xbb\xbf \n<!DOCTYPE HTML><script>"),
        ("logo.txt", "text/plain", b"<?xml version=\"1.0\"?><!-- x --><svg/>"),
        ("logo.md", "text/markdown", &wide_svg),
        ("script.csv", "", b"<script>alert(1)</script>"),
        ("roman.pdf", "application/pdf", b"MZ\x90\0\x03 not a PDF"),
        ("roman.pdf", "application/pdf", b"<html>%PDF-1.4</html>"),
        ("roman.docx", WORD, XLSX),
        ("roman.docx", WORD, DOC),
        ("roman.docx", WORD, &DOCX[..DOCX.len() - 200]),
        ("roman.odt", ODF_TEXT, EPUB),
        ("roman.odt", ODF_TEXT, DOCX),
        ("roman.epub", "application/epub+zip", ODT),
        ("roman.doc", "application/msword", XLS),
        ("roman.doc", "application/msword", RTF),
        ("roman.txt", "text/plain", PDF),
        ("roman.txt", "text/plain", &late),
        ("roman.txt", "application/pdf", TXT),
        ("photo.png", "image/png", b"\xff\xd8\xff\xe0\0\x10JFIF"),
        ("photo.jpg", "image/png", b"\xff\xd8\xff\xe0\0\x10JFIF"),
        ("roman.zip", "application/zip", b"Rar!\x1a\x07\x01\0"),
        ("virus.exe", BINARY, b"MZ\x90\0"),
        ("roman.docx.exe", WORD, DOCX),
        ("sans-extension", "application/pdf", PDF),
    ] {
        let (status, body) = demo.post("order", one(name, declared, bytes)).await;
        assert!(refused(status, &body), "{name} {declared}: {status} {body}");
        let told = body["message"].as_str().unwrap();
        assert!(told.contains(name) && told.contains(".docx, ") && told.contains(".pages, "), "{body}");
        assert_eq!(body["error"], body["message"]);
    }
    demo.assert_clean().await;
}

#[tokio::test]
async fn names_are_cleaned_on_the_way_in() {
    let demo = Demo::start().await;
    for (sent, kept) in [
        ("../../etc/L’œuvre — été.txt", "L’œuvre — été.txt"),
        ("C:\\Mes documents\\roman.txt", "roman.txt"),
        ("dit %22bonjour%22.txt", "dit \"bonjour\".txt"),
        ("gnp.\u{202E}txt.txt", "gnp.txt.txt"),
    ] {
        let (status, body) = demo.post("order", one(sent, "text/plain", TXT)).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(body["files"][0]["filename"], kept);
    }
}

#[tokio::test]
async fn percent_encoded_names_are_understood_too() {
    let demo = Demo::start().await;
    let url = format!("http://{}/upload/order", demo.address);
    let form = one("L’été.txt", "text/plain", TXT).percent_encode_path_segment();
    let response = reqwest::Client::new().post(url).multipart(form).send().await.unwrap();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["files"][0]["filename"], "L’été.txt", "{body}");
}

fn refused(status: u16, body: &Value) -> bool {
    status == 415 && body["code"] == "UNSUPPORTED_FILE_TYPE"
}
