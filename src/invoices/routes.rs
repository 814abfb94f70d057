//! Wire types and handlers of `/invoices`.

use axum::{Json, body::Body, extract::State, http::HeaderMap, response::Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{Kind, service, store::InvoiceRow};
use crate::{
    app::AppState,
    auth::Session,
    commandes::Statut,
    files::download::{self, Description},
    http::{
        ApiQuery, ApiResult, ErrorBody, LongRunning, PathId,
        iso::Iso,
        list::{NeighbourPagination, Paging},
    },
    links::{Admitted, LinkQuery},
    money,
};

/// Routes of `/invoices`.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(detail)).routes(routes!(download))
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct InvoiceItem {
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
    created_at: Iso,
    /// Relative link that works without a session for 15 minutes.
    pdf_url: String,
    commande: InvoiceOrder,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct InvoiceOrder {
    id: Uuid,
    titre: String,
    description: Option<String>,
    statut: Statut,
    created_at: Iso,
    updated_at: Iso,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<InvoiceOwner>,
}

#[derive(Serialize, ToSchema)]
struct InvoiceOwner {
    prenom: String,
    nom: String,
    email: String,
}

#[derive(Serialize, ToSchema)]
struct InvoiceList {
    invoices: Vec<InvoiceItem>,
    pagination: NeighbourPagination,
}

fn item(state: &AppState, row: InvoiceRow, reader: Uuid, owner: Option<InvoiceOwner>) -> InvoiceItem {
    let sign = row.kind.sign();
    InvoiceItem {
        pdf_url: service::download_link(state, row.id, reader),
        id: row.id,
        kind: row.kind,
        number: row.number,
        original_number: row.original_number,
        amount: sign * row.amount,
        tax_amount: sign * row.tax_amount,
        amount_formatted: money::dotted(i64::from(sign) * i64::from(row.amount)),
        created_at: row.created_at.into(),
        commande: InvoiceOrder {
            id: row.commande_id,
            titre: row.titre,
            description: row.description,
            statut: row.statut,
            created_at: row.commande_created_at.into(),
            updated_at: row.commande_updated_at.into(),
            user: owner,
        },
    }
}

/// The caller's invoices and credit notes, newest first.
#[utoipa::path(get, path = "/invoices", tag = "Invoices", params(Paging<10, 50>), security(("bearer" = [])),
    responses((status = 200, body = InvoiceList), (status = 401, body = ErrorBody)))]
async fn list(
    State(state): State<AppState>,
    Session(user): Session,
    Paging(page): Paging<10, 50>,
) -> ApiResult<Json<InvoiceList>> {
    let listing = service::list(&state, user.id, page).await?;
    let invoices = listing.rows.into_iter().map(|row| item(&state, row, user.id, None)).collect();
    Ok(Json(InvoiceList { invoices, pagination: listing.place.into() }))
}

/// One invoice of the caller.
#[utoipa::path(get, path = "/invoices/{id}", tag = "Invoices", params(("id" = Uuid, Path)), security(("bearer" = [])),
    responses((status = 200, body = InvoiceItem), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn detail(
    State(state): State<AppState>,
    Session(user): Session,
    PathId(id): PathId,
) -> ApiResult<Json<InvoiceItem>> {
    let row = service::owned(&state, &user, id).await?;
    let owner = InvoiceOwner { prenom: row.prenom.clone(), nom: row.nom.clone(), email: row.email.clone() };
    Ok(Json(item(&state, row, user.id, Some(owner))))
}

/// The PDF (PDF/A-3b with the Factur-X XML inside), for its owner or through the signed `pdfUrl`.
#[utoipa::path(get, path = "/invoices/{id}/download", tag = "Invoices", params(("id" = Uuid, Path), LinkQuery),
    security((), ("bearer" = [])),
    responses((status = 200, content_type = "application/pdf"), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn download(
    _: LongRunning,
    State(state): State<AppState>,
    session: Option<Session>,
    PathId(id): PathId,
    ApiQuery(link): ApiQuery<LinkQuery>,
    headers: HeaderMap,
) -> ApiResult<Response<Body>> {
    let (reader_id, invoice) =
        match state.links.admit(&service::link_subject(id), &link, session, state.clock.now())? {
            Admitted::Link(holder) => (holder, service::find(&state, id).await?),
            Admitted::Session(Session(user)) => (user.id, service::owned(&state, &user, id).await?),
        };
    let file = service::open_pdf(&state, &invoice).await?;
    let description = Description {
        filename: &invoice.kind.file_name(&invoice.number),
        mime: "application/pdf",
        sha256: invoice.pdf_sha256.as_deref(),
        shown: false,
    };
    let response = download::respond(file, description, &headers).await?;
    service::note_fetch(&state, reader_id, id).await?;
    Ok(response)
}
