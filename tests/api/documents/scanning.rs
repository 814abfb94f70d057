//! A virus scanner in front of the storage: one of our own that speaks clamd's protocol, and clamd itself where it is
//! installed.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::multipart::{Form, Part};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::Desk;
use crate::{
    shop::guest_form,
    support::{scratch::Scratch, server::send},
};

/// In what the scanner takes for a virus. Harmless.
const MARK: &str = "ceci-est-le-virus-de-test-de-staka";

fn infected() -> Part {
    let content = format!("Il était une fois. {MARK} Fin.");
    Part::bytes(content.into_bytes()).file_name("roman.txt").mime_str("text/plain").unwrap()
}

fn clean(bytes: usize) -> Part {
    Part::bytes(vec![b'a'; bytes]).file_name("roman.txt").mime_str("text/plain").unwrap()
}

/// A scanner that finds [`MARK`], and has other moods.
struct Stub {
    port: u16,
    scanned: Arc<AtomicUsize>,
}

#[derive(Clone, Copy)]
enum Mood {
    Well,
    HangsUp,
    Says(&'static str),
}

impl Stub {
    async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let scanned = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&scanned);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, mood, Arc::clone(&count)));
            }
        });
        Self { port, scanned }
    }

    fn url(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }
}

async fn answer(mut stream: TcpStream, mood: Mood, scanned: Arc<AtomicUsize>) {
    let mut command = [0; 10];
    stream.read_exact(&mut command).await.unwrap();
    assert_eq!(&command, b"zINSTREAM\0");
    if let Mood::HangsUp = mood {
        return;
    }
    let mut content = Vec::new();
    loop {
        let length = stream.read_u32().await.unwrap() as usize;
        if length == 0 {
            break;
        }
        assert!(length <= 64 * 1024, "{length}");
        let begin = content.len();
        content.resize(begin + length, 0);
        stream.read_exact(&mut content[begin..]).await.unwrap();
    }
    scanned.fetch_add(content.len(), Ordering::Relaxed);
    let found = content.windows(MARK.len()).any(|window| window == MARK.as_bytes());
    let verdict = match mood {
        Mood::Says(verdict) => verdict,
        _ if found => "stream: Staka.Test FOUND",
        _ => "stream: OK",
    };
    stream.write_all(verdict.as_bytes()).await.unwrap();
    stream.write_all(b"\0").await.unwrap();
}

