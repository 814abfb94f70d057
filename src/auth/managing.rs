//! What administrators do with accounts. Nobody takes the last active administrator's rights, whoever asks and however
//! many ask at once; whoever loses rights loses every session too.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{
    activation,
    session::end_sessions,
    store,
    told::{AccountClosed, AccountInvited, AccountOpened, AccountOpenedAgain, AddressChanged, RoleChanged},
};
use crate::{
    app::AppState,
    audit::{self, Severity, acts},
    clock::new_id,
    db::with_retry,
    events::{self, Tx},
    http::error::ApiResult,
    users::{
        self, DeactivatedBy, Role, UNUSABLE, User, last_admin, roster::unknown, rules::normalise_email,
        service::taken,
    },
};

/// An account to open, its values judged.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// First name.
    pub prenom: String,
    /// Family name.
    pub nom: String,
    /// Address.
    pub email: String,
    /// The password its owner was given; without one they are mailed a link to choose it.
    pub password: Option<String>,
    /// What it may do.
    pub role: Role,
    /// Whether it may log in, as soon as it has a password.
    pub is_active: bool,
    /// Phone number.
    pub telephone: Option<String>,
    /// Postal address.
    pub adresse: Option<String>,
}

/// Opens an account. Its owner gets a link to choose a password, or is welcomed when they were given one; nobody is
/// told of an account that begins closed.
///
/// # Errors
/// 409 `EMAIL_TAKEN`, 503.
pub async fn create(state: &AppState, actor: &str, new: &NewAccount) -> ApiResult<User> {
    let hash = match &new.password {
        Some(password) => state.passwords.hash(password).await?,
        None => UNUSABLE.to_owned(),
    };
    let user = new.account(hash, state.clock.now());
    with_retry(|| open(state, actor, &user)).await?;
    Ok(user)
}

async fn open(state: &AppState, actor: &str, user: &User) -> ApiResult<()> {
    let mut tx = state.begin().await?;
    users::store::add(&mut tx, user).await.map_err(taken)?;
    let invited = user.awaits_activation();
    let details = json!({ "role": user.role, "method": "administration", "invited": invited });
    audit::record(&mut tx, acts::USER_CREATED, actor, user.id, details).await?;
    match (invited, user.is_active) {
        (true, _) => {
            let invited = AccountInvited { user_id: user.id, request_id: Some(new_id()) };
            events::record(&mut tx, invited).await?;
        }
        (false, true) => events::record(&mut tx, AccountOpened { user_id: user.id }).await?,
        (false, false) => {}
    }
    Ok(tx.commit().await?)
}

impl NewAccount {
    fn account(&self, password_hash: String, now: DateTime<Utc>) -> User {
        User {
            id: new_id(),
            prenom: self.prenom.trim().to_owned(),
            nom: self.nom.trim().to_owned(),
            email: normalise_email(&self.email),
            role: self.role,
            is_active: self.is_active && password_hash != UNUSABLE,
            deactivated_by: (!self.is_active).then_some(DeactivatedBy::Admin),
            token_version: 0,
            telephone: self.telephone.as_deref().and_then(filled),
            adresse: self.adresse.as_deref().and_then(filled),
            avatar: None,
            bio: None,
            preferences: None,
            created_at: now,
            updated_at: now,
            password_hash,
        }
    }
}

/// Whether an account may log in, or the other way round than now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It may.
    Open,
    /// It may not, until an administrator says otherwise.
    Closed,
    /// The contrary of what it is.
    Toggled,
}

impl From<bool> for Access {
    fn from(active: bool) -> Self {
        if active { Self::Open } else { Self::Closed }
    }
}

/// What shall become of an account, its values judged: what is absent stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// First name.
    pub prenom: Option<String>,
    /// Family name.
    pub nom: Option<String>,
    /// Address.
    pub email: Option<String>,
    /// What it may do.
    pub role: Option<Role>,
    /// Whether it may log in.
    pub access: Option<Access>,
    /// Phone number; none when it is blank.
    pub telephone: Option<String>,
    /// Postal address; none when it is blank.
    pub adresse: Option<String>,
}

/// Changes an account and gives it as it is then. Its owner hears of what concerns them; their sessions end with their
/// role or their access.
///
/// # Errors
/// 404 without it, 409 `EMAIL_TAKEN`, 409 `LAST_ADMIN`, 503.
pub async fn change(state: &AppState, actor: &str, id: Uuid, change: &Change) -> ApiResult<User> {
    let (before, after) = with_retry(|| write(state, actor, id, change)).await?;
    match before.token_version == after.token_version {
        true => state.sessions.forget(id).await,
        false => end_sessions(state, id).await,
    }
    Ok(after)
}

