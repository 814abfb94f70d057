//! Counting days that are over: what their invoices come to is checked, who came and what was ordered is kept.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::json;

use super::counts;
use crate::{
    app::AppState,
    audit::{self, SYSTEM, acts},
    clock::{day_in_paris, start_of_day_in_paris},
    db::with_retry,
    invoices::totals,
    jobs::{HOURLY, Scheduler},
};

/// Days counted again every time: payments reach us days late, and refunds are dated by Stripe.
const AGAIN: u64 = 14;

/// Every so many days all days are counted again, from the first one on.
const WHOLE: i64 = 7;

/// Adds the job of the totals.
pub fn schedule(scheduler: &mut Scheduler) {
    scheduler.add("daily_totals", 6 * HOURLY, async |state| run(&state).await);
}

/// Counts the days that are over and were not counted since; the latest ones again; once a week all of them. What does not
/// agree with the invoices is repaired and put on record. Answers how many days were counted.
///
/// # Errors
/// When the database is away. The days before are counted then.
pub async fn run(state: &AppState) -> anyhow::Result<u64> {
    let now = state.clock.now();
    let today = day_in_paris(now);
    let mut conn = state.db.conn().await?;
    let came = counts::first_instant(&mut conn).await?.map(day_in_paris);
    let Some(first) = [came, totals::first_day(&mut conn).await?].into_iter().flatten().min() else {
        return Ok(0);
    };
    let done: Vec<NaiveDate> =
        counts::counted(&mut conn, first, today).await?.into_iter().map(|(day, _)| day).collect();
    drop(conn);
    let mut counted = 0;
    for day in first.iter_days().take_while(|day| *day < today) {
        let fresh = done.binary_search(&day).is_err() || day + Days::new(AGAIN) >= today;
        if fresh || is_whole(today) {
            recount(state, day, now).await?;
            counted += 1;
        }
    }
    Ok(counted)
}

fn is_whole(today: NaiveDate) -> bool {
    use chrono::Datelike;
    i64::from(today.num_days_from_ce()) % WHOLE == 0
}

async fn recount(state: &AppState, day: NaiveDate, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let (from, until) = (start_of_day_in_paris(day), start_of_day_in_paris(day + Days::new(1)));
    with_retry(|| async {
        let mut tx = state.begin().await?;
        let activity = counts::activity(&mut tx, from, until).await?;
        let recount = totals::recount(&mut tx, day, activity.new_users, activity.orders, now).await?;
        if recount.differs() {
            tracing::error!(%day, ?recount, "the totals of a day were not what its invoices come to");
            let details = json!({
                "day": day,
                "kept": recount.kept.map(totals::Money::revenue),
                "counted": recount.counted.revenue(),
            });
            audit::record(&mut tx, acts::DAILY_TOTALS_REPAIRED, SYSTEM, day.to_string().as_str(), details)
                .await?;
        }
        tx.commit().await
    })
    .await
}
