//! The program behind nginx, with the configuration of this project: what passes, what does not, and that both
//! understand every request alike.

use std::process::Stdio;

use chrono::Utc;
use secrecy::SecretString;
use serde_json::json;
use staka::{auth::Role, auth::SessionTokens};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    time::timeout,
};

use crate::{
    payments::bench::{event, signed},
    support::{
        nginx::{self, Nginx},
        program::{PATIENCE, Program},
        scratch::Scratch,
        server::{Person, Setup, TestServer, WEBHOOK_SECRET},
        settings::{JWT_SECRET, variables},
    },
};

/// The program behind nginx, and a server beside it that looks into the same database.
struct Site {
    nginx: Nginx,
    program: Program,
    files: Scratch,
    beside: TestServer,
}

impl Site {
    async fn open() -> Option<Self> {
        if !nginx::is_here() {
            return None;
        }
        let beside = Setup::default().at(Utc::now()).start().await;
        beside.ignore_mails();
        let files = Scratch::new();
        let own = [
            ("PORT", "0"),
            ("BIND_ADDRESS", "127.0.0.1"),
            ("TRUSTED_PROXIES", "127.0.0.1"),
            ("MIGRATE_ON_START", "false"),
        ];
        let vars = variables(beside.database.url(), &files, &own);
        let vars: Vec<_> = vars.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let program = Program::start(&["serve"], &vars).await;
        let nginx = Nginx::before(program.port).await;
        Some(Self { nginx, program, files, beside })
    }

    /// A session the program accepts now, as a header.
    fn bearer(person: &Person) -> String {
        let tokens = SessionTokens::new(&SecretString::from(JWT_SECRET));
        let token = tokens.issue(person.id, &person.email, person.role, 0, Utc::now()).unwrap();
        format!("authorization: Bearer {token}")
    }

    /// How many requests reached the program so far, those for this figure aside.
    async fn served(&self) -> u64 {
        let figures =
            reqwest::get(format!("{}/metrics", self.program.base)).await.unwrap().text().await.unwrap();
        let lines = figures.lines().filter(|line| line.starts_with("http_requests_total{"));
        let others = lines.filter(|line| !line.contains("route=\"/metrics\""));
        others.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
    }
}

