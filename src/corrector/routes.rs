//! `/corrector`.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use super::{
    service,
    store::{Assigned, Filter},
};
use crate::{
    app::AppState,
    auth::Corrector,
    commandes::{Priorite, Statut},
    http::{
        ApiError, ApiJson, ApiQuery, ApiResult, ErrorBody, PathId,
        iso::Iso,
        list::{DataMeta, Paging, one_of},
    },
};

/// Every route of this domain.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(assigned_projects)).routes(routes!(deliver_project))
}

/// Whose order it is: a name, and the id of their conversation.
#[derive(Serialize, ToSchema)]
struct ProjectAuthor {
    id: Uuid,
    prenom: String,
    nom: String,
}

/// An order, for who corrects it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AssignedProject {
    id: Uuid,
    /// What people call the order.
    reference: Option<String>,
    title: String,
    /// What the author says of the work.
    description: Option<String>,
    /// The author's words to the corrector.
    note_client: Option<String>,
    statut: Statut,
    /// As people read it.
    statut_label: &'static str,
    priorite: Priorite,
    /// Name of the service.
    pack: Option<String>,
    /// As verified, else as declared.
    pages: Option<i32>,
    due_at: Option<Iso>,
    finished_at: Option<Iso>,
    client: ProjectAuthor,
    /// Documents to correct.
    files_count: i64,
    /// Corrected documents.
    corrected_files_count: i64,
    created_at: Iso,
    updated_at: Iso,
}

impl From<Assigned> for AssignedProject {
    fn from(row: Assigned) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            title: row.titre,
            description: row.description,
            note_client: row.note_client,
            statut: row.statut.0,
            statut_label: row.statut.0.label(),
            priorite: row.priorite.0,
            pack: row.tarif,
            pages: row.pages,
            due_at: row.date_echeance.map(Iso),
            finished_at: row.date_finition.map(Iso),
            client: ProjectAuthor { id: row.author_id, prenom: row.author_prenom, nom: row.author_nom },
            files_count: row.files,
            corrected_files_count: row.corrected_files,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

/// Which orders to list.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct AssignedQuery {
    /// Only those of this status.
    #[param(value_type = Option<Statut>)]
    statut: Option<String>,
}

/// The orders assigned to the caller, newest first.
#[utoipa::path(get, path = "/corrector/projects", tag = "Correctors", security(("bearer" = [])),
    params(Paging<20, 100>, AssignedQuery),
    responses((status = 200, body = DataMeta<AssignedProject>), (status = 400, body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, description = "`CORRECTOR_REQUIRED`", body = ErrorBody)))]
async fn assigned_projects(
    State(state): State<AppState>,
    Corrector(user): Corrector,
    Paging(page): Paging<20, 100>,
    ApiQuery(query): ApiQuery<AssignedQuery>,
) -> ApiResult<Json<DataMeta<AssignedProject>>> {
    let names = Statut::ALL.map(|statut| (statut.as_str(), statut));
    let statut = one_of("statut", query.statut.as_deref(), &names)?;
    let listing = service::list(&state, &Filter { corrector_id: user.id, statut }, page).await?;
    Ok(Json(listing.map(AssignedProject::from).into()))
}

/// Where an order goes.
#[derive(Deserialize, Validate, ToSchema)]
struct DeliveryBody {
    /// `TERMINE`: correctors deliver, all else is the administrators'.
    #[serde(alias = "status")]
    statut: Statut,
}

/// An order that was delivered.
#[derive(Serialize, ToSchema)]
struct Delivery {
    message: &'static str,
    project: AssignedProject,
}

/// Delivers an order assigned to the caller: from `EN_COURS` to `TERMINE`. Its author is told.
#[utoipa::path(put, path = "/corrector/projects/{id}/status", tag = "Correctors", security(("bearer" = [])),
    params(("id" = Uuid, Path)), request_body = DeliveryBody,
    responses((status = 200, body = Delivery), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, description = "`CORRECTOR_REQUIRED`, `MOVE_FORBIDDEN`", body = ErrorBody),
              (status = 404, body = ErrorBody), (status = 409, description = "`INVALID_TRANSITION`", body = ErrorBody)))]
async fn deliver_project(
    State(state): State<AppState>,
    Corrector(user): Corrector,
    PathId(id): PathId,
    ApiJson(body): ApiJson<DeliveryBody>,
) -> ApiResult<Json<Delivery>> {
    if body.statut != Statut::Termine {
        return Err(ApiError::forbidden(
            "MOVE_FORBIDDEN",
            "Un correcteur peut terminer une commande, rien d’autre.",
        ));
    }
    let project = service::deliver(&state, &user, id).await?.into();
    Ok(Json(Delivery { message: "La commande est terminée. Son auteur est prévenu.", project }))
}
