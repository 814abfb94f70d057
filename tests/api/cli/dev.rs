//! The server of a newcomer: nothing given, everything there.

use std::{net::TcpStream, path::PathBuf};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    program::Program,
    scratch,
    server::{ADMIN, Answer, CLIENT, CORRECTOR, send},
};

/// A directory of one run, away from everything else.
struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        Self(scratch::path("dev"))
    }

    async fn start(&self) -> Program {
        self.start_at(&[]).await
    }

    async fn start_at(&self, address: &[(&str, &str)]) -> Program {
        let directory = self.0.to_str().unwrap();
        let uploads = self.0.join("uploads");
        let vars = [("STAKA_VAR_DIR", directory), ("UPLOADS_DIR", uploads.to_str().unwrap()), ("PORT", "0")];
        let vars = [&vars[..], address].concat();
        // The default without a database.
        Program::start(&[], &vars).await
    }

    /// The process of the private database.
    fn database(&self) -> Pid {
        let pid = std::fs::read_to_string(self.0.join("db/server.pid")).unwrap();
        Pid::from_raw(pid.trim().parse().unwrap())
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn is_running(pid: Pid) -> bool {
    kill(pid, None).is_ok()
}

async fn call(program: &Program, method: Method, path: &str, body: Option<&Value>) -> Answer {
    let request = reqwest::Client::new().request(method, format!("{}{path}", program.base));
    send(match body {
        Some(body) => request.json(body),
        None => request,
    })
    .await
}

async fn login(program: &Program, (email, password): (&str, &str)) -> Answer {
    let body = json!({ "email": email, "password": password });
    call(program, Method::POST, "/api/auth/login", Some(&body)).await
}

#[tokio::test]
async fn it_brings_its_own_database_says_what_to_open_and_leaves_nothing_running() {
    let home = Home::new();
    let mut program = home.start().await;
    program.line("Accounts").await.unwrap();
    let last = program.line(CORRECTOR.1).await.unwrap();
    assert!(last.contains(CORRECTOR.0), "{last}");
    let welcome = program.text();
    let port = program.port;
    for words in ["/api", "/docs", "/openapi.json", "/dev/mailbox", "/health"] {
        assert!(welcome.contains(&format!("http://localhost:{port}{words}")), "{words}: {welcome}");
    }
    for account in [ADMIN, CLIENT, CORRECTOR] {
        assert!(welcome.contains(account.0) && welcome.contains(account.1), "{welcome}");
        assert_eq!(login(&program, account).await.status, 200, "{}", account.0);
    }
    assert_eq!(call(&program, Method::GET, "/dev/mailbox/messages", None).await.status, 200);
    assert_eq!(call(&program, Method::GET, "/health", None).await.status, 200);

    // Its passwords are everybody's: nobody else's machine reaches it.
    assert!(TcpStream::connect(("127.0.0.2", port)).is_err(), "it listens on every address");
    let database = home.database();
    assert!(is_running(database));
    program.signal(Signal::SIGINT);
    assert_eq!(program.ended().await, Some(0), "{}", program.text());
    assert!(!is_running(database), "the database outlives its program");
}

#[tokio::test]
async fn runs_that_start_together_share_one_database() {
    let home = Home::new();
    // The other one listens where it is told.
    let elsewhere = [("BIND_ADDRESS", "127.0.0.2")];
    let (one, other) = tokio::join!(home.start(), home.start_at(&elsewhere));
    for account in [ADMIN, CLIENT] {
        let token = login(&one, account).await.body["token"].as_str().unwrap().to_owned();
        let me = format!("http://127.0.0.2:{}/api/auth/me", other.port);
        let me = reqwest::Client::new().get(me).bearer_auth(token);
        assert_eq!(send(me).await.status, 200, "one secret and one database");
    }
    assert!(TcpStream::connect(("127.0.0.1", other.port)).is_err(), "and nowhere else");
}

#[tokio::test]
async fn a_killed_run_loses_nothing_and_the_next_one_recovers() {
    let home = Home::new();
    let mut program = home.start().await;
    let new = json!({
        "prenom": "Zoé", "nom": "Lefèvre", "email": "zoe@example.com", "password": "Marguerite-1951",
    });
    let registered = call(&program, Method::POST, "/api/auth/register", Some(&new)).await;
    assert_eq!(registered.status, 201, "{:?}", registered.body);
    let before = home.database();
    program.signal(Signal::SIGKILL);
    assert_eq!(program.ended().await, None);

    let mut program = home.start().await;
    assert!(!is_running(before), "two databases on one directory");
    let account = ("zoe@example.com", "Marguerite-1951");
    assert_eq!(login(&program, account).await.status, 200);
    // Sessions survive as well.
    let token = registered.body["token"].as_str().unwrap();
    let me = reqwest::Client::new().get(format!("{}/api/auth/me", program.base)).bearer_auth(token);
    assert_eq!(send(me).await.status, 200);

    // The database killed under a running program, then both started again.
    let database = home.database();
    kill(database, Signal::SIGKILL).unwrap();
    program.signal(Signal::SIGTERM);
    program.ended().await;
    let mut program = home.start().await;
    assert_eq!(login(&program, account).await.status, 200);
    let database = home.database();
    program.signal(Signal::SIGTERM);
    assert_eq!(program.ended().await, Some(0), "{}", program.text());
    assert!(!is_running(database));
}
