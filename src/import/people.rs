//! Accounts and what hangs on them.

use std::collections::{HashMap, HashSet};

use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Known, Moving, Party, ids, row::OldRow, target::Cell};

const USER: &[&str] = &[
    "id",
    "prenom",
    "nom",
    "email",
    "password",
    "role",
    "isActive",
    "createdAt",
    "updatedAt",
    "adresse",
    "avatar",
    "telephone",
    "preferences",
    "bio",
];

/// Accounts whose passwords stand in the sources of the former platform.
const PUBLISHED: [&str; 7] = [
    "admin@test.com",
    "usertest@test.com",
    "user@test.com",
    "correcteur@test.com",
    "admin@staka.com",
    "admin@staka-editions.com",
    "client@test.com",
];

/// The owner of the files of guests.
const KEEPER: &str = "__temp_upload_user__@staka.internal";

/// Writes the accounts.
pub(super) async fn users(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    let owners = owners(moving).await?;
    moving.known.awaiting = awaiting(moving).await?;
    moving
        .table(
            ("users", USER),
            (
                "users",
                "id, prenom, nom, email, password_hash, role, is_active, deactivated_by, telephone, adresse, avatar, bio,
                 preferences, is_demo, deleted_at, created_at, updated_at",
            ),
            |row, known| Some(user(row, known, &owners)),
        )
        .await?;
    let admins = moving.known.users.values().filter(|party| ["ADMIN"].contains(&party.role.as_str())).count();
    if admins == 0 {
        moving.known.report.note("À faire", "aucun administrateur actif : `staka admin create`");
    }
    Ok(())
}

/// Who keeps each address: of several that differ by case, an active account before another, then the oldest.
async fn owners(moving: &mut Moving<'_>) -> anyhow::Result<HashMap<String, String>> {
    let mut owners: HashMap<String, ((bool, String, String), String)> = HashMap::new();
    let mut after = String::new();
    loop {
        let page = moving
            .source
            .page("users", &["id", "email", "isActive", "createdAt", "updatedAt"], &after)
            .await?;
        let Some(last) = page.last() else { break };
        after = last.old_id().to_owned();
        for row in &page {
            let rank = (!row.yes("isActive"), row.made().to_owned(), row.old_id().to_owned());
            let email = address(row.get("email").unwrap_or_default());
            match owners.get(&email) {
                Some((kept, _)) if *kept <= rank => {}
                _ => {
                    owners.insert(email, (rank, row.old_id().to_owned()));
                }
            }
        }
    }
    Ok(owners.into_iter().map(|(email, (_, id))| (email, id)).collect())
}

/// The accounts that an unused activation link waits for.
async fn awaiting(moving: &mut Moving<'_>) -> anyhow::Result<HashSet<Uuid>> {
    let mut awaiting = HashSet::new();
    let mut after = String::new();
    loop {
        let page =
            moving.source.page("pending_commandes", &["id", "userId", "activationToken"], &after).await?;
        let Some(last) = page.last() else { return Ok(awaiting) };
        after = last.old_id().to_owned();
        let waiting = page.iter().filter(|row| row.filled("activationToken").is_some());
        awaiting.extend(waiting.filter_map(|row| row.link("userId")));
    }
}

pub(super) fn address(raw: &str) -> String {
    raw.trim().to_lowercase()
}

fn user(row: &OldRow, known: &mut Known, owners: &HashMap<String, String>) -> Vec<Cell> {
    let id = row.id();
    let mut email = address(row.get("email").unwrap_or_default());
    let erased = email.starts_with("deleted_") && email.ends_with("@anonymized.local");
    let demo = email.ends_with("@demo.staka.fr");
    let keeper = email == KEEPER;
    let published = PUBLISHED.contains(&email.as_str());
    let collides = owners.get(&email).is_some_and(|owner| owner != row.old_id());
    if collides {
        known
            .report
            .note("Adresses qui ne différaient que par la casse (compte fermé)", format!("{id} {email}"));
        email = format!("collision-{id}@example.invalid");
    }
    if erased {
        email = format!("deleted-{id}@example.invalid");
    }
    if demo || published {
        known.report.note("Comptes de test fermés", email.clone());
    }
    let closed = erased || demo || keeper || published || collides;
    let active = row.yes("isActive") && !closed;
    let by_admin = !active && (closed || !known.awaiting.contains(&id));
    let role = row.one_of("role", &["USER", "ADMIN", "CORRECTOR"]);
    let name = format!("{} {}", row.get("prenom").unwrap_or_default(), row.get("nom").unwrap_or_default());
    known.users.insert(
        id,
        Party {
            team: ["ADMIN"].contains(&role.as_str()),
            role: if active { role.clone() } else { String::new() },
            email: email.clone(),
            name: name.trim().to_owned(),
            address: row.filled("adresse").map(str::to_owned),
        },
    );
    let hash = if closed { "!".to_owned() } else { password(row, known, &email) };
    let deleted = if erased || keeper { row.updated() } else { Cell::Null };
    vec![
        id.into(),
        row.text("prenom"),
        row.text("nom"),
        email.into(),
        hash.into(),
        role.into(),
        active.into(),
        by_admin.then_some("ADMIN").into(),
        row.cell("telephone"),
        row.cell("adresse"),
        row.cell("avatar"),
        row.cell("bio"),
        json_of(row.filled("preferences"))
            .filter(serde_json::Value::is_object)
            .map(|value| value.to_string())
            .into(),
        demo.into(),
        deleted,
        row.created(),
        row.updated(),
    ]
}

