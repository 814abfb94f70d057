//! Bad luck on the way in and out: nothing is lost, and nothing is left.

use std::time::Duration;

use chrono::Utc;
use futures_util::TryStreamExt;
use reqwest::{Method, multipart::Form};
use secrecy::SecretString;
use staka::{
    app::{AppState, Surroundings},
    auth::{Role, SessionTokens},
    clock::Clock,
    emails::transport::Transport,
    files::{deletions, orphans},
    server::Shutdown,
};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::Instant};

use super::{Desk, archive, text};
use crate::{
    shop::text_of,
    support::{
        database::TestDatabase,
        program::Program,
        s3::S3,
        scratch::Scratch,
        server::{TestServer, send},
        settings::{JWT_SECRET, config, metrics, variables},
        small_disk::SmallDisk,
        sql_proxy::{Fault, Side, SqlProxy},
    },
};

#[tokio::test]
async fn a_full_disk_keeps_nothing_of_a_document() {
    let Some(disk) = SmallDisk::mount("documents::mishaps::a_full_disk_keeps_nothing_of_a_document") else {
        return;
    };
    let desk = Desk::with(&[("UPLOADS_DIR", disk.0.to_str().unwrap())]).await;
    desk.ignore_mails();
    desk.refused(desk.sends(&desk.author, archive(3 << 20)), 503, "STORAGE_UNAVAILABLE").await;
    desk.assert_nothing_kept().await;
    assert_eq!(disk.0.files(), Vec::<String>::new());
    // There is room for a smaller one.
    desk.sent(&desk.author, "petit.txt").await;
    assert_eq!(disk.0.files().len(), 1);
}

#[tokio::test]
async fn a_store_that_is_away_takes_nothing_and_gives_what_it_has_later() {
    let s3 = S3::start().await;
    let settings = s3.settings();
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let desk = Desk::with(&settings).await;
    desk.ignore_mails();
    let kept = desk.sent(&desk.author, "premier.txt").await;
    let removed = desk.sent(&desk.author, "second.txt").await;
    s3.line.cut();
    desk.refused(desk.sends(&desk.author, text("a.txt")), 503, "STORAGE_UNAVAILABLE").await;
    // Taken away all the same: its content follows when the store is back.
    desk.json(desk.delete_as(&desk.author, &format!("/files/{removed}")), 200).await;
    assert_eq!((desk.count("files").await, desk.count("storage_deletions").await), (1, 1));
    s3.line.mend();
    desk.state.storage.probe().await.unwrap();
    assert_eq!(s3.objects().len(), 2);
    desk.clock.advance(chrono::Duration::minutes(2));
    desk.run_job("storage_deletions").await;
    assert_eq!((s3.objects().len(), desk.objects()), (1, vec![]));
    let answer = desk.get_as(&desk.author, &format!("/files/download/{kept}")).send().await.unwrap();
    assert_eq!(text_of(answer).await.1, "Il était une fois.");
    // Refused in the middle of a large one.
    s3.asked.refuse_parts_after(1);
    desk.refused(desk.sends(&desk.author, archive(16 << 20)), 503, "STORAGE_UNAVAILABLE").await;
    assert_eq!(
        (s3.objects().len(), s3.parts(), desk.objects(), desk.count("files").await),
        (1, 0, vec![], 1)
    );
}

