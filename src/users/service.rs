//! What may be done to accounts, whoever asks.

use serde_json::{Map, Value, json};
use uuid::Uuid;
use validator::ValidationError;

use super::{
    Role, preferences, rules,
    store::{self, NewUser},
};
use crate::{
    app::AppState,
    audit::{self, SYSTEM, acts},
    clock::new_id,
    db::{violates, with_retry},
    http::error::{ApiError, ApiResult, Detail},
};

/// Opens an administrator's account, ready to log in, and returns its id.
///
/// # Errors
/// 400 when a value breaks its rule, 409 `EMAIL_TAKEN` when the address has an account already, whatever its role.
pub async fn create_admin(
    state: &AppState,
    email: &str,
    prenom: &str,
    nom: &str,
    password: &str,
) -> ApiResult<Uuid> {
    check(&[
        ("email", rules::email(email)),
        ("prenom", rules::prenom(prenom)),
        ("nom", rules::nom(nom)),
        ("password", rules::new_password(password)),
    ])?;
    let (id, email, password_hash) =
        (new_id(), rules::normalise_email(email), state.passwords.hash(password).await?);
    let new = NewUser {
        id,
        prenom: prenom.trim(),
        nom: nom.trim(),
        email: &email,
        password_hash: &password_hash,
        role: Role::Admin,
        is_active: true,
        telephone: None,
    };
    with_retry(|| async {
        let mut tx = state.begin().await?;
        store::insert(&mut tx, &new, state.clock.now()).await.map_err(taken)?;
        let details = json!({ "role": new.role, "method": "command_line" });
        audit::record(&mut tx, acts::USER_CREATED, SYSTEM, new.id, details).await?;
        Ok::<_, ApiError>(tx.commit().await?)
    })
    .await?;
    Ok(id)
}

/// Code of the refusal of an address that has an account already.
pub const EMAIL_TAKEN: &str = "EMAIL_TAKEN";

/// 409 [`EMAIL_TAKEN`] when the error says that the address has an account already.
pub fn taken(error: sqlx::Error) -> ApiError {
    match violates(&error, store::EMAIL_KEY) {
        true => ApiError::conflict(EMAIL_TAKEN, "Cette adresse e-mail est déjà utilisée."),
        false => error.into(),
    }
}

/// 401: the account of a session is not there any more.
pub fn gone() -> ApiError {
    ApiError::unauthorized("TOKEN_INVALID", "Votre session a expiré. Reconnectez-vous.")
}

/// Stops the mails an account may refuse: sets `notifications.email` to false and keeps every other preference. An
/// account that is gone receives nothing.
///
/// # Errors
/// When the database refuses.
pub async fn refuse_mails(state: &AppState, user_id: Uuid) -> Result<(), sqlx::Error> {
    with_retry(|| async {
        let mut tx = state.begin().await?;
        let Some(account) = preferences::lock_preferences(&mut tx, user_id).await? else { return Ok(()) };
        let after = without_mails(&account.preferences);
        if account.preferences == after {
            return Ok(());
        }
        preferences::save_preferences(&mut tx, user_id, after, state.clock.now()).await?;
        let details = json!({ "action": "unsubscribe", "preferences_updated": ["notifications"] });
        audit::record(&mut tx, acts::USER_UPDATED, &account.email, user_id, details).await?;
        tx.commit().await
    })
    .await
}

fn without_mails(preferences: &Value) -> Value {
    let mut all = preferences.as_object().cloned().unwrap_or_default();
    let mut notifications =
        all.get("notifications").and_then(Value::as_object).cloned().unwrap_or_else(Map::new);
    notifications.insert("email".to_owned(), Value::Bool(false));
    all.insert("notifications".to_owned(), Value::Object(notifications));
    Value::Object(all)
}

fn check(values: &[(&'static str, Result<(), ValidationError>)]) -> ApiResult<()> {
    let refused = values.iter().filter_map(|(field, outcome)| {
        let error = outcome.as_ref().err()?;
        Some(Detail::field(*field, error.code.clone(), error.message.clone().unwrap_or_default()))
    });
    match refused.collect::<Vec<_>>() {
        none if none.is_empty() => Ok(()),
        details => Err(ApiError::validation(details)),
    }
}