/// The hash, when it can be one.
fn password(row: &OldRow, known: &mut Known, email: &str) -> String {
    let hash = row.filled("password").unwrap_or_default();
    let salted = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '/';
    let valid = hash.len() == 60
        && ["$2a$", "$2b$", "$2y$"].iter().any(|start| hash.starts_with(start))
        && hash.get(7..).is_some_and(|rest| rest.chars().all(salted));
    if !valid {
        known.report.note("Mots de passe illisibles (« mot de passe oublié » les remplace)", email);
        return "!".to_owned();
    }
    hash.to_owned()
}

/// JSON, also when it was encoded twice.
pub(super) fn json_of(text: Option<&str>) -> Option<serde_json::Value> {
    let mut value: serde_json::Value = serde_json::from_str(text?).ok()?;
    while let Some(inner) = value.as_str().and_then(|text| serde_json::from_str(text).ok()) {
        value = inner;
    }
    Some(value)
}

/// Writes what hangs on accounts.
pub(super) async fn others(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    notifications(moving).await?;
    cards(moving).await?;
    support(moving).await?;
    resets(moving).await
}

async fn notifications(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    const READ: &[&str] = &[
        "id",
        "userId",
        "title",
        "message",
        "type",
        "priority",
        "data",
        "actionUrl",
        "isRead",
        "isDeleted",
        "readAt",
        "expiresAt",
        "createdAt",
        "updatedAt",
    ];
    let turn = |row: &OldRow, known: &mut Known| {
        let Some(user) = row.link("userId").filter(|id| known.users.contains_key(id)) else {
            known.report.leave_out("notifications", "Sans compte", row.old_id());
            return None;
        };
        let data = row.filled("data").map(|raw| match serde_json::from_str::<serde_json::Value>(raw) {
            Ok(_) => raw.to_owned(),
            Err(_) => json!({ "texte": raw }).to_string(),
        });
        let kinds =
            ["INFO", "SUCCESS", "WARNING", "ERROR", "PAYMENT", "ORDER", "MESSAGE", "SYSTEM", "CONSULTATION"];
        Some(vec![
            row.id().into(),
            user.into(),
            row.text("title"),
            row.text("message"),
            row.one_of("type", &kinds).into(),
            row.one_of("priority", &["NORMALE", "FAIBLE", "HAUTE", "URGENTE"]).into(),
            data.into(),
            row.filled("actionUrl").and_then(route).into(),
            row.yes("isRead").into(),
            row.yes("isDeleted").into(),
            row.at("readAt"),
            row.at("expiresAt"),
            row.created(),
            row.updated(),
        ])
    };
    let new = "id, user_id, title, message, type, priority, data, action_url, is_read, is_deleted, read_at, expires_at,
               created_at, updated_at";
    moving.table(("notifications", READ), ("notifications", new), turn).await
}

/// The path of the site that a link of the former platform meant.
fn route(old: &str) -> Option<String> {
    let path = match old.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..))?,
        None => old,
    };
    let orders = ["/app/projects", "/dashboard/commandes", "/commandes"];
    if orders.iter().any(|start| path.starts_with(start)) {
        return Some("/app/projects".to_owned());
    }
    if path.starts_with("/admin/commandes") {
        return Some("/admin/commandes".to_owned());
    }
    let inside = path.strip_prefix('/')?;
    let sound = inside.starts_with(|c: char| c.is_ascii_alphabetic())
        && !path.contains("//")
        && !path.chars().any(|c| c == '\\' || c.is_control());
    sound.then(|| path.to_owned())
}

