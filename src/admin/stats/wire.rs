//! The figures as the dashboards read them. Amounts are euros.

use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    commandes::Statut,
    stats::{Conversions, Figures, LatestPayment},
};

/// Cents as euros.
fn euros(cents: i64) -> f64 {
    cents as f64 / 100.0
}

/// How much more than before, in percent with one decimal; 100 where there was nothing before.
fn change(current: f64, previous: f64) -> f64 {
    match previous {
        _ if previous > 0.0 => ((current - previous) / previous * 1000.0).round() / 10.0,
        _ if current > 0.0 => 100.0,
        _ => 0.0,
    }
}

fn share(part: i64, whole: i64) -> f64 {
    if whole > 0 { (part as f64 / whole as f64 * 1000.0).round() / 10.0 } else { 0.0 }
}

/// A payment.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// The invoice.
    id: Uuid,
    /// Euros, VAT included.
    montant: f64,
    /// When it was invoiced.
    date: DateTime<Utc>,
    /// First and family name.
    client_nom: String,
    /// Address.
    client_email: String,
    /// Title of the order.
    projet_titre: String,
}

impl From<&LatestPayment> for Payment {
    fn from(payment: &LatestPayment) -> Self {
        Self {
            id: payment.id,
            montant: euros(payment.amount.into()),
            date: payment.created_at,
            client_nom: format!("{} {}", payment.prenom, payment.nom),
            client_email: payment.email.clone(),
            projet_titre: payment.titre.clone(),
        }
    }
}

/// Twelve months, oldest first; the last one is in progress.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MonthlyStats {
    /// `2026-03`
    months: Vec<String>,
    /// Euros.
    revenue: Vec<f64>,
    /// Accounts opened.
    new_users: Vec<i64>,
    /// Orders placed.
    orders: Vec<i64>,
    /// The ten latest.
    derniers_paiements: Vec<Payment>,
}

impl MonthlyStats {
    pub fn of(figures: &Figures) -> Self {
        Self {
            months: months(figures),
            revenue: revenue(figures),
            new_users: figures.months.iter().map(|month| month.activity.new_users).collect(),
            orders: figures.months.iter().map(|month| month.activity.orders).collect(),
            derniers_paiements: figures.latest_payments.iter().map(Payment::from).collect(),
        }
    }
}

fn months(figures: &Figures) -> Vec<String> {
    figures.months.iter().map(|month| month.month.key()).collect()
}

fn revenue(figures: &Figures) -> Vec<f64> {
    figures.months.iter().map(|month| euros(month.money.revenue())).collect()
}

fn trend(figures: &Figures) -> f64 {
    change(euros(figures.current().money.revenue()), euros(figures.previous().money.revenue()))
}

fn growth(figures: &Figures) -> f64 {
    change(figures.current().activity.new_users as f64, figures.previous().activity.new_users as f64)
}

/// Accounts.
#[derive(Clone, Copy, Serialize, ToSchema)]
pub struct Accounts {
    /// Those that can be used.
    total: i64,
    /// New ones of this month beside the month before, in percent.
    growth: f64,
}

/// Orders.
#[derive(Clone, Copy, Serialize, ToSchema)]
pub struct Orders {
    /// Being corrected.
    active: i64,
    /// Delivered.
    completed: i64,
}

/// Revenue.
#[derive(Clone, Copy, Serialize, ToSchema)]
pub struct Revenue {
    /// Of this month, in euros.
    monthly: f64,
    /// Beside the month before, in percent.
    trend: f64,
}

/// Messages.
#[derive(Clone, Copy, Serialize, ToSchema)]
pub struct Messages {
    /// Not read by the team yet.
    pending: i64,
    /// Minutes the team takes to answer, on average of late; none before it answered.
    response_time: Option<i64>,
}

/// The figures of the day.
#[derive(Clone, Copy, Serialize, ToSchema)]
pub struct Dashboard {
    users: Accounts,
    orders: Orders,
    revenue: Revenue,
    messages: Messages,
}

impl Dashboard {
    fn of(figures: &Figures) -> Self {
        Self {
            users: Accounts { total: figures.active_users, growth: growth(figures) },
            orders: Orders {
                active: figures.orders(&[Statut::EnCours]),
                completed: figures.orders(&[Statut::Termine]),
            },
            revenue: Revenue { monthly: euros(figures.current().money.revenue()), trend: trend(figures) },
            messages: Messages { pending: figures.unread_messages, response_time: figures.answered_within },
        }
    }
}

