//! What accounts have chosen about mails and privacy.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{MySqlConnection, types::Json};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::http::extract::object;

/// Every choice, made or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Preferences {
    /// By which ways they hear of things.
    pub notifications: Channels,
    /// What they hear of.
    pub notification_types: Topics,
    /// What others may know of them.
    pub privacy: Privacy,
    /// When they last chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<String>,
}

/// By which ways someone hears of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Channels {
    /// Mails that are no part of a service asked for.
    pub email: bool,
    /// Notifications of the browser.
    pub push: bool,
    /// Text messages.
    pub sms: bool,
}

/// What someone hears of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Topics {
    /// The life of orders.
    pub projects: bool,
    /// Conversations.
    pub messages: bool,
    /// Reminders about invoices.
    pub invoices: bool,
    /// Offers.
    pub promos: bool,
}

/// What others may know of someone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Privacy {
    /// Whether their profile is shown.
    pub public_profile: bool,
    /// Whether their use of the site is measured.
    pub analytics: bool,
}

/// Choices to change: what is absent stays.
#[derive(Clone, Copy, Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreferenceChanges {
    #[serde(default, deserialize_with = "object")]
    notifications: Option<ChannelChanges>,
    #[serde(default, deserialize_with = "object")]
    notification_types: Option<TopicChanges>,
    #[serde(default, deserialize_with = "object")]
    privacy: Option<PrivacyChanges>,
    /// The switch of the former platform: as `notifications.email`, which comes before it.
    email_notifications: Option<bool>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
struct ChannelChanges {
    email: Option<bool>,
    push: Option<bool>,
    sms: Option<bool>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
struct TopicChanges {
    projects: Option<bool>,
    messages: Option<bool>,
    invoices: Option<bool>,
    promos: Option<bool>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PrivacyChanges {
    public_profile: Option<bool>,
    analytics: Option<bool>,
}

impl Preferences {
    /// What the stored object chooses, and for the rest what everybody begins with. What is no truth value there
    /// chooses nothing.
    pub fn of(stored: &Value) -> Self {
        let chosen = |pointer: &str| stored.pointer(pointer).and_then(Value::as_bool);
        let chooses = |pointer: &str, otherwise: bool| chosen(pointer).unwrap_or(otherwise);
        Self {
            notifications: Channels {
                // Either switch stops the mails.
                email: chooses("/notifications/email", true) && chooses("/emailNotifications", true),
                push: chooses("/notifications/push", true),
                sms: chooses("/notifications/sms", false),
            },
            notification_types: Topics {
                projects: chooses("/notificationTypes/projects", true),
                messages: chooses("/notificationTypes/messages", true),
                invoices: chooses("/notificationTypes/invoices", true),
                promos: chooses("/notificationTypes/promos", false),
            },
            privacy: Privacy {
                public_profile: chooses("/privacy/publicProfile", false),
                analytics: chooses("/privacy/analytics", true),
            },
            updated_at: stored.get("updatedAt").and_then(Value::as_str).map(str::to_owned),
        }
    }

