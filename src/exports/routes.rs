//! The page an export is fetched from.

use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::store::{self, Ready};
use crate::{
    app::AppState,
    audit::acts,
    clock::day_in_paris,
    files::{
        download::{self, Description},
        journal::{self, Fetch},
        storage::StorageError,
    },
    http::{ApiPath, ApiResult, LongRunning, page::Page},
};

/// `GET` and `POST /public/mes-donnees/{token}`.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show_export, fetch_export))
}

/// What the token of a link permits.
const PURPOSE: &str = "mes-donnees";

/// The path of the link by which an export is fetched.
pub fn path(state: &AppState, id: Uuid) -> String {
    format!("/api/public/mes-donnees/{}", state.links.ticket(PURPOSE, id))
}

/// A page with a button that fetches one's data. Scanners of incoming mail open every link: they get no data.
#[utoipa::path(get, path = "/public/mes-donnees/{token}", tag = "Public site",
    params(("token" = String, Path, max_length = 255, description = "Of the mail")),
    responses((status = 200, description = "A page with a button", content_type = "text/html"),
              (status = 404, description = "The link is not ours, or too old", content_type = "text/html")))]
async fn show_export(State(state): State<AppState>, ApiPath(token): ApiPath<String>) -> ApiResult<Page> {
    Ok(match find(&state, &token).await? {
        None => gone(),
        Some(_) => {
            let text = "Une archive ZIP contient tout ce que nous détenons sur vous : en JSON, et en tables pour un tableur. \
                        Gardez-la pour vous : elle en dit long.";
            Page::new("Vos données personnelles", text).button("Télécharger mes données")
        }
    })
}

/// An export, as a ZIP to save.
#[utoipa::path(post, path = "/public/mes-donnees/{token}", tag = "Public site",
    params(("token" = String, Path, max_length = 255, description = "Of the mail")),
    responses((status = 200, description = "The archive", content_type = "application/zip"),
              (status = 206, description = "The part asked for."),
              (status = 404, description = "The link is not ours, or too old", content_type = "text/html")))]
async fn fetch_export(
    _: LongRunning,
    State(state): State<AppState>,
    ApiPath(token): ApiPath<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let Some((id, export)) = find(&state, &token).await? else { return Ok(gone().into_response()) };
    let object = match state.storage.open(&export.archive_key).await {
        Err(StorageError::NotFound) => return Ok(gone().into_response()),
        opened => opened?,
    };
    let filename = format!("mes-donnees-{}.zip", day_in_paris(export.created_at));
    let description = Description {
        filename: &filename,
        mime: "application/zip",
        sha256: export.sha256.as_deref(),
        shown: false,
    };
    let response = download::respond(object, description, &headers).await?;
    let fetch =
        Fetch { reader_id: export.user_id, document_id: id, act: acts::USER_DATA_DOWNLOADED, details: None };
    journal::note(&state, fetch).await?;
    Ok(response)
}

async fn find(state: &AppState, token: &str) -> ApiResult<Option<(Uuid, Ready)>> {
    let Some(id) = state.links.ticket_holder(PURPOSE, token) else { return Ok(None) };
    let mut conn = state.db.conn().await?;
    Ok(store::ready(&mut conn, id, state.clock.now()).await?.map(|export| (id, export)))
}

fn gone() -> Page {
    Page::unknown(
        "Ces données ne sont plus disponibles : un lien fonctionne sept jours. Demandez-en un nouveau depuis votre espace.",
    )
}
