//! Wire types and handlers of withdrawals: each step as a page for people and as JSON for programs.

use axum::{
    Json,
    extract::{Request, State as Extract},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;
use validator::Validate;

use super::{
    State,
    declaration::{self, Declaration},
    page,
    service::{self, Own},
};
use crate::{
    app::AppState,
    auth::Client,
    checkout::form::Fields,
    http::{
        ApiError, ApiQuery, ApiResult, Budget, ClientIp, ErrorBody, LimitKey, OptionalJson, PathId, Problems,
        iso::Iso, read_body,
    },
};

/// Routes of withdrawals.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(withdrawal_form, summarise_withdrawal))
        .routes(routes!(confirm_withdrawal))
        .routes(routes!(withdraw_from_own))
}

/// Largest form, in bytes: the longest declaration, signed and encoded twice.
const FORM_MAX: usize = 64 << 10;

/// What may be filled in beforehand: links in mails name the order.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct FormQuery {
    /// An order or an invoice.
    #[param(max_length = 64)]
    numero: Option<String>,
}

/// What a program needs to know of the form.
#[derive(Serialize, ToSchema)]
struct WithdrawalForm {
    message: &'static str,
    /// Fields of the declaration.
    champs: [&'static str; 4],
    /// Those it cannot do without.
    obligatoires: [&'static str; 2],
}

/// The form by which a buyer withdraws from a contract, without an account.
#[utoipa::path(get, path = "/public/retractation", tag = "Public site", params(FormQuery),
    responses((status = 200, description = "The form, or with `Accept: application/json` its fields",
        content((WithdrawalForm = "application/json"), (String = "text/html")))))]
async fn withdrawal_form(
    Extract(state): Extract<AppState>,
    headers: HeaderMap,
    ApiQuery(query): ApiQuery<FormQuery>,
) -> Response {
    if wants_json(&headers) {
        return Json(WithdrawalForm {
            message: "Formulaire de rétractation. Envoyez-le, puis confirmez le récapitulatif.",
            champs: ["nom", "email", "numero", "message"],
            obligatoires: ["nom", "email"],
        })
        .into_response();
    }
    let mut fields = Fields::default();
    let numero = query.numero.filter(|numero| numero.chars().count() <= declaration::NUMBER_MAX);
    fields.insert("numero", numero.unwrap_or_default());
    page::form(&state, &fields).into_response()
}

/// A declaration of withdrawal.
#[derive(ToSchema)]
#[allow(dead_code, reason = "documents the form; the fields are read by name")]
struct WithdrawalDeclaration {
    /// First and family name.
    #[schema(min_length = 1, max_length = 200)]
    nom: String,
    /// Where the receipt goes.
    #[schema(format = Email, max_length = 255)]
    email: String,
    /// Which order or invoice.
    #[schema(max_length = 64)]
    numero: Option<String>,
    /// Anything to add; no reason is asked.
    #[schema(max_length = 2000)]
    message: Option<String>,
}

/// What is about to be declared.
#[derive(Serialize, ToSchema)]
struct WithdrawalSummary {
    message: &'static str,
    nom: String,
    email: String,
    numero: Option<String>,
    #[serde(rename = "messageLibre")]
    message_libre: Option<String>,
    /// Confirms it.
    jeton: String,
    /// Until when.
    #[serde(rename = "valableJusquA")]
    valable_jusqu_a: Iso,
}

/// Shows a declaration once more, with the button that makes it. Nothing is recorded.
#[utoipa::path(post, path = "/public/retractation", tag = "Public site",
    request_body(content((WithdrawalDeclaration = "application/json"), (WithdrawalDeclaration = "application/x-www-form-urlencoded"))),
    responses((status = 200, description = "The summary", content((WithdrawalSummary = "application/json"), (String = "text/html"))),
        (status = 400, description = "What is wrong, beside the fields", content((ErrorBody = "application/json"), (String = "text/html")))))]