#[tokio::test]
async fn an_order_of_sixty_megabytes_passes() {
    let Some(site) = Site::open().await else { return };
    let service = site.beside.tarif("Correction", 35_000, "forfait").await;
    let documents = Scratch::new();
    let mut content = b"PK\x03\x04".to_vec();
    content.resize(30 << 20, 7);
    let mut arguments: Vec<String> = Vec::new();
    for (name, value) in [
        ("prenom", "Jeanne"),
        ("nom", "Dupont"),
        ("email", "jeanne@example.com"),
        ("telephone", "0601020304"),
        ("serviceId", &service.to_string()),
        ("consentementRgpd", "true"),
    ] {
        arguments.extend(["--form-string".to_owned(), format!("{name}={value}")]);
    }
    for name in ["tome-1.zip", "tome-2.zip"] {
        std::fs::write(documents.join(name), &content).unwrap();
        arguments.extend(["-F".to_owned(), format!("files=@{}", documents.join(name).display())]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let answer = site.nginx.curl("/api/public/order", &arguments).await;
    assert!(answer.contains("\"checkoutUrl\""), "{answer}");
    let kept: u64 =
        site.files.files().iter().map(|file| std::fs::metadata(site.files.join(file)).unwrap().len()).sum();
    assert_eq!(kept, 60 << 20);
}

#[tokio::test]
async fn webhooks_streams_and_addresses_arrive_as_they_were_sent() {
    let Some(site) = Site::open().await else { return };
    // The signature covers every byte.
    let sent =
        event("customer.updated", json!({ "id": "cus_1", "object": "customer", "name": "Zoé  Martin" }))
            .to_string();
    let signature = format!("stripe-signature: {}", signed(&site.beside, &sent, WEBHOOK_SECRET));
    let json = "content-type: application/json";
    for path in ["/payments/webhook", "/api/payments/webhook", "/api//payments/webhook"] {
        let answer = site.nginx.curl(path, &["-H", &signature, "-H", json, "--data-binary", &sent]).await;
        assert!(answer.contains("\"received\":true"), "{path}: {answer}");
    }
    for path in ["/api/tarifs", "/api//tarifs", "//api/tarifs", "/api/api/tarifs"] {
        let answer = site.nginx.curl(path, &["-w", " %{http_code} %{http_version}"]).await;
        assert!(answer.ends_with(" 200 2") && answer.contains("prix"), "{path}: {answer}");
    }
    // A stranger's word about where they come from is not passed on.
    let login = json!({ "email": "client@example.com", "password": "Pas-le-bon-2026" }).to_string();
    let spoofed =
        ["-H", "x-forwarded-for: 6.6.6.6, 127.0.0.1", "-H", json, "--interface", "127.0.0.9", "-d", &login];
    site.nginx.curl("/api/auth/login", &spoofed).await;
    let seen = site.beside.value("SELECT ip_address FROM audit_logs WHERE action = 'LOGIN_FAILED'").await;
    assert_eq!(seen.as_deref(), Some("127.0.0.9"));
}

#[tokio::test]
async fn an_event_is_told_as_it_happens() {
    let Some(site) = Site::open().await else { return };
    let admin = site.beside.person("equipe@example.com", Role::Admin).await;
    let bearer = Site::bearer(&admin);
    let mut asking = site.nginx.asking("/api/notifications/stream", &["-H", &bearer]);
    let mut stream = asking.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(stream.stdout.take().unwrap()).lines();
    let mut next = async || {
        timeout(PATIENCE, lines.next_line()).await.expect("the stream says something").unwrap().unwrap()
    };
    let mut first = next().await;
    while !first.starts_with("event:") && !first.starts_with(':') && !first.starts_with("retry:") {
        first = next().await;
    }
    let message = json!({
        "nom": "Zoé", "email": "zoe@example.com", "telephone": "0601020304", "sujet": "Question", "message": "Combien coûte une relecture ?",
    });
    let sent = ["-H", "content-type: application/json", "-d", &message.to_string()];
    let answer = site.nginx.curl("/api/public/contact", &sent).await;
    assert!(answer.contains("\"success\":true"), "{answer}");
    while !next().await.contains("Question") {}
    stream.kill().await.unwrap();
}

/// What a smuggler hides behind another request.
const HIDDEN: &str = "GET /api/faq HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/// A request whose length can be read in more than one way, with another behind it.
fn probe(headers: &str, body: &str) -> String {
    format!(
        "POST /api/public/contact HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{headers}\r\n\r\n{body}{HIDDEN}"
    )
}

#[tokio::test]
async fn nothing_is_smuggled_past_nginx() {
    let Some(site) = Site::open().await else { return };
    let chunked = "0\r\n\r\n";
    let length = |length: usize| format!("Content-Length: {length}");
    let whole = chunked.len() + HIDDEN.len();
    let probes = [
        ("CL.TE", probe(&format!("{}\r\nTransfer-Encoding: chunked", length(whole)), chunked)),
        ("TE.CL", probe("Transfer-Encoding: chunked\r\nContent-Length: 4", chunked)),
        ("TE.TE", probe("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", chunked)),
        ("TE.TE, strange", probe(&format!("Transfer-Encoding: xchunked\r\n{}", length(5)), chunked)),
        ("a tab", probe(&format!("Transfer-Encoding:\tchunked\r\n{}", length(5)), chunked)),
        ("two lengths", probe(&format!("{}\r\n{}", length(5), length(whole)), chunked)),
        ("a signed length", probe("Content-Length: +5", chunked)),
        ("a folded header", probe(&format!("{}\r\nTransfer-Encoding:\r\n chunked", length(whole)), chunked)),
        ("no host", format!("GET /api/tarifs HTTP/1.1\r\n\r\n{HIDDEN}")),
    ];
    for (name, bytes) in probes {
        let before = site.served().await;
        let answer = site.nginx.raw(bytes.as_bytes()).await;
        assert_eq!(site.served().await, before, "{name} reached the program: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{name}: {answer}");
        assert!(answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 501"), "{name}: {answer}");
    }
    // Lines that end with a line feed alone are understood by nginx, and written anew for the program.
    let before = site.served().await;
    let lenient = site.nginx.raw(b"GET /api/tarifs HTTP/1.1\nHost: x\nX-A: 1\nConnection: close\n\n").await;
    assert!(lenient.starts_with("HTTP/1.1 200"), "{lenient}");
    assert_eq!(site.served().await, before + 1);
    // Two requests, one after the other, are two: the second is nobody else's.
    let body = "{}";
    let honest = site.nginx.raw(probe(&length(body.len()), body).as_bytes()).await;
    assert_eq!(honest.matches("HTTP/1.1 ").count(), 2, "{honest}");
    assert_eq!(site.served().await, before + 3);
}

#[tokio::test]
async fn nothing_is_smuggled_into_the_program() {
    let Some(site) = Site::open().await else { return };
    for headers in [
        "Content-Length: 5\r\nContent-Length: 50",
        "Content-Length: +5",
        "Content-Length: 5, 6",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding:\r\n chunked",
        "Transfer-Encoding : chunked",
    ] {
        let mut line = tokio::net::TcpStream::connect(("127.0.0.1", site.program.port)).await.unwrap();
        line.write_all(probe(headers, "0\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::io::AsyncReadExt::read_to_end(&mut line, &mut answer);
        timeout(PATIENCE, read).await.expect("the program closes").unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{headers:?}: {answer}");
        assert!(answer.starts_with("HTTP/1.1 4"), "{headers:?}: {answer}");
    }
}
