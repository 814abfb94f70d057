//! Recording a happening: whom it concerns is looked up once, and every listener writes its rows.

use futures_util::future::BoxFuture;
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{Happening, Person, Telling, Tx, Whom};

/// Who people are: the one thing of accounts that telling needs.
pub trait Directory: Send + Sync {
    /// The owner of an account; `None` when it is erased.
    fn person<'a>(
        &'a self,
        conn: &'a mut MySqlConnection,
        id: Uuid,
    ) -> BoxFuture<'a, Result<Option<Person>, sqlx::Error>>;

    /// The active administrators.
    fn team<'a>(&'a self, conn: &'a mut MySqlConnection) -> BoxFuture<'a, Result<Vec<Uuid>, sqlx::Error>>;
}

/// Writes what is told on one channel (bells, mails), in the transaction that tells it.
pub trait Listener: Send + Sync {
    /// Writes the rows of a happening; those of one told before exist already, and stay as they are.
    fn hear<'a>(&'a self, tx: &'a mut Tx, told: &'a Told) -> Heard<'a>;
}

/// What hearing comes to.
pub type Heard<'a> = BoxFuture<'a, Result<(), sqlx::Error>>;

/// A happening as listeners hear it.
pub struct Told {
    /// Under this key it is told once.
    pub key: String,
    /// Whom it concerns, if anyone.
    pub person: Option<Person>,
    /// What is said.
    pub telling: Telling,
}

/// Records a happening in the transaction that caused it: the bell notifications and the mails it
/// deserves. Recording the same one again (same key) changes nothing.
///
/// # Errors
/// When the database refuses, so that the cause is rolled back too.
pub async fn record<H: Happening>(tx: &mut Tx, happening: H) -> Result<(), sqlx::Error> {
    let person = match happening.concerns() {
        Whom::Account(id) => tx.person(id).await?,
        Whom::Guest { name, email } => Some(Person::guest(name, email)),
        Whom::Team => None,
    };
    let nobody = Person::default();
    let telling = happening.tell(person.as_ref().unwrap_or(&nobody));
    tell(tx, Told { key: happening.key(), person, telling }).await
}

async fn tell(tx: &mut Tx, told: Told) -> Result<(), sqlx::Error> {
    let parts = tx.recorder.parts();
    for listener in &parts.listeners {
        listener.hear(tx, &told).await?;
    }
    Ok(())
}
