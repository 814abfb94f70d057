//! How much room documents may take. What authors send and what the team gives back have rooms of their own, so that
//! neither keeps the other out.

use sqlx::MySqlConnection;
use uuid::Uuid;

use super::store::room::{self, Order, Taken};
use crate::http::{ApiError, ApiResult};

const MEBIBYTE: u64 = 1 << 20;

/// A number of bytes and of documents.
struct Room {
    bytes: u64,
    files: u64,
}

/// The documents of an order.
const ORDER: Room = Room { bytes: 500 * MEBIBYTE, files: 200 };

/// The documents of all orders of an account that are not paid yet.
const UNPAID: Room = Room { bytes: 500 * MEBIBYTE, files: 1000 };

/// What a client sends outside of orders: with messages, or not yet.
const OUTSIDE: Room = Room { bytes: 500 * MEBIBYTE, files: 2000 };

/// The documents of one account's offered orders, in bytes.
const OFFERED: u64 = 200 * MEBIBYTE;

impl Room {
    /// Whether one more document fits.
    fn takes(&self, taken: Taken, bytes: u64) -> bool {
        taken.files() < self.files && taken.bytes().saturating_add(bytes) <= self.bytes
    }
}

/// Judges one more document of an order that is locked.
///
/// # Errors
/// 400 `PROJECT_FILES_FULL` or `OFFERED_FILES_FULL`.
pub(super) async fn of_order(
    conn: &mut MySqlConnection,
    order: &Order,
    corrected: bool,
    bytes: u64,
) -> ApiResult<()> {
    room_in_order(conn, order.id, corrected, bytes).await?;
    match (corrected, order.paid, order.free) {
        (true, _, _) | (_, true, false) => Ok(()),
        (_, false, _) => match UNPAID.takes(room::unpaid(conn, order.owner).await?, bytes) {
            true => Ok(()),
            false => Err(full(
                "Les documents de vos projets à payer dépassent 500 Mo. Supprimez ceux qui ne servent plus.",
            )),
        },
        (_, true, true) => {
            let taken = room::offered(conn, order.owner).await?;
            judge_offered(taken.bytes().saturating_add(bytes))
        }
    }
}

/// Judges one more document of an order by the order alone.
///
/// # Errors
/// 400 `PROJECT_FILES_FULL`.
pub(super) async fn room_in_order(
    conn: &mut MySqlConnection,
    commande_id: Uuid,
    corrected: bool,
    bytes: u64,
) -> ApiResult<()> {
    match ORDER.takes(room::of_order(conn, commande_id, corrected).await?, bytes) {
        true => Ok(()),
        false => Err(full("Les documents d’un projet sont limités à 500 Mo et à 200 fichiers.")),
    }
}

/// Judges one more document that a client sends outside of orders.
///
/// # Errors
/// 400 `ATTACHMENTS_FULL`.
pub(super) async fn outside_orders(conn: &mut MySqlConnection, user_id: Uuid, bytes: u64) -> ApiResult<()> {
    match OUTSIDE.takes(room::outside_orders(conn, user_id).await?, bytes) {
        true => Ok(()),
        false => Err(ApiError::bad_request(
            "ATTACHMENTS_FULL",
            "Vos pièces jointes dépassent 500 Mo. Supprimez celles qui ne servent plus.",
        )),
    }
}

/// Judges what the documents of an account's offered orders take together.
///
/// # Errors
/// 400 `OFFERED_FILES_FULL` when that is more than an account may keep for nothing.
pub fn judge_offered(bytes: u64) -> ApiResult<()> {
    match bytes {
        0..=OFFERED => Ok(()),
        _ => Err(ApiError::bad_request(
            "OFFERED_FILES_FULL",
            "Les documents de vos commandes offertes dépassent 200 Mo. Envoyez des fichiers plus légers.",
        )),
    }
}

fn full(message: &'static str) -> ApiError {
    ApiError::bad_request("PROJECT_FILES_FULL", message)
}
