//! What the section answers.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{OrderFilters, OrdersQuery};
use crate::{
    app::AppState,
    auth::Role,
    commandes::{
        PaymentStatus, Priorite, Statut,
        desk::{Counts, DeskOrder},
    },
    desk::Entry,
    files::{FileItem, store::FileRow},
    http::{iso::Iso, list::Listing},
    invoices::{CreditNotePreview, OrderInvoice},
    payments::refunding::{Preview, Request, State},
    users::User,
};

/// A client, as orders name them.
#[derive(Clone, Serialize, ToSchema)]
pub struct OrderClient {
    id: Uuid,
    prenom: String,
    nom: String,
    email: String,
}

/// Who corrects an order.
#[derive(Clone, Serialize, ToSchema)]
pub struct OrderCorrector {
    id: Uuid,
    prenom: String,
    nom: String,
}

/// An order as administrators read it. Amounts are cents.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminOrder<U: ToSchema> {
    id: Uuid,
    /// What people call the order.
    reference: Option<String>,
    user_id: Uuid,
    titre: String,
    description: Option<String>,
    fichier_url: Option<String>,
    statut: Statut,
    priorite: Priorite,
    note_client: Option<String>,
    note_correcteur: Option<String>,
    payment_status: Option<PaymentStatus>,
    /// Paid, or due.
    amount: Option<i32>,
    prix_estime: Option<i32>,
    prix_final: Option<i32>,
    pack_type: Option<String>,
    /// Name of the line of the price list.
    tarif: Option<String>,
    pages_declarees: Option<i32>,
    pages_verifiees: Option<i32>,
    paid_at: Option<Iso>,
    date_echeance: Option<Iso>,
    date_finition: Option<Iso>,
    created_at: Iso,
    updated_at: Iso,
    user: U,
    correcteur: Option<OrderCorrector>,
}

impl From<DeskOrder> for AdminOrder<OrderClient> {
    fn from(row: DeskOrder) -> Self {
        let names = row.corrector_prenom.zip(row.corrector_nom);
        Self {
            id: row.id,
            reference: row.reference,
            user_id: row.user_id,
            titre: row.titre,
            description: row.description,
            fichier_url: row.fichier_url,
            statut: row.statut.0,
            priorite: row.priorite.0,
            note_client: row.note_client,
            note_correcteur: row.note_correcteur,
            payment_status: row.payment_status.map(|status| status.0),
            amount: row.amount,
            prix_estime: row.prix_estime,
            prix_final: row.prix_final,
            pack_type: row.pack_type,
            tarif: row.tarif,
            pages_declarees: row.pages_declarees,
            pages_verifiees: row.pages_verifiees,
            paid_at: row.paid_at.map(Iso::from),
            date_echeance: row.date_echeance.map(Iso::from),
            date_finition: row.date_finition.map(Iso::from),
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            user: OrderClient { id: row.user_id, prenom: row.prenom, nom: row.nom, email: row.email },
            correcteur: row.corrector_id.zip(names).map(|(id, (prenom, nom))| OrderCorrector {
                id,
                prenom,
                nom,
            }),
        }
    }
}

impl AdminOrder<OrderClient> {
    /// The same with more of its client.
    fn of<U: ToSchema>(self, user: U) -> AdminOrder<U> {
        AdminOrder {
            user,
            id: self.id,
            reference: self.reference,
            user_id: self.user_id,
            titre: self.titre,
            description: self.description,
            fichier_url: self.fichier_url,
            statut: self.statut,
            priorite: self.priorite,
            note_client: self.note_client,
            note_correcteur: self.note_correcteur,
            payment_status: self.payment_status,
            amount: self.amount,
            prix_estime: self.prix_estime,
            prix_final: self.prix_final,
            pack_type: self.pack_type,
            tarif: self.tarif,
            pages_declarees: self.pages_declarees,
            pages_verifiees: self.pages_verifiees,
            paid_at: self.paid_at,
            date_echeance: self.date_echeance,
            date_finition: self.date_finition,
            created_at: self.created_at,
            updated_at: self.updated_at,
            correcteur: self.correcteur,
        }
    }
}

