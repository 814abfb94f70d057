//! How often something is offered: orders that cost nothing are counted, or they would be a way to fill a mailbox, a disk
//! and a day of work.

use crate::{
    app::AppState,
    http::{
        RequestContext,
        error::ApiResult,
        limits::{Budget, LimitKey},
    },
};

/// Counts an order that costs nothing against its addressee and against the caller's address.
///
/// # Errors
/// 429 when one of them had enough for today.
pub fn check(state: &AppState, email: &str) -> ApiResult<()> {
    let (person, network) = (LimitKey::account(email), LimitKey::ip(RequestContext::current_ip()));
    state.limits.peek(Budget::FreeOrder, &person)?;
    state.limits.check(Budget::FreeOrderIp, &network)?;
    state.limits.check(Budget::FreeOrder, &person)?;
    Ok(())
}
