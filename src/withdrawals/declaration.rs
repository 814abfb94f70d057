//! What someone declares, and the token that carries it from the summary to the button: signed, good for one hour, so
//! that nothing is kept of a declaration that is not confirmed.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    app::AppState,
    checkout::form::Fields,
    clock::new_id,
    http::{ApiError, ApiResult, Problems},
};

/// Longest name, number and text, in characters.
pub const NAME_MAX: usize = 200;
/// Of the number of an order or an invoice.
pub const NUMBER_MAX: usize = 64;
/// Of what they want to add.
pub const MESSAGE_MAX: usize = 2_000;

/// How long a summary can be confirmed.
const LIFETIME: TimeDelta = TimeDelta::hours(1);

/// What someone declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// First and family name.
    pub nom: String,
    /// Where the receipt goes, normalised.
    pub email: String,
    /// Which order or invoice, as typed.
    pub numero: Option<String>,
    /// What they want to add.
    pub message: Option<String>,
}

impl Declaration {
    /// Reads the fields of the form.
    ///
    /// # Errors
    /// 400 `VALIDATION_ERROR` with everything that is wrong.
    pub fn read(fields: &Fields, mut problems: Problems) -> ApiResult<Self> {
        let declaration = Self {
            nom: fields.required("nom", "Le nom", 1, NAME_MAX, &mut problems),
            email: fields.email("email", &mut problems),
            numero: fields.optional("numero", NUMBER_MAX, &mut problems),
            message: fields.text("message", MESSAGE_MAX, &mut problems).map(without_controls),
        };
        problems.finish()?;
        Ok(declaration)
    }

    /// The same for the same declaration.
    pub fn fingerprint(&self) -> String {
        let what = json!([self.nom, self.email, self.numero, self.message]);
        hex::encode(Sha256::digest(what.to_string()))
    }
}

/// A text of several lines, each without what is no text.
fn without_controls(text: String) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

/// A declaration about to be confirmed: its id makes two clicks one.
#[derive(Serialize, Deserialize)]
pub struct Prepared {
    /// The declaration, once it is made.
    pub id: Uuid,
    /// What is declared.
    #[serde(flatten)]
    pub declaration: Declaration,
    /// Until when it can be confirmed.
    #[serde(with = "chrono::serde::ts_seconds")]
    pub until: DateTime<Utc>,
}

/// A token that confirms `declaration`, and until when.
///
/// # Errors
/// Never, as far as anybody knows.
pub fn prepare(state: &AppState, declaration: Declaration) -> ApiResult<(String, DateTime<Utc>)> {
    let until = state.clock.now() + LIFETIME;
    let prepared = Prepared { id: new_id(), declaration, until };
    let text = serde_json::to_vec(&prepared).map_err(ApiError::internal)?;
    let text = URL_SAFE_NO_PAD.encode(text);
    let seal = state.links.seal(&subject(&text));
    Ok((format!("{text}.{seal}"), until))
}

/// What a token confirms.
///
/// # Errors
/// 400 `WITHDRAWAL_EXPIRED` when it is not ours, or an hour old.
pub fn prepared(state: &AppState, token: &str) -> ApiResult<Prepared> {
    let read = || -> Option<Prepared> {
        let (text, seal) = token.split_once('.')?;
        let ours = state.links.is_sealed(&subject(text), seal);
        let prepared: Prepared = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        (ours && state.clock.now() < prepared.until).then_some(prepared)
    };
    read().ok_or_else(|| {
        ApiError::bad_request(
            "WITHDRAWAL_EXPIRED",
            "Cette étape n’est plus valable : rien n’a été enregistré. Merci de remplir à nouveau le formulaire.",
        )
    })
}

fn subject(text: &str) -> String {
    format!("retractation:{text}")
}
