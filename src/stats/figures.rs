//! The administrators' figures of the last twelve months, computed by one caller at a time.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Days, NaiveDate, Utc};
use moka::{Expiry, future::Cache};
use sqlx::MySqlConnection;

use super::{
    counts::{self, Activity, LatestPayment},
    months::{Month, YEAR, year_until},
};
use crate::{
    app::AppState,
    clock::{day_in_paris, start_of_day_in_paris},
    commandes::Statut,
    http::{ApiResult, list::shared},
    invoices::totals::{self, Money},
};

/// How long the figures of a large site are told without computing them again.
const LIFETIME: Duration = Duration::from_secs(5);

/// Accounts, orders and invoices of the twelve months below which they are cheap, and never kept.
const SMALL: i64 = 1_000;

/// A month's figures.
#[derive(Clone, Copy, Debug)]
pub struct MonthFigures {
    /// Which.
    pub month: Month,
    /// What it earned.
    pub money: Money,
    /// Who came, and what was ordered.
    pub activity: Activity,
}

/// Everything the dashboards show.
#[derive(Debug)]
pub struct Figures {
    /// Oldest first; the last one is in progress.
    pub months: [MonthFigures; YEAR],
    /// Orders of each status, of all times.
    pub by_statut: Vec<(Statut, i64)>,
    /// Accounts that can be used.
    pub active_users: i64,
    /// The ten latest invoices.
    pub latest_payments: Vec<LatestPayment>,
    /// Messages nobody of the team has read.
    pub unread_messages: i64,
    /// Minutes the team takes to answer.
    pub answered_within: Option<i64>,
}

impl Figures {
    /// The month in progress.
    pub fn current(&self) -> MonthFigures {
        self.months[YEAR - 1]
    }

    /// The one before.
    pub fn previous(&self) -> MonthFigures {
        self.months[YEAR - 2]
    }

    /// Orders of these statuses.
    pub fn orders(&self, statuts: &[Statut]) -> i64 {
        self.by_statut.iter().filter(|(statut, _)| statuts.contains(statut)).map(|(_, count)| count).sum()
    }

    fn is_large(&self) -> bool {
        let rows =
            |month: &MonthFigures| month.money.invoices + month.activity.new_users + month.activity.orders;
        self.months.iter().map(rows).sum::<i64>() >= SMALL
    }
}

/// The figures, computed once for all who ask at the same time. Cheap to clone.
#[derive(Clone)]
pub struct Board(Cache<(), Arc<Figures>>);

impl Default for Board {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(1).expire_after(WhileLarge).build())
    }
}

/// Forgets the figures of a small site at once.
struct WhileLarge;

impl Expiry<(), Arc<Figures>> for WhileLarge {
    fn expire_after_create(&self, (): &(), figures: &Arc<Figures>, _: Instant) -> Option<Duration> {
        Some(if figures.is_large() { LIFETIME } else { Duration::ZERO })
    }
}

/// The figures of now; those of a large site may be five seconds old.
///
/// # Errors
/// When the database is away.
pub async fn figures(state: &AppState) -> ApiResult<Arc<Figures>> {
    let computed = state.board.0.try_get_with((), async { compute(state).await.map(Arc::new) });
    computed.await.map_err(shared)
}

async fn compute(state: &AppState) -> Result<Figures, sqlx::Error> {
    let now = state.clock.now();
    let months = year_until(now);
    let mut conn = state.db.conn().await?;
    let money = money_of(&mut conn, &months).await?;
    let activity = activity_of(&mut conn, &months, now).await?;
    let of = |month: Month| MonthFigures {
        month,
        money: money.get(&month).copied().unwrap_or_default(),
        activity: activity.get(&month).copied().unwrap_or_default(),
    };
    let figures = Figures {
        months: months.map(of),
        by_statut: counts::by_statut(&mut conn).await?,
        active_users: counts::active_users(&mut conn).await?,
        latest_payments: counts::latest_payments(&mut conn).await?,
        unread_messages: counts::unread_messages(&mut conn).await?,
        answered_within: counts::answered_within(&mut conn).await?,
    };
    conn.release();
    Ok(figures)
}

async fn money_of(
    conn: &mut MySqlConnection,
    months: &[Month; YEAR],
) -> Result<BTreeMap<Month, Money>, sqlx::Error> {
    let mut money = BTreeMap::<_, Money>::new();
    for (day, of_day) in totals::by_day(conn, months[0].first_day(), months[YEAR - 1].last_day()).await? {
        let month = money.entry(Month::of(day)).or_default();
        month.invoiced += of_day.invoiced;
        month.credited += of_day.credited;
        month.invoices += of_day.invoices;
    }
    Ok(money)
}

/// Days that are over were counted by the recount; those since are counted here.
async fn activity_of(
    conn: &mut MySqlConnection,
    months: &[Month; YEAR],
    now: DateTime<Utc>,
) -> Result<BTreeMap<Month, Activity>, sqlx::Error> {
    let (first, today) = (months[0].first_day(), day_in_paris(now));
    let counted = counts::counted(conn, first, today).await?;
    // The recount begins with the first day there is anything to count.
    let mut expected = counted.first().map_or(first, |(day, _)| *day);
    let mut activity = BTreeMap::<_, Activity>::new();
    for (day, of_day) in counted {
        // The recount goes from day to day: after a gap nothing is counted.
        if day != expected {
            break;
        }
        add(&mut activity, day, of_day);
        expected = day + Days::new(1);
    }
    for month in months.iter().filter(|month| month.last_day() >= expected) {
        let from = start_of_day_in_paris(expected).max(month.start());
        add(&mut activity, month.first_day(), counts::activity(conn, from, month.end()).await?);
    }
    Ok(activity)
}

fn add(activity: &mut BTreeMap<Month, Activity>, day: NaiveDate, of_day: Activity) {
    let month = activity.entry(Month::of(day)).or_default();
    month.new_users += of_day.new_users;
    month.orders += of_day.orders;
}

/// Orders paid and orders begun.
#[derive(Clone, Copy, Debug)]
pub struct Conversions {
    /// Of the month in progress.
    pub current: (i64, i64),
    /// Of the one before.
    pub previous: (i64, i64),
}

/// How many of the orders begun were paid.
///
/// # Errors
/// When the database is away.
pub async fn conversions(state: &AppState, figures: &Figures) -> ApiResult<Conversions> {
    let mut conn = state.db.conn().await?;
    let (current, previous) = (figures.current().month, figures.previous().month);
    let current = counts::conversions(&mut conn, current.start(), current.end()).await?;
    let previous = counts::conversions(&mut conn, previous.start(), previous.end()).await?;
    conn.release();
    Ok(Conversions { current, previous })
}
