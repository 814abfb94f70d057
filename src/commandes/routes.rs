//! Wire types and handlers of `/commandes`: orders without payment, and what their authors read of all of theirs.

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use super::{
    PaymentStatus, Statut,
    service::{self, Draft},
    store::{self, OwnCommande, OwnFilter},
};
use crate::{
    app::AppState,
    auth::{Client, Session},
    http::{
        ApiError, ApiJson, ApiQuery, ApiResult, Detail, ErrorBody, PathId,
        iso::Iso,
        list::{Pagination, Paging, one_of},
    },
};

/// Routes of `/commandes`.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(create_commande, list_commandes)).routes(routes!(read_commande))
}

/// A whole number, as a number or as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Whole {
    Number(f64),
    Text(String),
}

impl Whole {
    /// The number, cut to a whole one within `min..=max`. Blank text is absent.
    fn within(this: Option<&Self>, field: &str, min: u32, max: u32) -> ApiResult<Option<u32>> {
        let number = match this {
            None => return Ok(None),
            Some(Self::Text(text)) if text.trim().is_empty() => return Ok(None),
            Some(Self::Number(number)) => Some(*number),
            Some(Self::Text(text)) => text.trim().parse().ok(),
        };
        number
            .filter(|number| (f64::from(min)..f64::from(max) + 1.0).contains(number))
            .map(|number| Some(number as u32))
            .ok_or_else(|| {
                let message =
                    format!("Le champ « {field} » doit être un nombre compris entre {min} et {max}.");
                ApiError::validation(vec![Detail::field(field, "invalid", message)])
            })
    }
}

/// An order without payment.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewCommande {
    #[schema(min_length = 3, max_length = 100)]
    titre: String,
    #[schema(max_length = 10_000)]
    description: Option<String>,
    #[schema(max_length = 500)]
    fichier_url: Option<String>,
    /// A pack constant or the id of a tarif.
    #[schema(max_length = 100)]
    pack: Option<String>,
    /// As `pack`, and before it.
    #[schema(max_length = 100)]
    pack_type: Option<String>,
    /// As a number or as text.
    #[schema(value_type = Option<f64>, minimum = 1, maximum = 1000)]
    pages: Option<Whole>,
    /// As `pages`, and before it.
    #[schema(value_type = Option<f64>, minimum = 1, maximum = 1000)]
    pages_declarees: Option<Whole>,
    /// Cents, as a number or as text; an indication.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 2_147_483_647)]
    prix_estime: Option<Whole>,
    /// Whether work may begin before the end of the withdrawal period, the right to withdraw being lost once it is done.
    #[serde(default)]
    demande_expresse: bool,
    /// The version of the terms of sale that were read; needed with `demandeExpresse`.
    #[schema(max_length = 100)]
    version_cgv: Option<String>,
}

impl NewCommande {
    fn draft(self) -> ApiResult<Draft> {
        let trimmed =
            |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let pages = self.pages_declarees.as_ref().or(self.pages.as_ref());
        let estimate = Whole::within(self.prix_estime.as_ref(), "prixEstime", 0, i32::MAX as u32)?;
        let draft = Draft {
            titre: self.titre.trim().to_owned(),
            description: trimmed(self.description),
            fichier_url: trimmed(self.fichier_url),
            pack: trimmed(self.pack_type).or(trimmed(self.pack)),
            pages: Whole::within(pages, "pagesDeclarees", 1, 1000)?,
            shown_estimate: estimate.and_then(|cents| i32::try_from(cents).ok()),
            express: self.demande_expresse.then(|| trimmed(self.version_cgv).unwrap_or_default()),
        };
        draft.judged()
    }
}

/// An order just created.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreatedCommande {
    id: Uuid,
    /// What people call the order.
    reference: String,
    titre: String,
    description: Option<String>,
    fichier_url: Option<String>,
    statut: Statut,
    created_at: Iso,
}

