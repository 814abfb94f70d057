//! Wire types and handlers of the order forms.

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    confirming, intake,
    place::{self, Incoming, place},
};
use crate::{
    app::AppState,
    auth::Client,
    commandes::pending::PendingStatus,
    http::{ApiResult, Budget, ClientIp, ErrorBody, LimitKey, LongRunning, PathId, iso::Iso},
    users::billing::TypeClient,
};

/// Routes of the order forms.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(order_as_guest))
        .routes(routes!(guest_order))
        .routes(routes!(create_paid_project))
        .merge(confirming::router())
}

/// The text fields of both order forms. Sent as multipart/form-data with the documents in `files`, or as JSON without.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "documents the form; the fields are read by name")]
struct OrderForm {
    /// Guests only: first name.
    #[schema(min_length = 2, max_length = 100)]
    prenom: Option<String>,
    /// Guests only: family name.
    #[schema(min_length = 2, max_length = 100)]
    nom: Option<String>,
    /// Guests only.
    #[schema(format = Email, max_length = 255)]
    email: Option<String>,
    /// Guests only.
    #[schema(min_length = 1, max_length = 20)]
    telephone: Option<String>,
    /// Guests only: must be `true`.
    consentement_rgpd: Option<bool>,
    /// An active tarif.
    service_id: Uuid,
    /// 3 characters at least for connected authors; for guests, the name of the service when empty.
    #[schema(max_length = 200)]
    titre: Option<String>,
    /// 2 000 characters at most for guests.
    #[schema(max_length = 10_000)]
    description: Option<String>,
    /// Needed by page-priced services.
    #[schema(minimum = 1, maximum = 1000)]
    nombre_pages: Option<u32>,
    /// The price shown, in euros; another one is refused.
    #[schema(minimum = 0, maximum = 1_000_000)]
    prix_calcule: Option<f64>,
    /// Whether work may begin before the end of the withdrawal period, the right to withdraw being lost once it is done.
    demande_expresse: Option<bool>,
    /// The version of the terms of sale that were read; needed with `demandeExpresse`.
    #[schema(max_length = 100)]
    version_cgv: Option<String>,
    type_client: Option<TypeClient>,
    #[schema(max_length = 255)]
    societe: Option<String>,
    #[schema(pattern = "^[0-9 ]{9,}$", max_length = 20)]
    siren: Option<String>,
    #[schema(pattern = "^[A-Za-z]{2}[A-Za-z0-9 .-]{2,}$", max_length = 30)]
    numero_tva: Option<String>,
    #[schema(max_length = 100)]
    reference_client: Option<String>,
    #[schema(max_length = 1000)]
    adresse_facturation: Option<String>,
    /// JSON `{title, description, originalName}` about the first file, `fileMetadata_1` about the second, ...
    #[schema(rename = "fileMetadata_0", max_length = 20_000)]
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
    /// What people call the order.
    reference: String,
    /// Where to send the customer: the payment page; when nothing is due, the success page or, for a guest, the page that
    /// asks to look into their mailbox.
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
    /// What people call the order.
    reference: String,
    /// Where to send the customer: the payment page; when nothing is due, the success page or, for a guest, the page that
    /// asks to look into their mailbox.
    checkout_url: String,
    pending_commande_id: Uuid,
}

/// Orders as a guest. Limited per address; a form that is not in order counts as nothing.
#[utoipa::path(post, path = "/public/order", tag = "Orders",
    request_body(content = OrderForm, content_type = "multipart/form-data"),
    responses((status = 201, body = GuestOrderPlaced),
              (status = 400, description = "`PRICE_CHANGED` with `expectedAmount` in cents, `PAYMENT_REFUSED`, or what is wrong with the form.", body = ErrorBody),
              (status = 404, description = "The service is not sold.", body = ErrorBody),
              (status = 409, description = "`EMAIL_TAKEN`", body = ErrorBody),
              (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 429, body = ErrorBody),
              (status = 503, body = ErrorBody)))]
async fn order_as_guest(
    _: LongRunning,
    State(state): State<AppState>,
    ClientIp(ip): ClientIp,
    request: Request,
) -> ApiResult<(StatusCode, Json<GuestOrderPlaced>)> {
    let key = LimitKey::ip(ip);
    // Before a byte of the form is read; only fields that have to be corrected cost nothing.
    state.limits.check(Budget::GuestOrder, &key)?;
    let (fields, problems, documents) = Incoming::read(request).await?.split();
    let explained = |refusal| documents.explain(&fields, refusal);
    let (customer, wish) = intake::guest(&fields, problems)
        .inspect_err(|_| state.limits.give_back(Budget::GuestOrder, &key))
        .map_err(explained)?;
    let order = intake::judge_guest(&state, customer, wish).await.map_err(explained)?;
    let placed = place(&state, order, documents, &fields).await?;
    let answer = GuestOrderPlaced {
        message: match placed.to_confirm {
            true => {
                "Votre commande vous est offerte. Confirmez-la par le lien que nous venons de vous envoyer par e-mail."
            }
            false => "Votre commande est enregistrée. Procédez au paiement pour la valider.",
        },
        reference: placed.reference,
        checkout_url: placed.checkout_url,
        session_id: placed.session_id,
        pending_commande_id: placed.pending_id,
        uploaded_files: placed.files,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Orders as a connected author. Identity fields of the form are ignored.
#[utoipa::path(post, path = "/commandes/create-paid-project", tag = "Orders", security(("bearer" = [])),
    request_body(content = OrderForm, content_type = "multipart/form-data"),
    responses((status = 201, body = PaidProjectPlaced),
              (status = 400, description = "`PRICE_CHANGED` with `expectedAmount` in cents, `PAYMENT_REFUSED`, or what is wrong with the form.", body = ErrorBody),
              (status = 401, body = ErrorBody), (status = 403, description = "`CLIENT_REQUIRED`", body = ErrorBody),
              (status = 404, description = "The service is not sold.", body = ErrorBody),
              (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 503, body = ErrorBody)))]
async fn create_paid_project(
    _: LongRunning,
    State(state): State<AppState>,
    Client(user): Client,
    request: Request,
) -> ApiResult<(StatusCode, Json<PaidProjectPlaced>)> {
    let (fields, problems, documents) = Incoming::read(request).await?.split();
    let explained = |refusal| documents.explain(&fields, refusal);
    let wish = intake::author(&fields, problems).map_err(explained)?;
    let order = intake::judge_author(&state, &user, wish).await.map_err(explained)?;
    let placed = place(&state, order, documents, &fields).await?;
    let answer = PaidProjectPlaced {
        success: true,
        message: match placed.session_id.is_empty() {
            true => "Votre projet est enregistré : il vous est offert.",
            false => "Votre projet est enregistré. Procédez au paiement pour le valider.",
        },
        reference: placed.reference,
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
    /// What people call the order.
    reference: Option<String>,
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
#[utoipa::path(get, path = "/public/order/{id}", tag = "Orders", params(("id" = Uuid, Path)),
    responses((status = 200, body = GuestOrder), (status = 404, body = ErrorBody)))]
async fn guest_order(State(state): State<AppState>, PathId(id): PathId) -> ApiResult<Json<GuestOrder>> {
    let found = place::placed(&state, id).await?;
    Ok(Json(GuestOrder {
        message: "Commande récupérée avec succès.",
        pending_commande: GuestOrderState {
            id,
            reference: found.reference,
            status: found.status,
            created_at: found.created_at.into(),
        },
    }))
}
