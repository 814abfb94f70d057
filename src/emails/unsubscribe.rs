//! The way out of the mails one may refuse: the link of their `List-Unsubscribe` header.
//!
//! `GET` only shows a page with a button, because scanners of incoming mail open every link; `POST`
//! does it, from that button or directly from the mail program (one click, RFC 8058).

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header::CONTENT_SECURITY_POLICY},
    response::{Html, IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use sqlx::{MySqlConnection, types::Json};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    app::AppState,
    audit::{self, acts},
    db::with_retry,
    http::{ApiPath, ApiResult},
    users::decoded,
};

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/pages/unsubscribe.html"));
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// `GET` and `POST /public/unsubscribe/{userId}/{token}`.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(ask, unsubscribe))
}

/// The absolute one-click link of an account.
pub fn url(state: &AppState, user_id: Uuid) -> String {
    let seal = state.links.seal(&subject(user_id));
    format!("{}/api/public/unsubscribe/{user_id}/{seal}", state.config.api_url)
}

fn subject(user_id: Uuid) -> String {
    format!("unsubscribe:{user_id}")
}

#[utoipa::path(get, path = "/public/unsubscribe/{userId}/{token}", tag = "Public site",
    params(("userId" = Uuid, Path), ("token" = String, Path, description = "Seal of the link")),
    responses((status = 200, description = "A page that asks for confirmation", content_type = "text/html"),
              (status = 404, description = "The link is not ours", content_type = "text/html")))]
async fn ask(State(state): State<AppState>, ApiPath((user_id, token)): ApiPath<(Uuid, String)>) -> Response {
    if !state.links.is_sealed(&subject(user_id), &token) {
        return unknown();
    }
    let text = "Vous ne recevrez plus nos mails d’information. Ceux qui concernent vos paiements, vos factures et \
                la sécurité de votre compte continueront d’arriver.";
    page(StatusCode::OK, "Se désabonner", text, r#"<form method="post"><button>Confirmer</button></form>"#)
}

#[utoipa::path(post, path = "/public/unsubscribe/{userId}/{token}", tag = "Public site",
    params(("userId" = Uuid, Path), ("token" = String, Path, description = "Seal of the link")),
    responses((status = 200, description = "Done, now or before", content_type = "text/html"),
              (status = 404, description = "The link is not ours", content_type = "text/html")))]
async fn unsubscribe(
    State(state): State<AppState>,
    ApiPath((user_id, token)): ApiPath<(Uuid, String)>,
) -> ApiResult<Response> {
    if !state.links.is_sealed(&subject(user_id), &token) {
        return Ok(unknown());
    }
    with_retry(|| refuse_mails(&state, user_id)).await?;
    let text = "C’est fait : vous ne recevrez plus nos mails d’information. Vous pouvez changer d’avis à tout moment \
                dans les paramètres de votre compte.";
    Ok(page(StatusCode::OK, "Vous êtes désabonné", text, ""))
}

/// Sets `notifications.email` to false and keeps every other preference. An account that is gone receives nothing.
async fn refuse_mails(state: &AppState, user_id: Uuid) -> Result<(), sqlx::Error> {
    let mut tx = state.begin().await?;
    let user = sqlx::query!(
        r#"SELECT email, preferences AS "preferences: Json<Value>" FROM users
           WHERE id = ? AND deleted_at IS NULL FOR UPDATE"#,
        user_id
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(user) = user else { return Ok(()) };
    let before = user.preferences.map(|json| decoded(json.0)).unwrap_or_default();
    let after = without_mails(&before);
    if before == after {
        return Ok(());
    }
    save(&mut tx, state, user_id, after).await?;
    let details = json!({ "action": "unsubscribe", "preferences_updated": ["notifications"] });
    audit::record(&mut tx, acts::USER_UPDATED, &user.email, user_id, details).await?;
    tx.commit().await
}

async fn save(
    conn: &mut MySqlConnection,
    state: &AppState,
    user_id: Uuid,
    preferences: Value,
) -> Result<(), sqlx::Error> {
    let now = state.clock.now();
    sqlx::query!(
        "UPDATE users SET preferences = ?, updated_at = ? WHERE id = ?",
        Json(preferences),
        now,
        user_id
    )
    .execute(conn)
    .await
    .map(drop)
}

fn without_mails(preferences: &Value) -> Value {
    let mut all = preferences.as_object().cloned().unwrap_or_default();
    let mut notifications =
        all.get("notifications").and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
    notifications.insert("email".to_owned(), Value::Bool(false));
    all.insert("notifications".to_owned(), Value::Object(notifications));
    Value::Object(all)
}

fn unknown() -> Response {
    let text = "Ce lien n’est pas valable. Vous pouvez régler vos notifications dans les paramètres de votre compte.";
    page(StatusCode::NOT_FOUND, "Lien inconnu", text, "")
}

/// Every part is a constant of this file: nothing here needs escaping.
fn page(status: StatusCode, title: &str, text: &str, form: &str) -> Response {
    let html = PAGE.replace("{{title}}", title).replace("{{text}}", text).replace("{{form}}", form);
    (status, [(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY))], Html(html)).into_response()
}
