//! What every part of the running server shares.

use std::{ops::Deref, sync::Arc};

use axum::extract::FromRef;

use crate::{
    auth::{Passwords, Sessions},
    clock::Clock,
    config::Config,
    db::Db,
    events::{self, Bus},
    files::storage::Storage,
    http::RateLimits,
    links::SignedLinks,
    payments::stripe::StripeGateway,
    tarifs::PriceList,
};

/// The components of the server, one field each. Cheap to clone: every clone shares them.
#[derive(Clone)]
pub struct AppState(Arc<Components>);

/// One field per component.
pub struct Components {
    /// Settings.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Password hashing, bounded.
    pub passwords: Passwords,
    /// Session tokens and the short-lived cache of who they belong to.
    pub sessions: Sessions,
    /// Links that carry their own permission.
    pub links: SignedLinks,
    /// Uploaded and generated files.
    pub storage: Storage,
    /// The one door to Stripe.
    pub stripe: StripeGateway,
    /// How often the same person or address may do a thing.
    pub limits: RateLimits,
    /// The active tarifs, kept for a moment.
    pub tarifs: PriceList,
    /// Wakes workers and open streams after a commit.
    pub bus: Bus,
}

impl AppState {
    /// Shares the components.
    pub fn new(components: Components) -> Self {
        Self(Arc::new(components))
    }

    /// Opens a transaction that can record events.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn begin(&self) -> Result<events::Tx, sqlx::Error> {
        Ok(events::Tx::new(self.db.begin().await?, self.clone()))
    }
}

impl Deref for AppState {
    type Target = Components;

    fn deref(&self) -> &Components {
        &self.0
    }
}

impl FromRef<AppState> for Db {
    fn from_ref(state: &AppState) -> Self {
        state.db.clone()
    }
}

impl FromRef<AppState> for Clock {
    fn from_ref(state: &AppState) -> Self {
        state.clock.clone()
    }
}
