//! The price list and the orders, paid and pending.

use std::collections::HashSet;

use chrono::{DateTime, Duration, NaiveDateTime, Utc};

use super::{
    Known, Moving, Order,
    people::{address, hashed, old_offer, simulated},
    row::OldRow,
    target::{Cell, insert},
};

/// Above this many cents an amount is looked at by someone.
const UNUSUAL: i64 = 1_000_000;

const SESSION: &str = "id, stripe_session_id, commande_id, pending_commande_id, amount, status, expires_at, checked_at, created_at, updated_at";

const TARIF: &str =
    "id, nom, description, prix, prix_formate, unite, type_service, duree_estimee, actif, ordre,
                     stripe_product_id, stripe_price_id, created_at, updated_at";

/// Writes the price list.
pub(super) async fn tarifs(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    const READ: &[&str] = &[
        "id",
        "nom",
        "description",
        "prix",
        "prixFormate",
        "typeService",
        "dureeEstimee",
        "actif",
        "ordre",
        "stripePriceId",
        "stripeProductId",
        "createdAt",
        "updatedAt",
    ];
    let mut names = HashSet::new();
    let turn = |row: &OldRow, known: &mut Known| {
        let shown = row.filled("prixFormate").unwrap_or_default();
        let by_page = shown.to_lowercase().contains("page");
        let price = row.int("prix").unwrap_or_default().max(0);
        let mut name = row.filled("nom").unwrap_or("Tarif").to_owned();
        while !names.insert(name.to_lowercase()) {
            name = format!("{} ({})", name.chars().take(240).collect::<String>(), names.len());
            known.report.note("Tarifs du même nom, renommés", name.clone());
        }
        known.tarifs.insert(row.id(), (price, by_page));
        let stripe = |column| row.filled(column).filter(|id| !simulated(id));
        for id in ["stripePriceId", "stripeProductId"].into_iter().filter_map(|column| row.filled(column)) {
            if simulated(id) {
                known.report.note("Identifiants Stripe simulés, retirés", id);
            }
        }
        Some(vec![
            row.id().into(),
            name.into(),
            row.text("description"),
            price.into(),
            shown.into(),
            (if by_page { "PAGE" } else { "FORFAIT" }).into(),
            row.text("typeService"),
            row.cell("dureeEstimee"),
            row.yes("actif").into(),
            row.int("ordre").unwrap_or_default().into(),
            stripe("stripeProductId").into(),
            stripe("stripePriceId").into(),
            row.created(),
            row.updated(),
        ])
    };
    moving.table(("tarifs", READ), ("tarifs", TARIF), turn).await
}

/// Writes the orders, each with the session it was paid in.
pub(super) async fn commandes(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    const READ: &[&str] = &[
        "id",
        "userId",
        "titre",
        "description",
        "fichierUrl",
        "statut",
        "noteClient",
        "noteCorrecteur",
        "createdAt",
        "updatedAt",
        "paymentStatus",
        "stripeSessionId",
        "amount",
        "dateEcheance",
        "dateFinition",
        "priorite",
        "packType",
        "pagesDeclarees",
        "pagesVerifiees",
        "prixEstime",
        "prixFinal",
    ];
    let new = "id, user_id, tarif_id, titre, description, fichier_url, statut, priorite, note_client, note_correcteur,
               payment_status, stripe_session_id, amount, prix_estime, prix_final, pack_type, pages_declarees,
               pages_verifiees, paid_at, date_echeance, date_finition, created_at, updated_at";
    moving.table(("commandes", READ), ("commandes", new), order).await?;
    moving.beside("checkout_sessions", SESSION).await
}

