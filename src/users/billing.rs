//! Who an account's orders are invoiced to.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::MySqlConnection;
use utoipa::ToSchema;
use uuid::Uuid;

/// A private person or a business, as the buyer declares it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(rename_all = "UPPERCASE")]
pub enum TypeClient {
    /// A private person.
    #[default]
    Particulier,
    /// A business: the invoice carries its identity and the professional mentions.
    Professionnel,
}

/// The billing block of an order, kept with it as JSON and on the account for the next one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Buyer {
    /// Private person or business.
    pub type_client: TypeClient,
    /// Name of the business.
    pub societe: Option<String>,
    /// Nine digits, the last one a Luhn check digit (INSEE).
    pub siren: Option<String>,
    /// Intra-community VAT number, upper-case, without spaces.
    pub numero_tva: Option<String>,
    /// The buyer's own reference, printed on the invoice.
    pub reference_client: Option<String>,
    /// Billing address, as typed.
    pub adresse_facturation: Option<String>,
}

/// What an order takes from the account that places it.
pub struct Profile {
    /// First name.
    pub prenom: String,
    /// Family name.
    pub nom: String,
    /// Stored address.
    pub email: String,
    /// Telephone number.
    pub telephone: Option<String>,
    /// Postal address.
    pub adresse: Option<String>,
    /// The billing block of the last order, if there ever was one.
    pub buyer: Option<Buyer>,
}

/// The profile of an account.
///
/// # Errors
/// When the database refuses.
pub async fn profile(conn: &mut MySqlConnection, user_id: Uuid) -> Result<Option<Profile>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT prenom, nom, email, telephone, adresse, type_client AS "type_client: TypeClient", societe,
                  siren AS "siren: String", numero_tva, reference_client, adresse_facturation
           FROM users WHERE id = ? AND deleted_at IS NULL"#,
        user_id
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let buyer = Buyer {
            type_client: row.type_client,
            societe: row.societe,
            siren: row.siren,
            numero_tva: row.numero_tva,
            reference_client: row.reference_client,
            adresse_facturation: row.adresse_facturation,
        };
        Profile {
            prenom: row.prenom,
            nom: row.nom,
            email: row.email,
            telephone: row.telephone,
            adresse: row.adresse,
            buyer: (buyer != Buyer::default()).then_some(buyer),
        }
    }))
}

/// Keeps a billing block for the next order of an account.
///
/// # Errors
/// When the database refuses.
pub async fn remember_buyer(
    conn: &mut MySqlConnection,
    now: DateTime<Utc>,
    user_id: Uuid,
    buyer: &Buyer,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE users SET type_client = ?, societe = ?, siren = ?, numero_tva = ?, reference_client = ?,
                          adresse_facturation = ?, updated_at = ?
         WHERE id = ?",
        buyer.type_client,
        buyer.societe,
        buyer.siren,
        buyer.numero_tva,
        buyer.reference_client,
        buyer.adresse_facturation,
        now,
        user_id
    )
    .execute(conn)
    .await?;
    Ok(())
}
