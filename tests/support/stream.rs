//! An open stream of server-sent events.

use reqwest::{RequestBuilder, Response};

/// Reads the events of an answer one by one.
pub struct EventStream {
    response: Response,
    received: String,
    /// The `id` of the last event that had one: what its reader sends when it comes back.
    pub last_id: String,
}

impl EventStream {
    /// Sends the request of a stream.
    pub async fn open(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, received: String::new(), last_id: String::new() }
    }

    /// The next event as written, without its `id` and the blank line that ends it; none after the end of the stream.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.received.split_once("\n\n") {
                let (ids, lines): (Vec<&str>, Vec<&str>) =
                    event.lines().partition(|line| line.starts_with("id: "));
                let event = lines.join("\n");
                if let Some(id) = ids.first() {
                    self.last_id = id[4..].to_owned();
                }
                self.received = rest.to_owned();
                return Some(event);
            }
            let chunk = self.response.chunk().await.ok()??;
            self.received.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event that is no heartbeat.
    pub async fn news(&mut self) -> Option<String> {
        loop {
            let event = self.next().await?;
            if !event.starts_with(':') {
                return Some(event);
            }
        }
    }
}
