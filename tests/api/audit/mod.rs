//! The audit log: how it is read, exported, sealed, cleaned up and verified.

mod chain;
mod cleanup;
mod command;
mod export;
mod grown;
mod reading;

use reqwest::Method;
use serde_json::Value;

use crate::support::server::{Answer, TestServer};

/// What an administrator is answered below `/api/admin/audit`.
async fn ask(server: &TestServer, path: &str) -> Answer {
    let admin = server.admin().await;
    server.get_as(&admin.token, &format!("/api/admin/audit{path}")).await
}

async fn clean(server: &TestServer, query: &str) -> Answer {
    let admin = server.admin().await;
    server.call(Method::DELETE, &format!("/api/admin/audit/cleanup{query}"), Some(&admin.token), None).await
}

/// Rows as somebody's acts, all of the same instant; `spread` seconds apart unless it is 0.
async fn acts(server: &TestServer, count: u32, first: &str, spread: u32) {
    let row = |number: u32| {
        format!(
            "(UNHEX(REPLACE(UUID(), '-', '')), '{first}' + INTERVAL {} SECOND, 'actor{}@example.com',
              ELT(1 + {number} % 3, 'LOGIN_SUCCESS', 'FILE_DELETED', 'INVOICE_SENT'), ELT(1 + {number} % 3, 'auth', 'file', 'invoice'),
              'T{number}', ELT(1 + {number} % 3, NULL, '{{\"a\":1}}', '{{}}'), '::1', 'agent',
              ELT(1 + {number} % 3, 'LOW', 'HIGH', 'MEDIUM'), '{first}' + INTERVAL {} SECOND)",
            number * spread,
            number % 7,
            number * spread
        )
    };
    let rows: Vec<_> = (0..count).map(row).collect();
    let insert = "INSERT INTO audit_logs (id, timestamp, actor_email, action, target_type, target_id, details, ip_address, user_agent,
                                          severity, created_at) VALUES ";
    for some in rows.chunks(500) {
        server.execute(&format!("{insert}{}", some.join(","))).await;
    }
}

fn ids(page: &Value) -> Vec<String> {
    page["logs"].as_array().unwrap().iter().map(|log| log["id"].as_str().unwrap().to_owned()).collect()
}
