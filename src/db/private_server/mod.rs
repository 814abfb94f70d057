//! A database server of our own, for development and tests: found on this machine, with its own data directory and
//! its own Unix socket, no network, never the system's instance.
//!
//! The server runs under a small shell that holds a leash: the reading end of a pipe whose writing end is ours. The
//! pipe closes when we stop the server and also when we die in any way, `kill -9` included; the shell then ends the
//! server in order. So no run leaves a server behind, and a data directory is free again soon after its owner is gone.

mod files;
mod install;

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::mysql::MySqlConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, MySqlConnection};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, sleep, timeout};

use files::Layout;
pub use install::Programs;

/// Name of the database every private server has from the start.
const DATABASE: &str = "staka";

/// All that a query string gives a meaning to; what a path is made of stays readable.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// A first start after a crash replays the log; more than this is not going to end well.
const START_LIMIT: Duration = Duration::from_secs(60);

/// An orderly stop writes what is still in memory.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// `$1` is a directory to remove at the end and `$2` one to remove when it is empty, or nothing; the rest is the
/// server's command line. Background jobs of a shell get an empty standard input, hence the copy of the leash on
/// descriptor 3.
const LEASH: &str = r#"
scratch=$1; sockets=$2; shift 2
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ read -r _ <&3; kill -TERM "$server"; } 2>/dev/null &
leash=$!
wait "$server"; status=$?
kill "$leash" 2>/dev/null
[ -z "$scratch" ] || rm -rf -- "$scratch"
[ -z "$sockets" ] || rmdir -- "$sockets" 2>/dev/null
exit "$status"
"#;

/// Why there is no private server.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// No server program on this machine.
    #[error(
        "no MariaDB or MySQL server program (mariadbd, mysqld) was found on this machine.\n\
         Install one of them (no service needs to run):\n  \
         Debian, Ubuntu:  apt-get install mariadb-server-core\n  \
         Fedora:          dnf install mariadb-server\n  \
         macOS:           brew install mariadb\n\
         or run everything in containers: docker compose up"
    )]
    NotInstalled,
    /// A MariaDB server without the program that makes its system tables.
    #[error("{} is there but mariadb-install-db is not: install the complete server package", .0.display())]
    Incomplete(PathBuf),
    /// Another process of ours uses the data directory.
    #[error("the database in {} is in use by another run: stop that one first", .0.display())]
    Busy(PathBuf),
    /// The data directory could not be made.
    #[error("the database in {} could not be initialised:\n{log}", .directory.display())]
    Initialise {
        /// The data directory.
        directory: PathBuf,
        /// What the program said last.
        log: String,
    },
    /// The server ended, or did not answer in time, while starting.
    #[error("the private database server did not start ({reason}); the end of {}:\n{log}", .file.display())]
    Start {
        /// How it ended.
        reason: String,
        /// The server's log.
        file: PathBuf,
        /// Its last lines.
        log: String,
    },
    /// A file or a process could not be handled.
    #[error("{action}: {source}")]
    Io {
        /// What was tried.
        action: String,
        /// What the system answered.
        source: std::io::Error,
    },
    /// The running server refused our first statements.
    #[error("the private database server refused a statement: {0}")]
    Sql(#[from] sqlx::Error),
}

impl ServerError {
    fn io(action: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }
}

/// What the data is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Commits survive a crash of the machine: development data.
    Kept,
    /// Nothing needs to survive, and the whole directory is removed when the server ends: tests.
    Scratch,
}

/// A running private server. Dropping it stops the server without waiting; [`stop`](Self::stop) waits.
#[derive(Debug)]
pub struct PrivateServer {
    layout: Layout,
    child: Child,
    /// Closing it tells the shell to end the server.
    leash: Option<ChildStdin>,
}

impl PrivateServer {
    /// Starts a server on `directory`, which is created and initialised when it is not there yet, waits until it
    /// answers, and makes sure that the database `staka` exists. A server left over from a killed run is waited for.
    ///
    /// # Errors
    /// See [`ServerError`]; its text is written for the person at the terminal.
    pub async fn start(directory: &Path, durability: Durability) -> Result<Self, ServerError> {
        let programs = Programs::find()?;
        let layout = Layout::claim(directory)?;
        layout.end_leftover().await?;
        install::initialise(&programs, &layout).await?;
        let mut server = spawn(&programs, layout, durability)?;
        server.wait_until_ready().await?;
        Ok(server)
    }

    /// The URL of the database of the server that another run holds on `directory`, as soon as it answers. It ends
    /// with that run.
    ///
    /// # Errors
    /// [`ServerError::Busy`] when it does not answer within a minute.
    pub async fn join(directory: &Path) -> Result<String, ServerError> {
        let socket = files::socket_of(directory)?;
        let options = MySqlConnectOptions::new().socket(&socket).username("root").database(DATABASE);
        let deadline = Instant::now() + START_LIMIT;
        loop {
            match options.connect().await {
                Ok(conn) => {
                    conn.close().await?;
                    return Ok(url(&socket, DATABASE));
                }
                Err(_) if Instant::now() < deadline => sleep(Duration::from_millis(50)).await,
                Err(_) => return Err(ServerError::Busy(directory.to_owned())),
            }
        }
    }

