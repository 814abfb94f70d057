//! What operations refuse for reasons that are not their own: described once, and referred to by each.

use axum::http::StatusCode;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::response::Response;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder};

use super::operations;
use crate::http::limits::layer::is_exempt;

/// Whether a refusal is one of the operation at a path.
type Applies = fn(&str, &Operation) -> bool;

/// A refusal of any operation to which `applies`.
struct Refusal {
    status: &'static str,
    name: &'static str,
    description: &'static str,
    /// Whether `Retry-After` says when to come back.
    retry: bool,
    applies: Applies,
}

const REFUSALS: [Refusal; 11] = [
    Refusal {
        status: "400",
        name: "BadRequest",
        description: "The request is malformed, or some of its values are refused: `VALIDATION_ERROR` names them in \
                      `details`, `INVALID_JSON` the place. `AMBIGUOUS_TOKEN`: two `Authorization` headers.",
        retry: false,
        applies: |_, _| true,
    },
    Refusal {
        status: "401",
        name: "Unauthorized",
        description: "There is no session, or no more: `TOKEN_MISSING`, `TOKEN_INVALID`, `ACCOUNT_INACTIVE`.",
        retry: false,
        applies: |_, operation| asks_for_a_session(operation),
    },
    Refusal {
        status: "403",
        name: "Forbidden",
        description: "The role or the ownership forbids it.",
        retry: false,
        applies: |_, _| false,
    },
    Refusal {
        status: "404",
        name: "NotFound",
        description: "There is no such thing: `NOT_FOUND`.",
        retry: false,
        applies: |_, operation| has_parameter(operation, &ParameterIn::Path),
    },
    Refusal {
        status: "409",
        name: "Conflict",
        description: "The present state of things forbids it.",
        retry: false,
        applies: |_, _| false,
    },
    Refusal {
        status: "413",
        name: "PayloadTooLarge",
        description: "The body is too large: `PAYLOAD_TOO_LARGE`.",
        retry: false,
        applies: |_, operation| operation.request_body.is_some(),
    },
    Refusal {
        status: "415",
        name: "UnsupportedMediaType",
        description: "The body is of another type: `UNSUPPORTED_MEDIA_TYPE`.",
        retry: false,
        applies: |_, operation| operation.request_body.is_some(),
    },
    Refusal {
        status: "422",
        name: "UnprocessableContent",
        description: "The content cannot be taken as it is.",
        retry: false,
        applies: |_, _| false,
    },
    Refusal {
        status: "429",
        name: "TooManyRequests",
        description: "The caller asked too often: `TOO_MANY_REQUESTS`, with the seconds to wait in `retryAfter`.",
        retry: true,
        applies: |path, _| !is_exempt(path),
    },
    Refusal {
        status: "500",
        name: "InternalError",
        description: "A defect of the server: `INTERNAL_ERROR`. `requestId` finds it in the log.",
        retry: false,
        applies: |_, _| true,
    },
    Refusal {
        status: "503",
        name: "Unavailable",
        description: "The server is full, or something it needs is away: `SERVICE_UNAVAILABLE`, `TIMEOUT`, \
                      `STRIPE_UNAVAILABLE`, `STORAGE_UNAVAILABLE`, `SCANNER_UNAVAILABLE`.",
        retry: true,
        applies: |_, _| true,
    },
];

/// Describes the refusals once, attaches them to the operations they apply to, and gives what nobody described the name
/// of its status.
pub(super) fn attach(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        for (_, operation) in operations(item) {
            attach_to(path, operation);
        }
    }
    let components = document.components.get_or_insert_default();
    for refusal in &REFUSALS {
        components.responses.insert(refusal.name.to_owned(), refusal.response().into());
    }
}

fn attach_to(path: &str, operation: &mut Operation) {
    for refusal in REFUSALS.iter().filter(|refusal| (refusal.applies)(path, operation)).collect::<Vec<_>>() {
        operation.responses.responses.entry(refusal.status.to_owned()).or_insert_with(|| refusal.reference());
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(own) = response
            && own.description.is_empty()
        {
            let shared = REFUSALS.iter().find(|refusal| refusal.status == status);
            match shared {
                Some(refusal) => *response = refusal.reference(),
                None => own.description = name(status),
            }
        }
    }
}

impl Refusal {
    fn reference(&self) -> RefOr<Response> {
        Ref::from_response_name(self.name).into()
    }

    fn response(&self) -> Response {
        let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build();
        let response = ResponseBuilder::new().description(self.description).content("application/json", body);
        if !self.retry {
            return response.build();
        }
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
        let header = HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait.")).build();
        response.header("Retry-After", header).build()
    }
}

fn asks_for_a_session(operation: &Operation) -> bool {
    operation.security.as_ref().is_some_and(|schemes| !schemes.is_empty())
}

fn has_parameter(operation: &Operation, place: &ParameterIn) -> bool {
    operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == *place,
        RefOr::Ref(_) => false,
    })
}

fn name(status: &str) -> String {
    let code = status.parse::<StatusCode>().ok();
    code.and_then(|code| code.canonical_reason()).unwrap_or("The answer").to_owned()
}
