//! What the section reads and answers.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    auth::{
        Role, SessionUser,
        managing::{Access, Change, NewAccount},
    },
    http::{
        ApiResult,
        iso::Iso,
        list::{Words, flag, one_of},
    },
    users::{
        User,
        roster::{Detail, Figures, Filter, Row},
        rules,
    },
};

const ROLES: [(&str, Role); 3] =
    [("USER", Role::User), ("ADMIN", Role::Admin), ("CORRECTOR", Role::Corrector)];

/// Which accounts to list.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct UsersQuery {
    /// Words of the names or the address, all of them.
    #[param(max_length = 100)]
    search: Option<String>,
    /// `USER`, `ADMIN` or `CORRECTOR`.
    #[param(max_length = 20)]
    role: Option<String>,
    /// `true`: may log in; anything else: may not.
    #[param(max_length = 10)]
    is_active: Option<String>,
}

impl UsersQuery {
    pub(super) fn filter(&self) -> ApiResult<Filter> {
        Ok(Filter {
            words: Words::read("search", self.search.as_deref())?,
            role: one_of("role", self.role.as_deref(), &ROLES)?,
            active: flag(self.is_active.as_deref()),
        })
    }
}

/// An account as administrators see it.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminUser {
    id: Uuid,
    prenom: String,
    nom: String,
    email: String,
    role: Role,
    is_active: bool,
    created_at: Iso,
    updated_at: Iso,
    adresse: Option<String>,
    telephone: Option<String>,
    avatar: Option<String>,
}

impl From<Row> for AdminUser {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            prenom: row.prenom,
            nom: row.nom,
            email: row.email,
            role: row.role.0,
            is_active: row.is_active,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            adresse: row.adresse,
            telephone: row.telephone,
            avatar: row.avatar,
        }
    }
}

impl From<User> for AdminUser {
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
            adresse: user.adresse,
            telephone: user.telephone,
            avatar: user.avatar,
        }
    }
}

/// How much there is of an account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminUserCounts {
    commandes: i64,
    sent_messages: i64,
    received_messages: i64,
    notifications: i64,
}

/// One account with how much there is of it.
#[derive(Serialize, ToSchema)]
pub struct AdminUserDetail {
    #[serde(flatten)]
    user: AdminUser,
    #[serde(rename = "_count")]
    count: AdminUserCounts,
}

impl From<Detail> for AdminUserDetail {
    fn from(detail: Detail) -> Self {
        let count = AdminUserCounts {
            commandes: detail.commandes,
            sent_messages: detail.sent,
            received_messages: detail.received,
            notifications: detail.notifications,
        };
        Self { user: detail.row.into(), count }
    }
}

/// How many accounts there are.
#[derive(Serialize, ToSchema)]
pub struct AdminUserStats {
    total: i64,
    actifs: i64,
    inactifs: i64,
    admin: i64,
    users: i64,
    /// Opened within thirty days.
    recents: i64,
}

impl From<Figures> for AdminUserStats {
    fn from(figures: Figures) -> Self {
        let Figures { total, active, admins, recent } = figures;
        Self {
            total,
            actifs: active,
            inactifs: total - active,
            admin: admins,
            users: total - admins,
            recents: recent,
        }
    }
}

/// An account.
#[derive(Serialize, ToSchema)]
pub struct AdminUserAnswer {
    success: bool,
    data: AdminUser,
    message: &'static str,
}

impl AdminUserAnswer {
    pub(super) fn new(user: User, message: &'static str) -> Self {
        Self { success: true, data: user.into(), message }
    }
}

/// An account just opened, under both names that are read.
#[derive(Serialize, ToSchema)]
pub struct CreatedUserAnswer {
    success: bool,
    data: AdminUser,
    user: AdminUser,
    message: &'static str,
}

impl CreatedUserAnswer {
    pub(super) fn new(user: User) -> Self {
        let message = match user.awaits_activation() {
            true => "Le compte est créé : un lien pour choisir son mot de passe part par e-mail.",
            false => "Le compte est créé.",
        };
        let data = AdminUser::from(user);
        Self { success: true, user: data.clone(), data, message }
    }
}

/// One account, closely.
#[derive(Serialize, ToSchema)]
pub struct UserDetailAnswer {
    success: bool,
    data: AdminUserDetail,
    message: &'static str,
}

impl UserDetailAnswer {
    pub(super) fn new(detail: Detail) -> Self {
        Self { success: true, data: detail.into(), message: "Compte récupéré avec succès." }
    }
}

/// How many accounts there are.
#[derive(Serialize, ToSchema)]
pub struct UserStatsAnswer {
    success: bool,
    data: AdminUserStats,
    message: &'static str,
}