    /// The URL of one database of this server, for a user who may do everything.
    pub fn url(&self, database: &str) -> String {
        url(&self.layout.socket, database)
    }

    /// Ends the server in order and waits for it; after half a minute it is killed, and recovers at the next start.
    ///
    /// # Errors
    /// When the process cannot be waited for.
    pub async fn stop(mut self) -> Result<(), ServerError> {
        drop(self.leash.take());
        match timeout(STOP_LIMIT, self.child.wait()).await {
            Ok(ended) => ended.map(drop),
            Err(_) => self.kill().await,
        }
        .map_err(ServerError::io("waiting for the private database server"))
    }

    async fn kill(&mut self) -> std::io::Result<()> {
        files::kill_group(self.child.id());
        self.child.wait().await.map(drop)
    }

    async fn wait_until_ready(&mut self) -> Result<(), ServerError> {
        let deadline = Instant::now() + START_LIMIT;
        let options = MySqlConnectOptions::new().socket(&self.layout.socket).username("root");
        loop {
            if let Some(status) =
                self.child.try_wait().map_err(ServerError::io("watching the database server"))?
            {
                return Err(self.failed(ended(status)));
            }
            match options.connect().await {
                Ok(conn) => return Ok(create_database(conn).await?),
                Err(sqlx::Error::Io(_)) if Instant::now() < deadline => {
                    sleep(Duration::from_millis(20)).await
                }
                Err(error) => return Err(self.failed(error.to_string())),
            }
        }
    }

    fn failed(&self, reason: String) -> ServerError {
        let log = files::last_lines(&self.layout.log);
        ServerError::Start { reason, file: self.layout.log.clone(), log }
    }
}

fn url(socket: &Path, database: &str) -> String {
    let socket = socket.to_string_lossy();
    format!("mysql://root@localhost/{database}?socket={}", utf8_percent_encode(&socket, ENCODED))
}

async fn create_database(mut conn: MySqlConnection) -> Result<(), sqlx::Error> {
    let create =
        format!("CREATE DATABASE IF NOT EXISTS {DATABASE} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci");
    conn.execute(sqlx::AssertSqlSafe(create)).await?;
    conn.close().await
}

fn ended(status: ExitStatus) -> String {
    status.code().map_or_else(|| "it was killed".to_owned(), |code| format!("it ended with code {code}"))
}

fn spawn(programs: &Programs, layout: Layout, durability: Durability) -> Result<PrivateServer, ServerError> {
    let log = layout.open_log()?;
    let errors = log.try_clone().map_err(ServerError::io("opening the server's log"))?;
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", LEASH, "staka-database"])
        .arg(layout.scratch(durability))
        .arg(layout.socket_directory());
    command.arg(&programs.server).args(arguments(&layout, durability));
    // A group of its own: Ctrl-C in the terminal reaches us, and we end the server after the last request.
    command.process_group(0).stdin(Stdio::piped()).stdout(log).stderr(errors);
    let mut child = command.spawn().map_err(ServerError::io("starting the private database server"))?;
    let leash = child.stdin.take();
    Ok(PrivateServer { layout, child, leash })
}

/// Small in memory, deaf to the network, and the same character set as production. `loose` marks what only one of
/// the two servers knows.
fn arguments(layout: &Layout, durability: Durability) -> Vec<String> {
    let path = |name: &str, path: &Path| format!("--{name}={}", path.display());
    let mut arguments = vec![
        "--no-defaults".to_owned(),
        path("datadir", &layout.data),
        path("socket", &layout.socket),
        path("pid-file", &layout.pid),
        path("tmpdir", &layout.temporary),
    ];
    arguments.extend(install::as_user());
    let fixed = [
        "--skip-networking",
        "--skip-log-bin",
        "--loose-mysqlx=OFF",
        "--performance-schema=OFF",
        "--character-set-server=utf8mb4",
        "--collation-server=utf8mb4_unicode_ci",
        "--innodb-buffer-pool-size=64M",
        "--max-connections=500",
        "--max-prepared-stmt-count=200000",
    ];
    arguments.extend(fixed.map(str::to_owned));
    if durability == Durability::Scratch {
        // A database per test: all that makes a table slow to create is off.
        let hasty = [
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-doublewrite=0",
            "--innodb-file-per-table=OFF",
            "--innodb-stats-persistent=OFF",
            "--loose-sync-frm=OFF",
        ];
        arguments.extend(hasty.map(str::to_owned));
    }
    arguments
}
