//! Delivery of signed webhooks to our own endpoint: at once where a customer waits, again with
//! back-off until the answer is 2xx, as Stripe does.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{Method, Request, StatusCode, header};
use chrono::{DateTime, TimeDelta, Utc};
use hyper_util::client::legacy::{Client as HyperClient, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::Simulator;
use super::failure::Failure;
use super::store::{self, EventRow};
use crate::db::Backoff;
use crate::payments::signature;

/// How long the endpoint may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// While one delivery is under way, no other worker takes the event. Longer than the answer may
/// take, so that only a crash lets it run out.
pub const LEASE: TimeDelta = TimeDelta::seconds(15);
/// Deliveries per event.
const MAX_ATTEMPTS: i32 = 12;
/// Between deliveries.
const PAUSES: Backoff = Backoff::new(TimeDelta::seconds(5), TimeDelta::hours(1));
/// How often due deliveries are looked for.
const POLL: Duration = Duration::from_secs(1);
/// How much of an answer is read and kept, in bytes.
const ANSWER_LIMIT: usize = 2_000;

/// The HTTP client of the deliveries.
pub type Client = HyperClient<HttpConnector, Body>;

/// A client without connection pool: a development server restarts often.
pub fn client() -> Client {
    HyperClient::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http()
}

/// Events carry the session without what must be expanded.
pub fn without_line_items(mut session: Value) -> Value {
    if let Some(fields) = session.as_object_mut() {
        fields.remove("line_items");
    }
    session
}

impl Simulator {
    /// Delivers due webhooks and closes lapsed sessions until `cancel` is cancelled.
    pub async fn run_retries(self, cancel: CancellationToken) {
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = self.due.notified() => {}
                () = tokio::time::sleep(POLL) => {}
            }
            if let Err(error) = self.retry_due().await {
                tracing::warn!(%error, "simulated Stripe: cannot look for due webhooks");
            }
        }
    }

    /// One round of [`Self::run_retries`]; how many deliveries were tried.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn retry_due(&self) -> Result<usize, sqlx::Error> {
        self.expire_lapsed().await?;
        let (db, now) = (self.settings.db.pool(), self.settings.clock.now());
        let mut tried = 0;
        for event in store::due_events(db, now).await? {
            if store::lease(db, &event.id, now, now + LEASE).await? {
                self.deliver(event).await?;
                tried += 1;
            }
        }
        Ok(tried)
    }

    /// Delivers once, now, and writes down how it went.
    pub(super) async fn deliver(&self, mut event: EventRow) -> Result<EventRow, sqlx::Error> {
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, self.post(&event.payload)).await;
        let now = self.settings.clock.now();
        event.attempts += 1;
        (event.last_status, event.last_answer) = match answer {
            Ok(Ok((status, body))) => (Some(i32::from(status.as_u16())), Some(body)),
            Ok(Err(error)) => (None, Some(error)),
            Err(_) => (None, Some("no answer in time".to_owned())),
        };
        if event.last_status.is_some_and(|status| (200..300).contains(&status)) {
            event.delivered_at = Some(now);
            event.next_attempt_at = None;
        } else {
            tracing::warn!(
                event = event.id,
                kind = event.kind,
                status = event.last_status,
                attempts = event.attempts,
                "simulated Stripe: webhook not accepted"
            );
            event.next_attempt_at = next_attempt(event.attempts, now);
        }
        store::record_attempt(self.settings.db.pool(), &event).await?;
        Ok(event)
    }

    /// Makes a webhook due at once, for the background task.
    pub(super) async fn deliver_soon(&self, mut event: EventRow) -> Result<(), sqlx::Error> {
        event.next_attempt_at = Some(self.settings.clock.now());
        store::record_attempt(self.settings.db.pool(), &event).await?;
        self.due.notify_one();
        Ok(())
    }

    async fn post(&self, payload: &str) -> Result<(StatusCode, String), String> {
        let now = self.settings.clock.now();
        let signed = signature::sign(payload.as_bytes(), &self.settings.webhook_secret, now);
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.settings.webhook_url)
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header(header::USER_AGENT, "Stripe/1.0 (simulated)")
            .header("stripe-signature", signed)
            .body(Body::from(payload.to_owned()))
            .map_err(|error| error.to_string())?;
        let answer = self.client.request(request).await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let body = axum::body::to_bytes(Body::new(answer.into_body()), ANSWER_LIMIT).await;
        let body = body.unwrap_or_else(|_| "(too long, or cut off)".into());
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}

/// When to deliver again; nothing after the last attempt.
fn next_attempt(attempts: i32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (attempts < MAX_ATTEMPTS).then(|| now + PAUSES.after(attempts.unsigned_abs()))
}

/// One webhook in `GET /events`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    id: String,
    r#type: String,
    session_id: String,
    status: &'static str,
    attempts: i32,
    last_status: Option<i32>,
    last_answer: Option<String>,
    next_attempt_at: Option<DateTime<Utc>>,
    delivered_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    payload: Value,
}

impl From<EventRow> for EventView {
    fn from(row: EventRow) -> Self {
        Self {
            status: match (row.delivered_at, row.next_attempt_at) {
                (Some(_), _) => "delivered",
                (None, Some(_)) => "pending",
                (None, None) => "failed",
            },
            payload: serde_json::from_str(&row.payload).unwrap_or_default(),
            id: row.id,
            r#type: row.kind,
            session_id: row.session_id,
            attempts: row.attempts,
            last_status: row.last_status,
            last_answer: row.last_answer,
            next_attempt_at: row.next_attempt_at,
            delivered_at: row.delivered_at,
            created_at: row.created_at,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventFilter {
    session_id: Option<String>,
}

/// `GET /events[?sessionId=]`: the 100 latest webhooks, newest first.
pub async fn list(
    State(simulator): State<Simulator>,
    Query(filter): Query<EventFilter>,
) -> Result<Json<Vec<EventView>>, Failure> {
    let events = store::events(simulator.settings.db.pool(), filter.session_id.as_deref()).await?;
    Ok(Json(events.into_iter().map(EventView::from).collect()))
}

/// `POST /events/{id}/resend`: the same event once more, freshly signed.
pub async fn resend(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
) -> Result<Json<EventView>, Failure> {
    let event = store::event(simulator.settings.db.pool(), &id).await?;
    let event = event.ok_or_else(|| Failure::missing("event", &id))?;
    Ok(Json(simulator.deliver(event).await?.into()))
}
