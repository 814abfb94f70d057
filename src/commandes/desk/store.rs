//! SQL of the orders as administrators read and change them.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::MySqlConnection;
use uuid::Uuid;

use super::super::{PaymentStatus, Priorite, Statut};
use crate::{
    db::{
        columns::columns,
        filter::{Enum, Select},
    },
    http::{
        Page,
        list::{Sort, SortKey, Words, sorts},
    },
};

columns! {
    /// An order with its client.
    #[allow(missing_docs, reason = "named as their columns")]
    pub struct DeskOrder {
        pub id: Uuid = "c.id",
        pub reference: Option<String> = "c.reference",
        pub user_id: Uuid = "c.user_id",
        pub titre: String = "c.titre",
        pub description: Option<String> = "c.description",
        pub fichier_url: Option<String> = "c.fichier_url",
        pub statut: Enum<Statut> = "c.statut",
        pub priorite: Enum<Priorite> = "c.priorite",
        pub note_client: Option<String> = "c.note_client",
        pub note_correcteur: Option<String> = "c.note_correcteur",
        pub payment_status: Option<Enum<PaymentStatus>> = "c.payment_status",
        /// Cents, paid or due.
        pub amount: Option<i32> = "c.amount",
        pub prix_estime: Option<i32> = "c.prix_estime",
        pub prix_final: Option<i32> = "c.prix_final",
        pub pack_type: Option<String> = "c.pack_type",
        pub tarif: Option<String> = "t.nom",
        pub pages_declarees: Option<i32> = "c.pages_declarees",
        pub pages_verifiees: Option<i32> = "c.pages_verifiees",
        pub paid_at: Option<DateTime<Utc>> = "c.paid_at",
        pub date_echeance: Option<DateTime<Utc>> = "c.date_echeance",
        pub date_finition: Option<DateTime<Utc>> = "c.date_finition",
        pub created_at: DateTime<Utc> = "c.created_at",
        pub updated_at: DateTime<Utc> = "c.updated_at",
        pub corrector_id: Option<Uuid> = "c.corrector_id",
        pub corrector_prenom: Option<String> = "k.prenom",
        pub corrector_nom: Option<String> = "k.nom",
        pub prenom: String = "u.prenom",
        pub nom: String = "u.nom",
        pub email: String = "u.email",
    }
}

const TABLES: &str = "commandes c JOIN users u ON u.id = c.user_id LEFT JOIN tarifs t ON t.id = c.tarif_id
     LEFT JOIN users k ON k.id = c.corrector_id";

/// The same in the order of the orders: the outer join keeps a server from beginning with the clients.
const IN_ORDER: &str =
    "commandes c LEFT JOIN users u ON u.id = c.user_id LEFT JOIN tarifs t ON t.id = c.tarif_id
     LEFT JOIN users k ON k.id = c.corrector_id";

sorts! {
    /// How orders are sorted.
    pub enum OrderSort: id "c.id", default CreatedAt Desc {
        CreatedAt: "createdAt" => "c.created_at";
        UpdatedAt: "updatedAt" => "c.updated_at";
        Titre: "titre" => "c.titre";
        Statut: "statut" => "c.statut", "c.created_at";
        Priorite: "priorite" => "c.priorite", "c.created_at";
        Amount: "amount" => "c.amount";
        DateEcheance: "dateEcheance" => "c.date_echeance";
    }
}

/// Which orders an administrator looks at.
#[derive(Clone, Debug, Default, Hash)]
pub struct DeskFilter {
    /// Only this one.
    pub id: Option<Uuid>,
    /// Each of them in the reference, the title, or the name or address of the client.
    pub words: Words,
    /// Only those that stand here.
    pub statut: Option<Statut>,
    /// Only this client's.
    pub client: Option<Uuid>,
    /// Not before this day in Paris.
    pub first: Option<NaiveDate>,
    /// Not after this one.
    pub last: Option<NaiveDate>,
}

const SEARCHED: [&str; 5] =
    ["COALESCE(CONVERT(c.reference USING utf8mb4), '')", "c.titre", "u.prenom", "u.nom", "u.email"];

impl DeskFilter {
    /// Whether it keeps every order.
    pub fn keeps_all(&self) -> bool {
        let Self { id, words, statut, client, first, last } = self;
        words.is_empty() && (id, statut, client, first, last) == (&None, &None, &None, &None, &None)
    }

    fn keep(&self, select: Select) -> Select {
        select
            .and_eq_some("c.id", self.id)
            .and_eq_some("c.user_id", self.client)
            .and_eq_some("c.statut", self.statut)
            .and_days("c.created_at", self.first, self.last)
            .and_words(&SEARCHED, &self.words)
    }

    fn counted(&self, what: &'static str, joined: &'static str) -> Select {
        self.keep(Select::new(if self.words.is_empty() { what } else { joined }))
    }
}

/// Rows for a page.
pub async fn page(
    conn: &mut MySqlConnection,
    filter: &DeskFilter,
    sort: Sort<OrderSort>,
    page: Page,
) -> Result<Vec<DeskOrder>, sqlx::Error> {
    filter
        .keep(Select::of::<DeskOrder>(IN_ORDER))
        .order_by(sort.key.columns(), sort.direction)
        .window(page.fetch(), page.offset())
        .rows(conn)
        .await
}

/// How many of each status there are, whatever status the filter asks for.
pub async fn by_statut(
    conn: &mut MySqlConnection,
    filter: &DeskFilter,
) -> Result<Vec<(Statut, u64)>, sqlx::Error> {
    let filter = DeskFilter { statut: None, ..filter.clone() };
    let joined = "SELECT c.statut, COUNT(*) FROM commandes c JOIN users u ON u.id = c.user_id";
    let select = filter.counted("SELECT c.statut, COUNT(*) FROM commandes c", joined);
    let rows: Vec<(Enum<Statut>, i64)> = select.group_by("c.statut").rows(conn).await?;
    Ok(rows.into_iter().map(|(statut, count)| (statut.0, u64::try_from(count).unwrap_or_default())).collect())
}

/// One order.
pub async fn one(conn: &mut MySqlConnection, id: Uuid) -> Result<Option<DeskOrder>, sqlx::Error> {
    Ok(Select::of::<DeskOrder>(TABLES).and_eq("c.id", id).rows(conn).await?.pop())
}

/// Orders made since an instant.
pub async fn since(conn: &mut MySqlConnection, from: DateTime<Utc>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("SELECT COUNT(*) FROM commandes WHERE created_at >= ?", from).fetch_one(conn).await
}
