//! The floor: what answering costs at the least with these libraries. No layers, no session, no log.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
    serve::ListenerExt,
};
use sqlx::{
    MySqlPool,
    mysql::{MySqlConnectOptions, MySqlPoolOptions},
};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::reads::Read;

/// What the bare handlers need to know.
#[derive(clap::Args)]
pub struct Arguments {
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long)]
    database_url: String,
    #[arg(long)]
    connections: u32,
    /// `path=bytes`: how long the server's answers are
    #[arg(long)]
    answer: Vec<String>,
}

struct Floor {
    pool: MySqlPool,
    sizes: HashMap<&'static str, usize>,
}

/// Serves until it is killed.
///
/// # Errors
/// When the database or the address cannot be had.
pub async fn serve(arguments: Arguments) -> anyhow::Result<()> {
    let floor = Arc::new(Floor { pool: pool(&arguments).await?, sizes: sizes(&arguments.answer)? });
    let mut router = Router::new();
    for read in Read::ALL {
        router =
            router.route(read.path(), get(async move |state, headers| answer(read, state, headers).await));
    }
    let listener = TcpListener::bind(arguments.listen).await?.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, router.with_state(floor)).await?)
}

async fn pool(arguments: &Arguments) -> anyhow::Result<MySqlPool> {
    let options: MySqlConnectOptions = arguments.database_url.parse()?;
    let options =
        options.charset("utf8mb4").collation("utf8mb4_unicode_ci").timezone(Some("+00:00".to_owned()));
    let pool = MySqlPoolOptions::new()
        .max_connections(arguments.connections)
        .acquire_timeout(Duration::from_secs(5))
        .test_before_acquire(false);
    Ok(pool.connect_with(options).await?)
}

fn sizes(answers: &[String]) -> anyhow::Result<HashMap<&'static str, usize>> {
    let size = |answer: &String| {
        let (path, bytes) = answer.split_once('=')?;
        let read = Read::ALL.into_iter().find(|read| read.path() == path)?;
        Some((read.path(), bytes.parse().ok()?))
    };
    answers.iter().map(|answer| size(answer).with_context(|| format!("{answer}?"))).collect()
}

async fn answer(read: Read, State(floor): State<Arc<Floor>>, headers: HeaderMap) -> Response {
    match body(read, &floor, &headers).await {
        Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn body(read: Read, floor: &Floor, headers: &HeaderMap) -> sqlx::Result<Vec<u8>> {
    let mut body = match read.statements() {
        0 => read.constant(),
        _ => {
            let user = headers.get("x-bench-user").and_then(|id| id.to_str().ok()?.parse().ok());
            let mut conn = floor.pool.acquire().await?;
            read.answer(&mut conn, user.unwrap_or(Uuid::nil())).await?
        }
    };
    // White space makes up for what the server writes more.
    let size = floor.sizes.get(read.path()).copied().unwrap_or_default();
    body.resize(size.max(body.len()), b' ');
    Ok(body)
}
