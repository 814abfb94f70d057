//! The account's row, handed out and erased.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::{MySqlConnection, types::Json};
use uuid::Uuid;

use super::UNUSABLE;
use crate::{
    http::iso::Iso,
    subject::{ERASED_NOM, ERASED_PRENOM, Sections, Subject, exported},
};

/// The owner of an account, with the name and the number on it; nobody once it is erased.
///
/// # Errors
/// When the database refuses.
pub async fn subject(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<Subject>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT prenom, nom, email, telephone FROM users WHERE id = ? AND deleted_at IS NULL",
        id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let mut subject = Subject::new(id, row.email);
        subject.add_name(&row.prenom, &row.nom);
        if let Some(phone) = &row.telephone {
            subject.add_phone(phone);
        }
        subject
    }))
}

/// Empties the account: it keeps its id, its role and its dates, and no door opens it any more.
///
/// # Errors
/// When the database refuses.
pub async fn erase(
    conn: &mut MySqlConnection,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE users
         SET prenom = ?, nom = ?, email = ?, password_hash = ?, is_active = FALSE, deactivated_by = NULL,
             token_version = token_version + 1, telephone = NULL, adresse = NULL, avatar = NULL, bio = NULL,
             preferences = NULL, type_client = 'PARTICULIER', societe = NULL, siren = NULL, numero_tva = NULL,
             reference_client = NULL, adresse_facturation = NULL, stripe_customer_id = NULL, deleted_at = ?,
             updated_at = ?
         WHERE id = ?",
        ERASED_PRENOM,
        ERASED_NOM,
        subject.erased_email(),
        UNUSABLE,
        now,
        now,
        subject.user_id
    )
    .execute(conn)
    .await
    .map(drop)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    id: Uuid,
    prenom: String,
    nom: String,
    email: String,
    role: String,
    is_active: bool,
    telephone: Option<String>,
    adresse: Option<String>,
    avatar: Option<String>,
    bio: Option<String>,
    preferences: Option<Json<Value>>,
    type_client: String,
    societe: Option<String>,
    siren: Option<String>,
    numero_tva: Option<String>,
    reference_client: Option<String>,
    adresse_facturation: Option<String>,
    stripe_customer_id: Option<String>,
    created_at: Iso,
    updated_at: Iso,
}

/// The account as its owner gave it; never the password.
///
/// # Errors
/// When the database refuses.
pub async fn export(conn: &mut MySqlConnection, subject: &Subject) -> Result<Sections, sqlx::Error> {
    let profile = sqlx::query_as!(
        Profile,
        r#"SELECT id, prenom, nom, email, role, is_active, telephone, adresse, avatar, bio,
                  preferences AS "preferences: Json<Value>", type_client, societe, siren, numero_tva,
                  reference_client, adresse_facturation, stripe_customer_id, created_at, updated_at
           FROM users WHERE id = ?"#,
        subject.user_id
    )
    .fetch_optional(conn)
    .await?;
    Ok(vec![("profil", exported(&profile)?)])
}
