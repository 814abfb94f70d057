//! What the owner of an account changes of it.

use chrono::SecondsFormat;
use serde_json::json;
use uuid::Uuid;

use super::{
    User, last_admin,
    preferences::{self, PreferenceChanges, Preferences},
    service::gone,
    store,
};
use crate::{
    app::AppState,
    audit::{self, Severity, acts},
    db::with_retry,
    http::error::ApiResult,
};

/// A profile's changes, well formed: what is absent stays, an empty text empties.
#[derive(Default)]
pub struct ProfileChanges {
    /// First name.
    pub prenom: Option<String>,
    /// Family name.
    pub nom: Option<String>,
    /// Phone number.
    pub telephone: Option<String>,
    /// Postal address.
    pub adresse: Option<String>,
    /// Free text about the person.
    pub bio: Option<String>,
}

impl ProfileChanges {
    /// The names of what is changed.
    fn names(&self) -> Vec<&'static str> {
        let named = [
            ("prenom", &self.prenom),
            ("nom", &self.nom),
            ("telephone", &self.telephone),
            ("adresse", &self.adresse),
            ("bio", &self.bio),
        ];
        named.into_iter().filter(|(_, given)| given.is_some()).map(|(name, _)| name).collect()
    }

    fn apply(&self, user: &mut User) {
        let trimmed = |text: &String| text.trim().to_owned();
        let filled = |text: &String| Some(trimmed(text)).filter(|text| !text.is_empty());
        self.prenom.iter().for_each(|text| user.prenom = trimmed(text));
        self.nom.iter().for_each(|text| user.nom = trimmed(text));
        self.telephone.iter().for_each(|text| user.telephone = filled(text));
        self.adresse.iter().for_each(|text| user.adresse = filled(text));
        self.bio.iter().for_each(|text| user.bio = filled(text));
    }
}

/// Changes the profile of an account and gives the account.
///
/// # Errors
/// 401 when it is gone, 503.
pub async fn update_profile(state: &AppState, id: Uuid, changes: &ProfileChanges) -> ApiResult<User> {
    let user = with_retry(|| write_profile(state, id, changes)).await?;
    state.sessions.forget(id).await;
    Ok(user)
}

async fn write_profile(state: &AppState, id: Uuid, changes: &ProfileChanges) -> ApiResult<User> {
    let (names, now) = (changes.names(), state.clock.now());
    let mut tx = state.begin().await?;
    store::lock(&mut tx, id).await?;
    let mut user = store::by_id(&mut tx, id).await?.ok_or_else(gone)?;
    if names.is_empty() {
        return Ok(user);
    }
    changes.apply(&mut user);
    user.updated_at = now;
    store::save_profile(&mut tx, &user).await?;
    let details = json!({ "fields_updated": names, "method": "profile_update" });
    audit::record(&mut tx, acts::USER_UPDATED, &user.email, id, details).await?;
    tx.commit().await?;
    Ok(user)
}

/// What an account has chosen, complete.
///
/// # Errors
/// 401 when it is gone, 503.
pub async fn preferences(state: &AppState, id: Uuid) -> ApiResult<Preferences> {
    let mut conn = state.db.conn().await?;
    let stored = preferences::preferences(&mut conn, id).await?;
    conn.release();
    Ok(Preferences::of(&stored.ok_or_else(gone)?))
}

/// Changes what an account has chosen, and gives all of it.
///
/// # Errors
/// 401 when it is gone, 503.
pub async fn choose(state: &AppState, id: Uuid, changes: &PreferenceChanges) -> ApiResult<Preferences> {
    with_retry(|| write_preferences(state, id, changes)).await
}

async fn write_preferences(
    state: &AppState,
    id: Uuid,
    changes: &PreferenceChanges,
) -> ApiResult<Preferences> {
    let (names, now) = (changes.names(), state.clock.now());
    let mut tx = state.begin().await?;
    let account = preferences::lock_preferences(&mut tx, id).await?.ok_or_else(gone)?;
    let mut after = Preferences::of(&account.preferences).with(changes);
    if names.is_empty() {
        return Ok(after);
    }
    after.updated_at = Some(now.to_rfc3339_opts(SecondsFormat::Millis, true));
    preferences::save_preferences(&mut tx, id, json!(after), now).await?;
    let details = json!({ "action": "preferences_update", "preferences_updated": names });
    audit::record(&mut tx, acts::USER_UPDATED, &account.email, id, details).await?;
    tx.commit().await?;
    Ok(after)
}

/// Closes an account until its owner logs in again. End its sessions after it.
///
/// # Errors
/// 409 `LAST_ADMIN`, 401 when it is gone, 503.
pub async fn deactivate(state: &AppState, id: Uuid) -> ApiResult<()> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        last_admin::refuse(&mut tx, id).await?;
        let user = store::by_id(&mut tx, id).await?.ok_or_else(gone)?;
        store::close(&mut tx, id, state.clock.now()).await?;
        let details = json!({ "action": "account_deactivation", "method": "self_service" });
        audit::record(&mut tx, acts::USER_UPDATED.at(Severity::Medium), &user.email, id, details).await?;
        Ok(tx.commit().await?)
    })
    .await
}
