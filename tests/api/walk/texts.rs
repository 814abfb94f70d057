//! Whatever text a field takes, however long and in whatever script, is judged before it reaches a table: every text of
//! every operation of the description is tried.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use staka::clock::new_id;

use super::{Caller, Place, description, table, table::Row, things};
use crate::{
    addresses::BAD,
    support::{
        answer::{Answer, read},
        server::TestServer,
    },
};

/// Lengths just above those of the columns and rules there are, in characters; the last is above any TEXT.
const LENGTHS: [usize; 9] = [21, 51, 101, 192, 256, 501, 2_001, 10_001, 66_000];

/// Texts a column of another character set or a careless comparison trips over.
const STRANGE: [&str; 5] = ["é", "🖋️", "\u{0}", "a\u{301}", "%C3%28"];

/// A text of the description: of a path, of a query, or of a body.
enum Text {
    Path(usize),
    Query(String),
    Json(String),
    Form(String),
}

/// The operations are shared out among tests, which run side by side.
macro_rules! parts {
    ($($name:ident = $part:literal,)+) => {$(
        #[tokio::test]
        async fn $name() {
            no_text_of_any_length_is_a_defect($part).await;
        }
    )+};
}

parts! {
    no_text_of_any_length_is_a_defect_1 = 0,
    no_text_of_any_length_is_a_defect_2 = 1,
    no_text_of_any_length_is_a_defect_3 = 2,
    no_text_of_any_length_is_a_defect_4 = 3,
}

const PARTS: usize = 4;