/// Whether an id of Stripe was made up by the former platform in its tests.
pub(super) fn simulated(id: &str) -> bool {
    let id = id.to_ascii_lowercase();
    ["mock", "simul", "fake", "demo", "_dev_", "seed"].iter().any(|word| id.contains(word)) || !id.is_ascii()
}

async fn cards(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    const READ: &[&str] = &[
        "id",
        "userId",
        "stripePaymentMethodId",
        "brand",
        "last4",
        "expMonth",
        "expYear",
        "isDefault",
        "isActive",
        "fingerprint",
        "createdAt",
        "updatedAt",
    ];
    let mut defaults = HashSet::new();
    let turn = |row: &OldRow, known: &mut Known| {
        let stripe = row.filled("stripePaymentMethodId").unwrap_or_default();
        let user = row.link("userId").filter(|id| known.users.contains_key(id));
        let Some(user) = user.filter(|_| !simulated(stripe) && stripe.starts_with("pm_")) else {
            known.report.leave_out("payment_methods", "Cartes simulées", row.old_id());
            return None;
        };
        let active = row.yes("isActive");
        let default = active && row.yes("isDefault") && defaults.insert(user);
        Some(vec![
            row.id().into(),
            user.into(),
            stripe.into(),
            row.text("brand"),
            row.filled("last4").filter(|digits| digits.is_ascii()).unwrap_or_default().into(),
            row.int("expMonth").unwrap_or_default().into(),
            row.int("expYear").unwrap_or_default().into(),
            default.into(),
            active.into(),
            row.filled("fingerprint").filter(|text| text.is_ascii()).into(),
            row.created(),
            row.updated(),
        ])
    };
    let new =
        "id, user_id, stripe_payment_method_id, brand, last4, exp_month, exp_year, is_default, is_active,
               fingerprint, created_at, updated_at";
    moving.table(("payment_methods", READ), ("payment_methods", new), turn).await
}

async fn support(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    const READ: &[&str] = &[
        "id",
        "userId",
        "title",
        "description",
        "category",
        "priority",
        "status",
        "assignedToId",
        "source",
        "tags",
        "firstResponseAt",
        "resolvedAt",
        "closedAt",
        "createdAt",
        "updatedAt",
    ];
    let turn = |row: &OldRow, known: &mut Known| {
        let Some(user) = row.link("userId").filter(|id| known.users.contains_key(id)) else {
            known.report.leave_out("support_requests", "Sans compte", row.old_id());
            return None;
        };
        let categories = ["GENERAL", "TECHNIQUE", "FACTURATION", "COMMANDE", "COMPTE", "AUTRE"];
        let states = ["OUVERT", "EN_COURS", "EN_ATTENTE", "RESOLU", "FERME", "ANNULE"];
        Some(vec![
            row.id().into(),
            user.into(),
            row.text("title"),
            row.text("description"),
            row.one_of("category", &categories).into(),
            row.one_of("priority", &["NORMALE", "FAIBLE", "HAUTE", "URGENTE", "CRITIQUE"]).into(),
            row.one_of("status", &states).into(),
            row.link("assignedToId").filter(|id| known.users.contains_key(id)).into(),
            row.cell("source"),
            row.cell("tags"),
            row.at("firstResponseAt"),
            row.at("resolvedAt"),
            row.at("closedAt"),
            row.created(),
            row.updated(),
        ])
    };
    let new = "id, user_id, title, description, category, priority, status, assigned_to_id, source, tags,
               first_response_at, resolved_at, closed_at, created_at, updated_at";
    moving.table(("support_requests", READ), ("support_requests", new), turn).await
}

async fn resets(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    const READ: &[&str] = &["id", "userId", "tokenHash", "expiresAt", "createdAt"];
    let turn = |row: &OldRow, known: &mut Known| {
        let user = row.link("userId").filter(|id| known.users.contains_key(id));
        let hash = row.filled("tokenHash").filter(|hash| hash.len() == 64);
        let hash = hash.filter(|hash| hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let expires = row.instant("expiresAt");
        let (Some(user), Some(hash), Some(expires)) = (user, hash, expires) else {
            known.report.leave_out("password_resets", "Liens de mot de passe illisibles", row.old_id());
            return None;
        };
        Some(vec![hash.to_ascii_lowercase().into(), user.into(), expires.into(), row.created()])
    };
    moving
        .table(
            ("password_resets", READ),
            ("password_resets", "token_hash, user_id, expires_at, created_at"),
            turn,
        )
        .await
}

/// What we keep of a token of the former platform, which kept it bare.
pub(super) fn hashed(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// The id of the row a constant of an old price list stands for.
pub(super) fn old_offer(constant: &str) -> Uuid {
    ids::derived("tarif", constant)
}