async fn summarise_withdrawal(Extract(state): Extract<AppState>, request: Request) -> ApiResult<Response> {
    let (json, fields, problems) = read(request).await?;
    let declaration = match Declaration::read(&fields, problems) {
        Ok(declaration) => declaration,
        Err(error) if json => return Err(error),
        Err(error) => return Ok(page::form(&state, &fields).refusing(&error).into_response()),
    };
    let (jeton, until) = declaration::prepare(&state, declaration.clone())?;
    if !json {
        return Ok(page::summary(&declaration, &jeton, until).into_response());
    }
    let Declaration { nom, email, numero, message } = declaration;
    let message_libre = message;
    let message = "Vérifiez votre déclaration, puis confirmez-la. Rien n’est encore enregistré.";
    let valable_jusqu_a = until.into();
    Ok(Json(WithdrawalSummary { message, nom, email, numero, message_libre, jeton, valable_jusqu_a })
        .into_response())
}

/// The confirmation of a summary.
#[derive(ToSchema)]
#[allow(dead_code, reason = "documents the form; the field is read by name")]
struct WithdrawalConfirmation {
    /// Of the summary.
    #[schema(min_length = 1, max_length = 60_000)]
    jeton: String,
}

/// The receipt of a declaration: the same whether an order was meant or not.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WithdrawalReceipt {
    message: &'static str,
    nom: String,
    email: String,
    numero: Option<String>,
    message_libre: Option<String>,
    /// When it was received.
    declare_le: Iso,
    /// The same as people read it, in Paris.
    declare_le_paris: String,
}

/// Declares the withdrawal of a summary: shown, and mailed as a receipt. Sent twice it is one.
#[utoipa::path(post, path = "/public/retractation/confirmer", tag = "Public site",
    request_body(content((WithdrawalConfirmation = "application/json"), (WithdrawalConfirmation = "application/x-www-form-urlencoded"))),
    responses((status = 200, description = "The receipt", content((WithdrawalReceipt = "application/json"), (String = "text/html"))),
        (status = 400, description = "`WITHDRAWAL_EXPIRED`: the summary is not ours, or an hour old",
            content((ErrorBody = "application/json"), (String = "text/html"))),
        (status = 429, description = "Too many of one address", content((ErrorBody = "application/json"), (String = "text/html")))))]
async fn confirm_withdrawal(
    Extract(state): Extract<AppState>,
    ClientIp(ip): ClientIp,
    request: Request,
) -> ApiResult<Response> {
    let (json, fields, _) = read(request).await?;
    match confirm(&state, &fields, &LimitKey::ip(ip)).await {
        Ok((declaration, receipt)) if !json => {
            Ok(page::receipt(&declaration, receipt.declared_at).into_response())
        }
        Ok((declaration, receipt)) => {
            let Declaration { nom, email, numero, message } = declaration;
            Ok(Json(WithdrawalReceipt {
                message: "Votre rétractation est enregistrée. Son accusé de réception part par e-mail.",
                nom,
                email,
                numero,
                message_libre: message,
                declare_le: receipt.declared_at.into(),
                declare_le_paris: crate::templates::instant(receipt.declared_at),
            })
            .into_response())
        }
        Err(error) if !json && error.status().is_client_error() => Ok(page::refused(error)),
        Err(error) => Err(error),
    }
}

/// Of one client ten an hour, and as many of one addressee, whose mailbox is nobody's toy.
async fn confirm(
    state: &AppState,
    fields: &Fields,
    client: &LimitKey,
) -> ApiResult<(Declaration, service::Receipt)> {
    let prepared = declaration::prepared(state, fields.raw("jeton").unwrap_or_default())?;
    let addressee = LimitKey::account(&prepared.declaration.email);
    state.limits.check(Budget::PublicForm, client)?;
    state
        .limits
        .check(Budget::PublicForm, &addressee)
        .inspect_err(|_| state.limits.give_back(Budget::PublicForm, client))?;
    let receipt = service::declare(state, &prepared).await?;
    if !receipt.is_new {
        [client, &addressee].into_iter().for_each(|key| state.limits.give_back(Budget::PublicForm, key));
    }
    Ok((prepared.declaration, receipt))
}