/// How many orders there are.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderCounts {
    /// Those the filters keep.
    total: u64,
    /// Of each status, whatever status was asked for.
    by_statut: BTreeMap<&'static str, u64>,
}

/// A page of orders.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPage {
    message: &'static str,
    data: Vec<AdminOrder<OrderClient>>,
    stats: OrderCounts,
    page: u32,
    total_pages: u64,
    filters: OrderFilters,
}

fn by_statut(counts: &Counts) -> BTreeMap<&'static str, u64> {
    let of =
        |statut: Statut| counts.iter().find(|(other, _)| *other == statut).map_or(0, |(_, count)| *count);
    Statut::ALL.into_iter().map(|statut| (statut.as_str(), of(statut))).collect()
}

impl OrderPage {
    pub fn new(listing: Listing<DeskOrder>, counts: Counts, query: OrdersQuery) -> Self {
        let place = listing.place;
        Self {
            message: "Commandes récupérées avec succès.",
            data: listing.rows.into_iter().map(AdminOrder::from).collect(),
            stats: OrderCounts { total: place.total, by_statut: by_statut(&counts) },
            page: place.page.page,
            total_pages: place.total.div_ceil(u64::from(place.page.limit.max(1))),
            filters: query.applied(),
        }
    }
}

/// Where orders stand.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    total_commandes: u64,
    en_attente: u64,
    en_cours: u64,
    termine: u64,
    annulee: u64,
    /// Of the last thirty days.
    recent_commandes: i64,
    /// Delivered ones among all, in percent.
    taux_completion: u64,
    by_statut: BTreeMap<&'static str, u64>,
    generated_at: Iso,
}

/// How many orders stand where.
#[derive(Serialize, ToSchema)]
pub struct OrderFigures {
    success: bool,
    message: &'static str,
    data: Standing,
}

impl OrderFigures {
    pub fn new(counts: &Counts, recent: i64, now: DateTime<Utc>) -> Self {
        let by_statut = by_statut(counts);
        let of = |statut: Statut| by_statut.get(statut.as_str()).copied().unwrap_or_default();
        let total: u64 = by_statut.values().sum();
        let termine = of(Statut::Termine);
        Self {
            success: true,
            message: "Statistiques récupérées avec succès.",
            data: Standing {
                total_commandes: total,
                en_attente: of(Statut::EnAttente),
                en_cours: of(Statut::EnCours),
                termine,
                annulee: of(Statut::Annulee),
                recent_commandes: recent,
                taux_completion: (termine * 100 + total / 2).checked_div(total).unwrap_or_default(),
                generated_at: now.into(),
                by_statut,
            },
        }
    }
}

/// The client of one order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderAccount {
    id: Uuid,
    prenom: String,
    nom: String,
    email: String,
    role: Role,
    is_active: bool,
    telephone: Option<String>,
    adresse: Option<String>,
    avatar: Option<String>,
    created_at: Iso,
    updated_at: Iso,
}

/// An invoice or a credit note of an order. Cents; a credit note's are negative.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderInvoiceItem {
    id: Uuid,
    number: String,
    kind: crate::invoices::Kind,
    amount: i32,
    status: crate::invoices::InvoiceStatus,
    created_at: Iso,
}

/// How many rows belong to an order.
#[derive(Serialize, ToSchema)]
pub struct OrderCount {
    files: usize,
    invoices: usize,
}

/// Something that happened to an order.
#[derive(Serialize, ToSchema)]
pub struct TimelineEntry {
    at: Iso,
    /// The act of the audit log, `PAYMENT`, `REFUND`, `INVOICE`, `CREDIT_NOTE`, `FILE`, `WITHDRAWAL` or `REFUND_REQUESTED`.
    kind: String,
    /// A number, a name, or the details of the act as JSON text.
    label: Option<String>,
    /// Cents.
    amount: Option<i64>,
    actor: Option<String>,
    id: Option<Uuid>,
}

/// One order and all that belongs to it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WholeOrder {
    #[serde(flatten)]
    order: AdminOrder<OrderAccount>,
    files: Vec<FileItem>,
    invoices: Vec<OrderInvoiceItem>,
    #[serde(rename = "_count")]
    count: OrderCount,
    timeline: Vec<TimelineEntry>,
}

