//! Puts the pieces side by side and measures them in turn.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, ensure};
use secrecy::SecretString;
use sqlx::{Connection, MySqlConnection, Row};
use staka::{
    auth::{Role, SessionTokens},
    clock::{Clock, new_id},
    db::{
        PoolSettings,
        private_server::{Durability, PrivateServer},
    },
};

use crate::{
    Options,
    data::{self, Author},
    load::{self, Client, Slice, get},
    process::{self, Server, free_address},
    reads::Read,
    report::{self, Line, Measure},
};

const SECRET: &str = "0123456789abcdefghijklmnopqrstuv of benches";

/// People who ask, in turn.
const AUTHORS: u32 = 100;

/// Requests before a read is measured: statements are prepared, caches filled.
const WARM_UP: Duration = Duration::from_millis(300);

/// Measures and prints.
///
/// # Errors
/// When a piece cannot be started or answers anything but 200.
pub async fn run(options: &Options) -> anyhow::Result<()> {
    let scratch = Scratch::new()?;
    let database = match options.database_url {
        Some(_) => None,
        None => Some(PrivateServer::start(&scratch.0.join("db"), Durability::Scratch).await?),
    };
    let url = options.database_url.clone().or_else(|| database.as_ref().map(|server| server.url("staka")));
    let outcome = measure(options, &url.unwrap_or_default(), &scratch.0).await;
    if let Some(database) = database {
        database.stop().await?;
    }
    outcome
}

async fn measure(options: &Options, url: &str, scratch: &Path) -> anyhow::Result<()> {
    let stage = Stage::set(options, url, scratch).await?;
    let (idle, _) = stage.server.memory()?;
    let mut conn = MySqlConnection::connect(url).await?;
    report::heading();
    let mut lines = Vec::new();
    for read in Read::ALL.into_iter().filter(|read| stage.wants(options, *read)) {
        let line = stage.measure(options, read, &mut conn).await?;
        report::line(&line);
        lines.push(line);
    }
    report::verdict(&lines);
    let (loaded, most) = stage.server.memory()?;
    let mib = |kib: u64| kib as f64 / 1024.0;
    println!(
        "Memory: {:.1} MiB idle, {:.1} MiB loaded, {:.1} MiB at most.",
        mib(idle),
        mib(loaded),
        mib(most)
    );
    Ok(())
}

/// Both servers, and what is asked of them.
struct Stage {
    server: Server,
    floor: Server,
    authors: Vec<(Author, String)>,
    sizes: Vec<(Read, usize)>,
}

impl Stage {
    async fn set(options: &Options, url: &str, scratch: &Path) -> anyhow::Result<Self> {
        let address = free_address()?;
        let program = |command: &str| program(&options.program, command, url, scratch, address);
        process::run(program("migrate"))?;
        process::run(program("seed"))?;
        let authors =
            data::fill(url, options.size, AUTHORS).await.context("the data set cannot be written")?;
        let tokens = SessionTokens::new(&SecretString::from(SECRET));
        let token =
            |author: &Author| tokens.issue(author.id, &author.email, Role::User, 0, Clock::system().now());
        let authors = authors.into_iter().map(|author| token(&author).map(|token| (author, token)));
        let authors = authors.collect::<Result<Vec<_>, _>>()?;
        let server = Server::start(program("serve"), address, &scratch.join("server.log")).await?;
        let sizes = sizes(&server, &authors).await?;
        let floor = start_floor(url, &sizes, scratch).await?;
        Ok(Self { server, floor, authors, sizes })
    }

    fn wants(&self, options: &Options, read: Read) -> bool {
        options.only.as_ref().is_none_or(|part| read.path().contains(part))
    }

    async fn measure(
        &self,
        options: &Options,
        read: Read,
        conn: &mut MySqlConnection,
    ) -> anyhow::Result<Line> {
        let requests = requests(read, &self.authors);
        let mut server = Side::open(&self.server, options.concurrency, &requests).await?;
        let mut floor = Side::open(&self.floor, options.concurrency, &requests).await?;
        let bytes = self.sizes.iter().find(|(of, _)| *of == read).map_or(0, |(_, bytes)| *bytes);
        let mut line = Line {
            read,
            bytes: (bytes, floor.ask().await?),
            statements: (server.statements(conn).await?, floor.statements(conn).await?),
            server: Vec::new(),
            floor: Vec::new(),
        };
        for _ in 0..options.slices {
            line.server.push(server.slice(options.slice()).await?);
            line.floor.push(floor.slice(options.slice()).await?);
        }
        Ok(line)
    }
}

/// One server with its open connections.
struct Side<'a> {
    server: &'a Server,
    clients: Vec<Client>,
    requests: &'a Arc<[Arc<[u8]>]>,
}

impl<'a> Side<'a> {
    async fn open(
        server: &'a Server,
        clients: usize,
        requests: &'a Arc<[Arc<[u8]>]>,
    ) -> anyhow::Result<Self> {
        let mut side = Self { server, clients: Vec::new(), requests };
        for _ in 0..clients {
            side.clients.push(Client::connect(server.address).await?);
        }
        side.drive(WARM_UP).await?;
        Ok(side)
    }

