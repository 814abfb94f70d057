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
    /// Whether the password was chosen by the operator rather than being a published default.
    pub chosen: bool,
    /// The variable that gives the password.
    pub password_variable: &'static str,
}

/// Passwords that stand in the documentation, hence are no secret, whoever sets them.
const PUBLISHED: [&str; 3] = ["Admin-Staka-2026", "Client-Staka-2026", "Correcteur-Staka-2026"];

impl SeedSettings {
    pub(super) fn load(vars: &Vars) -> Self {
        let [admin, client, corrector] = PUBLISHED;
        let account = |email, default_email, password: &'static str, published| SeedAccount {
            email: vars.text(email, default_email).trim().to_lowercase(),
            password: vars.text(password, published).into(),
            chosen: vars.get(password).is_some_and(|given| !PUBLISHED.contains(&given)),
            password_variable: password,
        };
        Self {
            admin: account("SEED_ADMIN_EMAIL", "admin@example.com", "SEED_ADMIN_PASSWORD", admin),
            client: account("SEED_CLIENT_EMAIL", "client@example.com", "SEED_CLIENT_PASSWORD", client),
            corrector: account(
                "SEED_CORRECTOR_EMAIL",
                "correcteur@example.com",
                "SEED_CORRECTOR_PASSWORD",
                corrector,
            ),
        }
    }

    /// The accounts, administrator first.
    pub fn all(&self) -> [&SeedAccount; 3] {
        [&self.admin, &self.client, &self.corrector]
    }
}
