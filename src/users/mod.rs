//! People: the account row, what its owner sees of it, and the rules names, addresses and passwords follow.

pub mod billing;
pub mod customers;
pub mod demo;
mod directory;
pub mod last_admin;
pub mod own;
pub mod owners;
pub mod personal;
mod preferences;
pub mod roster;
pub mod rules;
pub mod service;
pub mod store;

pub use directory::Directory;
pub use preferences::{PreferenceChanges, Preferences};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::iso::Iso;

/// Address of the account the former platform kept for files of visitors. It is nobody's: it never logs in and
/// nothing is ever mailed to it.
pub const PLACEHOLDER_EMAIL: &str = "__temp_upload_user__@staka.internal";

/// Stored as the hash of an account that has no password: no input verifies against it.
pub const UNUSABLE: &str = "!";

/// What an account may do. The database decides, not the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(rename_all = "UPPERCASE")]
pub enum Role {
    /// An author.
    User,
    /// Runs the platform.
    Admin,
    /// Corrects manuscripts.
    Corrector,
}

impl Role {
    /// The wire form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Admin => "ADMIN",
            Self::Corrector => "CORRECTOR",
        }
    }
}

/// Who closed an inactive account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(rename_all = "UPPERCASE")]
pub enum DeactivatedBy {
    /// Its owner, who reopens it by logging in.
    #[sqlx(rename = "SELF")]
    Owner,
    /// An administrator, who alone can reopen it.
    Admin,
}

/// An account as stored. Erased accounts are never read into it.
#[derive(Clone)]
pub struct User {
    /// The account.
    pub id: Uuid,
    /// First name.
    pub prenom: String,
    /// Family name.
    pub nom: String,
    /// Address: trimmed, lower-cased, unique.
    pub email: String,
    /// PHC string, imported bcrypt, or [`UNUSABLE`].
    pub password_hash: String,
    /// What the account may do.
    pub role: Role,
    /// Whether it may log in.
    pub is_active: bool,
    /// Who closed it; `None` while it was never activated.
    pub deactivated_by: Option<DeactivatedBy>,
    /// Session tokens of another version are dead.
    pub token_version: u32,
    /// Phone number.
    pub telephone: Option<String>,
    /// Postal address.
    pub adresse: Option<String>,
    /// URL of a picture.
    pub avatar: Option<String>,
    /// Free text about the person.
    pub bio: Option<String>,
    /// Choices about mails and privacy.
    pub preferences: Option<Json<Value>>,
    /// UTC.
    pub created_at: DateTime<Utc>,
    /// UTC.
    pub updated_at: DateTime<Utc>,
}

impl User {
    /// Whether this is the account of a guest order whose owner has not chosen a password yet.
    pub fn awaits_activation(&self) -> bool {
        !self.is_active && self.deactivated_by.is_none() && self.email != PLACEHOLDER_EMAIL
    }
}

/// The account behind a session, as the database has it.
#[derive(Clone, Debug)]
pub struct SessionUser {
    /// The account.
    pub id: Uuid,
    /// First name.
    pub prenom: String,
    /// Family name.
    pub nom: String,
    /// Stored address.
    pub email: String,
    /// What the account may do now.
    pub role: Role,
    /// Whether it may log in.
    pub is_active: bool,
    /// Tokens of another version are dead.
    pub token_version: u32,
}

impl SessionUser {
    /// First and family name.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.prenom, self.nom)
    }
}

/// An account as its owner sees it: never the password.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeUser {
    /// The account.
    pub id: Uuid,
    /// First name.
    pub prenom: String,
    /// Family name.
    pub nom: String,
    /// Address to log in with.
    pub email: String,
    /// What the account may do.
    pub role: Role,
    /// Whether it may log in.
    pub is_active: bool,
    /// When it was opened.
    pub created_at: Iso,
    /// When it was last changed.
    pub updated_at: Iso,
    /// Phone number.
    pub telephone: Option<String>,
    /// Postal address.
    pub adresse: Option<String>,
    /// Free text about the person.
    pub bio: Option<String>,
    /// URL of a picture.
    pub avatar: Option<String>,
    /// Choices about mails and privacy, as stored.
    #[schema(value_type = Option<Object>)]
    pub preferences: Option<Value>,
}

impl From<User> for MeUser {
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
            avatar: user.avatar,
            preferences: user.preferences.map(|json| json.0).filter(Value::is_object),
        }
    }
}
