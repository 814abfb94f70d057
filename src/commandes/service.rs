//! Orders without payment.

use serde_json::json;
use uuid::Uuid;

use super::{
    Statut,
    express::{self, Of, Request, Source},
    moves::{self, NewCommande},
    references,
    store::{self, OwnCommande, OwnFilter},
    told::{OrderCreated, OrderRef},
};
use crate::{
    app::AppState,
    audit::{self, acts},
    auth::SessionUser,
    clock::new_id,
    db::with_retry,
    events,
    http::{ApiResult, Page, Problems, list::Listing},
    tarifs,
};

/// The pack whose orders are looked at before anything else.
const VERIFIED_PACK: &str = "pack-integral-default";

/// An order as its author describes it, well formed.
pub struct Draft {
    /// Title.
    pub titre: String,
    /// Note.
    pub description: Option<String>,
    /// Where the author says the manuscript is.
    pub fichier_url: Option<String>,
    /// A pack constant, or the id of a tarif.
    pub pack: Option<String>,
    /// Length the author declares.
    pub pages: Option<u32>,
    /// What the site showed, in cents: an indication, never charged.
    pub shown_estimate: Option<i32>,
    /// The version of the terms under which they asked that work begin at once, if they did.
    pub express: Option<String>,
}

impl Draft {
    /// Judges the lengths.
    ///
    /// # Errors
    /// 400 `VALIDATION_ERROR` with everything that is wrong.
    pub fn judged(self) -> ApiResult<Self> {
        let mut problems = Problems::default();
        let long = |text: &Option<String>, max| text.as_ref().is_some_and(|text| text.chars().count() > max);
        if !(3..=100).contains(&self.titre.chars().count()) {
            problems.add("titre", "length", "Le titre doit contenir entre 3 et 100 caractères.");
        }
        if long(&self.description, 10_000) {
            problems.add("description", "too_big", "La description ne peut pas dépasser 10 000 caractères.");
        }
        if long(&self.fichier_url, 500) {
            problems.add(
                "fichierUrl",
                "too_big",
                "L’adresse du fichier ne peut pas dépasser 500 caractères.",
            );
        }
        if long(&self.pack, 100) {
            problems.add("packType", "too_big", "Le pack ne peut pas dépasser 100 caractères.");
        }
        if let Some(version) = &self.express
            && !(1..=express::VERSION_MAX).contains(&version.chars().count())
        {
            let message = "La version des conditions générales est obligatoire (100 caractères au plus).";
            problems.add("versionCgv", "required", message);
        }
        problems.finish()?;
        Ok(self)
    }
}

/// An order just created.
pub struct Created {
    /// The order.
    pub id: Uuid,
    /// What people call it.
    pub reference: String,
    /// Where it stands.
    pub statut: Statut,
    /// When.
    pub created_at: chrono::DateTime<chrono::Utc>,
}

/// Creates an order without payment.
///
/// # Errors
/// When the database is away.
pub async fn create(state: &AppState, user: &SessionUser, draft: &Draft) -> ApiResult<Created> {
    let quote = estimate(state, draft).await?;
    let due = quote.as_ref().map(|quote| quote.amount);
    let estimated = due.and_then(|due| i32::try_from(due).ok()).or(draft.shown_estimate);
    let verified = draft.pack.as_deref() == Some(VERIFIED_PACK);
    let new = NewCommande {
        id: new_id(),
        reference: "",
        user_id: user.id,
        titre: &draft.titre,
        description: draft.description.as_deref(),
        fichier_url: draft.fichier_url.as_deref(),
        tarif_id: quote.as_ref().map(|quote| quote.tarif.id),
        pack_type: draft.pack.as_deref().filter(|_| quote.is_none()),
        pages: draft.pages.and_then(|pages| i32::try_from(pages).ok()),
        prix_estime: estimated,
        due,
        buyer: None,
        statut: if verified { Statut::EnAttenteVerification } else { Statut::EnAttente },
        payment: None,
    };
    let pack = quote.map(|quote| quote.tarif.nom);
    let express = draft.express.as_deref();
    let (reference, created_at) = with_retry(|| record(state, user, &new, pack.clone(), express)).await?;
    Ok(Created { id: new.id, reference, statut: new.statut, created_at })
}

async fn record(
    state: &AppState,
    user: &SessionUser,
    new: &NewCommande<'_>,
    pack: Option<String>,
    express: Option<&str>,
) -> Result<(String, chrono::DateTime<chrono::Utc>), sqlx::Error> {
    let now = state.clock.now();
    let mut tx = state.begin().await?;
    let reference = references::claim(&mut tx).await?;
    moves::begin(&mut tx, now, &NewCommande { reference: &reference, ..*new }).await?;
    if let Some(terms_version) = express {
        let request = Request { source: Source::Form, at: now, terms_version, email: &user.email };
        express::record(&mut tx, Of::Commande(new.id), request, now).await?;
    }
    let details = json!({ "titre": new.titre, "statut": new.statut });
    audit::record(&mut tx, acts::COMMAND_CREATED, &user.email, new.id, details).await?;
    let created = OrderCreated {
        user_id: user.id,
        order: OrderRef::new(new.id, Some(reference.clone()), new.titre.to_owned()),
        pack,
        amount: new.prix_estime.map(i64::from),
        needs_verification: new.statut == Statut::EnAttenteVerification,
    };
    events::record(&mut tx, created).await?;
    tx.commit().await?;
    Ok((reference, now))
}

/// What the order will cost, when it names a tarif and all that its price needs is known.
async fn estimate(state: &AppState, draft: &Draft) -> ApiResult<Option<tarifs::Quote>> {
    let Some(tarif_id) = draft.pack.as_deref().filter(|pack| Uuid::try_parse(pack).is_ok()) else {
        return Ok(None);
    };
    let mut conn = state.db.conn().await?;
    match tarifs::service::quote(&mut conn, tarif_id, draft.pages).await {
        Ok(quote) => Ok(Some(quote)),
        Err(error) if error.status().is_client_error() => Ok(None),
        Err(error) => Err(error),
    }
}

/// A page of someone's orders, newest first.
///
/// # Errors
/// When the database is away.
pub async fn list(state: &AppState, filter: &OwnFilter, page: Page) -> ApiResult<Listing<OwnCommande>> {
    let mut conn = state.db.conn().await?;
    let rows = store::of_user(&mut conn, filter, page).await?;
    let count = store::count_of_user(&mut conn, filter);
    let listing = state.totals.listing("commandes", filter, page, rows, count).await?;
    conn.release();
    Ok(listing)
}