async fn write(state: &AppState, actor: &str, id: Uuid, change: &Change) -> ApiResult<(User, User)> {
    let mut tx = state.begin().await?;
    let last = match change.role.is_some() || change.access.is_some() {
        true => last_admin::is(&mut tx, id).await?,
        false => {
            users::store::lock(&mut tx, id).await?;
            false
        }
    };
    let before = users::store::by_id(&mut tx, id).await?.ok_or_else(unknown)?;
    let after = change.applied(&before, tx.now());
    if last && (after.role != Role::Admin || !after.is_active) {
        return Err(last_admin::refusal());
    }
    let moves = Moves { before: &before, after: &after };
    if moves.any() {
        users::store::save(&mut tx, &after).await.map_err(taken)?;
        moves.record(&mut tx, actor).await?;
        moves.tell(&mut tx).await?;
        tx.commit().await?;
    }
    Ok((before, after))
}

impl Change {
    /// The account with this changed. Who loses a role or the access loses every session.
    fn applied(&self, before: &User, now: DateTime<Utc>) -> User {
        let mut after = before.clone();
        let trimmed = |text: &String| text.trim().to_owned();
        self.prenom.iter().for_each(|text| after.prenom = trimmed(text));
        self.nom.iter().for_each(|text| after.nom = trimmed(text));
        self.email.iter().for_each(|text| after.email = normalise_email(text));
        self.telephone.iter().for_each(|text| after.telephone = filled(text));
        self.adresse.iter().for_each(|text| after.adresse = filled(text));
        after.role = self.role.unwrap_or(before.role);
        match self.access {
            Some(Access::Open) => after.open(),
            Some(Access::Closed) => after.shut(),
            Some(Access::Toggled) if before.is_active => after.shut(),
            Some(Access::Toggled) => after.open(),
            None => {}
        }
        let loses = before.role != after.role || (before.is_active && !after.is_active);
        after.token_version = before.token_version.wrapping_add(u32::from(loses));
        let moves = Moves { before, after: &after };
        after.updated_at = if moves.any() { now } else { before.updated_at };
        after
    }
}

impl User {
    fn open(&mut self) {
        (self.is_active, self.deactivated_by) = (true, None);
    }

    /// An account that its owner closed, or never opened, stays closed from now on too.
    fn shut(&mut self) {
        (self.is_active, self.deactivated_by) = (false, Some(DeactivatedBy::Admin));
    }
}

/// An account before and after a change.
struct Moves<'a> {
    before: &'a User,
    after: &'a User,
}

impl Moves<'_> {
    fn any(&self) -> bool {
        self.role() || self.access() || !self.fields().is_empty()
    }

    fn role(&self) -> bool {
        self.before.role != self.after.role
    }

    fn access(&self) -> bool {
        let access = |user: &User| (user.is_active, user.deactivated_by);
        access(self.before) != access(self.after)
    }

    fn email(&self) -> bool {
        self.before.email != self.after.email
    }

    /// Names of the columns that change, role and access aside.
    fn fields(&self) -> Vec<&'static str> {
        let (before, after) = (self.before, self.after);
        let changed = [
            ("prenom", before.prenom != after.prenom),
            ("nom", before.nom != after.nom),
            ("email", self.email()),
            ("telephone", before.telephone != after.telephone),
            ("adresse", before.adresse != after.adresse),
        ];
        changed.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
    }

    async fn record(&self, tx: &mut Tx, actor: &str) -> Result<(), sqlx::Error> {
        let (id, fields) = (self.after.id, self.fields());
        if !fields.is_empty() {
            let details = json!({ "fields_updated": fields, "method": "administration" });
            audit::record(tx, acts::USER_UPDATED.at(Severity::Medium), actor, id, details).await?;
        }
        if self.role() {
            let details =
                json!({ "oldRole": self.before.role, "newRole": self.after.role, "targetUserId": id });
            audit::record(tx, acts::USER_ROLE_CHANGED, actor, id, details).await?;
        }
        if self.access() {
            let details = json!({ "isActive": self.after.is_active, "targetUserId": id });
            audit::record(tx, acts::USER_STATUS_CHANGED, actor, id, details).await?;
        }
        Ok(())
    }

    async fn tell(&self, tx: &mut Tx) -> Result<(), sqlx::Error> {
        let (user_id, at) = (self.after.id, tx.now());
        if self.email() {
            self.move_address(tx, at).await?;
        }
        if self.role() {
            events::record(tx, RoleChanged { user_id, role: self.after.role, at }).await?;
        }
        match (self.before.is_active, self.after.is_active) {
            (true, false) => events::record(tx, AccountClosed { user_id, at }).await,
            (false, true) => {
                let has_password = self.after.password_hash != UNUSABLE;
                events::record(tx, AccountOpenedAgain { user_id, at, has_password }).await
            }
            _ => Ok(()),
        }
    }

    /// What was mailed to the former address opens nothing any more; who has no password yet gets a link at the new one.
    async fn move_address(&self, tx: &mut Tx, at: DateTime<Utc>) -> Result<(), sqlx::Error> {
        let user = self.before;
        store::void_reset_tokens(tx, user.id, at).await?;
        store::void_activation_tokens(tx, user.id, at).await?;
        let name = format!("{} {}", user.prenom, user.nom);
        events::record(tx, AddressChanged { user_id: user.id, name, former: user.email.clone(), at }).await?;
        activation::invite(tx, self.after).await.map(drop)
    }
}

fn filled(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