/// Sends so much of a form with one document, and goes away.
async fn goes_away(desk: &Desk, after: usize) {
    let form = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nbonjour\r\n--b--\r\n";
    let request = format!(
        "POST /files/projects/{}/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n",
        desk.order,
        desk.author.token,
        form.len()
    );
    let mut stream = TcpStream::connect(("127.0.0.1", desk.port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.write_all(&form.as_bytes()[..after.min(form.len())]).await.unwrap();
    while after < form.len() && desk.objects().is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_a_whole_document_or_none() {
    let desk = Desk::open().await;
    desk.ignore_mails();
    goes_away(&desk, 75).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    while !desk.objects().is_empty() {
        assert!(Instant::now() < deadline, "{:?}", desk.objects());
        tokio::task::yield_now().await;
    }
    desk.assert_nothing_kept().await;
    // Whoever sent everything may leave: it is kept, or it never was.
    for _ in 0..8 {
        goes_away(&desk, usize::MAX).await;
    }
    loop {
        let (rows, objects) = (desk.count("files").await, desk.objects());
        let whole = objects.iter().all(|object| object.starts_with("projects/"));
        if whole && rows == objects.len() as i64 {
            break;
        }
        assert!(Instant::now() < deadline, "{rows} rows, {objects:?}");
    }
}

#[tokio::test]
async fn a_database_that_goes_away_leaves_no_object() {
    let line = crate::support::proxy::Proxy::start().await;
    let server = TestServer::behind(&line).await;
    server.ignore_mails();
    let (author, admin) = (server.client().await, server.admin().await);
    let order = server.paid_order(&author).await.0;
    let upload = || {
        let form = Form::new().part("file", text("a.txt"));
        let path = format!("/files/projects/{order}/upload");
        send(server.request(Method::POST, &path).bearer_auth(&admin.token).multipart(form))
    };
    upload().await.ok(201);
    line.cut();
    let refused = upload().await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    line.mend();
    assert_eq!(server.objects().len(), 1);
    for _ in 0..10 {
        if upload().await.status == 201 {
            break;
        }
    }
    assert_eq!(server.count("files").await, server.objects().len() as i64);
}

/// The real program behind a wire that kills it.
struct Mortal {
    database: TestDatabase,
    proxy: SqlProxy,
    files: Scratch,
    program: Program,
    author: String,
    settings: Vec<(String, String)>,
}

impl Mortal {
    async fn start() -> Self {
        let database = TestDatabase::seeded().await;
        let files = Scratch::new();
        let proxy = SqlProxy::start(database.url()).await;
        let process = [
            ("BIND_ADDRESS", "127.0.0.1"),
            ("PORT", "0"),
            ("MIGRATE_ON_START", "false"),
            ("LOG_LEVEL", "staka=info,warn"),
        ];
        let settings = variables(proxy.url(), &files, &process);
        let program = started(&settings).await;
        let db = database.db(1).await;
        let id = sqlx::query_scalar("SELECT id FROM users WHERE email = 'client@example.com'");
        let id: uuid::Uuid = id.fetch_one(db.pool()).await.unwrap();
        let tokens = SessionTokens::new(&SecretString::from(JWT_SECRET));
        let author = tokens.issue(id, "client@example.com", Role::User, 0, Utc::now()).unwrap();
        Self { database, proxy, files, program, author, settings }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        form: Option<Form>,
    ) -> Option<crate::support::answer::Answer> {
        let request = reqwest::Client::new().request(method, format!("{}{path}", self.program.base));
        let request = request.bearer_auth(&self.author);
        let request = match form {
            Some(form) => request.multipart(form),
            None => request,
        };
        Some(crate::support::answer::read(request.send().await.ok()?).await)
    }

    async fn upload(&self) -> Option<crate::support::answer::Answer> {
        self.ask(Method::POST, "/files/upload/message", Some(Form::new().part("file", text("a.txt")))).await
    }

    /// Kills it at a place of an upload, or of the removal of a document, and starts it again.
    async fn dies(&mut self, place: Fault, removed: Option<&str>) {
        self.proxy.kill_at(place.clone(), Some(self.program.pid()));
        match removed {
            None => drop(self.upload().await),
            Some(id) => drop(self.ask(Method::DELETE, &format!("/files/{id}"), None).await),
        }
        assert!(self.proxy.disarm(), "{place:?} was not reached");
        self.program.ended().await;
        self.program = started(&self.settings).await;
    }

    /// Before a statement of those seen last, before the end of its transaction, and after it.
    fn places(&self, statement: &str) -> [Fault; 3] {
        let points = self.proxy.transaction(statement);
        let (first, last) = (points[0].clone(), points[points.len() - 1].clone());
        assert!(last.sql.starts_with("COMMIT"), "{last:?}");
        [(first, Side::Before), (last.clone(), Side::Before), (last, Side::After)]
            .map(|(point, side)| Fault { point, side })
    }

    async fn uploaded(&self) -> String {
        self.upload().await.unwrap().ok(201)["file"]["id"].as_str().unwrap().to_owned()
    }

    async fn seen_of<T>(&self, work: impl Future<Output = T>) -> T {
        self.proxy.record();
        let done = work.await;
        self.proxy.disarm();
        done
    }

    /// What looks after the same database and files some days later: removes what the killed servers left.
    async fn swept(&self) -> (i64, usize) {
        let (clock, _) = Clock::manual(Utc::now() + chrono::Duration::days(2));
        let config = config(self.database.url(), &self.files, &[]);
        let db = self.database.db(2).await;
        let transport = Transport::from_settings(&config.mail, &db).await.unwrap();
        let (shutdown, port) = (Shutdown::new(), self.program.port);
        let surroundings = Surroundings { clock, transport, shutdown, metrics: metrics(), port };
        let state = AppState::assemble(config, db.clone(), surroundings).unwrap();
        state.storage.sweep_tmp(Utc::now() + chrono::Duration::days(1)).await.unwrap();
        let swept = orphans::sweep(&state).await.unwrap();
        assert_eq!(swept.missing, 0);
        deletions::run(&state).await.unwrap();
        let keys: Vec<String> = state.storage.keys().try_collect().await.unwrap();
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM files").fetch_one(db.pool()).await.unwrap();
        assert_eq!(self.files.files().len(), keys.len());
        (rows, keys.len())
    }
}

async fn started(settings: &[(String, String)]) -> Program {
    let vars: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Program::start(&["serve"], &vars).await
}

#[tokio::test]
async fn a_killed_server_leaves_rows_with_their_objects_and_no_others() {
    let mut mortal = Mortal::start().await;
    let first = mortal.seen_of(mortal.uploaded()).await;
    for place in mortal.places("INSERT INTO files") {
        mortal.dies(place, None).await;
    }
    let path = format!("/files/{first}");
    mortal.seen_of(mortal.ask(Method::DELETE, &path, None)).await.unwrap().ok(200);
    let places = mortal.places("DELETE FROM files");
    for (place, status) in places.into_iter().zip([200, 200, 404]) {
        let id = mortal.uploaded().await;
        mortal.dies(place, Some(&id)).await;
        let left = mortal.ask(Method::GET, &format!("/files/download/{id}"), None).await.unwrap();
        assert_eq!(left.status, status);
    }
    // One died after it was kept, and two after they were to be removed.
    assert_eq!(mortal.swept().await, (3, 3));
}
