//! What the demonstration is made of: the same for the same seed, ids aside, seen from the same instant.

use chrono::{DateTime, Datelike, Duration, Utc};

use super::{
    cast::{BELLS, FIRST_BELL, PEOPLE, PRICES, STANDS, WORDS, WORKS},
    chance::Chance,
};
use crate::{
    clock::{day_in_paris, new_id},
    commandes::{Priorite, Statut, moves::DemoOrder},
    invoices::demo::{DemoInvoice, SERIES},
    messages::demo::DemoConversation,
    notifications::demo::DemoBell,
    users::{Role, demo::DemoUser},
};

const ORDERS: usize = 15;
const BELLS_IN_ALL: usize = 10;
/// In so many of a hundred cases an account may log in, a notification was read.
const ACTIVE: u64 = 80;
const READ: u64 = 40;

/// Everything to write.
pub struct Plan {
    pub users: Vec<DemoUser>,
    pub orders: Vec<DemoOrder>,
    pub invoices: Vec<DemoInvoice>,
    pub conversations: Vec<DemoConversation>,
    pub bells: Vec<DemoBell>,
}

/// The demonstration of a seed.
pub fn plan(seed: u64, now: DateTime<Utc>) -> Plan {
    let mut chance = Chance::of(seed);
    let users: Vec<_> = PEOPLE.iter().map(|person| user(&mut chance, person, now)).collect();
    let orders: Vec<_> =
        users.iter().cycle().take(ORDERS).map(|user| order(&mut chance, user, now)).collect();
    let paid = orders.iter().filter(|order| order.paid_at.is_some());
    let invoices = (1..).zip(paid).filter_map(|(number, order)| invoice(number, order, &users)).collect();
    let conversations = users.iter().map(|user| conversation(&mut chance, user, now)).collect();
    let bells = users.iter().cycle().take(BELLS_IN_ALL).map(|user| bell(&mut chance, user, now)).collect();
    Plan { users, orders, invoices, conversations, bells }
}

fn user(chance: &mut Chance, (prenom, nom, address): &(&str, &str, &str), now: DateTime<Utc>) -> DemoUser {
    // Before the oldest order.
    let created_at = chance.before(now - Duration::days(45), 15);
    DemoUser {
        id: new_id(),
        prenom: (*prenom).to_owned(),
        nom: (*nom).to_owned(),
        email: format!("{address}@demo.invalid"),
        role: Role::User,
        is_active: chance.percent(ACTIVE),
        created_at,
        updated_at: chance.between(created_at, now),
    }
}

fn one_of<'a, T>(chance: &mut Chance, all: &'a [T]) -> Option<&'a T> {
    let (first, others) = all.split_first()?;
    Some(chance.pick(first, others))
}

fn order(chance: &mut Chance, user: &DemoUser, now: DateTime<Utc>) -> DemoOrder {
    let created_at = chance.before(now - Duration::hours(2), 44);
    let statut = one_of(chance, &STANDS).copied().unwrap_or(Statut::EnAttente);
    let (titre, description) = one_of(chance, &WORKS).copied().unwrap_or_default();
    let paid = matches!(statut, Statut::Payee | Statut::EnCours | Statut::Termine);
    let updated_at =
        chance.between(created_at + Duration::hours(1), now.min(created_at + Duration::days(20)));
    DemoOrder {
        id: new_id(),
        user_id: user.id,
        titre: titre.to_owned(),
        description: Some(description.to_owned()),
        statut,
        priorite: Priorite::Normale,
        amount: one_of(chance, &PRICES).copied().unwrap_or_default(),
        paid_at: paid.then_some(created_at + Duration::minutes(20)),
        finished_at: (statut == Statut::Termine).then_some(updated_at),
        due_at: paid.then_some(created_at + Duration::days(30)),
        created_at,
        updated_at,
    }
}

fn invoice(number: u32, order: &DemoOrder, users: &[DemoUser]) -> Option<DemoInvoice> {
    let (user, at) = (users.iter().find(|user| user.id == order.user_id)?, order.paid_at?);
    Some(DemoInvoice {
        id: new_id(),
        commande_id: order.id,
        user_id: user.id,
        number: format!("{SERIES}{}-{number:03}", day_in_paris(at).year()),
        amount: order.amount,
        name: format!("{} {}", user.prenom, user.nom),
        email: user.email.clone(),
        titre: order.titre.clone(),
        at,
    })
}

fn conversation(chance: &mut Chance, user: &DemoUser, now: DateTime<Utc>) -> DemoConversation {
    let begun = chance.before(now - Duration::days(1), 29);
    let mut at = begun;
    let messages = (0..2 + chance.below(2)).filter_map(|_| {
        let (subject, content) = one_of(chance, &WORDS)?;
        at += Duration::minutes(1 + chance.below(300) as i64);
        Some((*subject, *content, at))
    });
    DemoConversation { user_id: user.id, messages: messages.collect() }
}

fn bell(chance: &mut Chance, user: &DemoUser, now: DateTime<Utc>) -> DemoBell {
    let (kind, title, message) = *chance.pick(&FIRST_BELL, &BELLS);
    DemoBell {
        user_id: user.id,
        title,
        message,
        kind,
        is_read: chance.percent(READ),
        at: chance.before(now, 7),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// The ids of what a plan makes are new each time; everything else is told here.
    fn told(plan: &Plan) -> String {
        let blank = Uuid::nil();
        let users = plan.users.iter().map(|user| DemoUser { id: blank, ..user.clone() });
        let orders = plan.orders.iter().map(|order| DemoOrder { id: blank, user_id: blank, ..order.clone() });
        let numbers =
            plan.invoices.iter().map(|invoice| (invoice.number.clone(), invoice.amount, invoice.at));
        format!(
            "{:?} {:?} {:?}",
            users.collect::<Vec<_>>(),
            orders.collect::<Vec<_>>(),
            numbers.collect::<Vec<_>>()
        )
    }

    #[test]
    fn a_seed_gives_one_demonstration_which_makes_sense() {
        let now: DateTime<Utc> = "2026-03-10T09:00:00.123Z".parse().unwrap();
        let once = plan(7, now);
        assert_eq!(told(&once), told(&plan(7, now)));
        assert_ne!(told(&once), told(&plan(8, now)));
        for seed in 0..200 {
            let plan = plan(seed, now);
            assert_eq!((plan.users.len(), plan.orders.len(), plan.bells.len()), (8, 15, 10));
            for user in &plan.users {
                assert!(user.created_at <= user.updated_at && user.updated_at <= now);
            }
            for order in &plan.orders {
                let owner = plan.users.iter().find(|user| user.id == order.user_id).unwrap();
                assert!(owner.created_at <= order.created_at && order.created_at < order.updated_at);
                assert!(order.updated_at <= now && order.paid_at.is_none_or(|at| at <= order.updated_at));
                assert_eq!(
                    order.paid_at.is_some(),
                    plan.invoices.iter().any(|invoice| invoice.commande_id == order.id)
                );
            }
            let messages = plan.conversations.iter().flat_map(|one| &one.messages);
            assert!(messages.clone().count() >= 16 && messages.clone().all(|(.., at)| *at <= now));
        }
    }
}
