//! What the routes of this folder read and answer.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    auth::Role,
    http::iso::Iso,
    users::{Preferences, User, own::ProfileChanges, rules},
};

/// What to change of a profile: what is absent stays, an empty text or null empties. Names cannot be emptied.
#[derive(Deserialize, Validate, ToSchema)]
pub struct ProfileBody {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 2, max_length = 100)]
    #[validate(custom(function = rules::prenom))]
    prenom: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 2, max_length = 100)]
    #[validate(custom(function = rules::nom))]
    nom: Option<String>,
    #[serde(default, deserialize_with = "null_as_empty")]
    #[schema(max_length = 20)]
    #[validate(custom(function = rules::telephone))]
    telephone: Option<String>,
    #[serde(default, deserialize_with = "null_as_empty")]
    #[schema(max_length = 1000)]
    #[validate(custom(function = rules::adresse))]
    adresse: Option<String>,
    #[serde(default, deserialize_with = "null_as_empty")]
    #[schema(max_length = 10_000)]
    #[validate(custom(function = rules::bio))]
    bio: Option<String>,
}

/// A text, never null: absence is what leaves a name as it is.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

fn null_as_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer).map(|text: Option<String>| Some(text.unwrap_or_default()))
}

impl From<ProfileBody> for ProfileChanges {
    fn from(body: ProfileBody) -> Self {
        let ProfileBody { prenom, nom, telephone, adresse, bio } = body;
        Self { prenom, nom, telephone, adresse, bio }
    }
}

/// A new password, and the one it replaces.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasswordBody {
    #[schema(min_length = 1, max_length = 1024)]
    #[validate(length(min = 1, code = "required", message = "Le mot de passe actuel est obligatoire."))]
    pub current_password: String,
    /// 12 characters, or 8 with three kinds of them; 128 at most.
    #[schema(min_length = 8, max_length = 128)]
    #[validate(custom(function = rules::new_password))]
    pub new_password: String,
}

/// A profile as it was changed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileUser {
    id: Uuid,
    prenom: String,
    nom: String,
    email: String,
    role: Role,
    is_active: bool,
    created_at: Iso,
    updated_at: Iso,
    telephone: Option<String>,
    adresse: Option<String>,
    bio: Option<String>,
}

impl From<User> for ProfileUser {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            prenom: user.prenom,
            nom: user.nom,
            email: user.email,
            role: user.role,
            is_active: user.is_active,
            created_at: user.created_at.into(),
            updated_at: user.updated_at.into(),
            telephone: user.telephone,
            adresse: user.adresse,
            bio: user.bio,
        }
    }
}

/// The answer to a change of the profile.
#[derive(Serialize, ToSchema)]
pub struct ProfileAnswer {
    pub message: &'static str,
    pub user: ProfileUser,
}

/// The answer to a change of the password.
#[derive(Serialize, ToSchema)]
pub struct PasswordAnswer {
    pub message: &'static str,
    /// A new session token: every earlier one has ended.
    pub token: String,
}

/// The answer to a change of the preferences.
#[derive(Serialize, ToSchema)]
pub struct PreferencesAnswer {
    pub message: &'static str,
    /// All of them, changed or not.
    pub preferences: Preferences,
}

/// The counts of a profile page.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountStats {
    /// Orders, whatever became of them.
    pub total_projects: i64,
    /// Delivered ones.
    pub completed_projects: i64,
    /// Always 0: nobody is asked for a rating.
    pub average_rating: u8,
    /// Ten delivered orders or more.
    pub is_vip: bool,
}

/// The answer to a request for an export.
#[derive(Serialize, ToSchema)]
pub struct ExportAnswer {
    pub message: &'static str,
    /// Where the link will be sent.
    pub email: String,
    pub timestamp: Iso,
}

/// A sentence for the reader.
#[derive(Serialize, ToSchema)]
pub struct AccountAnswer {
    pub message: &'static str,
}