impl UserStatsAnswer {
    pub(super) fn new(figures: Figures) -> Self {
        Self { success: true, data: figures.into(), message: "Statistiques récupérées avec succès." }
    }
}

/// What was done.
#[derive(Serialize, ToSchema)]
pub struct ErasedUser {
    message: &'static str,
}

/// An account is gone.
#[derive(Serialize, ToSchema)]
pub struct ErasedUserAnswer {
    success: bool,
    data: ErasedUser,
    message: &'static str,
}

impl ErasedUserAnswer {
    pub(super) fn new() -> Self {
        let message = "Le compte et ses données personnelles sont supprimés.";
        Self { success: true, data: ErasedUser { message }, message }
    }
}

/// Who asks, for a program that wants to know whether it may.
#[derive(Serialize, ToSchema)]
pub struct AccessAnswer {
    message: &'static str,
    user: AccessUser,
    timestamp: Iso,
}

/// The account of a session.
#[derive(Serialize, ToSchema)]
pub struct AccessUser {
    id: Uuid,
    prenom: String,
    nom: String,
    email: String,
    role: Role,
}

impl AccessAnswer {
    pub(super) fn new(user: &SessionUser, now: Iso) -> Self {
        let user = AccessUser {
            id: user.id,
            prenom: user.prenom.clone(),
            nom: user.nom.clone(),
            email: user.email.clone(),
            role: user.role,
        };
        Self { message: "Accès administrateur confirmé.", user, timestamp: now }
    }
}

/// An account to open.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewUserBody {
    #[schema(min_length = 2, max_length = 100)]
    #[serde(default)]
    #[validate(custom(function = rules::prenom))]
    prenom: String,
    #[schema(min_length = 2, max_length = 100)]
    #[serde(default)]
    #[validate(custom(function = rules::nom))]
    nom: String,
    #[schema(format = Email, max_length = 255)]
    #[serde(default)]
    #[validate(custom(function = rules::email))]
    email: String,
    /// 12 characters, or 8 with three kinds of them; 128 at most. Without one its owner is mailed a link to choose it.
    #[schema(min_length = 8, max_length = 128)]
    #[validate(custom(function = rules::new_password))]
    password: Option<String>,
    role: Option<Role>,
    /// False: it begins closed, and nobody is told of it.
    is_active: Option<bool>,
    #[schema(max_length = 20)]
    #[validate(custom(function = rules::telephone))]
    telephone: Option<String>,
    #[schema(max_length = 1000)]
    #[validate(custom(function = rules::adresse))]
    adresse: Option<String>,
}

impl From<NewUserBody> for NewAccount {
    fn from(body: NewUserBody) -> Self {
        Self {
            prenom: body.prenom,
            nom: body.nom,
            email: body.email,
            password: body.password,
            role: body.role.unwrap_or(Role::User),
            is_active: body.is_active.unwrap_or(true),
            telephone: body.telephone,
            adresse: body.adresse,
        }
    }
}

/// What an account shall be: what is absent stays, null or an empty text empties a number or a postal address.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserBody {
    #[schema(min_length = 2, max_length = 100)]
    #[validate(custom(function = rules::prenom))]
    prenom: Option<String>,
    #[schema(min_length = 2, max_length = 100)]
    #[validate(custom(function = rules::nom))]
    nom: Option<String>,
    #[schema(format = Email, max_length = 255)]
    #[validate(custom(function = rules::email))]
    email: Option<String>,
    role: Option<Role>,
    is_active: Option<bool>,
    #[serde(default, deserialize_with = "null_as_empty")]
    #[schema(max_length = 20)]
    #[validate(custom(function = rules::telephone))]
    telephone: Option<String>,
    #[serde(default, deserialize_with = "null_as_empty")]
    #[schema(max_length = 1000)]
    #[validate(custom(function = rules::adresse))]
    adresse: Option<String>,
}

fn null_as_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer).map(|text: Option<String>| Some(text.unwrap_or_default()))
}

impl From<UserBody> for Change {
    fn from(body: UserBody) -> Self {
        Self {
            prenom: body.prenom,
            nom: body.nom,
            email: body.email,
            role: body.role,
            access: body.is_active.map(Access::from),
            telephone: body.telephone,
            adresse: body.adresse,
        }
    }
}

/// What an account may do from now on.
#[derive(Deserialize, Validate, ToSchema)]
pub struct RoleBody {
    pub(super) role: Role,
}

/// Whether an account may log in from now on.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessBody {
    pub(super) is_active: bool,
}
