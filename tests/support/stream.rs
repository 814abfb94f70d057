//! An open stream of server-sent events.

use reqwest::{RequestBuilder, Response};

/// Reads the events of an answer one by one.
pub struct EventStream {
    response: Response,
    received: String,
}

impl EventStream {
    /// Sends the request of a stream.
    pub async fn open(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, received: String::new() }
    }

    /// The next event as written, without the blank line that ends it; none after the end of the stream.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.received.split_once("\n\n") {
                let event = event.to_owned();
                self.received = rest.to_owned();
                return Some(event);
            }
            let chunk = self.response.chunk().await.ok()??;
            self.received.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}
