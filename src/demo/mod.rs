//! The demonstration: made-up accounts with orders, invoices, messages and notifications, so that the dashboard can be
//! shown without showing anybody's data.
//!
//! Accounts, orders and invoices carry `is_demo`; messages are those of the accounts, notifications have keys of their own. No figure counts
//! them, their invoices have a series of their own, nothing is ever mailed to them, nobody can log in as one of them, and
//! they can be removed completely.

pub mod activity;
mod cast;
mod chance;
mod plan;
pub mod service;

use serde::Serialize;
use utoipa::ToSchema;

/// How much of the demonstration there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct DemoCounts {
    /// Accounts.
    pub users: i64,
    /// Orders.
    pub commandes: i64,
    /// Invoices.
    pub factures: i64,
    /// Messages.
    pub messages: i64,
    /// Notifications.
    pub notifications: i64,
}
