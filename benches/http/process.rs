//! The programs that are measured, as processes of their own.

use std::{
    fs::{self, File, OpenOptions},
    net::{SocketAddr, TcpListener},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use nix::{
    sys::signal::{Signal, kill},
    time::{ClockId, clock_getcpuclockid},
    unistd::Pid,
};

use crate::load::{Client, get};

/// Longest wait for a program to serve.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server under measurement. Dropping it ends it.
pub struct Server {
    child: Child,
    clock: ClockId,
    log: File,
    pub address: SocketAddr,
}

impl Server {
    /// Starts a program that will serve on `address`, with these variables alone; what it logs goes to `log`.
    ///
    /// # Errors
    /// When it does not serve.
    pub async fn start(mut command: Command, address: SocketAddr, log: &Path) -> anyhow::Result<Self> {
        let log = OpenOptions::new().create(true).append(true).read(true).open(log)?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.try_clone()?).process_group(0);
        let child = command.spawn().context("the program does not start")?;
        let clock = clock_getcpuclockid(Pid::from_raw(child.id().try_into()?))?;
        let mut server = Self { child, clock, log, address };
        server.wait_until_it_serves().await?;
        Ok(server)
    }

    async fn wait_until_it_serves(&mut self) -> anyhow::Result<()> {
        let (start, request) = (Instant::now(), get("/health/live", &[]));
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                bail!("the program ended: {status}\n{}", std::io::read_to_string(&self.log)?);
            }
            if let Ok(mut client) = Client::connect(self.address).await {
                ensure!(client.send(&request).await?.status == 200, "it does not live");
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("the program does not serve")
    }

    /// Processor time spent so far, by all of its threads.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        Ok(self.clock.now()?.into())
    }

    /// Memory in use and the most there ever was, in KiB.
    pub fn memory(&self) -> anyhow::Result<(u64, u64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok()
        };
        Ok((field("VmRSS:").context("no VmRSS")?, field("VmHWM:").context("no VmHWM")?))
    }

    /// How many lines it logged since the last call; they are thrown away.
    pub fn take_log(&self) -> anyhow::Result<u64> {
        use std::io::{Read, Seek};
        let mut reader = &self.log;
        reader.rewind()?;
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        self.log.set_len(0)?;
        Ok(bytes.iter().filter(|byte| **byte == b'\n').count() as u64)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        let _ = self.child.wait();
    }
}

/// An address of this machine nobody listens on.
///
/// # Errors
/// When there is none.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Runs a program to its end.
///
/// # Errors
/// When it fails.
pub fn run(mut command: Command) -> anyhow::Result<()> {
    let output = command.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
