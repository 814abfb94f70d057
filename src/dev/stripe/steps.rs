//! What can happen to a session. Each step changes the row only from the state it starts from and
//! writes its webhook in the same transaction, so that two clicks make one payment.

use serde_json::{Value, json};

use super::objects;
use super::status::SessionStatus;
use super::store::{self, EventRow, SessionRow};
use super::{Simulator, webhooks};
use crate::clock::new_id;
use crate::db::Tx;

/// One thing that happens to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Paid by card.
    Pay,
    /// Completed with a method whose money comes later.
    PayLater,
    /// The money came.
    Settle,
    /// The money did not come.
    SettleFail,
    /// The card was refused; the page stays open.
    Fail,
    /// Closed, by a call or by time.
    Expire,
}

impl Step {
    /// Moves the row; takes the customer's details, then the session's identifier.
    fn statement(self) -> &'static str {
        match self {
            Self::Pay => {
                "UPDATE dev_stripe_sessions SET status = 'complete', payment_status = 'paid',
                    customer_details = COALESCE(?, customer_details)
                 WHERE id = ? AND status = 'open'"
            }
            Self::PayLater => {
                "UPDATE dev_stripe_sessions SET status = 'complete', awaits_money = TRUE,
                    customer_details = COALESCE(?, customer_details)
                 WHERE id = ? AND status = 'open'"
            }
            Self::Settle => {
                "UPDATE dev_stripe_sessions SET payment_status = 'paid', awaits_money = FALSE,
                    customer_details = COALESCE(?, customer_details)
                 WHERE id = ? AND awaits_money"
            }
            Self::SettleFail => {
                "UPDATE dev_stripe_sessions SET awaits_money = FALSE,
                    customer_details = COALESCE(?, customer_details)
                 WHERE id = ? AND awaits_money"
            }
            Self::Fail => {
                "UPDATE dev_stripe_sessions SET customer_details = COALESCE(?, customer_details)
                 WHERE id = ? AND status = 'open'"
            }
            Self::Expire => {
                "UPDATE dev_stripe_sessions SET status = 'expired',
                    customer_details = COALESCE(?, customer_details)
                 WHERE id = ? AND status = 'open'"
            }
        }
    }

    fn event(self) -> &'static str {
        match self {
            Self::Pay | Self::PayLater => "checkout.session.completed",
            Self::Settle => "checkout.session.async_payment_succeeded",
            Self::SettleFail => "checkout.session.async_payment_failed",
            Self::Fail => "payment_intent.payment_failed",
            Self::Expire => "checkout.session.expired",
        }
    }
}

impl Simulator {
    /// Takes a step; the webhook to deliver, or nothing when the session's state forbids it.
    pub(super) async fn step(
        &self,
        step: Step,
        id: &str,
        details: Option<String>,
    ) -> Result<Option<EventRow>, sqlx::Error> {
        let mut tx = self.settings.db.begin().await?;
        let moved = sqlx::query(step.statement()).bind(details).bind(id).execute(&mut *tx).await?;
        let row = store::session(&mut *tx, id).await?;
        let Some(row) = row.filter(|_| moved.rows_affected() == 1) else {
            return Ok(None);
        };
        let object = match step {
            Step::Fail => row.refused_intent(),
            _ => webhooks::without_line_items(row.session()),
        };
        let event = self.event(step.event(), &row, json!({"object": object}));
        store::insert_event(&mut *tx, &event).await?;
        tx.commit().await?;
        Ok(Some(event))
    }

    /// Gives `amount` cents back, or what is left, inside `tx`; nothing when that is more than is
    /// left. Its webhook is due once `tx` is committed.
    pub(super) async fn give_back(
        &self,
        tx: &mut Tx,
        intent: &str,
        amount: Option<i64>,
    ) -> Result<Option<(SessionRow, i64)>, sqlx::Error> {
        let Some(before) = store::session_by_intent(&mut **tx, intent).await? else {
            return Ok(None);
        };
        let amount = amount.unwrap_or(before.amount - before.refunded);
        let moved = sqlx::query(
            "UPDATE dev_stripe_sessions SET refunded = refunded + ?
             WHERE id = ? AND payment_status = 'paid' AND refunded = ? AND refunded + ? <= amount",
        )
        .bind(amount)
        .bind(&before.id)
        .bind(before.refunded)
        .bind(amount)
        .execute(&mut **tx)
        .await?;
        let after = store::session(&mut **tx, &before.id).await?;
        let Some(after) = after.filter(|_| amount > 0 && moved.rows_affected() == 1) else {
            return Ok(None);
        };
        let previous = json!({"amount_refunded": before.refunded, "refunded": false});
        let data = json!({"object": after.charge(), "previous_attributes": previous});
        let mut event = self.event("charge.refunded", &after, data);
        event.next_attempt_at = Some(self.settings.clock.now());
        store::insert_event(&mut **tx, &event).await?;
        Ok(Some((after, amount)))
    }

    /// The session, closed first when its time is over.
    pub(super) async fn find(&self, id: &str) -> Result<Option<SessionRow>, sqlx::Error> {
        let row = store::session(self.settings.db.pool(), id).await?;
        let now = self.settings.clock.now();
        match row {
            Some(row) if row.status == SessionStatus::Open && row.expires_at <= now => {
                self.expire_soon(id).await?;
                store::session(self.settings.db.pool(), id).await
            }
            row => Ok(row),
        }
    }

    /// Closes every session whose time is over, as Stripe does by itself.
    pub(super) async fn expire_lapsed(&self) -> Result<(), sqlx::Error> {
        for id in store::lapsed(self.settings.db.pool(), self.settings.clock.now()).await? {
            self.expire_soon(&id).await?;
        }
        Ok(())
    }

    /// Closes a session and leaves its webhook to the background task: the caller may be our own
    /// server, which must not wait for itself. False when it was not open.
    pub(super) async fn expire_soon(&self, id: &str) -> Result<bool, sqlx::Error> {
        let Some(event) = self.step(Step::Expire, id, None).await? else {
            return Ok(false);
        };
        self.deliver_soon(event).await?;
        Ok(true)
    }

    /// A webhook about `row`, leased for the delivery that follows.
    fn event(&self, kind: &str, row: &SessionRow, data: Value) -> EventRow {
        let now = self.settings.clock.now();
        let id = format!("evt_{}", new_id().simple());
        EventRow {
            payload: objects::event(&id, kind, data, now).to_string(),
            id,
            kind: kind.to_owned(),
            session_id: row.id.clone(),
            attempts: 0,
            last_status: None,
            last_answer: None,
            next_attempt_at: Some(now + webhooks::LEASE),
            delivered_at: None,
            created_at: now,
        }
    }
}
