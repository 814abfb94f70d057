//! Keeps passwords from being guessed.

use std::net::IpAddr;

use crate::http::limits::{Attempt, Budget, LimitKey, Limited, RateLimits};

/// A login in progress. Only its failure counts: against the account as tried from this address, and against the
/// address whatever the account. Places are taken at the start, so that guesses made at once cannot outnumber them; those who come when all are taken wait for their turn.
#[must_use = "dropping the guard means that the login did not fail"]
pub struct LoginGuard {
    account: Attempt,
    address: Attempt,
}

impl LoginGuard {
    /// Starts a login.
    ///
    /// # Errors
    /// When too many have failed already.
    pub async fn enter(limits: &RateLimits, ip: IpAddr, email: &str) -> Result<Self, Limited> {
        Ok(Self {
            account: limits.attempt_in_turn(Budget::Login, LimitKey::ip_account(ip, email)).await?,
            address: limits.attempt_in_turn(Budget::LoginIp, LimitKey::ip(ip)).await?,
        })
    }

    /// The login failed. True for the failure that locks the account, once per lock-out.
    pub fn failed(self) -> bool {
        self.address.failed();
        self.account.failed()
    }
}
