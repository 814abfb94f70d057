//! The reads that are measured, and how a bare handler answers them: same statements, same parameters.
//!
//! When a list of the server changes its statements, they change here too; [`crate::run`] says so when it sees more or fewer
//! of them than these.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{MySqlConnection, mysql::MySqlRow};
use uuid::Uuid;

/// A measured read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    Live,
    Tarifs,
    Me,
    Projects,
    Notifications,
    Unread,
    Invoices,
    Commandes,
}

impl Read {
    pub const ALL: [Self; 8] = [
        Self::Live,
        Self::Tarifs,
        Self::Me,
        Self::Projects,
        Self::Notifications,
        Self::Unread,
        Self::Invoices,
        Self::Commandes,
    ];

    pub fn path(self) -> &'static str {
        match self {
            Self::Live => "/health/live",
            Self::Tarifs => "/api/tarifs",
            Self::Me => "/api/auth/me",
            Self::Projects => "/api/projects",
            Self::Notifications => "/api/notifications",
            Self::Unread => "/api/notifications/unread-count",
            Self::Invoices => "/api/invoices",
            Self::Commandes => "/api/commandes",
        }
    }

    /// Whether it needs a session.
    pub fn signed_in(self) -> bool {
        !matches!(self, Self::Live | Self::Tarifs)
    }

    /// The answer of a bare handler, as JSON.
    pub async fn answer(self, conn: &mut MySqlConnection, user: Uuid) -> sqlx::Result<Vec<u8>> {
        match self {
            Self::Live | Self::Tarifs => Ok(self.constant()),
            Self::Me => one(sqlx::query_as::<_, Account>(ME).bind(user).fetch_one(conn).await?),
            Self::Projects => {
                let total = sqlx::query_scalar(PROJECTS_TOTAL).bind(user).fetch_one(&mut *conn).await?;
                let rows = sqlx::query_as::<_, Project>(PROJECTS).bind(user).bind(10_u32).bind(0_u64);
                page(total, rows.fetch_all(conn).await?)
            }
            Self::Notifications => {
                let (now, rows) = (Utc::now(), sqlx::query_as::<_, Bell>(NOTIFICATIONS));
                let rows = rows.bind(user).bind(now).bind(true).bind(20_u32).bind(0_u64);
                let rows = rows.fetch_all(&mut *conn).await?;
                let total = sqlx::query_scalar(NOTIFICATIONS_TOTAL).bind(user).bind(now);
                page(total.fetch_one(conn).await?, rows)
            }
            Self::Unread => {
                let count = sqlx::query_scalar::<_, i64>(UNREAD).bind(user).bind(Utc::now());
                one(count.fetch_one(conn).await?)
            }
            Self::Invoices => {
                let rows = sqlx::query_as::<_, Invoice>(INVOICES).bind(user).bind(10_u32).bind(0_u64);
                let rows = rows.fetch_all(&mut *conn).await?;
                let total = sqlx::query_scalar(INVOICES_TOTAL).bind(user).fetch_one(conn).await?;
                page(total, rows)
            }
            Self::Commandes => {
                let none = None::<String>;
                let total = sqlx::query_scalar(COMMANDES_TOTAL).bind(user).bind(&none).bind(&none);
                let total = total.fetch_one(&mut *conn).await?;
                let rows = sqlx::query_as::<_, Commande>(COMMANDES).bind(user).bind(&none).bind(&none);
                page(total, rows.bind(10_u32).bind(0_u64).fetch_all(conn).await?)
            }
        }
    }

    /// The answer where no statement is needed: the server keeps the price list in memory, and so would anybody.
    pub fn constant(self) -> Vec<u8> {
        br#"{"status":"ok"}"#.to_vec()
    }

    /// How many statements that takes.
    pub fn statements(self) -> usize {
        match self {
            Self::Live | Self::Tarifs => 0,
            Self::Me | Self::Unread => 1,
            Self::Projects | Self::Notifications | Self::Invoices | Self::Commandes => 2,
        }
    }
}

#[derive(Serialize)]
struct Page<T> {
    total: i64,
    rows: Vec<T>,
}

fn page<T: Serialize>(total: i64, rows: Vec<T>) -> sqlx::Result<Vec<u8>> {
    one(Page { total, rows })
}

