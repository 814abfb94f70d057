//! `/admin/factures`: every invoice and credit note.

use axum::{Json, body::Body, extract::State, http::HeaderMap, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use crate::{
    app::AppState,
    auth::Admin,
    commandes::Statut,
    files::download::{self, Description},
    http::{
        ApiJson, ApiQuery, ApiResult, ErrorBody, LongRunning, PathId, alias,
        iso::Iso,
        list::{NeighbourPagination, Paging, Sorting, Words, one_of},
    },
    invoices::{
        self, InvoiceStatus as Status, Kind,
        desk::{self, DeskRow, Filter, InvoiceSort, Wanted},
    },
    money,
};

/// Every route of this section.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one, update, delete))
        .routes(alias::at("/factures/{id}/status", routes!(update)))
        .routes(routes!(pdf))
        .routes(alias::at("/factures/{id}/download", routes!(pdf)))
        .routes(routes!(send))
        .routes(alias::at("/factures/{id}/resend", routes!(send)))
        .routes(alias::at("/factures/{id}/reminder", routes!(send)))
        .routes(routes!(regenerate))
}

/// The states as the web application names them.
const STATUSES: [(&str, &[Status]); 4] = [
    ("EN_ATTENTE", &[Status::Generated, Status::Sent]),
    ("PAYEE", &[Status::Paid]),
    ("ECHEANCE", &[Status::Overdue]),
    ("ANNULEE", &[Status::Cancelled]),
];

/// Which invoices to list.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct FacturesQuery {
    /// `EN_ATTENTE`, `PAYEE`, `ECHEANCE` or `ANNULEE`.
    #[param(max_length = 10)]
    statut: Option<String>,
    /// Words of the number, of the order's title or reference, of the client's name or address.
    #[param(max_length = 100)]
    search: Option<String>,
}

/// An invoice or a credit note.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Facture<O: ToSchema> {
    id: Uuid,
    kind: Kind,
    number: String,
    /// Number of the invoice that a credit note corrects.
    #[serde(skip_serializing_if = "Option::is_none")]
    original_number: Option<String>,
    /// Cents, VAT included; negative on a credit note.
    amount: i32,
    /// Cents of VAT within the amount, of its sign.
    tax_amount: i32,
    #[schema(example = "599.00 €")]
    amount_formatted: String,
    status: Status,
    issued_at: Iso,
    due_at: Option<Iso>,
    paid_at: Option<Iso>,
    /// Relative link that works without a session for 15 minutes.
    pdf_url: String,
    created_at: Iso,
    commande: O,
}

/// The order of an invoice in the list.
#[derive(Serialize, ToSchema)]
struct FactureOrder {
    id: Uuid,
    titre: String,
    statut: Statut,
    /// Cents.
    amount: Option<i32>,
    client: FactureClient,
}

/// A client by their whole name.
#[derive(Serialize, ToSchema)]
struct FactureClient {
    id: Uuid,
    /// Given name and family name.
    nom: String,
    email: String,
}

/// The order of an invoice.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct FactureOrderDetail {
    id: Uuid,
    titre: String,
    description: Option<String>,
    statut: Statut,
    /// Cents.
    amount: Option<i32>,
    created_at: Iso,
    client: FactureClientDetail,
}

/// The client of an invoice.
#[derive(Serialize, ToSchema)]
struct FactureClientDetail {
    id: Uuid,
    prenom: String,
    nom: String,
    email: String,
    adresse: Option<String>,
    telephone: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct FactureList {
    invoices: Vec<Facture<FactureOrder>>,
    pagination: NeighbourPagination,
}

/// What was done.
#[derive(Serialize, ToSchema)]
struct FactureDone {
    message: String,
}

/// Where an invoice shall stand.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum WantedStatut {
    EnAttente,
    Payee,
    Echeance,
    Annulee,
}

#[derive(Deserialize, Validate, ToSchema)]
struct FactureBody {
    statut: WantedStatut,
}

impl From<WantedStatut> for Wanted {
    fn from(statut: WantedStatut) -> Self {
        match statut {
            WantedStatut::EnAttente => Self::Awaiting,
            WantedStatut::Payee => Self::Paid,
            WantedStatut::Echeance => Self::Overdue,
            WantedStatut::Annulee => Self::Cancelled,
        }
    }
}

fn facture<O: ToSchema>(
    state: &AppState,
    reader: Uuid,
    row: DeskRow,
    order: impl FnOnce(&DeskRow) -> O,
) -> Facture<O> {
    let sign = row.kind.0.sign();
    Facture {
        commande: order(&row),
        pdf_url: invoices::download_link(state, row.id, reader),
        id: row.id,
        kind: row.kind.0,
        number: row.number,
        original_number: row.original_number,
        amount: sign * row.amount,
        tax_amount: sign * row.tax_amount,
        amount_formatted: money::dotted(i64::from(sign) * i64::from(row.amount)),
        status: row.status.0,
        issued_at: row.issued_at.into(),
        due_at: row.due_at.map(Iso::from),
        paid_at: row.paid_at.map(Iso::from),
        created_at: row.created_at.into(),
    }
}

