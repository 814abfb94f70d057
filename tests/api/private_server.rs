//! The private database server: first start, clean stop, and recovery from what a killed run leaves.

use sqlx::{Connection, Executor, MySqlConnection};
use staka::db::private_server::{Durability, PrivateServer, ServerError};

use crate::support::scratch::Scratch;

async fn connect(server: &PrivateServer) -> MySqlConnection {
    MySqlConnection::connect(&server.url("staka")).await.unwrap()
}

async fn pid(conn: &mut MySqlConnection) -> i32 {
    let file: String = sqlx::query_scalar("SELECT @@pid_file").fetch_one(conn).await.unwrap();
    std::fs::read_to_string(file).unwrap().trim().parse().unwrap()
}

fn is_running(pid: i32) -> bool {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None).is_ok()
}

#[tokio::test]
async fn data_survives_a_stop_and_the_server_does_not() {
    let directory = Scratch::new();
    let server = PrivateServer::start(&directory, Durability::Kept).await.unwrap();
    let mut conn = connect(&server).await;
    let process = pid(&mut conn).await;
    conn.execute("CREATE TABLE notes (id INT PRIMARY KEY)").await.unwrap();
    server.stop().await.unwrap();
    assert!(!is_running(process));

    let server = PrivateServer::start(&directory, Durability::Kept).await.unwrap();
    connect(&server).await.execute("INSERT INTO notes VALUES (1)").await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn one_directory_has_one_server() {
    let directory = Scratch::new();
    let server = PrivateServer::start(&directory, Durability::Scratch).await.unwrap();
    let second = PrivateServer::start(&directory, Durability::Scratch).await;
    assert!(matches!(second, Err(ServerError::Busy(_))));
    connect(&server).await.ping().await.unwrap();
    server.stop().await.unwrap();
    assert!(!directory.exists(), "a scratch directory goes with its server");
}

#[tokio::test]
async fn a_server_that_is_let_go_makes_room_for_the_next_start() {
    let directory = Scratch::new();
    let server = PrivateServer::start(&directory, Durability::Kept).await.unwrap();
    let mut conn = connect(&server).await;
    let first = pid(&mut conn).await;
    drop(conn);
    // What the death of the owner does: its files are closed, nobody waits.
    drop(server);
    let server = PrivateServer::start(&directory, Durability::Kept).await.unwrap();
    assert_ne!(pid(&mut connect(&server).await).await, first);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_server_recovers_at_the_next_start() {
    let directory = Scratch::new();
    let server = PrivateServer::start(&directory, Durability::Kept).await.unwrap();
    let mut conn = connect(&server).await;
    conn.execute("CREATE TABLE notes (id INT PRIMARY KEY)").await.unwrap();
    conn.execute("INSERT INTO notes VALUES (7)").await.unwrap();
    let process = pid(&mut conn).await;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(process), nix::sys::signal::Signal::SIGKILL).unwrap();
    server.stop().await.unwrap();
    assert!(directory.join("server.pid").exists(), "the files of the killed server are still there");

    let server = PrivateServer::start(&directory, Durability::Kept).await.unwrap();
    let kept: i32 =
        sqlx::query_scalar("SELECT id FROM notes").fetch_one(&mut connect(&server).await).await.unwrap();
    assert_eq!(kept, 7);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_directory_too_deep_for_a_socket_works_as_well() {
    let directory = Scratch::new();
    let deep =
        directory.join("a directory with spaces & more than a socket's path may have ".repeat(2)).join("db");
    let server = PrivateServer::start(&deep, Durability::Scratch).await.unwrap();
    connect(&server).await.ping().await.unwrap();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_cannot_start_shows_its_log() {
    let directory = Scratch::new();
    std::fs::create_dir_all(directory.join("data")).unwrap();
    std::fs::write(directory.join("data/ibdata1"), "not a database").unwrap();
    let failed = PrivateServer::start(&directory, Durability::Kept).await.unwrap_err();
    let ServerError::Start { log, .. } = &failed else { panic!("{failed}") };
    assert!(log.contains("ERROR"), "{failed}");
}
