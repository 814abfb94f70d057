//! The places of requests. Three kinds are counted apart, so that none of them can take those of the others: ordinary
//! requests, uploads, and the questions whether the server lives. A request that waits for its own body holds none.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::bounds::Bounds;
use super::context::RequestContext;
use super::error::{ApiError, ApiResult};
use super::limits::LimitKey;
use super::shares::{Full, Share, Shares};

/// The places of a server, and what surrounds them.
#[derive(Debug)]
pub struct Places {
    requests: Arc<Semaphore>,
    probes: Arc<Semaphore>,
    uploads: Shares,
    body_memory: Shares,
    bounds: Bounds,
}

/// The place a request has, if it has one at the moment.
#[derive(Debug, Default)]
pub struct Seat(Mutex<Held>);

#[derive(Debug, Default)]
#[allow(dead_code, reason = "held until they are dropped, never read")]
enum Held {
    #[default]
    Nothing,
    Request(OwnedSemaphorePermit),
    Probe(OwnedSemaphorePermit),
    Upload(Share),
}

/// A request that was let in; dropped, its place is free.
pub(super) struct Admitted(Arc<RequestContext>);

impl Drop for Admitted {
    fn drop(&mut self) {
        self.0.seat.hold(Held::Nothing);
    }
}

impl Seat {
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hold(&self, held: Held) -> Held {
        std::mem::replace(&mut *self.lock(), held)
    }
}

impl Places {
    /// Every place is free.
    pub fn new(bounds: Bounds) -> Self {
        let places = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self {
            requests: places(bounds.requests),
            probes: places(bounds.probes),
            uploads: Shares::new(bounds.uploads, bounds.uploads_each),
            body_memory: Shares::new(bounds.body_memory, bounds.body_memory_each),
            bounds,
        }
    }

    fn request(&self) -> Option<Held> {
        Arc::clone(&self.requests).try_acquire_owned().ok().map(Held::Request)
    }

    fn probe(&self) -> Option<Held> {
        Arc::clone(&self.probes).try_acquire_owned().ok().map(Held::Probe)
    }
}

impl RequestContext {
    /// Gives the request a place; none when all are taken.
    pub(super) fn admit(self: &Arc<Self>, is_probe: bool) -> Option<Admitted> {
        let held = if is_probe { self.places.probe() } else { self.places.request() };
        self.seat.hold(held?);
        Some(Admitted(Arc::clone(self)))
    }

    /// Exchanges the place of the request for one of an upload, until it is answered.
    ///
    /// # Errors
    /// 503 when the user or the address sends too many forms already, or everybody together does.
    pub fn move_to_uploads(&self) -> ApiResult<()> {
        let share = self.places.uploads.take(self.holder(), 1).map_err(|full| match full {
            Full::Each => too_many_uploads(),
            Full::All => ApiError::unavailable(),
        })?;
        self.seat.hold(Held::Upload(share));
        Ok(())
    }

    /// Waits for what the client sends, without a place; takes one again afterwards.
    pub(super) async fn aside<T>(&self, wait: impl Future<Output = ApiResult<T>>) -> ApiResult<T> {
        let had_place = {
            let mut held = self.seat.lock();
            let had_place = matches!(*held, Held::Request(_));
            if had_place {
                *held = Held::Nothing;
            }
            had_place
        };
        let arrived = wait.await?;
        if had_place {
            self.seat.hold(self.places.request().ok_or_else(ApiError::unavailable)?);
        }
        Ok(arrived)
    }

    /// Memory for the body of a request while it arrives.
    pub(super) fn body_memory(&self) -> ApiResult<Share> {
        self.places.body_memory.take(self.holder(), 0).map_err(|_| ApiError::unavailable())
    }

    /// How fast clients have to be.
    pub fn bounds(&self) -> &Bounds {
        &self.places.bounds
    }

    /// Who answers for what the request holds: the user, or the address.
    fn holder(&self) -> LimitKey {
        self.user().map_or_else(|| LimitKey::ip(self.client_ip), LimitKey::user)
    }
}

fn too_many_uploads() -> ApiError {
    let message = "Plusieurs de vos envois sont déjà en cours. Merci d’attendre la fin de l’un d’eux.";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "TOO_MANY_UPLOADS", message).retry_after(10)
}
