//! From an order to the project its author sees.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    clock::day_in_paris,
    commandes::Statut,
    db::{columns::columns, filter::Enum},
    http::iso::Iso,
};

/// How a project stands, for its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Not paid yet.
    Pending,
    /// Paid or being corrected.
    Active,
    /// Delivered.
    Completed,
    /// Given up.
    Cancelled,
    /// Stopped for the time being.
    Suspended,
}

impl Stage {
    /// The stage of a status. The list's filters and the counts both follow it, so that they agree.
    pub fn of(statut: Statut) -> Self {
        match statut {
            Statut::EnAttente
            | Statut::EnAttenteVerification
            | Statut::EnAttenteConsultation
            | Statut::EstimationEnvoyee => Self::Pending,
            Statut::Payee | Statut::EnCours => Self::Active,
            Statut::Termine => Self::Completed,
            Statut::Annulee => Self::Cancelled,
            Statut::Suspendue => Self::Suspended,
        }
    }

    /// The statuses of this stage.
    pub fn statuts(self) -> impl Iterator<Item = Statut> {
        Statut::ALL.into_iter().filter(move |statut| Self::of(*statut) == self)
    }

    /// The CSS classes of its badge: those the single-page app's stylesheet has.
    fn badge(self) -> &'static str {
        match self {
            Self::Active => "bg-blue-100 text-blue-800",
            Self::Pending => "bg-yellow-100 text-yellow-800",
            Self::Completed => "bg-green-100 text-green-800",
            Self::Cancelled | Self::Suspended => "bg-gray-100 text-gray-800",
        }
    }
}

columns! {
    /// An order with what its project shows of other tables.
    pub struct ProjectRow {
        pub id: Uuid = "c.id",
        pub reference: Option<String> = "c.reference",
        pub titre: String = "c.titre",
        pub description: Option<String> = "c.description",
        pub statut: Enum<Statut> = "c.statut",
        pub amount: Option<i32> = "c.amount",
        pub pack_type: Option<String> = "c.pack_type",
        pub tarif: Option<String> = "t.nom",
        pub pages_declarees: Option<i32> = "c.pages_declarees",
        pub pages_verifiees: Option<i32> = "c.pages_verifiees",
        pub date_echeance: Option<DateTime<Utc>> = "c.date_echeance",
        pub date_finition: Option<DateTime<Utc>> = "c.date_finition",
        pub created_at: DateTime<Utc> = "c.created_at",
        pub updated_at: DateTime<Utc> = "c.updated_at",
        pub corrector_prenom: Option<String> = "u.prenom",
        pub corrector_nom: Option<String> = "u.nom",
        /// Whether it has a corrected document.
        pub corrected: bool = "EXISTS (SELECT 1 FROM files f WHERE f.commande_id = c.id AND f.is_corrected = TRUE)",
    }
}

/// A project.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    id: Uuid,
    /// What people call the order.
    reference: Option<String>,
    title: String,
    /// Kind of text, guessed from the author's note.
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pages: Option<u32>,
    started_at: NaiveDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_at: Option<NaiveDate>,
    /// Name of the assigned corrector.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrector: Option<String>,
    /// Name of the service.
    pack: String,
    status: Stage,
    /// CSS classes of the badge.
    status_badge: &'static str,
    /// 0 to 100.
    progress: u8,
    /// Delivered, with a corrected document to fetch.
    can_download: bool,
    created_at: Iso,
    updated_at: Iso,
}

impl From<ProjectRow> for Project {
    fn from(row: ProjectRow) -> Self {
        let note = row.description.as_deref().unwrap_or_default();
        let Enum(statut) = row.statut;
        let status = Stage::of(statut);
        Self {
            id: row.id,
            reference: row.reference.clone(),
            kind: kind(note),
            pages: pages(&row, note),
            started_at: day_in_paris(row.created_at),
            delivery_at: row.date_echeance.or(row.date_finition).map(day_in_paris),
            corrector: row
                .corrector_prenom
                .zip(row.corrector_nom)
                .map(|(prenom, nom)| format!("{prenom} {nom}")),
            pack: row.tarif.unwrap_or_else(|| old_pack(row.pack_type.as_deref(), row.amount).to_owned()),
            status,
            status_badge: status.badge(),
            progress: progress(statut),
            can_download: statut == Statut::Termine && row.corrected,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
            title: row.titre,
        }
    }
}

