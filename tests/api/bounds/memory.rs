//! What hostile forms cost, by the process's own figure.

use std::fs;

use super::raw::Raw;
use crate::support::{program::Program, scratch::Scratch, server::TestServer, settings::variables};

/// Memory in use, in KiB.
fn resident(program: &Program) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", program.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap()
}

#[tokio::test]
async fn headers_without_end_cost_little_memory() {
    let database = TestServer::start().await;
    let files = Scratch::new();
    let settings = [("PORT", "0"), ("BIND_ADDRESS", "127.0.0.1"), ("LOG_LEVEL", "info")];
    let vars = variables(database.database.url(), &files, &settings);
    let vars: Vec<_> = vars.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let program = Program::start(&["serve"], &vars).await;
    let before = resident(&program);
    let headers = "a".repeat(1 << 20);
    let mut held = Vec::new();
    for address in 1..=200 {
        let mut client = Raw::connect(program.port).await;
        let head = format!(
            "POST /api/public/order HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.{address}\r\n\
             Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000000\r\n\r\n\
             --b\r\nContent-Disposition: form-data; name=\""
        );
        client.send(head).await;
        client.try_send(&headers).await;
        held.push(client);
    }
    let grown = resident(&program).saturating_sub(before);
    assert!(grown < 64 * 1024, "{grown} KiB for {} forms of a mebibyte", held.len());
}
