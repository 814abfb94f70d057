//! The administrators' figures.

mod calendar;
mod money;
mod totals;

use serde_json::Value;

use crate::support::server::{Person, TestServer};

/// What a path below `/admin/stats` answers to an administrator.
async fn stats(server: &TestServer, admin: &Person, path: &str) -> Value {
    server.get_as(&admin.token, &format!("/admin/stats{path}")).await.ok(200).clone()
}

/// The last so many of a list of figures.
fn last(body: &Value, key: &str, count: usize) -> Vec<Value> {
    let all = body[key].as_array().unwrap();
    assert_eq!(all.len(), 12, "{key}: {body}");
    all[12 - count..].to_vec()
}
