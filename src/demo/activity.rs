//! Activity made up on demand, for a workstation: accounts and orders of the demonstration, as they are asked for.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use super::{cast::PRICES, chance::Chance};
use crate::{
    app::AppState,
    clock::{new_id, random_bytes},
    commandes::{
        Priorite, Statut,
        moves::{self, DemoOrder},
    },
    db::with_retry,
    events::{BellKind, Tx},
    http::ApiResult,
    notifications::demo::{self as bells, DemoBell},
    users::{self, Role, demo::DemoUser, rules::normalise_email, service::taken},
};

/// How long an order of these may take.
const ANNOUNCED: Duration = Duration::days(7);

/// Accounts that made-up orders are shared out among.
const AUTHORS: u32 = 10;

/// Someone to make up.
#[derive(Clone, Debug)]
pub struct Someone {
    /// First name.
    pub prenom: String,
    /// Family name.
    pub nom: String,
    /// Address.
    pub email: String,
    /// What the account may do.
    pub role: Role,
    /// Whether it may log in, once it had a password.
    pub is_active: bool,
}

/// An order to make up.
#[derive(Clone, Debug)]
pub struct SomeOrder {
    /// Title.
    pub titre: String,
    /// Address of one of those who are made up with it; others have none.
    pub client: String,
    /// Cents.
    pub amount: i64,
    /// Where it stands.
    pub statut: Statut,
    /// How much it presses.
    pub priorite: Priorite,
}

/// How much was made up.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    /// Accounts, those that were there already too.
    pub users: usize,
    /// Orders.
    pub orders: usize,
}

/// Makes up these people and orders; with `told`, an administrator's bell rings of it. An address that has an account
/// keeps it as it is.
///
/// # Errors
/// 503 when the database is away.
pub async fn seed(state: &AppState, people: &[Someone], orders: &[SomeOrder], told: bool) -> ApiResult<Made> {
    with_retry(|| async {
        let now = state.clock.now();
        let mut tx = state.begin().await?;
        let known = accounts(&mut tx, people, now).await?;
        let orders: Vec<_> = orders.iter().filter_map(|order| made_up(order, &known, now)).collect();
        moves::begin_demo(&mut tx, &orders).await?;
        if told {
            ring(&mut tx, now).await?;
        }
        tx.commit().await?;
        Ok(Made { users: people.len(), orders: orders.len() })
    })
    .await
}

/// The accounts of these people, by their addresses.
async fn accounts(tx: &mut Tx, people: &[Someone], now: DateTime<Utc>) -> ApiResult<HashMap<String, Uuid>> {
    let (mut known, mut fresh) = (HashMap::new(), Vec::new());
    for someone in people {
        let email = normalise_email(&someone.email);
        if known.contains_key(&email) {
            continue;
        }
        let id = match users::store::by_email(tx, &email).await? {
            Some(user) => user.id,
            None => {
                let user = account(someone, email.clone(), now);
                let id = user.id;
                fresh.push(user);
                id
            }
        };
        known.insert(email, id);
    }
    users::demo::insert(tx, &fresh).await.map_err(taken)?;
    Ok(known)
}

fn account(someone: &Someone, email: String, now: DateTime<Utc>) -> DemoUser {
    DemoUser {
        id: new_id(),
        prenom: someone.prenom.trim().to_owned(),
        nom: someone.nom.trim().to_owned(),
        email,
        role: someone.role,
        is_active: someone.is_active,
        created_at: now,
        updated_at: now,
    }
}

fn made_up(order: &SomeOrder, known: &HashMap<String, Uuid>, now: DateTime<Utc>) -> Option<DemoOrder> {
    let user_id = *known.get(&normalise_email(&order.client))?;
    let paid = matches!(order.statut, Statut::Payee | Statut::EnCours | Statut::Termine);
    Some(DemoOrder {
        id: new_id(),
        user_id,
        titre: order.titre.trim().to_owned(),
        description: None,
        statut: order.statut,
        priorite: order.priorite,
        amount: order.amount,
        paid_at: paid.then_some(now),
        finished_at: (order.statut == Statut::Termine).then_some(now),
        due_at: Some(now + ANNOUNCED),
        created_at: now,
        updated_at: now,
    })
}

async fn ring(tx: &mut Tx, at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let Some(user_id) = tx.team().await?.first().copied() else { return Ok(()) };
    let bell = |kind, title, message| DemoBell { user_id, title, message, kind, is_read: false, at };
    let rung = [
        bell(BellKind::Order, "Commandes de démonstration", "De nouvelles commandes ont été créées."),
        bell(BellKind::Payment, "Paiements de démonstration", "De nouveaux paiements ont été reçus."),
    ];
    bells::insert(tx, &rung).await
}

/// Makes up so many people, and so many orders of the authors there are.
///
/// # Errors
/// 503 when the database is away.
pub async fn simulate(state: &AppState, users: u8, orders: u8) -> ApiResult<Made> {
    let seed = u64::from_be_bytes(random_bytes());
    with_retry(|| async {
        let (now, mut chance) = (state.clock.now(), Chance::of(seed));
        let mut tx = state.begin().await?;
        let people: Vec<_> = (0..users).map(|_| passer_by(now)).collect();
        users::demo::insert(&mut tx, &people).await?;
        let authors = users::demo::authors(&mut tx, AUTHORS).await?;
        let orders: Vec<_> = (0..orders)
            .filter_map(|number| {
                let (first, others) = authors.split_first()?;
                let user_id = *chance.pick(first, others);
                let known = HashMap::from([(String::new(), user_id)]);
                let order = SomeOrder {
                    titre: format!("Activité simulée {}", number + 1),
                    client: String::new(),
                    amount: *chance.pick(&10_000, &PRICES),
                    statut: Statut::EnAttente,
                    priorite: Priorite::Normale,
                };
                made_up(&order, &known, now)
            })
            .collect();
        moves::begin_demo(&mut tx, &orders).await?;
        tx.commit().await?;
        Ok(Made { users: people.len(), orders: orders.len() })
    })
    .await
}

fn passer_by(now: DateTime<Utc>) -> DemoUser {
    let id = new_id();
    DemoUser {
        id,
        prenom: "Visiteur".to_owned(),
        nom: "Simulé".to_owned(),
        email: format!("{}@demo.invalid", id.simple()),
        role: Role::User,
        is_active: true,
        created_at: now,
        updated_at: now,
    }
}
