//! Chromium without a window, driven over its debugging pipe: lines of JSON that end with a zero, no library between.

use std::{path::Path, process::Stdio, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::support::scratch::Scratch;

/// Longest wait for any answer or event.
const PATIENCE: Duration = Duration::from_secs(30);

/// What people's machines call it.
const NAMES: [&str; 5] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// The pipe is expected at descriptors 3 and 4.
const LAUNCH: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null"#;

/// A running browser with one open page.
pub struct Chromium {
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    session: Option<String>,
    last: u64,
    /// Events that came while something else was waited for.
    events: Vec<Value>,
    _child: Child,
    _profile: Scratch,
}

/// What a page is shown on.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    pub width: u32,
    pub height: u32,
    pub dark: bool,
}

impl Chromium {
    /// Starts it, with one empty page. The web application's address leads to this port.
    pub async fn start(port: u16) -> Self {
        let program = NAMES.into_iter().find(|name| on_path(name));
        let program =
            program.expect("no Chromium here: .ci/install-deps.sh with WITH_CHROMIUM=true installs it");
        let profile = Scratch::new();
        let mut child = Command::new("sh")
            .args([
                "-c",
                LAUNCH,
                program,
                "--headless",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--disable-gpu",
            ])
            .args([
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--no-first-run",
                "--disable-background-networking",
            ])
            .args(["--disable-component-update", "--disable-extensions", "--lang=fr"])
            .arg("--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable")
            .arg(format!("--host-resolver-rules=MAP spa.test 127.0.0.1:{port}"))
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (orders, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut browser = Self {
            orders,
            answers,
            session: None,
            last: 0,
            events: vec![],
            _child: child,
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" })).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", attach).await;
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        browser.call("Page.enable", json!({})).await;
        browser.call("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })).await;
        browser
    }

    /// Asks for something and waits for the answer.
    pub async fn call(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut order = json!({ "id": self.last, "method": method, "params": params });
        if let Some(session) = &self.session {
            order["sessionId"] = json!(session);
        }
        self.orders.write_all(format!("{order}\0").as_bytes()).await.unwrap();
        self.orders.flush().await.unwrap();
        loop {
            let mut message = self.next().await;
            if message["id"] == self.last {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].take();
            }
            if message["id"].is_null() {
                self.events.push(message);
            }
        }
    }

    async fn next(&mut self) -> Value {
        let mut message = Vec::new();
        let read = timeout(PATIENCE, self.answers.read_until(0, &mut message)).await;
        assert!(read.expect("Chromium does not answer").unwrap() > 0, "Chromium is gone");
        message.pop();
        serde_json::from_slice(&message).unwrap()
    }

    async fn event(&mut self, method: &str) {
        while !self.events.iter().any(|event| event["method"] == method) {
            let message = self.next().await;
            self.events.push(message);
        }
    }

    /// Whether pages may run scripts.
    pub async fn scripts(&mut self, allowed: bool) {
        self.call("Emulation.setScriptExecutionDisabled", json!({ "value": !allowed })).await;
    }

    /// Shows what follows on another screen.
    pub async fn show_on(&mut self, screen: Screen) {
        let Screen { width, height, dark } = screen;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = json!({ "name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" } });
        self.call("Emulation.setEmulatedMedia", json!({ "features": [scheme] })).await;
    }

    /// Opens an address and waits until it is there.
    pub async fn open(&mut self, url: &str) {
        self.events.clear();
        let gone = self.call("Page.navigate", json!({ "url": url })).await;
        assert!(gone["errorText"].is_null(), "{url}: {gone}");
        self.event("Page.loadEventFired").await;
    }

    /// Asks the page something, whether its own scripts run or not.
    pub async fn ask(&mut self, script: &str) -> Value {
        let order = json!({ "expression": script, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.call("Runtime.evaluate", order).await;
        assert!(answer["exceptionDetails"].is_null(), "{}", answer["exceptionDetails"]);
        answer["result"]["value"].take()
    }

    /// Presses a key as a person does.
    pub async fn press(&mut self, key: Key) {
        let (key, code, text) = match key {
            Key::Tab => ("Tab", 9, ""),
            Key::Enter => ("Enter", 13, "\r"),
            Key::Space => (" ", 32, " "),
        };
        for kind in [if text.is_empty() { "rawKeyDown" } else { "keyDown" }, "keyUp"] {
            let mut order = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                order["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", order).await;
        }
    }

    /// Types a text where the keyboard is.
    pub async fn type_in(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text })).await;
    }

    /// Presses Enter, which leads to another page.
    pub async fn enter(&mut self) {
        self.events.clear();
        self.press(Key::Enter).await;
        self.event("Page.loadEventFired").await;
    }

    /// Keeps a picture of the whole page, when somebody wants pictures.
    pub async fn picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("BROWSER_PICTURES") else { return };
        let shot = self.call("Page.captureScreenshot", json!({ "captureBeyondViewport": true })).await;
        let picture = STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), picture).unwrap();
    }
}

/// The keys that pages need.
#[derive(Clone, Copy)]
pub enum Key {
    Tab,
    Enter,
    Space,
}

fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}
