//! What the routes of this folder read and answer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::{Role, activation::Activated, service::SignedIn};
use crate::{
    http::iso::Iso,
    users::{MeUser, rules},
};

/// Where the web application goes once logged in: a path of its own, since it cannot follow an absolute URL.
const DASHBOARD: &str = "/app/dashboard";

/// Who wants an account.
#[derive(Deserialize, Validate, ToSchema)]
pub struct RegisterBody {
    #[schema(min_length = 2, max_length = 100)]
    #[validate(custom(function = rules::prenom))]
    pub prenom: String,
    #[schema(min_length = 2, max_length = 100)]
    #[validate(custom(function = rules::nom))]
    pub nom: String,
    #[schema(format = Email, max_length = 255)]
    #[validate(custom(function = rules::email))]
    pub email: String,
    /// 12 characters, or 8 with three kinds of them; 128 at most.
    #[schema(min_length = 8, max_length = 128)]
    #[validate(custom(function = rules::new_password))]
    pub password: String,
    #[schema(max_length = 20)]
    #[validate(custom(function = rules::telephone))]
    pub telephone: Option<String>,
}

/// Who logs in.
#[derive(Deserialize, Validate, ToSchema)]
pub struct LoginBody {
    #[schema(min_length = 1, max_length = 255)]
    #[validate(length(min = 1, code = "required", message = "L’adresse e-mail est obligatoire."))]
    pub email: String,
    #[schema(min_length = 1, max_length = 1024)]
    #[validate(length(min = 1, code = "required", message = "Le mot de passe est obligatoire."))]
    pub password: String,
}

/// An address to mail a link to.
#[derive(Deserialize, Validate, ToSchema)]
pub struct EmailBody {
    #[schema(format = Email, max_length = 255)]
    #[validate(custom(function = rules::email))]
    pub email: String,
}

/// A new password, with the token of the mailed link.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResetBody {
    #[schema(min_length = 1, max_length = 255)]
    #[validate(length(min = 1, code = "required", message = "Le lien de réinitialisation est incomplet."))]
    pub token: String,
    #[schema(min_length = 8, max_length = 128)]
    #[validate(custom(function = rules::new_password))]
    pub new_password: String,
}

/// A first password.
#[derive(Deserialize, Validate, ToSchema)]
pub struct SetPasswordBody {
    #[schema(min_length = 8, max_length = 128)]
    #[validate(custom(function = rules::new_password))]
    pub password: String,
}

/// A first password, with the token of the mailed link.
#[derive(Deserialize, Validate, ToSchema)]
pub struct ActivateBody {
    #[schema(min_length = 1, max_length = 255)]
    #[validate(length(min = 1, code = "required", message = "Le lien d’activation est incomplet."))]
    pub token: String,
    #[schema(min_length = 8, max_length = 128)]
    #[validate(custom(function = rules::new_password))]
    pub password: String,
}

/// A sentence for the reader.
#[derive(Serialize, ToSchema)]
pub struct MessageAnswer {
    pub message: &'static str,
}

/// An account and a session of it.
#[derive(Serialize, ToSchema)]
pub struct SessionAnswer {
    pub message: &'static str,
    pub user: MeUser,
    /// Session token, valid for seven days.
    pub token: String,
}

impl SessionAnswer {
    pub fn new(message: &'static str, signed_in: SignedIn) -> Self {
        Self { message, user: signed_in.user.into(), token: signed_in.token }
    }
}

/// What a good activation link opens.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvitationAnswer {
    pub message: &'static str,
    /// Always `true`; errors carry `false`.
    pub valid: bool,
    pub user: InvitedUser,
    /// The account needs no activation any more.
    pub is_already_active: bool,
    pub expires_at: Iso,
}

/// Whom an activation link is for.
#[derive(Serialize, ToSchema)]
pub struct InvitedUser {
    pub prenom: String,
    pub nom: String,
    pub email: String,
}

/// An account that was just activated.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActivatedAnswer {
    pub message: &'static str,
    /// Always `true`.
    pub success: bool,
    pub user: ActivatedUser,
    /// Session token, valid for seven days.
    pub token: String,
    /// A path of the web application.
    pub redirect_url: &'static str,
}

/// The account, in short.
#[derive(Serialize, ToSchema)]
pub struct ActivatedUser {
    pub id: Uuid,
    pub prenom: String,
    pub nom: String,
    pub email: String,
    pub role: Role,
    /// A ticket that `POST /auth/login` takes in place of the password: for this account, once, within 60 seconds.
    pub password: String,
}

impl From<Activated> for ActivatedAnswer {
    fn from(Activated { signed_in: SignedIn { user, token }, ticket }: Activated) -> Self {
        Self {
            message: "Votre compte est activé. Bienvenue !",
            success: true,
            user: ActivatedUser {
                id: user.id,
                prenom: user.prenom,
                nom: user.nom,
                email: user.email,
                role: user.role,
                password: ticket,
            },
            token,
            redirect_url: DASHBOARD,
        }
    }
}