/// The fields of a form, sent by a browser or as JSON, and whether the answer is to be JSON.
async fn read(request: Request) -> ApiResult<(bool, Fields, Problems)> {
    let (parts, body) = request.into_parts();
    let json = wants_json(&parts.headers);
    let body = read_body(body, FORM_MAX).await?;
    let (mut fields, mut problems) = (Fields::default(), Problems::default());
    match kind(&parts.headers).as_str() {
        "application/x-www-form-urlencoded" => {
            form_urlencoded::parse(&body)
                .take(64)
                .for_each(|(name, value)| fields.insert(&name, value.into_owned()));
        }
        "" if body.is_empty() => {}
        "" | "application/json" => {
            let body = serde_json::from_slice(if body.is_empty() { b"{}" } else { &body }).map_err(|_| {
                ApiError::bad_request(
                    "INVALID_JSON",
                    "Le corps de la requête n’est pas un objet JSON valide.",
                )
            })?;
            fields = Fields::from_json(&body, &mut problems);
        }
        _ => {
            return Err(ApiError::unsupported_media(
                "Le formulaire doit être envoyé comme formulaire ou en JSON.",
            ));
        }
    }
    Ok((json, fields, problems))
}

fn kind(headers: &HeaderMap) -> String {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A program says that it wants JSON, or sends it and does not want a page.
fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let accepts = |kind: &str| accept.to_ascii_lowercase().contains(kind);
    !accepts("text/html") && (accepts("application/json") || kind(headers) == "application/json")
}

/// What a connected author may add.
#[derive(Default, Deserialize, Validate, ToSchema)]
struct OwnDeclaration {
    /// Anything to add; no reason is asked.
    #[schema(max_length = 2000)]
    #[validate(length(max = 2000, message = "Ce texte ne peut pas dépasser 2 000 caractères."))]
    message: Option<String>,
}

/// What became of the order of a declaration. Amounts are cents.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OwnWithdrawal {
    id: Uuid,
    statut: State,
    declare_le: Iso,
    /// Whether it was declared in time.
    dans_le_delai: Option<bool>,
    /// The end of the period; null while the order is not paid.
    fin_du_delai: Option<Iso>,
    /// False of an order of a business.
    droit_applicable: Option<bool>,
    /// Whether work had been asked to begin at once.
    demande_expresse: Option<bool>,
    montant_paye: Option<i32>,
    pages_commandees: Option<i32>,
    /// Null until they are counted.
    pages_faites: Option<i32>,
    /// Kept for the pages done; null until they are counted.
    montant_retenu: Option<i64>,
    /// Given back; null until the pages are counted.
    montant_rembourse: Option<i64>,
}

/// A declaration of a connected author.
#[derive(Serialize, ToSchema)]
struct OwnWithdrawalAnswer {
    message: &'static str,
    retractation: OwnWithdrawal,
}

/// Withdraws from an order of the caller, which stops until it is decided. The declaration that stands already is given
/// as it is.
#[utoipa::path(post, path = "/commandes/{id}/retractation", tag = "Orders", security(("bearer" = [])),
    params(("id" = Uuid, Path)), request_body(content = OwnDeclaration, description = "May be left out"),
    responses((status = 201, description = "Declared now", body = OwnWithdrawalAnswer),
        (status = 200, description = "Declared before", body = OwnWithdrawalAnswer),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, description = "`CLIENT_REQUIRED`", body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, description = "`WITHDRAWAL_UNDER_WAY`", body = ErrorBody)))]
async fn withdraw_from_own(
    Extract(state): Extract<AppState>,
    Client(user): Client,
    PathId(id): PathId,
    OptionalJson(body): OptionalJson<OwnDeclaration>,
) -> ApiResult<(StatusCode, Json<OwnWithdrawalAnswer>)> {
    let message = body.message.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let Own { withdrawal, is_new } = service::declare_own(&state, &user, id, message).await?;
    let share = withdrawal.share();
    let retractation = OwnWithdrawal {
        id: withdrawal.id,
        statut: withdrawal.state,
        declare_le: withdrawal.declared_at.into(),
        dans_le_delai: withdrawal.in_time,
        fin_du_delai: withdrawal.term_at.map(Iso::from),
        droit_applicable: withdrawal.entitled,
        demande_expresse: withdrawal.express,
        montant_paye: withdrawal.price,
        pages_commandees: withdrawal.pages_ordered,
        pages_faites: withdrawal.pages_done,
        montant_retenu: share.map(|share| share.kept),
        montant_rembourse: share.map(|share| share.returned),
    };
    let (status, message) = match is_new {
        true => (
            StatusCode::CREATED,
            "Votre rétractation est enregistrée. Son accusé de réception part par e-mail.",
        ),
        false => (StatusCode::OK, "Votre rétractation est déjà enregistrée."),
    };
    Ok((status, Json(OwnWithdrawalAnswer { message, retractation })))
}
