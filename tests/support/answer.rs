//! What a server answers, and what every refusal must look like.

use reqwest::{RequestBuilder, Response, StatusCode, header::HeaderMap};
use serde_json::Value;

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Its JSON; null when it is none.
    pub body: Value,
    pub bytes: Vec<u8>,
}

/// Sends a request and reads the answer.
pub async fn send(request: RequestBuilder) -> Answer {
    read(request.send().await.unwrap()).await
}

/// Reads an answer whole; of one without an end, its head.
pub async fn read(response: Response) -> Answer {
    let (status, headers) = (response.status(), response.headers().clone());
    let endless = headers.get("content-type").is_some_and(|mime| mime == "text/event-stream");
    let bytes = if endless { Vec::new() } else { response.bytes().await.unwrap().to_vec() };
    Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null), bytes }
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap()
    }

    /// The body, which is JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The body of a success of this status. No success has a key `error`.
    #[track_caller]
    pub fn ok(&self, status: u16) -> &Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert!(self.body.get("error").is_none(), "{}", self.body);
        &self.body
    }

    /// The body of a refusal: the status, the code and the whole envelope are asserted.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> &Value {
        let body = &self.body;
        assert_eq!((self.status.as_u16(), body["code"].as_str()), (status, Some(code)), "{}", self.text());
        self.is_refusal();
        body
    }

    /// The body of a 400 about these fields, in this order.
    #[track_caller]
    pub fn refused_fields(&self, fields: &[&str]) -> &Value {
        let body = self.refused(400, "VALIDATION_ERROR");
        let details = body["details"].as_array().unwrap();
        let path = |detail: &Value| detail["path"][0].as_str().unwrap_or_default().to_owned();
        assert_eq!(details.iter().map(path).collect::<Vec<_>>(), fields, "{body}");
        assert!(details.iter().all(|detail| detail["code"].is_string() && detail["message"].is_string()));
        body
    }

    /// Asserts the envelope of refusals, whatever its status and code: decisions A.3 of the contract.
    #[track_caller]
    pub fn is_refusal(&self) {
        let body = &self.body;
        let status = self.status;
        assert!(status.is_client_error() || status.is_server_error(), "{status}: {}", self.text());
        assert_eq!(self.header("content-type"), Some("application/json"), "{status}");
        assert_eq!(body["success"], false, "{body}");
        let code = body["code"].as_str().unwrap_or_default();
        assert!(is_code(code), "{body}");
        let message = body["message"].as_str().unwrap_or_default();
        assert!(is_french(message), "{message:?}");
        // The one control-flow answer keeps its code there.
        assert!(body["error"] == message || body["error"] == code, "{body}");
        assert_eq!(body["requestId"].as_str(), self.header("x-request-id"), "{body}");
        assert!(body["requestId"].is_string(), "{body}");
    }
}

fn is_code(code: &str) -> bool {
    code.starts_with(|c: char| c.is_ascii_uppercase())
        && code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// A sentence for people: begins as one, and has none of the words that libraries' messages are made of.
fn is_french(message: &str) -> bool {
    const FOREIGN: [&str; 10] =
        ["the", "not", "is", "error", "invalid", "failed", "missing", "unexpected", "expected", "request"];
    let begins_well = message.starts_with(|c: char| c.is_uppercase() || c == '«');
    let mut words = message.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    begins_well && !words.any(|word| FOREIGN.contains(&word.as_str()))
}
