//! One spelling per path, before routing: the routes then know no prefix, no double and no trailing slash.

use std::borrow::Cow;

use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{Method, Uri};

/// Un-prefixed paths that stay with the API when the binary also serves the single-page app.
const API_ROOTS: [&str; 6] = ["/health", "/metrics", "/docs", "/openapi.json", "/payments/webhook", "/dev"];

/// Marks a request that belongs to the single-page app.
#[derive(Debug, Clone, Copy)]
pub struct ForSpa;

/// Rewrites the path of `request` as [`clean`] says; with `spa`, marks what belongs to the single-page app.
pub fn route_by_path(mut request: Request, spa: bool) -> Request {
    let (path, prefixed) = clean(request.uri().path());
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let for_spa = spa && reads && !prefixed && !API_ROOTS.iter().any(|root| is_under(&path, root));
    let renamed = (path != request.uri().path()).then(|| rename(request.uri(), &path)).flatten();
    if let Some(uri) = renamed {
        *request.uri_mut() = uri;
    }
    if for_spa {
        request.extensions_mut().insert(ForSpa);
    }
    request
}

/// Collapses runs of `/`, drops one trailing `/`, takes `/api` off; says whether the path had that prefix.
///
/// The web application puts `/api` before links of ours that begin with it: a second one is taken off too.
/// `/dev` exists only without the prefix: `/api/dev/...` is left whole, so that no route matches it.
pub fn clean(path: &str) -> (Cow<'_, str>, bool) {
    let path = match collapse(path) {
        Cow::Borrowed(path) => Cow::Borrowed(single_prefix(path)),
        Cow::Owned(path) => Cow::Owned(single_prefix(&path).to_owned()),
    };
    let prefixed = is_under(&path, "/api");
    if !prefixed || is_under(&path, "/api/dev") {
        return (path, prefixed);
    }
    let bare = match path {
        Cow::Borrowed(path) => path.get(4..).map(Cow::Borrowed),
        Cow::Owned(path) => path.get(4..).map(|bare| Cow::Owned(bare.to_owned())),
    };
    (bare.filter(|bare| !bare.is_empty()).unwrap_or(Cow::Borrowed("/")), true)
}

fn single_prefix(path: &str) -> &str {
    match path.strip_prefix("/api") {
        Some(rest) if is_under(rest, "/api") => rest,
        _ => path,
    }
}

/// Whether `path` is `root` or stands below it.
pub fn is_under(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn collapse(path: &str) -> Cow<'_, str> {
    if !path.contains("//") {
        let trimmed = path.strip_suffix('/').filter(|rest| !rest.is_empty());
        return Cow::Borrowed(trimmed.unwrap_or(path));
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    Cow::Owned(format!("/{}", parts.join("/")))
}

fn rename(uri: &Uri, path: &str) -> Option<Uri> {
    let renamed = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
        None => PathAndQuery::try_from(path),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(renamed.ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn every_spelling_leads_to_one_path() {
        for (given, expected) in [
            ("/", "/"),
            ("//", "/"),
            ("/api", "/"),
            ("/api/", "/"),
            ("//api//", "/"),
            ("/auth/login", "/auth/login"),
            ("/auth/login/", "/auth/login"),
            ("/api/auth/login", "/auth/login"),
            ("/api//auth///login//", "/auth/login"),
            ("/apiary", "/apiary"),
            ("/api/api/x", "/x"),
            ("/api/api", "/"),
            ("/api/api/dev/mailbox", "/api/dev/mailbox"),
            ("/api/apiary", "/apiary"),
            ("/dev/mailbox/", "/dev/mailbox"),
            ("/api/dev", "/api/dev"),
            ("/api//dev/mailbox", "/api/dev/mailbox"),
            ("/api/devis", "/devis"),
            ("*", "*"),
        ] {
            assert_eq!(clean(given).0, expected, "{given}");
        }
    }

    #[test]
    fn the_query_is_kept() {
        let request = Request::builder().uri("/api//x/?a=//b").body(Body::empty()).unwrap();
        assert_eq!(route_by_path(request, false).uri(), "/x?a=//b");
    }

    #[test]
    fn the_single_page_app_gets_the_reads_that_are_not_api() {
        let is_spa = |method: Method, uri: &str| {
            let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
            route_by_path(request, true).extensions().get::<ForSpa>().is_some()
        };
        for path in ["/", "/commandes", "/assets/app.js", "/healthy", "/payments/success"] {
            assert!(is_spa(Method::GET, path), "{path}");
            assert!(!is_spa(Method::POST, path), "{path}");
        }
        for path in [
            "/api",
            "/api/commandes",
            "/health/live",
            "/metrics",
            "/docs",
            "/openapi.json",
            "/payments/webhook",
            "/dev/mailbox",
        ] {
            assert!(!is_spa(Method::GET, path), "{path}");
        }
    }
}
