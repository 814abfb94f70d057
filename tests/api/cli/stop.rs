//! How a serving program ends.

use std::time::Duration;

use nix::sys::signal::Signal;
use sqlx::{Connection, Executor, MySqlConnection};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{
    database::TestDatabase,
    program::{PATIENCE, Program},
    scratch::Scratch,
    settings::variables,
};

/// Well under the time that running work is given to finish.
const AT_ONCE: Duration = Duration::from_secs(10);

const BODY: &str = r#"{"email":"personne@example.com","password":"Marguerite-1951"}"#;

/// A program that serves, and the directory of its files.
async fn serve(database: &TestDatabase) -> (Program, Scratch) {
    let files = Scratch::new();
    let process = [("BIND_ADDRESS", "127.0.0.1"), ("PORT", "0"), ("LOG_LEVEL", "staka=info,warn")];
    let vars = variables(database.url(), &files, &process);
    let vars: Vec<_> = vars.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    (Program::start(&["serve"], &vars).await, files)
}

/// A request whose handler waits for the body: the server says so by asking for it.
async fn begin_login(program: &Program) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", program.port)).await.unwrap();
    let head = format!(
        "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Expect: 100-continue\r\n\r\n",
        BODY.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut asked = [0; 25];
    timeout(PATIENCE, stream.read_exact(&mut asked)).await.unwrap().unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

#[tokio::test]
async fn a_stop_finishes_the_running_request_and_succeeds() {
    let (database, _) = TestDatabase::migrated().await;
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let (mut program, _files) = serve(&database).await;
        let mut slow = begin_login(&program).await;
        program.signal(signal);
        program.line("shutting down").await.unwrap();
        let closed = async { while TcpStream::connect(("127.0.0.1", program.port)).await.is_ok() {} };
        timeout(PATIENCE, closed).await.expect("nobody new is let in");
        slow.write_all(BODY.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(PATIENCE, slow.read_to_string(&mut answer)).await.unwrap().unwrap();
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        assert_eq!(program.ended().await, Some(0), "{}", program.text());
    }
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once_with_an_error() {
    let (database, _) = TestDatabase::migrated().await;
    let (mut program, _files) = serve(&database).await;
    let slow = begin_login(&program).await;
    assert_ends_at_the_second_signal(&mut program).await;
    drop(slow);
}

#[tokio::test]
async fn a_database_that_does_not_answer_holds_up_no_second_signal() {
    let (database, _) = TestDatabase::migrated().await;
    let (mut program, _files) = serve(&database).await;
    let mut blocker = MySqlConnection::connect(database.url()).await.unwrap();
    blocker.execute("LOCK TABLES users WRITE").await.unwrap();
    let mut slow = begin_login(&program).await;
    slow.write_all(BODY.as_bytes()).await.unwrap();
    let mut watcher = MySqlConnection::connect(database.url()).await.unwrap();
    let found = async {
        let waiting = "SELECT COUNT(*) FROM information_schema.processlist
                       WHERE db = DATABASE() AND state LIKE '%metadata lock%'";
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut watcher).await.unwrap() == 0 {}
    };
    timeout(PATIENCE, found).await.unwrap();
    assert_ends_at_the_second_signal(&mut program).await;
    blocker.execute("UNLOCK TABLES").await.unwrap();
}

async fn assert_ends_at_the_second_signal(program: &mut Program) {
    program.signal(Signal::SIGTERM);
    program.line("shutting down").await.unwrap();
    program.signal(Signal::SIGTERM);
    let code = timeout(AT_ONCE, program.ended()).await.expect("it takes its time");
    assert_eq!(code, Some(1), "{}", program.text());
}
