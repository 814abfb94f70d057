//! The files of one private server, and the server a killed run may have left on them.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

use super::{Durability, STOP_LIMIT, ServerError};

/// The kernel's limit for the path of a socket is 108 bytes on Linux and 104 on macOS, the final zero included.
const SOCKET_PATH_LIMIT: usize = 100;

/// Lines of a log that usually hold the reason.
const LAST_LINES: usize = 25;

/// Where everything of one server is. Holding it holds the directory: no second process can claim it.
#[derive(Debug)]
pub(super) struct Layout {
    directory: PathBuf,
    pub data: PathBuf,
    pub socket: PathBuf,
    pub pid: PathBuf,
    pub log: PathBuf,
    /// Temporary tables. A server that starts removes those it finds, also when another server is using them.
    pub temporary: PathBuf,
    /// Locked for as long as the file is open.
    _lock: File,
}

impl Layout {
    /// Creates the directory for our eyes only (the server's user has no password) and locks it.
    pub fn claim(directory: &Path) -> Result<Self, ServerError> {
        let io = || ServerError::io(format!("preparing {}", directory.display()));
        private_directory(directory).map_err(io())?;
        let directory = directory.canonicalize().map_err(io())?;
        let lock = open_append(&directory.join("lock")).map_err(io())?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(ServerError::Busy(directory)),
            Err(TryLockError::Error(source)) => return Err(io()(source)),
        }
        let layout = Self {
            data: directory.join("data"),
            socket: socket_path(&directory).map_err(io())?,
            pid: directory.join("server.pid"),
            log: directory.join("server.log"),
            temporary: directory.join("tmp"),
            directory,
            _lock: lock,
        };
        private_directory(&layout.temporary).map_err(io())?;
        Ok(layout)
    }

    /// The log of this start: the one of the start before is replaced.
    pub fn open_log(&self) -> Result<File, ServerError> {
        let opened = fs::remove_file(&self.log).or_else(ignore_missing).and_then(|()| open_append(&self.log));
        opened.map_err(ServerError::io(format!("opening {}", self.log.display())))
    }

    /// What the leash removes when the server has ended.
    pub fn scratch(&self, durability: Durability) -> OsString {
        match durability {
            Durability::Scratch => self.directory.clone().into_os_string(),
            Durability::Kept => OsString::new(),
        }
    }

    /// The directory made for the socket alone, when there is one.
    pub fn socket_directory(&self) -> OsString {
        let parent = self.socket.parent().filter(|parent| *parent != self.directory);
        parent.map(|parent| parent.as_os_str().to_owned()).unwrap_or_default()
    }

    /// A run that was killed lets go of the server, which needs a moment to end. One that also lost its leash is told to.
    pub async fn end_leftover(&self) -> Result<(), ServerError> {
        let Some(pid) = self.leftover() else {
            return Ok(());
        };
        tracing::info!(pid, "ending the database server of an earlier run");
        let deadline = Instant::now() + STOP_LIMIT;
        signal(pid, Signal::SIGTERM);
        while self.leftover() == Some(pid) {
            if Instant::now() > deadline {
                return Err(ServerError::Busy(self.directory.clone()));
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// The server still running on this directory. Its number alone proves nothing: after a restart of the machine
    /// it may belong to anybody.
    fn leftover(&self) -> Option<i32> {
        let pid: i32 = fs::read_to_string(&self.pid).ok()?.trim().parse().ok()?;
        let command = command_line(pid)?;
        let data = self.data.as_os_str().as_bytes();
        command.windows(data.len()).any(|part| part == data).then_some(pid)
    }
}

/// Where the server of a directory that is there listens.
pub(super) fn socket_of(directory: &Path) -> Result<PathBuf, ServerError> {
    let socket = directory.canonicalize().and_then(|directory| socket_path(&directory));
    socket.map_err(ServerError::io(format!("reading {}", directory.display())))
}

/// In the directory itself, where a person finds it, unless that path is too long for a socket.
fn socket_path(directory: &Path) -> std::io::Result<PathBuf> {
    let beside = directory.join("server.sock");
    if beside.as_os_str().len() <= SOCKET_PATH_LIMIT {
        return Ok(beside);
    }
    let short = std::env::temp_dir().join(format!("staka-{}-{}", nix::unistd::geteuid(), digest(directory)));
    private_directory(&short)?;
    own_directory(&short)?;
    Ok(short.join("server.sock"))
}

/// The same directory gets the same socket at every start, so nothing piles up.
fn digest(directory: &Path) -> String {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(directory.as_os_str().as_bytes());
    hex::encode(digest.get(..6).unwrap_or_default())
}

/// The temporary directory belongs to everybody: somebody may have been there before us.
fn own_directory(directory: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let meta = fs::symlink_metadata(directory)?;
    let ours =
        meta.is_dir() && meta.uid() == nix::unistd::geteuid().as_raw() && meta.mode().trailing_zeros() >= 6;
    if ours {
        Ok(())
    } else {
        Err(std::io::Error::other("the directory of the socket belongs to somebody else"))
    }
}

fn private_directory(directory: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

fn open_append(file: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).open(file)
}

fn ignore_missing(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// The arguments of a running process; `None` when it does not run.
fn command_line(pid: i32) -> Option<Vec<u8>> {
    if Path::new("/proc/self/cmdline").exists() {
        return fs::read(format!("/proc/{pid}/cmdline")).ok().filter(|line| !line.is_empty());
    }
    let asked =
        std::process::Command::new("ps").args(["-o", "args=", "-p", &pid.to_string()]).output().ok()?;
    asked.status.success().then_some(asked.stdout)
}

fn signal(pid: i32, signal: Signal) {
    match kill(Pid::from_raw(pid), signal) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => tracing::warn!(pid, %error, "the database server could not be told to end"),
    }
}

/// Kills a shell and the server under it.
pub(super) fn kill_group(leader: Option<u32>) {
    if let Some(pid) = leader.and_then(|id| i32::try_from(id).ok()) {
        // Gone already is as good.
        let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

/// The end of a log, or a word on why there is none.
pub(super) fn last_lines(file: &Path) -> String {
    fs::read(file)
        .map_or_else(|error| format!("(no log: {error})"), |text| tail(&String::from_utf8_lossy(&text)))
}

/// The last lines of a text.
pub(super) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(LAST_LINES)..).unwrap_or_default().join("\n")
}
