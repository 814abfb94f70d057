//! What is told by the bell.

use serde_json::Value;
use uuid::Uuid;

use super::store::{self, NewNotification};
use crate::events::{Bell, Heard, Hint, Listener, Told, Tx, dedupe_key};

/// Rings the bells of happenings: of the person concerned, and of every active administrator.
pub struct Bells;

impl Listener for Bells {
    fn hear<'a>(&'a self, tx: &'a mut Tx, told: &'a Told) -> Heard<'a> {
        Box::pin(async move {
            let person = told.person.as_ref().and_then(|person| person.id);
            if let (Some(user_id), Some(bell)) = (person, &told.telling.bell) {
                ring(tx, &told.key, user_id, bell).await?;
            }
            let Some(bell) = &told.telling.team_bell else { return Ok(()) };
            for &admin in tx.team().await?.iter() {
                ring(tx, &told.key, admin, bell).await?;
            }
            Ok(())
        })
    }
}

async fn ring(tx: &mut Tx, key: &str, user_id: Uuid, bell: &Bell) -> Result<(), sqlx::Error> {
    let data = bell.data.as_ref().map(Value::to_string);
    let new = NewNotification {
        user_id,
        kind: bell.kind,
        priority: bell.priority,
        title: &bell.title,
        message: &bell.message,
        data: data.as_deref(),
        action_url: bell.action_path.as_deref(),
        dedupe_key: &dedupe_key(&format!("{key}:{user_id}")),
    };
    let now = tx.now();
    if store::insert(tx, now, &new).await? {
        tx.hint(Hint::Notifications(user_id));
    }
    Ok(())
}
