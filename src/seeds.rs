//! The initial content: price list, questions, legal pages and demo accounts. Only what is missing is
//! added; nothing is ever changed or deleted.

use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use sqlx::MySqlConnection;

use crate::{
    auth::Passwords,
    clock::{Clock, new_id},
    config::{Config, SeedAccount, SeedSettings},
    db::{Db, NamedLock, filter::Enum, violates},
    faq::{self, Faq},
    pages::{self, Kind, Page, Status},
    tarifs::{self, Unite, format::prix_formate, store::NewTarif},
    users::{self, Role, rules, store::NewUser},
};

mod content;

use content::{FAQ, PAGES, TARIFS};

/// Longest wait for another server that adds it.
const WAIT: Duration = Duration::from_secs(60);

/// Adds what is missing and tells how many rows that was. Servers that start together take turns. Demo accounts with their published
/// passwords are for development only; elsewhere a chosen password must keep the rule of all passwords.
///
/// # Errors
/// When a chosen password is too weak, before anything is added, or the database refuses.
pub async fn apply(db: &Db, config: &Config, clock: &Clock, passwords: &Passwords) -> anyhow::Result<u64> {
    if !config.is_development() {
        refuse_weak(&config.seeds)?;
    }
    let lock = NamedLock::take(db, "staka.seeds", WAIT).await?;
    let lock = lock.context("another server is adding the initial content: no lock within 60 s")?;
    let added = add(db, config, clock, passwords).await?;
    lock.release().await?;
    Ok(added)
}

async fn add(db: &Db, config: &Config, clock: &Clock, passwords: &Passwords) -> anyhow::Result<u64> {
    let mut conn = db.conn().await?;
    let now = clock.now();
    let mut added = price_list(&mut conn, now).await?
        + questions(&mut conn, now).await?
        + legal_pages(&mut conn, now).await?;
    let seeds = &config.seeds;
    let accounts = [
        (&seeds.admin, Role::Admin, "Admin", "Staka"),
        (&seeds.client, Role::User, "Camille", "Durand"),
        (&seeds.corrector, Role::Corrector, "Dominique", "Lefèvre"),
    ];
    for (account, role, prenom, nom) in accounts {
        if config.is_development() || account.chosen {
            added += self::account(&mut conn, passwords, account, role, (prenom, nom), now).await?;
        }
    }
    Ok(added)
}

fn refuse_weak(seeds: &SeedSettings) -> anyhow::Result<()> {
    for account in seeds.all().into_iter().filter(|account| account.chosen) {
        let kept = rules::new_password(account.password.expose_secret());
        anyhow::ensure!(
            kept.is_ok(),
            "{} must have 12 characters, or 8 of three kinds among capitals, small letters, digits and others",
            account.password_variable
        );
    }
    Ok(())
}

async fn account(
    conn: &mut MySqlConnection,
    passwords: &Passwords,
    account: &SeedAccount,
    role: Role,
    (prenom, nom): (&str, &str),
    now: DateTime<Utc>,
) -> anyhow::Result<u64> {
    if users::store::by_email(conn, &account.email).await?.is_some() {
        return Ok(0);
    }
    let hash = passwords
        .hash(account.password.expose_secret())
        .await
        .map_err(|error| anyhow::anyhow!("{}", error.code().to_owned()))?;
    let new = NewUser {
        id: new_id(),
        prenom,
        nom,
        email: &account.email,
        password_hash: &hash,
        role,
        is_active: true,
        telephone: None,
    };
    added(users::store::insert(conn, &new, now).await, users::store::EMAIL_KEY)
}

async fn price_list(conn: &mut MySqlConnection, now: DateTime<Utc>) -> anyhow::Result<u64> {
    if sqlx::query_scalar!("SELECT COUNT(*) FROM tarifs").fetch_one(&mut *conn).await? > 0 {
        return Ok(0);
    }
    let mut count = 0;
    for (ordre, tarif) in (1_i32..).zip(TARIFS) {
        let new = NewTarif {
            nom: tarif.nom,
            description: tarif.description,
            prix: tarif.prix,
            prix_formate: &prix_formate(tarif.prix.into(), tarif.unite),
            unite: tarif.unite,
            type_service: tarif.type_service,
            duree_estimee: tarif.duree,
            ordre,
        };
        count += added(tarifs::store::insert(conn, now, &new).await, tarifs::store::NAME_KEY)?;
    }
    Ok(count)
}

async fn questions(conn: &mut MySqlConnection, now: DateTime<Utc>) -> anyhow::Result<u64> {
    if faq::store::all(conn).await? > 0 {
        return Ok(0);
    }
    for (ordre, entry) in (1_i32..).zip(FAQ) {
        let new = Faq {
            id: new_id(),
            question: entry.question.to_owned(),
            answer: entry.answer.to_owned(),
            details: None,
            ordre,
            visible: true,
            categorie: entry.categorie.to_owned(),
            created_at: now,
            updated_at: now,
        };
        faq::store::insert(conn, &new).await?;
    }
    Ok(FAQ.len() as u64)
}

async fn legal_pages(conn: &mut MySqlConnection, now: DateTime<Utc>) -> anyhow::Result<u64> {
    let mut count = 0;
    for page in PAGES {
        let new = Page {
            title: page.title.to_owned(),
            slug: page.slug.to_owned(),
            content: page.content.to_owned(),
            kind: Enum(Kind::Legal),
            status: Enum(Status::Published),
            published_at: Some(now),
            ..pages::service::blank(now)
        };
        count += added(pages::store::insert(conn, &new).await, pages::store::SLUG_KEY)?;
    }
    Ok(count)
}

/// One row, or none when its key is taken already.
fn added<T>(inserted: Result<T, sqlx::Error>, key: &str) -> anyhow::Result<u64> {
    match inserted {
        Ok(_) => Ok(1),
        Err(error) if violates(&error, key) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// Type of the prices of [`TARIFS`].
pub(crate) struct SeedTarif {
    nom: &'static str,
    description: &'static str,
    /// Cents, per page when `unite` is the page.
    prix: i32,
    unite: Unite,
    type_service: &'static str,
    duree: &'static str,
}