fn brief(row: &DeskRow) -> FactureOrder {
    let nom = format!("{} {}", row.prenom, row.nom).trim().to_owned();
    FactureOrder {
        id: row.commande_id,
        titre: row.titre.clone(),
        statut: row.statut.0,
        amount: row.commande_amount,
        client: FactureClient { id: row.user_id, nom, email: row.email.clone() },
    }
}

fn whole(row: &DeskRow) -> FactureOrderDetail {
    FactureOrderDetail {
        id: row.commande_id,
        titre: row.titre.clone(),
        description: row.description.clone(),
        statut: row.statut.0,
        amount: row.commande_amount,
        created_at: row.commande_created_at.into(),
        client: FactureClientDetail {
            id: row.user_id,
            prenom: row.prenom.clone(),
            nom: row.nom.clone(),
            email: row.email.clone(),
            adresse: row.adresse.clone(),
            telephone: row.telephone.clone(),
        },
    }
}

/// The invoices and credit notes, newest first unless another order is asked for.
#[utoipa::path(get, path = "/factures", tag = "Administration", security(("bearer" = [])),
    params(Paging<20, 1000>, Sorting<InvoiceSort>, FacturesQuery),
    responses((status = 200, body = FactureList), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody)))]
async fn list(
    State(state): State<AppState>,
    Admin(admin): Admin,
    Paging(page): Paging<20, 1000>,
    Sorting(sort): Sorting<InvoiceSort>,
    ApiQuery(query): ApiQuery<FacturesQuery>,
) -> ApiResult<Json<FactureList>> {
    let filter = Filter {
        statuses: one_of("statut", query.statut.as_deref(), &STATUSES)?,
        words: Words::read("search", query.search.as_deref())?,
    };
    let listing = desk::list(&state, &filter, sort, page).await?;
    let invoices = listing.rows.into_iter().map(|row| facture(&state, admin.id, row, brief)).collect();
    Ok(Json(FactureList { invoices, pagination: listing.place.into() }))
}

/// One of them. Looking at it goes on record.
#[utoipa::path(get, path = "/factures/{id}", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Facture<FactureOrderDetail>), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn one(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
) -> ApiResult<Json<Facture<FactureOrderDetail>>> {
    let row = desk::look(&state, &admin.email, id).await?;
    Ok(Json(facture(&state, admin.id, row, whole)))
}

/// The PDF (PDF/A-3b with the Factur-X XML inside).
#[utoipa::path(get, path = "/factures/{id}/pdf", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, content_type = "application/pdf"), (status = 401, body = ErrorBody),
              (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn pdf(
    _: LongRunning,
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
    headers: HeaderMap,
) -> ApiResult<Response<Body>> {
    let pdf = desk::pdf(&state, id).await?;
    let description = Description {
        filename: &pdf.filename,
        mime: "application/pdf",
        sha256: pdf.sha256.as_deref(),
        shown: false,
    };
    let response = download::respond(pdf.file, description, &headers).await?;
    desk::note_fetch(&state, &admin, id).await?;
    Ok(response)
}

/// Moves an invoice to another state. One that is paid is cancelled only after it was wholly credited.
#[utoipa::path(put, path = "/factures/{id}", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)), request_body = FactureBody,
    responses((status = 200, body = Facture<FactureOrderDetail>), (status = 400, body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
              (status = 409, body = ErrorBody, description = "INVALID_TRANSITION, CREDIT_NOTE_REQUIRED")))]
async fn update(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
    ApiJson(body): ApiJson<FactureBody>,
) -> ApiResult<Json<Facture<FactureOrderDetail>>> {
    let row = desk::set_status(&state, &admin.email, id, body.statut.into()).await?;
    Ok(Json(facture(&state, admin.id, row, whole)))
}

/// Cancels an invoice. An issued one never disappears, and a paid one needs its credit note first.
#[utoipa::path(delete, path = "/factures/{id}", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = FactureDone), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody),
              (status = 409, body = ErrorBody, description = "INVALID_TRANSITION, CREDIT_NOTE_REQUIRED")))]
async fn delete(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
) -> ApiResult<Json<FactureDone>> {
    let row = desk::set_status(&state, &admin.email, id, Wanted::Cancelled).await?;
    Ok(Json(FactureDone { message: format!("La facture {} est annulée.", row.number) }))
}

/// Mails an invoice to its client again.
#[utoipa::path(post, path = "/factures/{id}/send", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = FactureDone), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody)))]
async fn send(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
) -> ApiResult<Json<FactureDone>> {
    let email = desk::send(&state, &admin.email, id).await?;
    Ok(Json(FactureDone { message: format!("La facture part à l’adresse {email}.") }))
}

/// What became of the file.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Regenerated {
    message: &'static str,
    /// Relative link that works without a session for 15 minutes.
    pdf_url: String,
}

/// Makes the PDF anew: same number, same dates.
#[utoipa::path(post, path = "/factures/{id}/regenerate", tag = "Administration", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Regenerated), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
              (status = 404, body = ErrorBody), (status = 409, body = ErrorBody, description = "CONFLICT")))]
async fn regenerate(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
) -> ApiResult<Json<Regenerated>> {
    desk::regenerate(&state, &admin.email, id).await?;
    let pdf_url = invoices::download_link(&state, id, admin.id);
    Ok(Json(Regenerated { message: "Le PDF de la facture est refait.", pdf_url }))
}