fn one<T: Serialize>(value: T) -> sqlx::Result<Vec<u8>> {
    serde_json::to_vec(&value).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// A row as a struct that reads it by position and writes it as JSON. Columns of closed sets are read as text.
macro_rules! row {
    ($name:ident { $($field:ident: $type:ty),+ $(,)? }) => {
        #[derive(Serialize)]
        struct $name { $($field: $type),+ }

        impl<'r> sqlx::FromRow<'r, MySqlRow> for $name {
            fn from_row(row: &'r MySqlRow) -> sqlx::Result<Self> {
                use sqlx::Row;
                let mut next = 0..;
                Ok(Self { $($field: row.try_get_unchecked(next.next().unwrap_or(0))?),+ })
            }
        }
    };
}

row!(Account {
    id: Uuid,
    prenom: String,
    nom: String,
    email: String,
    password_hash: String,
    role: String,
    is_active: bool,
    deactivated_by: Option<String>,
    token_version: u32,
    telephone: Option<String>,
    adresse: Option<String>,
    avatar: Option<String>,
    bio: Option<String>,
    preferences: Option<sqlx::types::Json<serde_json::Value>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
});

row!(Project {
    id: Uuid,
    titre: String,
    description: Option<String>,
    statut: String,
    amount: Option<i32>,
    pack_type: Option<String>,
    tarif: Option<String>,
    pages_declarees: Option<i32>,
    pages_verifiees: Option<i32>,
    date_echeance: Option<DateTime<Utc>>,
    date_finition: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    corrector_prenom: Option<String>,
    corrector_nom: Option<String>,
    corrected: bool,
});

row!(Bell {
    id: Uuid,
    user_id: Uuid,
    title: String,
    message: String,
    kind: String,
    priority: String,
    data: Option<String>,
    action_url: Option<String>,
    is_read: bool,
    is_deleted: bool,
    read_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
});

row!(Invoice {
    id: Uuid,
    kind: String,
    number: String,
    amount: i32,
    tax_amount: i32,
    created_at: DateTime<Utc>,
    commande_id: Uuid,
    titre: String,
    description: Option<String>,
    statut: String,
    commande_created_at: DateTime<Utc>,
    commande_updated_at: DateTime<Utc>,
    user_id: Uuid,
    prenom: String,
    nom: String,
    email: String,
    pdf_key: Option<String>,
    pdf_sha256: Option<String>,
});

row!(Commande {
    id: Uuid,
    titre: String,
    description: Option<String>,
    fichier_url: Option<String>,
    statut: String,
    note_client: Option<String>,
    note_correcteur: Option<String>,
    payment_status: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
});

const ME: &str = "SELECT id, prenom, nom, email, password_hash, role AS `role: Role`, is_active,
     deactivated_by AS `deactivated_by: DeactivatedBy`, token_version, telephone, adresse, avatar, bio,
     preferences AS `preferences: Json<serde_json::Value>`, created_at, updated_at
   FROM users WHERE id = ? AND deleted_at IS NULL";

const PROJECTS_TOTAL: &str = "SELECT COUNT(*) FROM commandes c WHERE c.user_id = ?";

const PROJECTS: &str = "SELECT c.id, c.titre, c.description, CAST(c.statut AS CHAR) AS statut,
        c.amount, c.pack_type, t.nom AS tarif,
        c.pages_declarees, c.pages_verifiees, c.date_echeance, c.date_finition, c.created_at, c.updated_at,
        u.prenom AS corrector_prenom, u.nom AS corrector_nom,
        EXISTS (SELECT 1 FROM files f WHERE f.commande_id = c.id AND f.is_corrected = TRUE) AS corrected
    FROM commandes c
    LEFT JOIN tarifs t ON t.id = c.tarif_id
    LEFT JOIN users u ON u.id = c.corrector_id
    WHERE c.user_id = ? ORDER BY c.date_echeance DESC, c.created_at DESC, c.id DESC LIMIT ? OFFSET ?";

const NOTIFICATIONS: &str =
    "SELECT id, user_id, title, message, type AS `kind: Kind`, priority AS `priority: Priority`, data, action_url,
        is_read, is_deleted, read_at, expires_at, created_at, updated_at
     FROM notifications
     WHERE user_id = ? AND is_deleted = FALSE AND (expires_at IS NULL OR expires_at > ?)
       AND (is_read = FALSE OR ?)
     ORDER BY created_at DESC, id DESC
     LIMIT ? OFFSET ?";

const NOTIFICATIONS_TOTAL: &str = "SELECT COUNT(*) FROM notifications
     WHERE user_id = ? AND is_deleted = FALSE AND (expires_at IS NULL OR expires_at > ?)";

const UNREAD: &str = "SELECT COUNT(*) FROM notifications
     WHERE user_id = ? AND is_deleted = FALSE AND is_read = FALSE AND (expires_at IS NULL OR expires_at > ?)";

const INVOICES: &str =
    "SELECT i.id, i.kind AS `kind: Kind`, i.number, i.amount, i.tax_amount, i.created_at, i.commande_id,
        c.titre, c.description, c.statut, c.created_at AS commande_created_at,
        c.updated_at AS commande_updated_at, i.user_id, u.prenom, u.nom, u.email, i.pdf_key,
        i.pdf_sha256 AS `pdf_sha256: String`
     FROM invoices i
     JOIN commandes c ON c.id = i.commande_id
     JOIN users u ON u.id = i.user_id
     WHERE i.user_id = ?
     ORDER BY i.created_at DESC, i.id DESC
     LIMIT ? OFFSET ?";

const INVOICES_TOTAL: &str = "SELECT COUNT(*) FROM invoices WHERE user_id = ?";

const COMMANDES: &str =
    "SELECT id, titre, description, fichier_url, statut AS `statut: Statut`, note_client, note_correcteur,
        payment_status AS `payment_status: PaymentStatus`, created_at, updated_at
     FROM commandes WHERE user_id = ? AND (? IS NULL OR statut = ?)
     ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?";

const COMMANDES_TOTAL: &str =
    "SELECT COUNT(*) FROM commandes WHERE user_id = ? AND (? IS NULL OR statut = ?)";
