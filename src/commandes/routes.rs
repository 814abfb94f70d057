//! The orders' URLs.

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use super::{
    PaymentStatus, Statut, intake,
    pending::{self, PendingStatus},
    service::{self, Draft},
    store::{self, OwnCommande},
    submit::{Incoming, place},
};
use crate::{
    app::AppState,
    auth::Session,
    http::{
        ApiError, ApiJson, ApiQuery, ApiResult, Budget, ClientIp, Detail, ErrorBody, LimitKey, LongRunning,
        PathId, iso::Iso, page_params,
    },
};

/// Every route of this domain.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(order_as_guest))
        .routes(routes!(guest_order))
        .routes(routes!(create_paid))
        .routes(routes!(create, list))
        .routes(routes!(detail))
}

/// The text fields of both order forms. Sent as multipart/form-data with the documents in `files`, or as JSON without.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "documents the form; the fields are read by name")]
struct OrderForm {
    /// Guests only: first name, 2 to 100 characters.
    prenom: Option<String>,
    /// Guests only: family name, 2 to 100 characters.
    nom: Option<String>,
    /// Guests only.
    email: Option<String>,
    /// Guests only: 1 to 20 characters.
    telephone: Option<String>,
    /// Guests only: must be `true`.
    consentement_rgpd: Option<bool>,
    /// An active tarif.
    service_id: Uuid,
    /// Connected authors: 3 to 200 characters. Guests: up to 200; the name of the service when empty.
    titre: Option<String>,
    description: Option<String>,
    /// 1 to 1000; needed by page-priced services.
    nombre_pages: Option<u32>,
    /// The price shown, in euros; a different one is refused with 409.
    prix_calcule: Option<f64>,
    type_client: Option<super::TypeClient>,
    societe: Option<String>,
    siren: Option<String>,
    numero_tva: Option<String>,
    reference_client: Option<String>,
    adresse_facturation: Option<String>,
    /// JSON `{title, description, originalName}` about the first file, `fileMetadata_1` about the second, ...
    #[schema(rename = "fileMetadata_0")]
    file_metadata_0: Option<String>,
    /// Up to ten documents of 50 MiB each, after the text fields.
    #[schema(value_type = Vec<String>, format = Binary)]
    files: Vec<Vec<u8>>,
}

/// A guest's order, to be paid.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct GuestOrderPlaced {
    message: &'static str,
    /// Where to send the customer: the payment page, or the success page when nothing is due.
    checkout_url: String,
    /// Stripe's session; empty when nothing is due.
    session_id: String,
    pending_commande_id: Uuid,
    /// Documents received.
    uploaded_files: usize,
}

/// A connected author's order, to be paid.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PaidProjectPlaced {
    success: bool,
    message: &'static str,
    /// Where to send the customer: the payment page, or the success page when nothing is due.
    checkout_url: String,
    pending_commande_id: Uuid,
}

/// Orders as a guest. Limited per address; an answer other than 400 counts.
#[utoipa::path(post, path = "/public/order", tag = "Commandes",
    request_body(content = OrderForm, content_type = "multipart/form-data"),
    responses((status = 201, body = GuestOrderPlaced), (status = 400, body = ErrorBody),
              (status = 404, description = "The service is not sold.", body = ErrorBody),
              (status = 409, description = "`EMAIL_TAKEN`, or `PRICE_CHANGED` with `expectedAmount`.", body = ErrorBody),
              (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 429, body = ErrorBody),
              (status = 503, body = ErrorBody)))]
async fn order_as_guest(
    _: LongRunning,
    State(state): State<AppState>,
    ClientIp(ip): ClientIp,
    request: Request,
) -> ApiResult<(StatusCode, Json<GuestOrderPlaced>)> {
    let key = LimitKey::ip(ip);
    state.limits.peek(Budget::GuestOrder, &key)?;
    let (fields, problems, documents) = Incoming::read(request).await?.split();
    let (customer, wish) = intake::guest(&fields, problems)?;
    state.limits.check(Budget::GuestOrder, &key)?;
    let order = intake::judge_guest(&state, customer, wish).await?;
    let placed = place(&state, order, documents, &fields).await?;
    let answer = GuestOrderPlaced {
        message: "Votre commande est enregistrée. Procédez au paiement pour la valider.",
        checkout_url: placed.checkout_url,
        session_id: placed.session_id,
        pending_commande_id: placed.pending_id,
        uploaded_files: placed.files,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Orders as a connected author. Identity fields of the form are ignored.
#[utoipa::path(post, path = "/commandes/create-paid-project", tag = "Commandes", security(("bearer" = [])),
    request_body(content = OrderForm, content_type = "multipart/form-data"),
    responses((status = 201, body = PaidProjectPlaced), (status = 400, body = ErrorBody),
              (status = 401, body = ErrorBody),
              (status = 404, description = "The service is not sold.", body = ErrorBody),
              (status = 409, description = "`PRICE_CHANGED` with `expectedAmount`.", body = ErrorBody),
              (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 503, body = ErrorBody)))]
