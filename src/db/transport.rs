//! Whether connections to the database are encrypted.
//!
//! sqlx encrypts whenever the server can. Within one machine that protects nothing and costs at every query, so there
//! connections are plain unless the URL says otherwise; to other hosts they stay as sqlx makes them. A MySQL server that
//! has just started, though, believes a password (`caching_sha2_password`) only over an encrypted connection, once; and
//! some accept nothing else. Hence a plain connection that is refused is tried again after an encrypted one.

use std::net::IpAddr;

use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::{ConnectOptions, Connection, Error};

/// The plain form of `options`, where plain is as safe.
pub(super) fn plain(url: &str, options: &MySqlConnectOptions) -> Option<MySqlConnectOptions> {
    let inside = options.get_socket().is_some() || is_this_machine(options.get_host());
    (inside && !says_how(url)).then(|| options.clone().ssl_mode(MySqlSslMode::Disabled))
}

/// Whether an encrypted connection may succeed where a plain one met `error`.
pub(super) fn may_need_encryption(error: &Error) -> bool {
    // The first is what sqlx says when the password would have to be sent in clear.
    matches!(error, Error::Configuration(_) | Error::Database(_))
}

/// Logs in over an encrypted connection, so that the server knows the password from now on.
///
/// # Errors
/// What the connection met.
pub(super) async fn introduce(options: &MySqlConnectOptions) -> Result<(), Error> {
    options.clone().ssl_mode(MySqlSslMode::Preferred).connect().await?.close().await
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

fn says_how(url: &str) -> bool {
    let (_, query) = url.split_once('?').unwrap_or_default();
    query.split('&').any(|pair| pair.starts_with("ssl-mode=") || pair.starts_with("sslmode="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_plain(url: &str) -> bool {
        plain(url, &url.parse().unwrap()).is_some()
    }

    #[test]
    fn only_connections_within_this_machine_are_plain_and_only_by_default() {
        for url in ["mysql://a@localhost/b", "mysql://a@127.0.0.1:3307/b", "mysql://a@[::1]/b"] {
            assert!(is_plain(url), "{url}");
            assert!(!is_plain(&format!("{url}?ssl-mode=REQUIRED")), "{url}");
        }
        assert!(is_plain("mysql://a@anywhere/b?charset=utf8mb4&socket=/run/mysqld.sock"));
        assert!(!is_plain("mysql://a@localhost/b?charset=utf8mb4&sslmode=PREFERRED"));
        for host in ["10.0.0.2", "db.example.com", "localhost.example.com"] {
            assert!(!is_plain(&format!("mysql://a@{host}/b")), "{host}");
        }
    }
}
