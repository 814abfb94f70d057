//! Finding the server programs and making a fresh data directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use tokio::process::Command;

use super::ServerError;
use super::files::Layout;

/// Where packages put servers that ordinary users are not expected to start.
const ELSEWHERE: [&str; 8] = [
    "/usr/sbin",
    "/usr/local/sbin",
    "/usr/libexec",
    "/usr/local/bin",
    "/usr/local/mysql/bin",
    "/opt/homebrew/bin",
    "/opt/homebrew/opt/mariadb/bin",
    "/opt/homebrew/opt/mysql/bin",
];

/// The server programs of this machine.
#[derive(Clone, Debug)]
pub struct Programs {
    /// `mariadbd` or `mysqld`.
    pub server: PathBuf,
    /// `mariadb-install-db`, where there is one.
    pub installer: Option<PathBuf>,
}

impl Programs {
    /// Looks on the `PATH` and where packages hide servers, MariaDB first.
    ///
    /// # Errors
    /// [`ServerError::NotInstalled`], which says what to install.
    pub fn find() -> Result<Self, ServerError> {
        let server = find(&["mariadbd", "mysqld"]).ok_or(ServerError::NotInstalled)?;
        Ok(Self { server, installer: find(&["mariadb-install-db", "mysql_install_db"]) })
    }
}

fn find(names: &[&str]) -> Option<PathBuf> {
    #[allow(clippy::disallowed_methods, reason = "where programs are found is not configuration")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories: Vec<PathBuf> =
        std::env::split_paths(&path).chain(ELSEWHERE.map(PathBuf::from)).collect();
    let candidates =
        names.iter().flat_map(|name| directories.iter().map(move |directory| directory.join(name)));
    candidates.into_iter().find(|file| file.is_file())
}

/// The servers refuse to run as root unless told so by name.
pub(super) fn as_user() -> Option<String> {
    nix::unistd::geteuid().is_root().then(|| "--user=root".to_owned())
}

/// Makes the system tables beside their final place and moves them there, so that an initialisation cut off half way
/// starts over instead of leaving a directory no server can use.
pub(super) async fn initialise(programs: &Programs, layout: &Layout) -> Result<(), ServerError> {
    if layout.data.is_dir() {
        return Ok(());
    }
    let fresh = layout.data.with_extension("new");
    if fresh.exists() {
        fs::remove_dir_all(&fresh).map_err(ServerError::io(format!("removing {}", fresh.display())))?;
    }
    let output = make_system_tables(programs, &fresh, &layout.temporary).await?;
    if !output.status.success() {
        return Err(ServerError::Initialise { directory: fresh, log: said(&output) });
    }
    fs::rename(&fresh, &layout.data).map_err(ServerError::io(format!("renaming {}", fresh.display())))
}

async fn make_system_tables(
    programs: &Programs,
    directory: &Path,
    temporary: &Path,
) -> Result<Output, ServerError> {
    let mut command = if is_mariadb(&programs.server).await? {
        mariadb_installer(programs, directory)?
    } else {
        let mut command = Command::new(&programs.server);
        command.args(["--no-defaults", "--initialize-insecure"]);
        command.arg(format!("--datadir={}", directory.display()));
        command
    };
    let output = command.args(as_user()).env("TMPDIR", temporary).kill_on_drop(true).output();
    output.await.map_err(ServerError::io("initialising the database"))
}

/// The installer is a shell script that trips over spaces in a path, so it works in the parent directory.
fn mariadb_installer(programs: &Programs, directory: &Path) -> Result<Command, ServerError> {
    let installer =
        programs.installer.as_ref().ok_or_else(|| ServerError::Incomplete(programs.server.clone()))?;
    let mut command = Command::new(installer);
    command.args(["--no-defaults", "--auth-root-authentication-method=normal"]);
    command.args(["--skip-test-db", "--skip-name-resolve"]);
    if let (Some(parent), Some(name)) = (directory.parent(), directory.file_name()) {
        command.current_dir(parent).arg(format!("--datadir=./{}", name.display()));
    }
    Ok(command)
}

/// Some packages install MariaDB under the name `mysqld`, so the program is asked.
async fn is_mariadb(server: &Path) -> Result<bool, ServerError> {
    let asked = Command::new(server).args(["--no-defaults", "--version"]).output().await;
    let version = asked.map_err(ServerError::io(format!("running {}", server.display())))?;
    Ok(String::from_utf8_lossy(&version.stdout).contains("MariaDB"))
}

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    super::files::tail(&String::from_utf8_lossy(&text))
}
