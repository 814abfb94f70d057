//! The pages of a withdrawal.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use super::declaration::Declaration;
use crate::{
    app::AppState,
    checkout::form::Fields,
    http::{ApiError, page::Page},
};

/// Which of the three pages it is.
#[derive(Default, Serialize)]
struct Step {
    form: bool,
    summary: bool,
    receipt: bool,
}

const TEMPLATE: &str = "retractation";

/// The form, with what was typed.
pub(super) fn form(state: &AppState, fields: &Fields) -> Page {
    let company = &state.config.company;
    let typed = |name| fields.raw(name).unwrap_or_default();
    Page::of(
        TEMPLATE,
        &json!({
            "title": "Renoncer au contrat : se rétracter",
            "step": Step { form: true, ..Step::default() },
            "nom": typed("nom"),
            "email": typed("email"),
            "numero": typed("numero"),
            "message": typed("message"),
            "company": {
                "name": company.name,
                "address": format!("{}, {} {}", company.street, company.postal_code, company.city),
                "email": company.email,
            },
        }),
    )
}

/// What is about to be declared.
pub(super) fn summary(declaration: &Declaration, token: &str, until: DateTime<Utc>) -> Page {
    let Declaration { nom, email, numero, message } = declaration;
    Page::of(
        TEMPLATE,
        &json!({
            "title": "Votre déclaration de rétractation",
            "step": Step { summary: true, ..Step::default() },
            "nom": nom, "email": email, "numero": numero, "message": message, "jeton": token, "until": until,
        }),
    )
}

/// The receipt.
pub(super) fn receipt(declaration: &Declaration, declared_at: DateTime<Utc>) -> Page {
    let Declaration { nom, email, numero, message } = declaration;
    Page::of(
        TEMPLATE,
        &json!({
            "title": "Accusé de réception de votre rétractation",
            "step": Step { receipt: true, ..Step::default() },
            "nom": nom, "email": email, "numero": numero, "message": message, "declared_at": declared_at,
        }),
    )
}

/// The page of a refusal, which says when to come again.
pub(super) fn refused(error: ApiError) -> Response {
    let mut response = Page::refused(&error).into_response();
    if let Some(wait) = error.into_response().headers().get(header::RETRY_AFTER) {
        response.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    response
}
