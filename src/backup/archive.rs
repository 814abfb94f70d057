//! The archive itself, written and read by a thread of its own: it compresses, and waits for the disk.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, BufWriter, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use bytes::{Buf, Bytes};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use futures_util::{StreamExt, stream::BoxStream};
use tokio::{runtime::Handle, sync::mpsc, task::JoinHandle};

use super::FILES;

/// Parts on their way to or from the thread.
const ON_THEIR_WAY: usize = 4;

/// Bytes of a document handed over at a time.
const CHUNK: usize = 64 * 1024;

/// Largest part that is no document; ours are far smaller.
const LARGEST: u64 = 64 << 20;

/// Names, addresses and passwords' digests are inside.
const PRIVATE_MODE: u32 = 0o600;

enum Written {
    Bytes(String, Vec<u8>),
    Stream(String, u64, BoxStream<'static, io::Result<Bytes>>),
}

/// An archive being made, beside the place where it will be.
pub(super) struct Writer {
    parts: mpsc::Sender<Written>,
    thread: JoinHandle<anyhow::Result<File>>,
    unfinished: PathBuf,
    path: PathBuf,
}

impl Writer {
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(".part");
        let unfinished = PathBuf::from(unfinished);
        ensure!(!path.exists(), "{} exists already", path.display());
        let file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(PRIVATE_MODE).open(&unfinished);
        let file = file.with_context(|| format!("{} cannot be made", unfinished.display()))?;
        let (parts, received) = mpsc::channel(ON_THEIR_WAY);
        let handle = Handle::current();
        let thread = tokio::task::spawn_blocking(move || write(file, received, &handle));
        Ok(Self { parts, thread, unfinished, path: path.to_owned() })
    }

    /// Adds a part.
    pub async fn bytes(&mut self, name: impl Into<String>, bytes: Vec<u8>) -> anyhow::Result<()> {
        self.send(Written::Bytes(name.into(), bytes)).await
    }

    /// Adds a document of a known size.
    pub async fn document(
        &mut self,
        key: &str,
        size: u64,
        content: BoxStream<'static, io::Result<Bytes>>,
    ) -> anyhow::Result<()> {
        self.send(Written::Stream(format!("{FILES}{key}"), size, content)).await
    }

    async fn send(&mut self, part: Written) -> anyhow::Result<()> {
        if self.parts.send(part).await.is_ok() {
            return Ok(());
        }
        // Only a failure ends the thread early.
        (&mut self.thread).await??;
        anyhow::bail!("the archive was closed early")
    }

    /// Ends the archive durably and gives it its name.
    pub async fn finish(self) -> anyhow::Result<()> {
        drop(self.parts);
        self.thread.await??.sync_all()?;
        fs::rename(&self.unfinished, &self.path)?;
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        Ok(File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?)
    }
}

fn write(file: File, mut parts: mpsc::Receiver<Written>, handle: &Handle) -> anyhow::Result<File> {
    let packed = GzEncoder::new(BufWriter::with_capacity(CHUNK, file), Compression::default());
    let mut archive = tar::Builder::new(packed);
    while let Some(part) = parts.blocking_recv() {
        match part {
            Written::Bytes(name, bytes) => {
                archive.append_data(&mut header(bytes.len() as u64), &name, bytes.as_slice())?;
            }
            Written::Stream(name, size, content) => {
                let content = Waiting { content, handle, rest: Bytes::new() };
                archive.append_data(&mut header(size), &name, content).with_context(|| name.clone())?;
            }
        }
    }
    let mut file = archive.into_inner()?.finish()?;
    file.flush()?;
    file.into_inner().map_err(|error| error.into_error().into())
}

/// A document as the thread reads it: it waits for what is still to come.
struct Waiting<'h> {
    content: BoxStream<'static, io::Result<Bytes>>,
    handle: &'h Handle,
    rest: Bytes,
}

impl Read for Waiting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.handle.block_on(self.content.next()) {
                Some(chunk) => self.rest = chunk?,
                None => return Ok(0),
            }
        }
        let read = self.rest.as_ref().read(buffer)?;
        self.rest.advance(read);
        Ok(read)
    }
}

fn header(size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(PRIVATE_MODE);
    header
}

/// A part of an archive as it is read.
pub(super) enum Part {
    /// One that is no document: its name and its content.
    Bytes(String, Vec<u8>),
    /// A document: its key and its content, which must be read to its end.
    Document(String, mpsc::Receiver<io::Result<Bytes>>),
}

/// An archive being read.
pub(super) struct Reader {
    parts: mpsc::Receiver<Part>,
    thread: JoinHandle<anyhow::Result<()>>,
}

impl Reader {
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let (sender, parts) = mpsc::channel(ON_THEIR_WAY);
        Ok(Self { parts, thread: tokio::task::spawn_blocking(move || read(file, &sender)) })
    }

    /// The next part; none at the end of an archive that could be read to its end.
    pub async fn next(&mut self) -> anyhow::Result<Option<Part>> {
        match self.parts.recv().await {
            Some(part) => Ok(Some(part)),
            None => (&mut self.thread).await?.context("the archive is damaged").map(|()| None),
        }
    }
}

fn read(file: File, parts: &mpsc::Sender<Part>) -> anyhow::Result<()> {
    let mut archive = tar::Archive::new(GzDecoder::new(BufReader::with_capacity(CHUNK, file)));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_str().context("a name is no text")?.to_owned();
        let sent = match name.strip_prefix(FILES) {
            Some(key) => document(key, &mut entry, parts)?,
            None => {
                ensure!(entry.size() <= LARGEST, "{name} is too large");
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes)?;
                parts.blocking_send(Part::Bytes(name, bytes)).is_ok()
            }
        };
        if !sent {
            return Ok(()); // Whoever read has given up.
        }
    }
    // What compresses checks itself at its very end.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    Ok(())
}

/// Hands a document over; answers whether somebody still listens.
fn document(key: &str, entry: &mut impl Read, parts: &mpsc::Sender<Part>) -> anyhow::Result<bool> {
    let (sender, content) = mpsc::channel(ON_THEIR_WAY);
    if parts.blocking_send(Part::Document(key.to_owned(), content)).is_err() {
        return Ok(false);
    }
    loop {
        let mut chunk = vec![0; CHUNK];
        let read = entry.read(&mut chunk);
        let failed = read.as_ref().err().map(ToString::to_string);
        let read = read.map(|read| {
            chunk.truncate(read);
            Bytes::from(chunk)
        });
        let end = read.as_ref().is_ok_and(Bytes::is_empty);
        if end {
            return Ok(true);
        }
        if sender.blocking_send(read).is_err() {
            return Ok(false);
        }
        if let Some(failed) = failed {
            anyhow::bail!("{key}: {failed}");
        }
    }
}
