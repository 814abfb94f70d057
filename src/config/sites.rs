use url::{Host, Url};

use super::{ConfigError, Environment, Vars};

/// The origins of `FRONTEND_URL`, as browsers write them; never none.
pub(super) fn origins(vars: &Vars, environment: Environment) -> Result<Vec<String>, ConfigError> {
    let default = match environment {
        Environment::Development => "http://localhost:3000",
        Environment::Production => "",
    };
    let urls = vars.list("FRONTEND_URL", default);
    if urls.is_empty() {
        return Err(ConfigError::Missing("FRONTEND_URL", ": links and redirections are built from it"));
    }
    urls.iter().map(|url| origin(url, environment)).collect()
}

fn origin(text: &str, environment: Environment) -> Result<String, ConfigError> {
    let refused = |why: &str| Err(ConfigError::Invalid("FRONTEND_URL", why.to_owned()));
    let Some(url) = web_address(text) else {
        return refused("must list http(s) origins");
    };
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    if !bare || !url.username().is_empty() || url.password().is_some() {
        return refused("must list origins: nothing but https://, a name and perhaps a port");
    }
    if environment == Environment::Production && url.scheme() == "http" && !is_loopback(&url) {
        return refused("must begin with https:// in production");
    }
    Ok(url.origin().ascii_serialization())
}

/// A web address of an optional variable, without its final slash.
pub(super) fn address(vars: &Vars, name: &'static str) -> Result<Option<String>, ConfigError> {
    match vars.get(name) {
        Some(text) if web_address(text).is_none() => {
            Err(ConfigError::Invalid(name, "must be an http(s) address".into()))
        }
        given => Ok(given.map(|text| text.trim_end_matches('/').to_owned())),
    }
}

fn web_address(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Whether what is sent there never leaves this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_local_name(name),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// The names of RFC 6761 section 6.3, and addresses in URLs of schemes whose hosts are not read.
fn is_local_name(name: &str) -> bool {
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}