fn order(row: &OldRow, known: &mut Known) -> Option<Vec<Cell>> {
    let id = row.id();
    let Some(user_id) = row.link("userId").filter(|id| known.users.contains_key(id)) else {
        known.report.leave_out("commandes", "Sans compte", row.old_id());
        return None;
    };
    let status = row.filled("paymentStatus").map(str::to_ascii_lowercase);
    let status = status.filter(|status| ["unpaid", "paid", "failed"].contains(&status.as_str()));
    let paid = status.as_deref() == Some("paid");
    let amount = row.int("amount");
    if amount.is_some_and(|amount| !(0..UNUSUAL).contains(&amount)) {
        let cents = amount.unwrap_or_default();
        known.report.note(
            "Montants inhabituels (repris tels quels, à vérifier)",
            format!("commande {id} : {cents} centimes"),
        );
    }
    let session = session(row, known);
    if let Some(session) = &session {
        known.beside.push(opened(row, session, (Some(id), None), amount.unwrap_or_default(), paid));
    }
    let tarif = row.link("packType").filter(|tarif| known.tarifs.contains_key(tarif));
    let title = row.get("titre").unwrap_or_default().to_owned();
    known.orders.insert(id, Order { user_id, title, paid });
    let states = [
        "EN_ATTENTE",
        "EN_ATTENTE_VERIFICATION",
        "EN_ATTENTE_CONSULTATION",
        "ESTIMATION_ENVOYEE",
        "PAYEE",
        "EN_COURS",
        "TERMINE",
        "ANNULEE",
        "SUSPENDUE",
    ];
    Some(vec![
        id.into(),
        user_id.into(),
        tarif.into(),
        row.text("titre"),
        row.cell("description"),
        row.cell("fichierUrl"),
        row.one_of("statut", &states).into(),
        row.one_of("priorite", &["NORMALE", "FAIBLE", "HAUTE", "URGENTE"]).into(),
        row.cell("noteClient"),
        row.cell("noteCorrecteur"),
        status.into(),
        session.filter(|_| paid).into(),
        amount.into(),
        row.number("prixEstime"),
        row.number("prixFinal"),
        row.cell("packType"),
        row.number("pagesDeclarees"),
        row.number("pagesVerifiees"),
        (if paid { row.created() } else { Cell::Null }),
        row.at("dateEcheance"),
        row.at("dateFinition"),
        row.created(),
        row.updated(),
    ])
}

/// The session of Stripe that a row names, when it is a real one nobody named before.
fn session(row: &OldRow, known: &mut Known) -> Option<String> {
    let session = row.filled("stripeSessionId")?;
    if simulated(session) || !session.starts_with("cs_") {
        known.report.note("Identifiants Stripe simulés, retirés", session);
        return None;
    }
    known.sessions.insert(session.to_owned()).then(|| session.to_owned())
}

/// A row of a session opened by the former platform. One that nobody paid yet is asked about at Stripe.
fn opened(
    row: &OldRow,
    session: &str,
    (order, pending): (Option<uuid::Uuid>, Option<uuid::Uuid>),
    amount: i64,
    paid: bool,
) -> Vec<Cell> {
    let expires =
        instant(row.made()).map_or_else(|| row.made().to_owned(), |made| written(made + Duration::days(1)));
    vec![
        super::ids::derived("session", session).into(),
        session.into(),
        order.into(),
        pending.into(),
        amount.into(),
        (if paid { "PAID" } else { "OPEN" }).into(),
        expires.into(),
        row.created(),
        row.created(),
        row.updated(),
    ]
}

pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok().map(|naive| naive.and_utc())
}