/// The answer to a creation.
#[derive(Serialize, ToSchema)]
struct Creation {
    message: &'static str,
    commande: CreatedCommande,
}

/// Creates an order without payment.
#[utoipa::path(post, path = "/commandes", tag = "Orders", security(("bearer" = [])), request_body = NewCommande,
    responses((status = 201, body = Creation), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, description = "`CLIENT_REQUIRED`", body = ErrorBody)))]
async fn create_commande(
    State(state): State<AppState>,
    Client(user): Client,
    ApiJson(body): ApiJson<NewCommande>,
) -> ApiResult<(StatusCode, Json<Creation>)> {
    let draft = body.draft()?;
    let created = service::create(&state, &user, &draft).await?;
    let commande = CreatedCommande {
        id: created.id,
        reference: created.reference,
        titre: draft.titre,
        description: draft.description,
        fichier_url: draft.fichier_url,
        statut: created.statut,
        created_at: created.created_at.into(),
    };
    Ok((StatusCode::CREATED, Json(Creation { message: "Commande créée avec succès.", commande })))
}

/// Which orders to list.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only those of this status.
    #[param(value_type = Option<Statut>)]
    statut: Option<String>,
}

/// An order as its owner reads it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Commande {
    id: Uuid,
    /// What people call the order.
    reference: Option<String>,
    titre: String,
    description: Option<String>,
    fichier_url: Option<String>,
    statut: Statut,
    note_client: Option<String>,
    note_correcteur: Option<String>,
    payment_status: Option<PaymentStatus>,
    created_at: Iso,
    updated_at: Iso,
}

/// The filters that were applied.
#[derive(Serialize, ToSchema)]
struct Filters {
    #[serde(skip_serializing_if = "Option::is_none")]
    statut: Option<Statut>,
}

/// A page of orders.
#[derive(Serialize, ToSchema)]
struct CommandeList {
    message: &'static str,
    pagination: Pagination,
    filters: Filters,
    commandes: Vec<Commande>,
}

/// One order.
#[derive(Serialize, ToSchema)]
struct CommandeDetail {
    message: &'static str,
    commande: Commande,
}

impl From<OwnCommande> for Commande {
    fn from(row: OwnCommande) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            titre: row.titre,
            description: row.description,
            fichier_url: row.fichier_url,
            statut: row.statut.0,
            note_client: row.note_client,
            note_correcteur: row.note_correcteur,
            payment_status: row.payment_status.map(|status| status.0),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

/// The caller's own orders, newest first.
#[utoipa::path(get, path = "/commandes", tag = "Orders", security(("bearer" = [])),
    params(Paging<10, 100>, ListQuery),
    responses((status = 200, body = CommandeList), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
async fn list_commandes(
    State(state): State<AppState>,
    Session(user): Session,
    Paging(page): Paging<10, 100>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> ApiResult<Json<CommandeList>> {
    let names = Statut::ALL.map(|statut| (statut.as_str(), statut));
    let statut = one_of("statut", query.statut.as_deref(), &names)?;
    let listing = service::list(&state, &OwnFilter { user_id: user.id, statut }, page).await?;
    Ok(Json(CommandeList {
        message: "Commandes récupérées avec succès.",
        pagination: listing.place.into(),
        filters: Filters { statut },
        commandes: listing.rows.into_iter().map(Commande::from).collect(),
    }))
}

/// One of the caller's own orders.
#[utoipa::path(get, path = "/commandes/{id}", tag = "Orders", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = CommandeDetail), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn read_commande(
    State(state): State<AppState>,
    Session(user): Session,
    PathId(id): PathId,
) -> ApiResult<Json<CommandeDetail>> {
    let mut conn = state.db.conn().await?;
    let row = store::one_of_user(&mut conn, user.id, id).await?;
    let row = row.ok_or_else(|| ApiError::not_found(format!("La commande {id} n’existe pas.")))?;
    Ok(Json(CommandeDetail { message: "Commande récupérée avec succès.", commande: row.into() }))
}