async fn create_paid(
    _: LongRunning,
    State(state): State<AppState>,
    Session(user): Session,
    request: Request,
) -> ApiResult<(StatusCode, Json<PaidProjectPlaced>)> {
    let (fields, problems, documents) = Incoming::read(request).await?.split();
    let wish = intake::author(&fields, problems)?;
    let order = intake::judge_author(&state, &user, wish).await?;
    let placed = place(&state, order, documents, &fields).await?;
    let answer = PaidProjectPlaced {
        success: true,
        message: "Votre projet est enregistré. Procédez au paiement pour le valider.",
        checkout_url: placed.checkout_url,
        pending_commande_id: placed.pending_id,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// What anyone who holds the id may know of a guest's order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct GuestOrderState {
    id: Uuid,
    status: PendingStatus,
    created_at: Iso,
}

/// A guest's order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct GuestOrder {
    message: &'static str,
    pending_commande: GuestOrderState,
}

/// Whether a guest's order is paid. Says nothing of who ordered what.
#[utoipa::path(get, path = "/public/order/{id}", tag = "Commandes", params(("id" = Uuid, Path)),
    responses((status = 200, body = GuestOrder), (status = 404, body = ErrorBody)))]
async fn guest_order(State(state): State<AppState>, PathId(id): PathId) -> ApiResult<Json<GuestOrder>> {
    let mut conn = state.db.conn().await?;
    let found = pending::find(&mut conn, id).await?;
    let found = found.ok_or_else(|| ApiError::not_found("Cette commande n’existe pas."))?;
    Ok(Json(GuestOrder {
        message: "Commande récupérée avec succès.",
        pending_commande: GuestOrderState { id, status: found.status, created_at: found.created_at.into() },
    }))
}

/// A whole number, as a number or as text.
#[derive(Deserialize, ToSchema)]
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
    /// 3 to 100 characters.
    titre: String,
    description: Option<String>,
    fichier_url: Option<String>,
    /// A pack constant or the id of a tarif.
    pack: Option<String>,
    /// As `pack`, and before it.
    pack_type: Option<String>,
    /// 1 to 1000.
    pages: Option<Whole>,
    /// As `pages`, and before it.
    pages_declarees: Option<Whole>,
    /// Cents; an indication.
    prix_estime: Option<Whole>,
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
        };
        draft.judged()
    }
}

/// An order just created.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreatedCommande {
    id: Uuid,
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
#[utoipa::path(post, path = "/commandes", tag = "Commandes", security(("bearer" = [])), request_body = NewCommande,
    responses((status = 201, body = Creation), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
async fn create(
    State(state): State<AppState>,
    Session(user): Session,
    ApiJson(body): ApiJson<NewCommande>,
) -> ApiResult<(StatusCode, Json<Creation>)> {
    let draft = body.draft()?;
    let created = service::create(&state, &user, &draft).await?;
    let commande = CreatedCommande {
        id: created.id,
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
    /// Page number, from 1.
    #[param(value_type = Option<u32>)]
    page: Option<String>,
    /// Orders per page, 10 by default, 100 at most.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// Only those of this status.
    #[param(value_type = Option<Statut>)]
    statut: Option<String>,
}

/// An order as its owner reads it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Commande {
    id: Uuid,
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

/// Where a list stands in the whole.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    page: u32,
    limit: u32,
    total: u64,
    total_pages: u64,
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
            titre: row.titre,
            description: row.description,
            fichier_url: row.fichier_url,
            statut: row.statut,
            note_client: row.note_client,
            note_correcteur: row.note_correcteur,
            payment_status: row.payment_status,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

/// The caller's own orders, newest first.
#[utoipa::path(get, path = "/commandes", tag = "Commandes", security(("bearer" = [])), params(ListQuery),
    responses((status = 200, body = CommandeList), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
async fn list(
    State(state): State<AppState>,
    Session(user): Session,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> ApiResult<Json<CommandeList>> {
    let page = page_params(query.page.as_deref(), query.limit.as_deref(), 10, 100)?;
    let statut = match query.statut.as_deref().filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(
            Statut::parse(text)
                .ok_or_else(|| ApiError::invalid_field("statut", "Ce statut de commande n’existe pas."))?,
        ),
    };
    let mut conn = state.db.conn().await?;
    let total = store::count_of_user(&mut conn, user.id, statut).await?.unsigned_abs();
    let rows = store::of_user(&mut conn, user.id, statut, page).await?;
    Ok(Json(CommandeList {
        message: "Commandes récupérées avec succès.",
        pagination: Pagination {
            page: page.page,
            limit: page.limit,
            total,
            total_pages: page.total_pages(total),
        },
        filters: Filters { statut },
        commandes: rows.into_iter().map(Commande::from).collect(),
    }))
}

/// One of the caller's own orders.
#[utoipa::path(get, path = "/commandes/{id}", tag = "Commandes", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = CommandeDetail), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn detail(
    State(state): State<AppState>,
    Session(user): Session,
    PathId(id): PathId,
) -> ApiResult<Json<CommandeDetail>> {
    let mut conn = state.db.conn().await?;
    let row = store::one_of_user(&mut conn, user.id, id).await?;
    let row = row.ok_or_else(|| ApiError::not_found(format!("La commande {id} n’existe pas.")))?;
    Ok(Json(CommandeDetail { message: "Commande récupérée avec succès.", commande: row.into() }))
}
