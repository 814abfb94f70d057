//! The public price list.

use axum::{extract::State, http::HeaderMap, response::Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{Tarif, service};
use crate::{
    app::AppState,
    http::{ApiResult, ErrorBody, alias, cache::Published, iso::Iso},
};

/// `GET /tarifs` and its other name.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_tarifs))
        .routes(alias::at("/public/tarifs", routes!(list_tarifs)))
}

/// One line of the price list, as everybody may read it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PublicTarif {
    id: Uuid,
    nom: String,
    description: String,
    /// Cents of euro, per page for page-priced services.
    prix: i32,
    #[schema(example = "2€/page")]
    prix_formate: String,
    type_service: String,
    duree_estimee: Option<String>,
    actif: bool,
    ordre: i32,
    created_at: Iso,
    updated_at: Iso,
}

/// What the list promises not to show.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Guarantees {
    only_active_tarifs: bool,
    stripe_fields_hidden: bool,
}

/// The public price list.
#[derive(Serialize, ToSchema)]
struct TarifList {
    success: bool,
    data: Vec<PublicTarif>,
    message: &'static str,
    security: Guarantees,
}

impl From<&Tarif> for PublicTarif {
    fn from(tarif: &Tarif) -> Self {
        Self {
            id: tarif.id,
            nom: tarif.nom.clone(),
            description: tarif.description.clone(),
            prix: tarif.prix,
            prix_formate: tarif.prix_formate.clone(),
            type_service: tarif.type_service.clone(),
            duree_estimee: tarif.duree_estimee.clone(),
            actif: true,
            ordre: tarif.ordre,
            created_at: tarif.created_at.into(),
            updated_at: tarif.updated_at.into(),
        }
    }
}

/// The active price list, in display order.
#[utoipa::path(get, path = "/tarifs", tag = "Price list",
    responses((status = 200, description = "The active lines; 304 when unchanged.", body = TarifList),
              (status = 503, body = ErrorBody)))]
async fn list_tarifs(State(state): State<AppState>, headers: HeaderMap) -> ApiResult<Response> {
    let list = |tarifs: &[Tarif]| {
        Published::json(&TarifList {
            success: true,
            data: tarifs.iter().map(PublicTarif::from).collect(),
            message: "Tarifs récupérés avec succès.",
            security: Guarantees { only_active_tarifs: true, stripe_fields_hidden: true },
        })
    };
    Ok(service::published(&state, list).await?.answer(&headers))
}
