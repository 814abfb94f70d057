//! Orders whose buyer asked that work begin at once, knowing that the right to withdraw is lost when it is done (code de la
//! consommation, articles L221-25 and L221-28, 1°): who, when, of which text of the terms, on which page.

use chrono::{DateTime, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use crate::clock::new_id;

/// Longest version of the terms kept, in characters.
pub const VERSION_MAX: usize = 100;

/// Where it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "UPPERCASE")]
pub enum Source {
    /// By the box of the payment page.
    Checkout,
    /// With the order itself.
    Form,
}

/// The order it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// One that waits for its payment.
    Pending(Uuid),
    /// One that exists.
    Commande(Uuid),
}

/// What was asked.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Where.
    pub source: Source,
    /// When.
    pub at: DateTime<Utc>,
    /// Which text of the terms they read.
    pub terms_version: &'a str,
    /// Their address.
    pub email: &'a str,
}

/// Notes a request. The first one of an order counts.
///
/// # Errors
/// When the database refuses.
pub async fn record(
    conn: &mut MySqlConnection,
    of: Of,
    request: Request<'_>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let (pending, commande) = match of {
        Of::Pending(id) => (Some(id), None),
        Of::Commande(id) => (None, Some(id)),
    };
    let version: String = request.terms_version.chars().take(VERSION_MAX).collect();
    sqlx::query!(
        "INSERT INTO express_requests
           (id, pending_commande_id, commande_id, source, requested_at, terms_version, email, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE source = express_requests.source",
        new_id(),
        pending,
        commande,
        request.source,
        request.at,
        version,
        request.email,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Takes the request of a pending order over to the order it became.
pub(super) async fn adopt(
    conn: &mut MySqlConnection,
    pending_id: Uuid,
    commande_id: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE express_requests SET commande_id = ? WHERE pending_commande_id = ? AND commande_id IS NULL",
        commande_id,
        pending_id
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Removes the request of a pending order that goes.
pub(super) async fn remove_of_pending(
    conn: &mut MySqlConnection,
    pending_id: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM express_requests WHERE pending_commande_id = ?", pending_id)
        .execute(conn)
        .await
        .map(drop)
}