/// Everything the first page of the dashboard shows.
#[derive(Serialize, ToSchema)]
pub struct DashboardStats {
    #[serde(flatten)]
    monthly: MonthlyStats,
    dashboard: Dashboard,
    users: Accounts,
    messages: Messages,
}

impl DashboardStats {
    pub fn of(figures: &Figures) -> Self {
        let dashboard = Dashboard::of(figures);
        Self {
            monthly: MonthlyStats::of(figures),
            dashboard,
            users: dashboard.users,
            messages: dashboard.messages,
        }
    }
}

/// Revenue by month.
#[derive(Serialize, ToSchema)]
pub struct RevenueStats {
    /// `2026-03`
    months: Vec<String>,
    /// Euros.
    revenue: Vec<f64>,
    /// Of the twelve months.
    total: f64,
    /// This month beside the month before, in percent.
    trend: f64,
}

impl RevenueStats {
    pub fn of(figures: &Figures) -> Self {
        let total = figures.months.iter().map(|month| month.money.revenue()).sum();
        Self {
            months: months(figures),
            revenue: revenue(figures),
            total: euros(total),
            trend: trend(figures),
        }
    }
}

/// Accounts by month.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserStats {
    /// `2026-03`
    months: Vec<String>,
    /// Accounts opened.
    new_users: Vec<i64>,
    /// Those that can be used.
    total: i64,
    /// This month beside the month before, in percent.
    growth: f64,
}

impl UserStats {
    pub fn of(figures: &Figures) -> Self {
        Self {
            months: months(figures),
            new_users: figures.months.iter().map(|month| month.activity.new_users).collect(),
            total: figures.active_users,
            growth: growth(figures),
        }
    }
}

/// Orders by month, and where all stand.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderStats {
    /// `2026-03`
    months: Vec<String>,
    /// Orders placed.
    orders: Vec<i64>,
    /// Orders of each status, of all times.
    by_statut: BTreeMap<String, i64>,
    /// Delivered ones among all, in percent.
    completion_rate: f64,
    /// Being corrected.
    active: i64,
    /// Delivered.
    completed: i64,
}

impl OrderStats {
    pub fn of(figures: &Figures) -> Self {
        let all = figures.by_statut.iter().map(|(_, count)| count).sum();
        let completed = figures.orders(&[Statut::Termine]);
        let named = figures.by_statut.iter().map(|(statut, count)| (statut.as_str().to_owned(), *count));
        Self {
            months: months(figures),
            orders: figures.months.iter().map(|month| month.activity.orders).collect(),
            by_statut: named.collect(),
            completion_rate: share(completed, all),
            active: figures.orders(&[Statut::EnCours]),
            completed,
        }
    }
}

/// A figure beside that of the month before.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    current: f64,
    previous: f64,
    /// Percent.
    change_percent: f64,
}

impl Compared {
    fn of(current: f64, previous: f64) -> Self {
        Self { current, previous, change_percent: change(current, previous) }
    }
}

/// The month in progress beside the one before.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdvancedStats {
    /// Euros.
    monthly_revenue: Compared,
    /// Accounts opened.
    new_clients: Compared,
    /// Orders that were paid among all that were begun, in percent.
    conversion_rate: Compared,
    /// Euros of an invoice, on average.
    average_order_value: Compared,
}

impl AdvancedStats {
    pub fn of(figures: &Figures, rates: Conversions) -> Self {
        let (current, previous) = (figures.current(), figures.previous());
        let average = |month: crate::stats::figures::MonthFigures| match month.money.invoices {
            0 => 0.0,
            count => (month.money.invoiced as f64 / count as f64).round() / 100.0,
        };
        Self {
            monthly_revenue: Compared::of(euros(current.money.revenue()), euros(previous.money.revenue())),
            new_clients: Compared::of(current.activity.new_users as f64, previous.activity.new_users as f64),
            conversion_rate: Compared::of(
                share(rates.current.0, rates.current.1),
                share(rates.previous.0, rates.previous.1),
            ),
            average_order_value: Compared::of(average(current), average(previous)),
        }
    }
}