#[tokio::test]
async fn what_is_infected_is_refused_audited_and_gone() {
    let stub = Stub::start(Mood::Well).await;
    let desk = Desk::with(&[("CLAMD_URL", &stub.url())]).await;
    let body = desk.refused(desk.sends(&desk.author, infected()), 422, "FILE_INFECTED").await;
    assert!(body["message"].as_str().unwrap().contains("« roman.txt »"), "{body}");
    desk.assert_nothing_kept().await;
    let audited = desk
        .row("SELECT actor_email, severity, details FROM audit_logs WHERE action = 'FILE_INFECTED'")
        .await;
    assert_eq!((audited[0].as_deref(), audited[1].as_deref()), (Some("author@example.com"), Some("HIGH")));
    let details: Value = serde_json::from_str(audited[2].as_deref().unwrap()).unwrap();
    assert_eq!((&details["signature"], &details["filename"]), (&"Staka.Test".into(), &"roman.txt".into()));
    assert_eq!(details["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(
        desk.bells(&desk.admin).await,
        ["Un fichier infecté a été refusé WARNING HAUTE /admin/audit-logs"]
    );

    // Whoever reads the form: the scanner stands before the storage.
    desk.refused(
        desk.post_as(&desk.author, "/files/upload/message", Form::new().part("file", infected())),
        422,
        "FILE_INFECTED",
    )
    .await;
    let service = desk.tarif("Correction", 200, "PAGE").await;
    let order = guest_form(service, &[]).part("files", clean(10)).part("files", infected());
    desk.refused(desk.post("/public/order").multipart(order), 422, "FILE_INFECTED").await;
    assert_eq!(desk.count("pending_commandes").await, 0);
    desk.assert_nothing_kept().await;
    let actors =
        desk.texts("SELECT actor_email FROM audit_logs WHERE action = 'FILE_INFECTED' ORDER BY seq").await;
    assert_eq!(actors, ["author@example.com", "author@example.com", "unknown"]);

    let before = stub.scanned.load(Ordering::Relaxed);
    desk.json(desk.sends(&desk.author, clean(300_000)), 201).await;
    assert_eq!(stub.scanned.load(Ordering::Relaxed) - before, 300_000);
    desk.ignore_mails();
}

#[tokio::test]
async fn without_a_verdict_nothing_is_taken() {
    for mood in [Mood::HangsUp, Mood::Says("INSTREAM size limit exceeded. ERROR"), Mood::Says("")] {
        let stub = Stub::start(mood).await;
        let desk = Desk::with(&[("CLAMD_URL", &stub.url())]).await;
        let answer = send(desk.sends(&desk.author, clean(500_000))).await;
        answer.refused(503, "SCANNER_UNAVAILABLE");
        assert!(answer.header("retry-after").is_some());
        desk.assert_nothing_kept().await;
    }
    // Nobody listens there any more.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    for url in [format!("tcp://127.0.0.1:{port}"), "unix:///nowhere/clamd.ctl".to_owned()] {
        let desk = Desk::with(&[("CLAMD_URL", &url)]).await;
        desk.refused(desk.sends(&desk.author, clean(10)), 503, "SCANNER_UNAVAILABLE").await;
        desk.assert_nothing_kept().await;
    }
}

/// Debian's clamd, with a signature of our own and no other.
struct Clamd(Child, Scratch);

impl Clamd {
    fn start() -> Option<Self> {
        let program = ["/usr/sbin/clamd", "/usr/local/sbin/clamd", "/usr/bin/clamd"]
            .into_iter()
            .find(|path| Path::new(path).exists())?;
        let place = Scratch::new();
        let socket = place.join("clamd.ctl");
        std::fs::create_dir(place.join("db")).unwrap();
        let signature = format!("Staka.Test:0:*:{}\n", hex::encode(MARK));
        std::fs::write(place.join("db/staka.ndb"), signature).unwrap();
        let settings = format!(
            "Foreground yes\nLocalSocket {}\nDatabaseDirectory {}\nTemporaryDirectory {}\nStreamMaxLength 1M\n",
            socket.display(),
            place.join("db").display(),
            place.display()
        );
        std::fs::write(place.join("clamd.conf"), settings).unwrap();
        let mut clamd = Command::new(program);
        clamd.arg("--config-file").arg(place.join("clamd.conf")).stdout(Stdio::null()).stderr(Stdio::null());
        let clamd = Self(clamd.spawn().unwrap(), place);
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::os::unix::net::UnixStream::connect(&socket).is_err() {
            assert!(Instant::now() < deadline, "clamd does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(clamd)
    }
}

impl Drop for Clamd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn clamd_itself_judges() {
    let Some(clamd) = tokio::task::spawn_blocking(Clamd::start).await.unwrap() else {
        eprintln!("skipped: clamd is not installed");
        return;
    };
    let url = format!("unix://{}", clamd.1.join("clamd.ctl").display());
    let desk = Desk::with(&[("CLAMD_URL", &url)]).await;
    desk.refused(desk.sends(&desk.author, infected()), 422, "FILE_INFECTED").await;
    // More than its settings let it look into.
    desk.refused(desk.sends(&desk.author, clean(2 << 20)), 503, "SCANNER_UNAVAILABLE").await;
    desk.assert_nothing_kept().await;
    desk.json(desk.sends(&desk.author, clean(300_000)), 201).await;
    let details = desk.value("SELECT details FROM audit_logs WHERE action = 'FILE_INFECTED'").await.unwrap();
    assert!(details.contains("Staka.Test"), "{details}");
    desk.ignore_mails();
}
