//! What the customer does on the payment page; see the table in [`super`].

use axum::body::{Body, Bytes};
use axum::extract::{Form, FromRequest, Path, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Simulator;
use super::cards::{self, CardRow};
use super::failure::Failure;
use super::page::{self, Notice};
use super::status::SessionStatus;
use super::steps::Step;
use super::store::SessionRow;

/// The test card that is always refused.
pub const REFUSED_CARD: &str = "4000000000000002";
/// The country of a card nobody said anything of.
const COUNTRY: &str = "FR";
/// Stands for a method whose money comes later.
pub const DELAYED: &str = "delayed";

/// What the page's form sends; scripts may leave out all of it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct PaymentForm {
    name: Option<String>,
    email: Option<String>,
    line1: Option<String>,
    line2: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    country: Option<String>,
    card: Option<String>,
    terms: bool,
    delayed: bool,
}

impl<S: Send + Sync> FromRequest<S> for PaymentForm {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, state).await.unwrap_or_default();
        if body.is_empty() {
            Ok(Self::default())
        } else if is_json(&headers) {
            let wrong = |e: serde_json::Error| Failure::invalid("json", "body", &e.to_string());
            serde_json::from_slice(&body).map_err(wrong)
        } else {
            parse_form(body).await
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/json"))
}

async fn parse_form(body: Bytes) -> Result<PaymentForm, Failure> {
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::POST;
    let kind = header::HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(Form::<PaymentForm>::from_request(request, &()).await?.0)
}

impl PaymentForm {
    fn step(&self) -> Step {
        match self.card.as_deref().map(|card| card.replace(' ', "")).as_deref() {
            Some(REFUSED_CARD) => Step::Fail,
            Some(DELAYED) => Step::PayLater,
            _ if self.delayed => Step::PayLater,
            _ => Step::Pay,
        }
    }

    /// Stripe's `customer_details`: what was typed, and nothing in the name of anyone else. Stripe always knows the
    /// country, from the card.
    fn details(&self, session: &Value) -> Value {
        let typed = |given: &Option<String>| {
            given.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let email = typed(&self.email).or(session["customer_details"]["email"].as_str().map(str::to_owned));
        json!({
            "name": typed(&self.name),
            "email": email,
            "phone": null,
            "tax_exempt": "none",
            "tax_ids": [],
            "address": {"line1": typed(&self.line1), "line2": typed(&self.line2),
                "postal_code": typed(&self.postal_code), "city": typed(&self.city), "state": null,
                "country": typed(&self.country).unwrap_or_else(|| COUNTRY.to_owned())},
        })
    }
}

/// Which message the page opens with, and `delayed` for scripts.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct PageQuery {
    refused: bool,
    delayed: bool,
}

/// `GET /checkout/{id}`.
pub async fn show(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Failure> {
    let notice = if query.refused { Notice::Refused } else { Notice::None };
    match simulator.find(&id).await? {
        Some(row) => {
            let cards = simulator.cards_of_page(&row).await?;
            Ok(page::session(&row, notice, &cards))
        }
        None => Ok(page::unknown()),
    }
}

/// `POST /checkout/{id}/pay`: the chosen card decides.
pub async fn pay(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
    mut form: PaymentForm,
) -> Result<Response, Failure> {
    form.delayed |= query.delayed;
    simulator.act(form.step(), &id, &form).await
}

/// `POST /checkout/{id}/fail`.
pub async fn fail(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    form: PaymentForm,
) -> Result<Response, Failure> {
    simulator.act(Step::Fail, &id, &form).await
}

/// `POST /checkout/{id}/expire`.
pub async fn expire(State(simulator): State<Simulator>, Path(id): Path<String>) -> Result<Response, Failure> {
    simulator.act(Step::Expire, &id, &PaymentForm::default()).await
}

/// `POST /checkout/{id}/settle`.
pub async fn settle(State(simulator): State<Simulator>, Path(id): Path<String>) -> Result<Response, Failure> {
    simulator.act(Step::Settle, &id, &PaymentForm::default()).await
}

/// `POST /checkout/{id}/settle-fail`.
pub async fn settle_fail(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    simulator.act(Step::SettleFail, &id, &PaymentForm::default()).await
}

impl Simulator {
    /// The cards the customer of a page keeps.
    async fn cards_of_page(&self, row: &SessionRow) -> Result<Vec<CardRow>, Failure> {
        match row.created()["customer"].as_str() {
            Some(customer) => Ok(cards::cards_of(self.settings.db.pool(), customer).await?),
            None => Ok(vec![]),
        }
    }

    /// Takes the step, delivers its webhook, and sends the customer on.
    async fn act(&self, step: Step, id: &str, form: &PaymentForm) -> Result<Response, Failure> {
        let Some(row) = self.find(id).await? else {
            return Ok(page::unknown());
        };
        let pays = matches!(step, Step::Pay | Step::PayLater);
        if pays && row.status == SessionStatus::Open && !form.terms && row.asks_for_terms() {
            let cards = self.cards_of_page(&row).await?;
            return Ok((StatusCode::CONFLICT, page::session(&row, Notice::Terms, &cards)).into_response());
        }
        let details = pays.then(|| form.details(&row.created()).to_string());
        if let Some(event) = self.step(step, id, details).await? {
            self.deliver(event).await?;
            return Ok(onward(step, &row));
        }
        // Somebody was faster, or the state was wrong from the start.
        match self.find(id).await? {
            Some(row) if pays && row.status == SessionStatus::Complete => Ok(onward(step, &row)),
            Some(row) => Ok((StatusCode::CONFLICT, page::session(&row, Notice::None, &[])).into_response()),
            None => Ok(page::unknown()),
        }
    }
}

/// Where Stripe sends the customer after a step.
fn onward(step: Step, row: &SessionRow) -> Response {
    let here = format!("/dev/stripe/checkout/{}", row.id);
    let target = match step {
        Step::Pay | Step::PayLater => page::success_url(row),
        Step::Fail => format!("{here}?refused=true"),
        Step::Expire => page::cancel_url(row).unwrap_or(here),
        Step::Settle | Step::SettleFail => here,
    };
    Redirect::to(&target).into_response()
}
