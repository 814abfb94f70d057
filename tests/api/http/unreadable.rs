//! Requests that are no HTTP, or too much of it: the library refuses them, in our words.

use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::demo::Demo;
use crate::support::answer::Answer;

/// Sends these bytes and reads every answer until the server closes.
async fn tell(demo: &Demo, bytes: &[u8]) -> Vec<Answer> {
    let stream = TcpStream::connect(demo.base.trim_start_matches("http://")).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let sending = async {
        let _ = writer.write_all(bytes).await;
    };
    let mut said = Vec::new();
    let (read, ()) = tokio::join!(reader.read_to_end(&mut said), sending);
    read.unwrap();
    let mut answers = Vec::new();
    let mut rest = said.as_slice();
    while !rest.is_empty() {
        let (answer, after) = parse(rest);
        answers.push(answer);
        rest = after;
    }
    answers
}

fn parse(said: &[u8]) -> (Answer, &[u8]) {
    let end = said.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let head = std::str::from_utf8(&said[..end]).unwrap();
    let (line, fields) = head.split_once("\r\n").unwrap();
    let headers: HeaderMap = fields
        .lines()
        .filter_map(|field| field.split_once(": "))
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap()))
        .collect();
    let length: usize = headers["content-length"].to_str().unwrap().parse().unwrap();
    let (bytes, after) = said[end..].split_at(length);
    let status = StatusCode::from_bytes(&line.as_bytes()[9..12]).unwrap();
    let body = serde_json::from_slice(bytes).unwrap_or_default();
    (Answer { status, headers, body, bytes: bytes.to_vec() }, after)
}

fn in_our_words(answer: &Answer, status: u16, code: &str) {
    answer.refused(status, code);
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_our_words() {
    let demo = Demo::start().await;
    for nonsense in [
        "pas du HTTP\r\n\r\n",
        "GET /plain HTTP/1.1\r\nHost x\r\n\r\n",
        "GET /plain HTTP/1.1\r\nna me: x\r\n\r\n",
        "POST /things HTTP/1.1\r\nContent-Length: beaucoup\r\n\r\n",
        "POST /things HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "GET /plain HTTP/9.9\r\n\r\n",
    ] {
        let answers = tell(&demo, nonsense.as_bytes()).await;
        assert_eq!(answers.len(), 1, "{nonsense}");
        in_our_words(&answers[0], 400, "MALFORMED_REQUEST");
    }
}

#[tokio::test]
async fn too_much_of_a_head_is_refused_in_our_words() {
    let demo = Demo::start().await;
    let filler = format!("GET /plain HTTP/1.1\r\nx-filler: {}\r\n\r\n", "x".repeat(200_000));
    in_our_words(&tell(&demo, filler.as_bytes()).await[0], 431, "HEADERS_TOO_LARGE");
    let many = format!("GET /plain HTTP/1.1\r\n{}\r\n", "x-y: z\r\n".repeat(500));
    in_our_words(&tell(&demo, many.as_bytes()).await[0], 431, "HEADERS_TOO_LARGE");
    demo.json(demo.get("/plain")).await;
}

#[tokio::test]
async fn what_came_before_is_answered_first() {
    let demo = Demo::start().await;
    let good = "GET /plain HTTP/1.1\r\nHost: x\r\n\r\n";
    let answers = tell(&demo, format!("{good}{good}pas du HTTP\r\n\r\n").as_bytes()).await;
    assert_eq!(answers.len(), 3);
    for answer in &answers[..2] {
        assert_eq!(answer.ok(200)["ok"], true);
    }
    in_our_words(&answers[2], 400, "MALFORMED_REQUEST");
}