/// One order.
#[derive(Serialize, ToSchema)]
pub struct OrderDetail {
    message: &'static str,
    data: WholeOrder,
}

/// What an order is shown with.
pub struct Parts {
    pub order: DeskOrder,
    pub client: User,
    pub documents: Vec<FileRow>,
    pub invoices: Vec<OrderInvoice>,
    pub timeline: Vec<Entry>,
}

impl OrderDetail {
    pub fn new(state: &AppState, reader: Uuid, parts: Parts) -> Self {
        let Parts { order, client, documents, invoices, timeline } = parts;
        let account = OrderAccount {
            id: client.id,
            prenom: client.prenom,
            nom: client.nom,
            email: client.email,
            role: client.role,
            is_active: client.is_active,
            telephone: client.telephone,
            adresse: client.adresse,
            avatar: client.avatar,
            created_at: client.created_at.into(),
            updated_at: client.updated_at.into(),
        };
        let item = |row: OrderInvoice| OrderInvoiceItem {
            amount: row.kind.sign() * row.amount,
            id: row.id,
            number: row.number,
            kind: row.kind,
            status: row.status,
            created_at: row.created_at.into(),
        };
        let entry = |entry: Entry| TimelineEntry {
            at: entry.at.into(),
            kind: entry.kind,
            label: entry.label,
            amount: entry.amount,
            actor: entry.actor,
            id: entry.id,
        };
        let data = WholeOrder {
            order: AdminOrder::from(order).of(account),
            count: OrderCount { files: documents.len(), invoices: invoices.len() },
            files: documents.into_iter().map(|row| FileItem::new(state, row, reader)).collect(),
            invoices: invoices.into_iter().map(item).collect(),
            timeline: timeline.into_iter().map(entry).collect(),
        };
        Self { message: "Commande récupérée avec succès.", data }
    }
}

/// An order that changed, under both names.
#[derive(Serialize, ToSchema)]
pub struct Changed {
    success: bool,
    message: &'static str,
    commande: AdminOrder<OrderClient>,
    data: AdminOrder<OrderClient>,
}

impl Changed {
    pub fn new(order: DeskOrder, message: &'static str) -> Self {
        let order = AdminOrder::from(order);
        Self { success: true, message, commande: order.clone(), data: order }
    }
}

/// What was done.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderMessage)]
pub struct Message {
    pub(in super::super) success: bool,
    pub(in super::super) message: &'static str,
}

/// The credit note that would follow. Cents.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreditNoteToCome {
    /// Number of the invoice it corrects.
    original_number: String,
    amount: i64,
    tax_amount: i64,
}

/// What giving money back would do. Cents.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefundPreview {
    success: bool,
    paid: i64,
    given_back: i64,
    amount: i64,
    /// What could still be given back afterwards.
    left: i64,
    credit_note: Option<CreditNoteToCome>,
}

impl RefundPreview {
    pub fn new(preview: Preview, note: Option<CreditNotePreview>) -> Self {
        let Preview { paid, given_back, amount, .. } = preview;
        let note = note.map(|note| CreditNoteToCome {
            original_number: note.original_number,
            amount: -amount,
            tax_amount: -note.tax_amount,
        });
        Self { success: true, paid, given_back, amount, left: paid - given_back - amount, credit_note: note }
    }
}

/// A refund that was asked for. Cents.
#[derive(Serialize, ToSchema)]
pub struct RefundAnswer {
    success: bool,
    message: &'static str,
    id: Uuid,
    amount: i64,
    /// What can still be given back.
    left: i64,
    /// `SENT`, or `REQUESTED` while Stripe does not answer.
    state: State,
}

impl RefundAnswer {
    pub fn new(request: Request) -> Self {
        let message = match request.state {
            State::Requested => "Remboursement enregistré : il part dès que Stripe répond.",
            State::Sent | State::Refused => "Remboursement demandé. L’avoir suit dès que Stripe le confirme.",
        };
        let Request { id, amount, left, state } = request;
        Self { success: true, message, id, amount, left, state }
    }
}