async fn no_text_of_any_length_is_a_defect(part: usize) {
    let server = TestServer::with(&[("RATE_LIMIT_ENABLED", "false")]).await;
    server.ignore_mails();
    let document = description();
    let mut wrong = Vec::new();
    for row in table::rows().into_iter().skip(part).step_by(PARTS) {
        let caller = Caller::of(&server, row.who.caller()).await;
        let values =
            things::make(&server, &row.thing, &things::owner(&server, &caller.person, Place::Own).await)
                .await;
        for text in texts(&document, &row) {
            for value in long().chain(STRANGE.map(str::to_owned)) {
                let answer = ask(&server, &row, &caller, &values, &text, &value).await;
                if answer.status.is_server_error() {
                    wrong.push(format!(
                        "{} {}: {} characters {:?}",
                        row.name(),
                        text.name(),
                        value.chars().count(),
                        answer.status
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Where an address only names an account there is or is not, where the session's is taken instead, and where the refusal
/// is one sentence that names no field, which a test of its own tries.
const NOT_JUDGED: [&str; 3] =
    ["POST /auth/login", "POST /commandes/create-paid-project", "POST /public/contact"];

#[tokio::test]
async fn an_address_no_mail_reaches_is_refused_wherever_one_is_typed() {
    let server = TestServer::with(&[("RATE_LIMIT_ENABLED", "false")]).await;
    let document = description();
    let (mut forms, mut wrong) = (0, Vec::new());
    for row in table::rows().iter().filter(|row| !NOT_JUDGED.contains(&row.name().as_str())) {
        let addresses: Vec<_> = texts(&document, row).into_iter().filter(Text::is_address).collect();
        if addresses.is_empty() {
            continue;
        }
        forms += 1;
        let caller = Caller::of(&server, row.who.caller()).await;
        let owner = things::owner(&server, &caller.person, Place::Own).await;
        let values = things::make(&server, &row.thing, &owner).await;
        for (text, bad) in addresses.iter().flat_map(|text| BAD.map(|bad| (text, bad))) {
            let answer = ask(&server, row, &caller, &values, text, bad).await;
            let details = answer.body["details"].as_array();
            let named = details.into_iter().flatten().any(|detail| detail["path"][0] == text.name());
            if answer.status != 400 || !named {
                wrong.push(format!("{} {}: {bad}: {}", row.name(), text.name(), answer.text()));
            }
        }
    }
    assert!(forms >= 4, "{forms}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn what_is_too_long_for_its_column_is_named() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let announced = async |body: Value| server.post_as(&admin.token, "/notifications/admin", &body).await;
    let long = "é".repeat(66_000);
    for (field, value) in [
        ("title", json!("é".repeat(256))),
        ("message", json!("é".repeat(5_001))),
        ("data", json!({ "texte": long })),
        ("actionUrl", json!(format!("/a{}", "b".repeat(500)))),
    ] {
        let mut body = json!({ "title": "Maintenance", "message": "Ce soir." });
        body[field] = value;
        announced(body).await.refused_fields(&[field]);
    }
    announced(json!({ "title": "Maintenance", "message": "Ce soir.", "data": "é".repeat(9_998) }))
        .await
        .ok(201);
}

#[tokio::test]
async fn an_announcement_leads_into_the_web_application() {
    let server = TestServer::start().await;
    let admin = server.admin().await;
    let announced = async |url: &str| {
        let body = json!({ "title": "Maintenance", "message": "Ce soir.", "actionUrl": url });
        server.post_as(&admin.token, "/notifications/admin", &body).await
    };
    for url in ["/admin/commandes", "/app/projects?tab=1#bas", "/admin/commandes/"] {
        announced(url).await.ok(201);
    }
    for url in [
        "",
        "/",
        "admin",
        "//evil.example",
        "/\\evil.example",
        "/\tevil",
        "/a//b",
        "https://evil.example",
        "/1",
    ] {
        announced(url).await.refused_fields(&["actionUrl"]);
    }
}

#[tokio::test]
async fn a_session_whose_name_is_not_ascii_is_none() {
    let server = TestServer::start().await;
    let client = server.client().await;
    server.get_as(&client.token, "/payments/status/%C3%A9").await.refused(404, "NOT_FOUND");
    let simulated = server.post("/payments/dev-webhook-simulate", &json!({ "sessionId": "é" })).await;
    simulated.refused_fields(&["sessionId"]);
}

fn long() -> impl Iterator<Item = String> {
    LENGTHS.into_iter().map(|length| "é".repeat(length))
}

impl Text {
    /// Whether it is the address of a person, typed into a form.
    fn is_address(&self) -> bool {
        matches!(self, Self::Json(name) | Self::Form(name) if name.to_lowercase().ends_with("email"))
    }

    fn name(&self) -> String {
        match self {
            Self::Path(n) => format!("path {n}"),
            Self::Query(name) | Self::Json(name) | Self::Form(name) => name.clone(),
        }
    }
}

/// Every text an operation takes.
fn texts(document: &Value, row: &Row) -> Vec<Text> {
    let operation = &document["paths"][&row.path][row.method.as_str().to_lowercase()];
    let names = row.path.split('/').filter(|part| part.starts_with('{')).count();
    let mut texts: Vec<_> = (0..names).map(Text::Path).collect();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if parameter["in"] == "query" {
            texts.push(Text::Query(parameter["name"].as_str().unwrap().to_owned()));
        }
    }
    let content = operation["requestBody"]["content"].as_object().into_iter().flatten();
    for (kind, media) in content {
        let schema = media["schema"]["$ref"].as_str().map_or(&media["schema"], |name| {
            &document["components"]["schemas"][name.rsplit('/').next().unwrap()]
        });
        for name in schema["properties"].as_object().into_iter().flat_map(|fields| fields.keys()) {
            texts.push(match kind.as_str() {
                "multipart/form-data" => Text::Form(name.clone()),
                _ => Text::Json(name.clone()),
            });
        }
    }
    texts
}

async fn ask(
    server: &TestServer,
    row: &Row,
    caller: &Caller,
    values: &[String],
    text: &Text,
    value: &str,
) -> Answer {
    let mut values = values.to_vec();
    // A head is not longer than 64 KiB.
    let short: String = value.chars().take(5_000).collect();
    if let Text::Path(n) = text {
        values[*n] = urlencoding(&short);
    }
    let mut path = row.path_of(&values);
    if let Text::Query(name) = text {
        path = format!("{path}?{name}={}", urlencoding(&short));
    }
    let mut request = server.request(row.method.clone(), &path);
    if let Some(token) = &caller.token {
        request = request.bearer_auth(token);
    }
    read(with_body(request, row, &values, text, value).send().await.unwrap()).await
}

fn with_body(
    request: RequestBuilder,
    row: &Row,
    values: &[String],
    text: &Text,
    value: &str,
) -> RequestBuilder {
    if row.method == Method::GET || row.body.is_empty() {
        return request;
    }
    let field = match text {
        Text::Form(name) => Some((name.as_str(), value)),
        _ => None,
    };
    if let Some(form) = things::form_with(&row.body, values, field) {
        return request.multipart(form);
    }
    let body =
        (1..).zip(values).fold(row.body.clone(), |body, (n, value)| body.replace(&format!("${n}"), value));
    let mut body: Value =
        serde_json::from_str(&body.replace("$fresh", &new_id().simple().to_string())).unwrap();
    if let Text::Json(name) = text {
        body[name] = json!(value);
    }
    request.json(&body)
}

/// Every byte by its number, but letters and digits.
fn urlencoding(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut written = String::with_capacity(3 * text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            written.push(byte.into());
        } else {
            written.push('%');
            written.push(DIGITS[usize::from(byte >> 4)].into());
            written.push(DIGITS[usize::from(byte & 15)].into());
        }
    }
    written
}