    /// The same with these changes.
    #[must_use]
    pub fn with(mut self, changes: &PreferenceChanges) -> Self {
        let set = |switch: &mut bool, to: Option<bool>| *switch = to.unwrap_or(*switch);
        let channels = changes.notifications.unwrap_or_default();
        set(&mut self.notifications.email, channels.email.or(changes.email_notifications));
        set(&mut self.notifications.push, channels.push);
        set(&mut self.notifications.sms, channels.sms);
        let topics = changes.notification_types.unwrap_or_default();
        set(&mut self.notification_types.projects, topics.projects);
        set(&mut self.notification_types.messages, topics.messages);
        set(&mut self.notification_types.invoices, topics.invoices);
        set(&mut self.notification_types.promos, topics.promos);
        let privacy = changes.privacy.unwrap_or_default();
        set(&mut self.privacy.public_profile, privacy.public_profile);
        set(&mut self.privacy.analytics, privacy.analytics);
        self
    }
}

impl PreferenceChanges {
    /// The names of what is changed.
    pub fn names(&self) -> Vec<&'static str> {
        let named = [
            ("notifications", self.notifications.is_some()),
            ("notificationTypes", self.notification_types.is_some()),
            ("privacy", self.privacy.is_some()),
            ("emailNotifications", self.email_notifications.is_some()),
        ];
        named.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect()
    }
}

/// What an account has chosen, locked.
pub(super) struct Stored {
    /// Its address.
    pub email: String,
    /// An object, or null when nothing was ever chosen.
    pub preferences: Value,
}

pub(super) async fn lock_preferences(
    conn: &mut MySqlConnection,
    id: Uuid,
) -> Result<Option<Stored>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT email, preferences AS "preferences: Json<Value>" FROM users
           WHERE id = ? AND deleted_at IS NULL FOR UPDATE"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Stored {
        email: row.email,
        preferences: row.preferences.map(|json| decoded(json.0)).unwrap_or_default(),
    }))
}

/// What an account has chosen; nothing of one that is gone.
pub(super) async fn preferences(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Value>, sqlx::Error> {
    let stored = sqlx::query_scalar!(
        r#"SELECT preferences AS "preferences: Json<Value>" FROM users WHERE id = ? AND deleted_at IS NULL"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(stored.map(|stored| stored.map(|json| decoded(json.0)).unwrap_or_default()))
}

pub(super) async fn save_preferences(
    conn: &mut MySqlConnection,
    id: Uuid,
    preferences: Value,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE users SET preferences = ?, updated_at = ? WHERE id = ?", Json(preferences), now, id)
        .execute(conn)
        .await
        .map(drop)
}

/// Some imported preferences are JSON within a JSON string.
pub(super) fn decoded(preferences: Value) -> Value {
    match preferences {
        Value::String(text) => serde_json::from_str(&text).unwrap_or_default(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changed(stored: &Value, changes: Value) -> Value {
        let changes: PreferenceChanges = serde_json::from_value(changes).unwrap();
        serde_json::to_value(Preferences::of(stored).with(&changes)).unwrap()
    }

    #[test]
    fn whatever_is_stored_every_choice_has_a_value() {
        let all = json!({
            "notifications": {"email": true, "push": true, "sms": false},
            "notificationTypes": {"projects": true, "messages": true, "invoices": true, "promos": false},
            "privacy": {"publicProfile": false, "analytics": true},
        });
        for stored in [
            json!(null),
            json!({}),
            json!([1]),
            json!({"notifications": {"email": "no", "sms": 1}, "privacy": true}),
        ] {
            assert_eq!(changed(&stored, json!({})), all, "{stored}");
        }
        let stored = json!({"notifications": {"push": false}, "updatedAt": "2026-03-09T10:00:00.000Z", "theme": "dark"});
        let mut expected = all;
        expected["notifications"]["push"] = json!(false);
        expected["updatedAt"] = stored["updatedAt"].clone();
        assert_eq!(changed(&stored, json!({})), expected);
    }

    #[test]
    fn a_change_touches_what_it_names() {
        let stored = json!({"notifications": {"sms": true}, "privacy": {"analytics": false}});
        let after = changed(&stored, json!({"notifications": {"push": false}, "privacy": null, "theme": 1}));
        assert_eq!(after["notifications"], json!({"email": true, "push": false, "sms": true}));
        assert_eq!(after["privacy"], json!({"publicProfile": false, "analytics": false}));
    }

    #[test]
    fn the_switch_of_the_former_platform_is_the_one_of_mails() {
        let stored = json!({"emailNotifications": false, "notifications": {"email": true}});
        assert_eq!(changed(&stored, json!({}))["notifications"]["email"], false);
        let both = json!({"emailNotifications": false, "notifications": {"email": true}});
        assert_eq!(changed(&stored, both)["notifications"]["email"], true);
        assert_eq!(
            changed(&json!({}), json!({"emailNotifications": false}))["notifications"]["email"],
            false
        );
    }
}
