//! The budgets of the server and their default sizes.

use std::collections::BTreeMap;
use std::time::Duration;

/// Seconds in an hour and in a day, for the default windows.
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Budget {
    /// Failed logins of one account from one address.
    Login,
    /// Failed logins from one address.
    LoginIp,
    /// Accounts opened from one address.
    Register,
    /// Password resets asked for from one address.
    PasswordResetIp,
    /// Password resets asked for one account.
    PasswordResetAccount,
    /// Wrong passwords given to replace one's own, per user.
    PasswordChange,
    /// Contact, newsletter, free sample and other public forms, per address.
    PublicForm,
    /// Orders of visitors, per address.
    GuestOrder,
    /// Orders that cost nothing, per addressee.
    FreeOrder,
    /// Orders that cost nothing, per address.
    FreeOrderIp,
    /// Messages of visitors, per address.
    VisitorChat,
    /// Consultation bookings, per address.
    Booking,
    /// Exports of personal data, per user.
    Export,
    /// Everything, per address without a session.
    Anonymous,
    /// Everything, per user.
    User,
}

impl Budget {
    /// Every budget with its default: events, and the window in seconds.
    const DEFAULTS: [(Budget, u32, u64); 15] = [
        (Budget::Login, 5, HOUR),
        (Budget::LoginIp, 50, HOUR),
        (Budget::Register, 20, HOUR),
        (Budget::PasswordResetIp, 5, HOUR),
        (Budget::PasswordResetAccount, 5, HOUR),
        (Budget::PasswordChange, 5, HOUR),
        (Budget::PublicForm, 10, HOUR),
        (Budget::GuestOrder, 10, HOUR),
        (Budget::FreeOrder, 3, DAY),
        (Budget::FreeOrderIp, 10, DAY),
        (Budget::VisitorChat, 10, HOUR),
        (Budget::Booking, 10, HOUR),
        (Budget::Export, 3, DAY),
        (Budget::Anonymous, 600, HOUR / 4),
        (Budget::User, 2000, HOUR / 4),
    ];

    /// Every budget.
    pub fn all() -> impl Iterator<Item = Budget> {
        Self::DEFAULTS.into_iter().map(|(budget, ..)| budget)
    }

    /// The variable that changes it, such as `RATE_LIMIT_LOGIN_IP`.
    pub fn variable(self) -> &'static str {
        match self {
            Budget::Login => "RATE_LIMIT_LOGIN",
            Budget::LoginIp => "RATE_LIMIT_LOGIN_IP",
            Budget::Register => "RATE_LIMIT_REGISTER",
            Budget::PasswordResetIp => "RATE_LIMIT_PASSWORD_RESET_IP",
            Budget::PasswordResetAccount => "RATE_LIMIT_PASSWORD_RESET_ACCOUNT",
            Budget::PasswordChange => "RATE_LIMIT_PASSWORD_CHANGE",
            Budget::PublicForm => "RATE_LIMIT_PUBLIC_FORM",
            Budget::GuestOrder => "RATE_LIMIT_GUEST_ORDER",
            Budget::FreeOrder => "RATE_LIMIT_FREE_ORDER",
            Budget::FreeOrderIp => "RATE_LIMIT_FREE_ORDER_IP",
            Budget::VisitorChat => "RATE_LIMIT_VISITOR_CHAT",
            Budget::Booking => "RATE_LIMIT_BOOKING",
            Budget::Export => "RATE_LIMIT_EXPORT",
            Budget::Anonymous => "RATE_LIMIT_ANONYMOUS",
            Budget::User => "RATE_LIMIT_USER",
        }
    }
}

/// At most `max` events in any window that starts with the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Events allowed in a window.
    pub max: u32,
    /// How long a window lasts.
    pub window: Duration,
}

/// Every limit of the server.
#[derive(Debug, Clone)]
pub struct RateLimitSettings {
    /// Off, every check passes.
    pub enabled: bool,
    /// Keys one budget remembers at most.
    pub max_keys: usize,
    pub(super) limits: BTreeMap<Budget, Limit>,
}

impl RateLimitSettings {
    /// Counts nothing.
    pub fn disabled() -> Self {
        Self { enabled: false, max_keys: 0, limits: BTreeMap::new() }
    }

    /// Replaces one limit.
    pub fn set(&mut self, budget: Budget, limit: Limit) {
        self.limits.insert(budget, limit);
    }
}

impl Default for RateLimitSettings {
    fn default() -> Self {
        let limit = |max, secs| Limit { max, window: Duration::from_secs(secs) };
        let limits = Budget::DEFAULTS.into_iter().map(|(budget, max, secs)| (budget, limit(max, secs)));
        Self { enabled: true, max_keys: 200_000, limits: limits.collect() }
    }
}