pub(super) fn written(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// Writes the orders that wait for their payment, with the activation links that still work.
pub(super) async fn pendings(moving: &mut Moving<'_>) -> anyhow::Result<()> {
    const READ: &[&str] = &[
        "id",
        "prenom",
        "nom",
        "email",
        "telephone",
        "adresse",
        "serviceId",
        "consentementRgpd",
        "stripeSessionId",
        "activationToken",
        "tokenExpiresAt",
        "isProcessed",
        "userId",
        "commandeId",
        "createdAt",
        "updatedAt",
        "nombrePages",
        "description",
    ];
    old_offers(moving, READ).await?;
    let (mut links, mut became) = (Vec::new(), HashSet::new());
    let turn = |row: &OldRow, known: &mut Known| {
        let id = row.id();
        let order = row.link("commandeId").filter(|id| known.orders.contains_key(id) && became.insert(*id));
        let user = row.link("userId").filter(|id| known.users.contains_key(id));
        let tarif = tarif_of(row, known);
        let (price, by_page) = known.tarifs.get(&tarif).copied().unwrap_or_default();
        let pages = row.int("nombrePages").unwrap_or(1).clamp(1, 1000);
        let amount = if by_page { price * (pages - 10).max(0) } else { price };
        let processed = row.yes("isProcessed");
        let late = instant(row.made()).is_none_or(|made| made + Duration::days(1) < known.now);
        let state = match (processed, late) {
            (true, _) => "PAID",
            (false, true) => "EXPIRED",
            (false, false) => "PENDING",
        };
        if let Some(session) = session(row, known) {
            known.beside.push(opened(row, &session, (order, Some(id)), amount, processed));
        }
        if let (Some(token), Some(expires), Some(user)) =
            (row.filled("activationToken"), row.instant("tokenExpiresAt"), user)
        {
            links.push(vec![hashed(token).into(), user.into(), expires.into(), row.created()]);
        }
        known.pendings.insert(id, order);
        Some(vec![
            id.into(),
            user.into(),
            row.text("prenom"),
            row.text("nom"),
            address(row.get("email").unwrap_or_default()).into(),
            row.cell("telephone"),
            row.cell("adresse"),
            tarif.into(),
            row.cell("description"),
            row.number("nombrePages"),
            amount.into(),
            row.yes("consentementRgpd").into(),
            state.into(),
            order.into(),
            row.created(),
            row.updated(),
        ])
    };
    let new =
        "id, user_id, prenom, nom, email, telephone, adresse, tarif_id, description, nombre_pages, amount,
               consentement_rgpd, status, commande_id, created_at, updated_at";
    moving.table(("pending_commandes", READ), ("pending_commandes", new), turn).await?;
    moving.beside("checkout_sessions", SESSION).await?;
    insert(&mut moving.tx, "activation_tokens", "token_hash, user_id, expires_at, created_at", links).await
}

fn tarif_of(row: &OldRow, known: &Known) -> uuid::Uuid {
    let named = row.link("serviceId").filter(|id| known.tarifs.contains_key(id));
    named.unwrap_or_else(|| old_offer(row.filled("serviceId").unwrap_or("inconnu")))
}

/// A line of the price list, no longer sold, for every service that pending orders name and nobody knows.
async fn old_offers(moving: &mut Moving<'_>, columns: &'static [&'static str]) -> anyhow::Result<()> {
    let (mut after, mut made, mut seen) = (String::new(), Vec::new(), HashSet::new());
    loop {
        let page = moving.source.page("pending_commandes", columns, &after).await?;
        let Some(last) = page.last() else { break };
        after = last.old_id().to_owned();
        for row in &page {
            let id = tarif_of(row, &moving.known);
            if moving.known.tarifs.contains_key(&id) || !seen.insert(id) {
                continue;
            }
            let name = row.filled("serviceId").unwrap_or("inconnu");
            moving.known.report.note("Tarifs disparus, ajoutés inactifs", name);
            made.push(vec![
                id.into(),
                format!("Ancienne offre {}", name.chars().take(200).collect::<String>()).into(),
                "Offre de l’ancienne plateforme, qui n’est plus vendue.".into(),
                0_i64.into(),
                "—".into(),
                "FORFAIT".into(),
                "Pack".into(),
                Cell::Null,
                false.into(),
                9999_i64.into(),
                Cell::Null,
                Cell::Null,
                row.created(),
                row.updated(),
            ]);
        }
    }
    moving.known.report.offers_added = made.len() as i64;
    insert(&mut moving.tx, "tarifs", TARIF, made).await
}