fn progress(statut: Statut) -> u8 {
    match statut {
        Statut::EnAttente | Statut::Annulee => 0,
        Statut::EnAttenteVerification => 10,
        Statut::EnAttenteConsultation => 20,
        Statut::EstimationEnvoyee | Statut::Suspendue => 25,
        Statut::Payee => 30,
        Statut::EnCours => 50,
        Statut::Termine => 100,
    }
}

/// The first keyword of the note, in this order.
fn kind(note: &str) -> &'static str {
    const KINDS: [(&str, &str); 8] = [
        ("roman", "Roman"),
        ("nouvelle", "Nouvelle"),
        ("essai", "Essai"),
        ("mémoire", "Mémoire"),
        ("thèse", "Thèse"),
        ("poésie", "Poésie"),
        ("poème", "Poésie"),
        ("guide", "Guide"),
    ];
    let note = note.to_lowercase();
    KINDS.iter().find(|(word, _)| note.contains(word)).map_or("Manuscrit", |(_, kind)| kind)
}

fn pages(row: &ProjectRow, note: &str) -> Option<u32> {
    let declared = [row.pages_verifiees, row.pages_declarees];
    let known =
        declared.into_iter().flatten().find_map(|pages| u32::try_from(pages).ok().filter(|pages| *pages > 0));
    known.or_else(|| pages_in(note))
}

/// The number before the first « page » that has one: `120 pages`.
fn pages_in(note: &str) -> Option<u32> {
    let note = note.to_lowercase();
    note.match_indices("page").find_map(|(at, _)| {
        let before = note.get(..at)?.trim_end();
        let digits = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        before.get(before.len() - digits..)?.parse().ok()
    })
}

/// The pack of an order that names no tarif: by its old constant, else by what was paid.
fn old_pack(pack_type: Option<&str>, amount: Option<i32>) -> &'static str {
    const CONSTANTS: [(&str, &str); 6] = [
        ("pack-integral", "Pack Intégral"),
        ("pack-standard", "Pack Standard"),
        ("pack-essentiel", "Pack Essentiel"),
        ("pack-premium", "Pack Premium"),
        ("pack-kdp", "Pack KDP"),
        ("pack-redaction", "Pack Rédaction"),
    ];
    let named = CONSTANTS.iter().find(|(constant, _)| pack_type.is_some_and(|pack| pack.contains(constant)));
    match (named, amount) {
        (Some((_, name)), _) => name,
        (None, Some(50_000..)) => "Pack Intégral",
        (None, Some(10_000..20_000)) => "Pack Essentiel",
        _ => "Pack Standard",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_one_stage_and_stages_give_them_back() {
        let all = [Stage::Pending, Stage::Active, Stage::Completed, Stage::Cancelled, Stage::Suspended];
        let mut statuts: Vec<Statut> = all.into_iter().flat_map(Stage::statuts).collect();
        statuts.sort_by_key(|statut| Statut::ALL.iter().position(|other| other == statut));
        assert_eq!(statuts, Statut::ALL);
        assert_eq!(Stage::Active.statuts().collect::<Vec<_>>(), [Statut::Payee, Statut::EnCours]);
    }

    #[test]
    fn the_note_tells_kind_and_length() {
        assert_eq!(kind("Un ROMAN de 120 pages"), "Roman");
        assert_eq!(kind("Ma thèse"), "Thèse");
        assert_eq!(kind("Des POÈMES"), "Poésie");
        assert_eq!(kind(""), "Manuscrit");
        assert_eq!(pages_in("Un ROMAN de 120 pages, page 3"), Some(120));
        assert_eq!(pages_in("La page de garde, puis 12pages"), Some(12));
        assert_eq!(pages_in("à la page"), None);
        assert_eq!(pages_in("99999999999999 pages"), None);
    }

    #[test]
    fn old_orders_have_a_pack() {
        assert_eq!(old_pack(Some("pack-kdp-default"), Some(35_000)), "Pack KDP");
        assert_eq!(old_pack(Some("x"), Some(60_000)), "Pack Intégral");
        assert_eq!(old_pack(None, Some(15_000)), "Pack Essentiel");
        assert_eq!(old_pack(None, None), "Pack Standard");
    }
}
