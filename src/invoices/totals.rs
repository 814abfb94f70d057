//! What the invoices of each day come to: added up by the transaction that issues one, and recounted afterwards.
//!
//! Revenue has one definition: an invoice counts on the day in Europe/Paris it was paid, a credit note on the day the money
//! went back. The demonstration's count nowhere.

use chrono::{DateTime, Days, NaiveDate, Utc};
use sqlx::{MySqlConnection, QueryBuilder};

use super::Kind;
use crate::clock::{day_in_paris, random_bytes, start_of_day_in_paris};

/// Rows a day's settlements are spread over.
const SLOTS: u8 = 16;

/// What a day, or a month, came to. Cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Money {
    /// Invoices paid.
    pub invoiced: i64,
    /// Credit notes.
    pub credited: i64,
    /// How many invoices.
    pub invoices: i64,
}

impl Money {
    /// What was earned.
    pub fn revenue(self) -> i64 {
        self.invoiced - self.credited
    }
}

/// Adds an invoice or a credit note, in its transaction.
pub(super) async fn add(
    conn: &mut MySqlConnection,
    kind: Kind,
    amount: i64,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let [byte] = random_bytes::<1>();
    let (invoiced, credited, invoices) = match kind {
        Kind::Invoice => (amount, 0, 1),
        Kind::CreditNote => (0, amount, 0),
    };
    sqlx::query!(
        "INSERT INTO daily_totals (day, slot, invoiced, credited, invoices) VALUES (?, ?, ?, ?, ?)
         ON DUPLICATE KEY UPDATE invoiced = invoiced + VALUES(invoiced), credited = credited + VALUES(credited),
                                 invoices = invoices + VALUES(invoices)",
        day_in_paris(at),
        byte % SLOTS + 1,
        invoiced,
        credited,
        invoices
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What each day from `from` to `to` came to, both included; days without any are absent.
///
/// # Errors
/// When the database refuses.
pub async fn by_day(
    conn: &mut MySqlConnection,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<(NaiveDate, Money)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT day, CAST(SUM(invoiced) AS SIGNED) AS "invoiced!: i64", CAST(SUM(credited) AS SIGNED) AS "credited!: i64",
                  CAST(SUM(invoices) AS SIGNED) AS "invoices!: i64"
           FROM daily_totals WHERE day BETWEEN ? AND ? GROUP BY day"#,
        from,
        to
    )
    .fetch_all(conn)
    .await?;
    let money = rows.into_iter().map(|row| {
        (row.day, Money { invoiced: row.invoiced, credited: row.credited, invoices: row.invoices })
    });
    Ok(money.collect())
}

/// What the invoices themselves say of a day.
async fn recounted(conn: &mut MySqlConnection, day: NaiveDate) -> Result<Money, sqlx::Error> {
    let (from, until) = (start_of_day_in_paris(day), start_of_day_in_paris(day + Days::new(1)));
    sqlx::query_as!(
        Money,
        r#"SELECT CAST(COALESCE(SUM(IF(kind = 'INVOICE', amount, 0)), 0) AS SIGNED) AS "invoiced!: i64",
                  CAST(COALESCE(SUM(IF(kind = 'CREDIT_NOTE', amount, 0)), 0) AS SIGNED) AS "credited!: i64",
                  CAST(COALESCE(SUM(kind = 'INVOICE'), 0) AS SIGNED) AS "invoices!: i64"
           FROM invoices WHERE paid_at >= ? AND paid_at < ? AND is_demo = FALSE"#,
        from,
        until
    )
    .fetch_one(conn)
    .await
}

/// What a recount found of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recount {
    /// What was kept; none of a day nobody had added anything to.
    pub kept: Option<Money>,
    /// What the invoices say.
    pub counted: Money,
}

impl Recount {
    /// Whether what was kept was wrong.
    pub fn differs(self) -> bool {
        self.kept.is_some_and(|kept| kept != self.counted)
    }
}

/// Counts a day anew and keeps that, with how many accounts and orders it brought. Settlements of that day wait for the
/// end of the transaction.
///
/// # Errors
/// When the database refuses.
pub async fn recount(
    conn: &mut MySqlConnection,
    day: NaiveDate,
    new_users: i64,
    orders: i64,
    now: DateTime<Utc>,
) -> Result<Recount, sqlx::Error> {
    let known = sqlx::query_scalar!("SELECT COUNT(*) FROM daily_totals WHERE day = ?", day);
    let known = known.fetch_one(&mut *conn).await? > 0;
    // Every slot is locked: whoever issues an invoice of that day has either committed it or waits before it counts.
    let mut lock = QueryBuilder::<sqlx::MySql>::new("INSERT INTO daily_totals (day, slot) ");
    lock.push_values(0..=SLOTS, |mut values, slot| {
        values.push_bind(day).push_bind(slot);
    });
    lock.push(" ON DUPLICATE KEY UPDATE slot = VALUES(slot)").build().execute(&mut *conn).await?;
    let kept = by_day(conn, day, day).await?.first().map(|(_, money)| *money).filter(|_| known);
    let counted = recounted(conn, day).await?;
    sqlx::query!(
        "UPDATE daily_totals SET invoiced = ?, credited = ?, invoices = ?, new_users = ?, orders = ?, counted_at = ?
         WHERE day = ? AND slot = 0",
        counted.invoiced,
        counted.credited,
        counted.invoices,
        new_users,
        orders,
        now,
        day
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("DELETE FROM daily_totals WHERE day = ? AND slot > 0", day).execute(conn).await?;
    Ok(Recount { kept, counted })
}

/// The first day any invoice was paid; none before there is one.
///
/// # Errors
/// When the database refuses.
pub async fn first_day(conn: &mut MySqlConnection) -> Result<Option<NaiveDate>, sqlx::Error> {
    let first = sqlx::query_scalar!("SELECT MIN(paid_at) FROM invoices").fetch_one(conn).await?;
    Ok(first.map(day_in_paris))
}
