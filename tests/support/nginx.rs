//! nginx with the configuration of this project, at ports of this machine.

use std::{fs, net::TcpListener, process::Stdio, time::Duration};

use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    process::{Child, Command},
    time::{sleep, timeout},
};

use super::{program::PATIENCE, scratch::Scratch};

/// Places of the container, and how they begin on this machine.
const PLACES: [(&str, &str); 3] =
    [("/etc/nginx/certs", "certs"), ("/usr/share/nginx/html", "html"), ("/tmp/nginx.pid", "nginx.pid")];

/// A running nginx in front of a server.
pub struct Nginx {
    _child: Child,
    _work: Scratch,
    https: u16,
}

/// Whether nginx, and what asks it, is there. A run of the checks must have them.
pub fn is_here() -> bool {
    let here = ["nginx", "openssl", "curl"].into_iter().all(|program| {
        let asked = std::process::Command::new(program).arg("-h").env("PATH", path()).output();
        asked.is_ok()
    });
    assert!(here || std::env::var_os("CI").is_none(), "nginx, openssl or curl is not installed");
    here
}

/// Debian keeps nginx where only root looks.
fn path() -> String {
    format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default())
}

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", path()).kill_on_drop(true).stdin(Stdio::null());
    command
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Nginx {
    /// Starts it in front of a port of this machine.
    pub async fn before(server: u16) -> Self {
        let work = Scratch::new();
        for directory in ["certs", "html/assets", "temp"] {
            fs::create_dir_all(work.join(directory)).unwrap();
        }
        fs::write(work.join("html/index.html"), "<title>Staka</title>").unwrap();
        certificate(&work).await;
        loop {
            // Between the moment a port is found free and nginx takes it, somebody else may.
            let (http, https) = (free_port(), free_port());
            let file = work.join("nginx.conf");
            fs::write(&file, configuration(&work, server, http, https)).unwrap();
            let child = command("nginx")
                .args(["-e", "stderr", "-g", "daemon off; master_process off;", "-c"])
                .arg(&file)
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            if let Some(child) = ready(child, https).await {
                return Self { _child: child, _work: work, https };
            }
        }
    }

    /// What `curl` with these arguments prints, asked of a path.
    pub async fn curl(&self, path: &str, arguments: &[&str]) -> String {
        let ran = timeout(PATIENCE, self.asking(path, arguments).output()).await.expect("nginx answers");
        String::from_utf8(ran.unwrap().stdout).unwrap()
    }

    /// `curl` about to ask for a path.
    pub fn asking(&self, path: &str, arguments: &[&str]) -> Command {
        let mut curl = command("curl");
        curl.args(["--silent", "--insecure", "--path-as-is", "--no-buffer"])
            .args(arguments)
            .arg(format!("https://127.0.0.1:{}{path}", self.https))
            .stdout(Stdio::piped());
        curl
    }

    /// What comes back for these very bytes, until nginx closes the connection.
    pub async fn raw(&self, bytes: &[u8]) -> String {
        let mut child = command("openssl")
            .args(["s_client", "-quiet", "-ign_eof", "-alpn", "http/1.1", "-connect"])
            .arg(format!("127.0.0.1:{}", self.https))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(bytes).await.unwrap();
        let ran = timeout(PATIENCE, child.wait_with_output()).await.expect("nginx closes").unwrap();
        drop(stdin);
        String::from_utf8_lossy(&ran.stdout).into_owned()
    }
}

async fn certificate(work: &Scratch) {
    let made = command("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .arg("-keyout")
        .arg(work.join("certs/privkey.pem"))
        .arg("-out")
        .arg(work.join("certs/fullchain.pem"))
        .output();
    assert!(made.await.unwrap().status.success());
}

fn configuration(work: &Scratch, server: u16, http: u16, https: u16) -> String {
    let mut text = include_str!("../../nginx.conf").to_owned();
    for (place, here) in PLACES {
        text = text.replace(place, work.join(here).to_str().unwrap());
    }
    text = text.replace("server server:3000;", &format!("server 127.0.0.1:{server};"));
    text = text.replace("listen 80 ", &format!("listen 127.0.0.1:{http} "));
    text = text.replace("listen 443 ", &format!("listen 127.0.0.1:{https} "));
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary: String =
        kinds.iter().map(|kind| format!("{kind}_temp_path {}/temp/{kind}; ", work.display())).collect();
    text = text.replace("\nhttp {", &format!("\nhttp {{ {temporary}"));
    text.lines().filter(|line| !line.contains("listen [::]")).map(|line| format!("{line}\n")).collect()
}

/// nginx once it listens; none when it ended.
async fn ready(mut child: Child, port: u16) -> Option<Child> {
    timeout(PATIENCE, async move {
        loop {
            if child.try_wait().unwrap().is_some() {
                return None;
            }
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(child);
            }
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("nginx listens")
}