    /// One request; how many bytes the answer's body has.
    async fn ask(&mut self) -> anyhow::Result<usize> {
        let (client, request) = (self.clients.first_mut(), self.requests.first());
        let (client, request) = client.zip(request).context("nothing to ask")?;
        Ok(client.send(request).await?.body)
    }

    /// Statements per request, as the database counts them.
    async fn statements(&mut self, conn: &mut MySqlConnection) -> anyhow::Result<f64> {
        let before = executed(conn).await?;
        let slice = self.drive(WARM_UP).await?;
        Ok((executed(conn).await? - before) as f64 / slice.requests as f64)
    }

    async fn slice(&mut self, length: Duration) -> anyhow::Result<Measure> {
        self.server.take_log()?;
        let before = self.server.cpu()?;
        let slice = self.drive(length).await?;
        let spent = self.server.cpu()?.saturating_sub(before);
        ensure!(slice.requests > 0, "nothing was answered");
        Ok(Measure { cpu: spent.as_secs_f64() * 1e6 / slice.requests as f64, slice })
    }

    async fn drive(&mut self, length: Duration) -> anyhow::Result<Slice> {
        let (clients, slice) = load::drive(std::mem::take(&mut self.clients), self.requests, length).await?;
        self.clients = clients;
        Ok(slice)
    }
}

async fn executed(conn: &mut MySqlConnection) -> anyhow::Result<i64> {
    let row = sqlx::query("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'").fetch_one(conn).await?;
    Ok(row.try_get_unchecked::<String, _>(1)?.parse()?)
}

/// One request per author. The floor takes the author's id from a header of its own.
fn requests(read: Read, authors: &[(Author, String)]) -> Arc<[Arc<[u8]>]> {
    let signed = |(author, token): &(Author, String)| {
        let (bearer, id) = (format!("Bearer {token}"), author.id.to_string());
        get(read.path(), &[("authorization", &bearer), ("x-bench-user", &id)])
    };
    match read.signed_in() {
        true => authors.iter().map(signed).collect(),
        false => Arc::new([get(read.path(), &[])]),
    }
}

async fn sizes(server: &Server, authors: &[(Author, String)]) -> anyhow::Result<Vec<(Read, usize)>> {
    let mut client = Client::connect(server.address).await?;
    let mut sizes = Vec::new();
    for read in Read::ALL {
        let requests = requests(read, authors);
        let answer = client.send(requests.first().context("no authors")?).await?;
        ensure!(answer.status == 200, "{} answers {}", read.path(), answer.status);
        sizes.push((read, answer.body));
    }
    Ok(sizes)
}

/// The program as an operator runs it, with limits nobody reaches and nothing outside of this machine.
fn program(program: &Path, command: &str, url: &str, scratch: &Path, address: SocketAddr) -> Command {
    let port = address.port().to_string();
    let uploads = scratch.join("uploads");
    let mut process = Command::new(program);
    process.arg(command).env_clear().envs([
        ("APP_ENV", "production"),
        ("BIND_ADDRESS", "127.0.0.1"),
        ("PORT", &port),
        ("DATABASE_URL", url),
        ("JWT_SECRET", SECRET),
        ("FRONTEND_URL", "https://www.example.com"),
        ("STRIPE_SECRET_KEY", "sk_live_of_benches"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_of_benches"),
        ("STRIPE_API_URL", "http://127.0.0.1:9"),
        ("SMTP_URL", "smtp://127.0.0.1:9"),
        ("COMPANY_NAME", "Staka Livres"),
        ("COMPANY_LEGAL_FORM", "SASU"),
        ("COMPANY_STREET", "1 rue de l’Exemple"),
        ("COMPANY_POSTAL_CODE", "75001"),
        ("COMPANY_CITY", "Paris"),
        ("COMPANY_SIREN", "732 829 320"),
        ("COMPANY_VAT_NUMBER", "FR44732829320"),
        ("VAT_REGIME", "standard"),
        ("RATE_LIMIT_ANONYMOUS", "4000000000/900"),
        ("RATE_LIMIT_USER", "4000000000/900"),
    ]);
    process.env("UPLOADS_DIR", uploads).env("UPLOADS_RESERVE_MB", "0");
    process
}

async fn start_floor(url: &str, sizes: &[(Read, usize)], scratch: &Path) -> anyhow::Result<Server> {
    let address = free_address()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("floor").arg("--listen").arg(address.to_string()).arg("--database-url").arg(url);
    command.arg("--connections").arg(PoolSettings::default().max_connections.to_string());
    for (read, bytes) in sizes {
        command.arg("--answer").arg(format!("{}={bytes}", read.path()));
    }
    Server::start(command, address, &scratch.join("floor.log")).await
}

/// A directory that goes when the measuring ends: in memory where there is some.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> anyhow::Result<Self> {
        let memory = Path::new("/dev/shm");
        let base = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let path = base.join(format!("staka-bench-{}", new_id().simple()));
        std::fs::create_dir_all(path.join("uploads"))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
