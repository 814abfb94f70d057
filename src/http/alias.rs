//! Other names of a route: the same handler under another path, by another verb, or both, with its description, so
//! that neither is written twice and document and router cannot disagree.
//!
//! ```ignore
//! OpenApiRouter::new()
//!     .routes(routes!(list_tarifs))
//!     .routes(alias::at("/public/tarifs", routes!(list_tarifs)))
//!     .routes(routes!(mark_read))
//!     .routes(alias::by(HttpMethod::Patch, routes!(mark_read)))
//! ```

use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::on;
use utoipa::openapi::HttpMethod;
use utoipa::openapi::path::{Operation, PathItem, Paths};
use utoipa_axum::PathItemExt;
use utoipa_axum::router::UtoipaMethodRouter;

/// Every verb a route may have.
const VERBS: [HttpMethod; 7] = [
    HttpMethod::Get,
    HttpMethod::Post,
    HttpMethod::Put,
    HttpMethod::Patch,
    HttpMethod::Delete,
    HttpMethod::Head,
    HttpMethod::Options,
];

/// Routes under another path, whose parameters have the same names in the same order.
pub fn at<S>(path: &str, (schemas, paths, handlers): UtoipaMethodRouter<S>) -> UtoipaMethodRouter<S> {
    let mut renamed = Paths::new();
    for (name, verb, operation) in operations(&paths) {
        renamed.add_path_operation(path, vec![verb.clone()], described(operation, name, &verb));
    }
    (schemas, renamed, handlers)
}

/// A route by another verb; its handler is called as by its own.
pub fn by<S>(verb: HttpMethod, (schemas, paths, handlers): UtoipaMethodRouter<S>) -> UtoipaMethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    let Some((path, own, operation)) = operations(&paths).next() else {
        return (schemas, paths, handlers);
    };
    let mut renamed = Paths::new();
    renamed.add_path_operation(path, vec![verb.clone()], described(operation, path, &own));
    let own = method(&own);
    let handler = move |State(state): State<S>, mut request: Request| {
        let (handlers, own) = (handlers.clone(), own.clone());
        async move {
            *request.method_mut() = own;
            Handler::call(handlers, request, state).await
        }
    };
    (schemas, renamed, on(verb.to_method_filter(), handler))
}

/// Path, verb and description of every route.
fn operations(paths: &Paths) -> impl Iterator<Item = (&str, HttpMethod, &Operation)> {
    paths.paths.iter().flat_map(|(path, item)| {
        let described =
            |verb: HttpMethod| operation(item, &verb).map(|operation| (path.as_str(), verb, operation));
        VERBS.into_iter().filter_map(described)
    })
}

fn operation<'a>(item: &'a PathItem, verb: &HttpMethod) -> Option<&'a Operation> {
    match verb {
        HttpMethod::Get => item.get.as_ref(),
        HttpMethod::Post => item.post.as_ref(),
        HttpMethod::Put => item.put.as_ref(),
        HttpMethod::Patch => item.patch.as_ref(),
        HttpMethod::Delete => item.delete.as_ref(),
        HttpMethod::Head => item.head.as_ref(),
        HttpMethod::Options => item.options.as_ref(),
        HttpMethod::Trace => item.trace.as_ref(),
    }
}

/// The same description, which says whose other name the route is.
fn described(operation: &Operation, path: &str, verb: &HttpMethod) -> Operation {
    let whose = format!("other name of `{} {path}`", method(verb));
    let summary = match operation.summary.as_deref().map(|text| text.trim_end_matches('.')) {
        Some(text) if text.contains("(other name of ") => format!("{text}."),
        Some(text) if !text.is_empty() => format!("{text} ({whose})."),
        _ => format!("({whose})"),
    };
    let mut operation = operation.clone();
    operation.summary = Some(summary);
    operation
}

fn method(verb: &HttpMethod) -> Method {
    match verb {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Trace => Method::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;
    use tower::ServiceExt;
    use utoipa_axum::router::OpenApiRouter;
    use utoipa_axum::routes;
    use uuid::Uuid;

    use super::*;
    use crate::http::{PathId, alias};

    /// Marks it.
    #[utoipa::path(put, path = "/things/{id}/mark", params(("id" = Uuid, Path)), responses((status = 200, body = String)))]
    async fn mark(State(by): State<&'static str>, verb: Method, PathId(id): PathId) -> String {
        format!("{by} {verb} {id}")
    }

    fn table() -> OpenApiRouter<&'static str> {
        OpenApiRouter::new()
            .routes(routes!(mark))
            .routes(alias::by(HttpMethod::Patch, routes!(mark)))
            .routes(alias::by(HttpMethod::Post, alias::at("/{id}/mark-thing", routes!(mark))))
    }

    #[tokio::test]
    async fn every_name_leads_to_the_same_handler() {
        let (routes, _) = table().split_for_parts();
        let routes = routes.with_state("state");
        let id = Uuid::nil();
        let paths = [("PUT", "/things/{}/mark"), ("PATCH", "/things/{}/mark"), ("POST", "/{}/mark-thing")];
        for (verb, path) in paths {
            let request = Request::builder().method(verb).uri(path.replace("{}", &id.to_string()));
            let answer = routes.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{verb} {path}");
            let body = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
            assert_eq!(body, format!("state PUT {id}"));
        }
        let wrong = Request::builder().method("PUT").uri(format!("/{id}/mark-thing"));
        let answer = routes.oneshot(wrong.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers()["allow"], "POST");
    }

    #[test]
    fn every_name_is_described_by_its_handler() {
        let document = table().into_openapi();
        let operation = |path, verb| document.paths.get_path_operation(path, verb).unwrap();
        let own = operation("/things/{id}/mark", HttpMethod::Put);
        assert_eq!(own.summary.as_deref(), Some("Marks it."));
        for (path, verb, summary) in [
            ("/things/{id}/mark", HttpMethod::Patch, "Marks it (other name of `PUT /things/{id}/mark`)."),
            ("/{id}/mark-thing", HttpMethod::Post, "Marks it (other name of `PUT /things/{id}/mark`)."),
        ] {
            let other = operation(path, verb);
            assert_eq!(other.summary.as_deref(), Some(summary));
            assert!(other.parameters == own.parameters && other.responses == own.responses);
        }
    }
}
