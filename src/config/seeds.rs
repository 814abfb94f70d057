use secrecy::SecretString;

use super::Vars;

/// The accounts `staka seed` creates when they are absent (`SEED_*`).
#[derive(Clone, Debug)]
pub struct SeedSettings {
    /// `SEED_ADMIN_EMAIL`, `SEED_ADMIN_PASSWORD`
    pub admin: SeedAccount,
    /// `SEED_CLIENT_EMAIL`, `SEED_CLIENT_PASSWORD`
    pub client: SeedAccount,
    /// `SEED_CORRECTOR_EMAIL`, `SEED_CORRECTOR_PASSWORD`
    pub corrector: SeedAccount,
}

/// One account to create.
#[derive(Clone, Debug)]
pub struct SeedAccount {
    /// Address to log in with.
    pub email: String,
    /// Initial password.
    pub password: SecretString,
    /// Whether the password was chosen by the operator rather than being the published default.
    pub chosen: bool,
}

impl SeedSettings {
    pub(super) fn load(vars: &Vars) -> Self {
        let account = |email: &str, default_email: &str, password: &str, default_password: &str| SeedAccount {
            email: vars.text(email, default_email).trim().to_lowercase(),
            password: vars.text(password, default_password).into(),
            chosen: vars.get(password).is_some(),
        };
        Self {
            admin: account("SEED_ADMIN_EMAIL", "admin@example.com", "SEED_ADMIN_PASSWORD", "Admin-Staka-2026"),
            client: account("SEED_CLIENT_EMAIL", "client@example.com", "SEED_CLIENT_PASSWORD", "Client-Staka-2026"),
            corrector: account(
                "SEED_CORRECTOR_EMAIL",
                "correcteur@example.com",
                "SEED_CORRECTOR_PASSWORD",
                "Correcteur-Staka-2026",
            ),
        }
    }
}
