//! Calls with the team: booked, moved, cancelled, remembered and processed.

mod booking;
mod changing;
mod requests;

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    answer::{Answer, send},
    server::TestServer,
};

/// What the form of the web application sends.
fn wish(email: &str, date: &str, time: &str) -> Value {
    json!({
        "firstName": "Zoé", "lastName": "Lefèvre", "email": email, "phone": "+33 6 01 02 03 04", "date": date,
        "time": time, "message": "Un roman à relire.\nMerci !", "source": "client_space",
    })
}

async fn book(server: &TestServer, email: &str, date: &str, time: &str) -> Answer {
    server.post("/api/consultations/book", &wish(email, date, time)).await
}

/// The page of the only booking there is, by its path.
async fn page_path(server: &TestServer) -> String {
    let id: Uuid =
        sqlx::query_scalar("SELECT id FROM consultations").fetch_one(server.state.db.pool()).await.unwrap();
    staka::consultations::changing::path(&server.state, id)
}

async fn page(server: &TestServer, path: &str) -> (u16, String) {
    let answer = send(server.request(Method::GET, path)).await;
    assert!(answer.header("content-type").unwrap().starts_with("text/html"), "{}", answer.text());
    (answer.status.as_u16(), answer.text().to_owned())
}

/// Sends the page's form.
async fn submit(server: &TestServer, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let body = fields.iter().fold(String::new(), |body, (name, value)| {
        format!("{body}{name}={}&", value.replace('+', "%2B").replace(':', "%3A"))
    });
    let request = server
        .request(Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    let answer = send(request).await;
    assert!(answer.header("content-type").unwrap().starts_with("text/html"), "{}", answer.text());
    (answer.status.as_u16(), answer.text().to_owned())
}

/// The newest mail of a kind, once sent.
async fn mail(server: &TestServer, template: &str) -> Value {
    server.work().await;
    let mails = server.mailbox().await;
    mails.into_iter().find(|mail| mail["template"] == template).unwrap_or_else(|| panic!("no {template}"))
}

/// The calendar file of a mail, unfolded.
async fn calendar(server: &TestServer, mail: &Value) -> String {
    assert_eq!(mail["attachments"][0]["filename"], "rendez-vous.ics");
    let id = mail["id"].as_str().unwrap();
    let file = server.get(&format!("/dev/mailbox/messages/{id}/attachments/rendez-vous.ics")).await;
    file.text().replace("\r\n ", "")
}

/// The value of a line of a calendar file.
fn line<'a>(calendar: &'a str, name: &str) -> &'a str {
    let line = calendar.lines().find(|line| line.split([':', ';']).next() == Some(name));
    line.unwrap_or_else(|| panic!("no {name} in {calendar}")).split_once(':').unwrap().1
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}
