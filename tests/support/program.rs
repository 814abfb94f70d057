//! The real program, as a process of its own.

use std::{
    ops::Deref,
    process::{Output, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader},
    process::{Child, Command},
    sync::watch,
    time::timeout,
};

/// Longest wait for anything a healthy program does at once.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The program with these arguments and no other variables than these.
fn command(arguments: &[&str], vars: &[(&str, &str)]) -> Command {
    of(env!("CARGO_BIN_EXE_staka"), arguments, vars)
}

fn of(program: &str, arguments: &[&str], vars: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(vars.iter().copied()).kill_on_drop(true);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How a run of the program ended.
#[derive(Debug)]
pub struct Ran {
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

/// Runs the program to its end, with `input` as its standard input.
pub async fn run(arguments: &[&str], vars: &[(&str, &str)], input: &str) -> Ran {
    let mut child = command(arguments, vars).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // One that refuses its settings does not read its input.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let Output { status, stdout, stderr } =
        timeout(PATIENCE, child.wait_with_output()).await.expect("the program does not end").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { success: status.success(), stdout: text(stdout), stderr: text(stderr) }
}

/// A program that serves. Dropping it kills it.
pub struct Program {
    child: Child,
    said: Said,
    pub port: u16,
    pub base: String,
}

/// What a program has written so far, on both its outputs.
#[derive(Clone)]
pub struct Said(Arc<Mutex<String>>, watch::Receiver<()>);

impl Deref for Program {
    type Target = Said;

    fn deref(&self) -> &Said {
        &self.said
    }
}

impl Program {
    /// Starts the program and waits until it listens.
    pub async fn start(arguments: &[&str], vars: &[(&str, &str)]) -> Self {
        Self::started(command(arguments, vars)).await
    }

    /// As [`Self::start`], where no more than this many descriptors may be open, and fewer unless the program asks.
    pub async fn start_limited(descriptors: u32, arguments: &[&str], vars: &[(&str, &str)]) -> Self {
        let shell = format!("ulimit -S -n 512 && ulimit -H -n {descriptors} && exec \"$0\" \"$@\"");
        let program = env!("CARGO_BIN_EXE_staka");
        let arguments: Vec<_> =
            ["-c", &shell, program].into_iter().chain(arguments.iter().copied()).collect();
        Self::started(of("sh", &arguments, vars)).await
    }

    async fn started(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let said = Said::of(&mut child);
        let line = timeout(PATIENCE, said.line("listening")).await;
        let Ok(Some(line)) = line else { panic!("the program does not serve:\n{}", said.text()) };
        // `port=80` for people, `"port":80` for programs.
        let after = line.split("port").last().unwrap().trim_start_matches(|c: char| !c.is_ascii_digit());
        let port = after.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
        Self { child, said, port, base: format!("http://127.0.0.1:{port}") }
    }

    pub fn pid(&self) -> i32 {
        self.child.id().expect("it is running").try_into().unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).unwrap();
    }

    /// Waits for the end; the exit code, none after a kill.
    pub async fn ended(&mut self) -> Option<i32> {
        timeout(PATIENCE, self.child.wait()).await.expect("the program does not end").unwrap().code()
    }
}

impl Said {
    fn of(child: &mut Child) -> Self {
        let (sender, receiver) = watch::channel(());
        let said = Self(Arc::default(), receiver);
        let sender = Arc::new(sender);
        tokio::spawn(said.clone().follow(child.stdout.take().unwrap(), sender.clone()));
        tokio::spawn(said.clone().follow(child.stderr.take().unwrap(), sender));
        said
    }

    async fn follow(self, output: impl AsyncRead + Unpin, sender: Arc<watch::Sender<()>>) {
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            self.0.lock().unwrap().push_str(&format!("{line}\n"));
            sender.send_replace(());
        }
    }

    pub fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }

    /// Waits for a line that contains `words`; none when the program fell silent for good before.
    pub async fn line(&self, words: &str) -> Option<String> {
        let mut news = self.1.clone();
        loop {
            let found = self.text().lines().find(|line| line.contains(words)).map(str::to_owned);
            if found.is_some() || news.changed().await.is_err() {
                return found;
            }
        }
    }
}
