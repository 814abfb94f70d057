//! What the section reads.

mod shown;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

pub use shown::{Changed, Message, OrderDetail, OrderFigures, OrderPage, Parts, RefundAnswer, RefundPreview};

use crate::{
    clock::start_of_day_in_paris,
    commandes::{
        Priorite, Statut,
        desk::{DeskFilter, Fields},
    },
    desk::Change,
    http::{
        ApiError, ApiResult,
        extract::given,
        list::{Words, lenient_day},
    },
};

/// Which orders to list.
#[derive(Clone, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub struct OrdersQuery {
    /// Words of the reference, the title, the client's name or address, all of them; or the id of an order.
    #[param(max_length = 100)]
    search: Option<String>,
    /// Only those of this status; ignored when it is none.
    #[param(value_type = Option<Statut>)]
    statut: Option<String>,
    /// Only this client's.
    #[param(value_type = Option<Uuid>)]
    client_id: Option<String>,
    /// Not before this day.
    #[param(max_length = 40)]
    date_from: Option<String>,
    /// Not after this day.
    #[param(max_length = 40)]
    date_to: Option<String>,
}

/// The filters that were applied.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderFilters {
    #[serde(skip_serializing_if = "Option::is_none")]
    search: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statut: Option<Statut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_from: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_to: Option<NaiveDate>,
}

impl OrdersQuery {
    fn statut(&self) -> Option<Statut> {
        let wanted = self.statut.as_deref()?.trim();
        Statut::ALL.into_iter().find(|statut| statut.as_str() == wanted)
    }

    pub(super) fn filter(&self) -> ApiResult<DeskFilter> {
        let search = self.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let id = search.and_then(|text| Uuid::try_parse(text).ok());
        let client = self.client_id.as_deref().map(str::trim).filter(|text| !text.is_empty());
        Ok(DeskFilter {
            id,
            words: Words::read("search", search.filter(|_| id.is_none()))?,
            statut: self.statut(),
            // What is no id is nobody's.
            client: client.map(|text| Uuid::try_parse(text).unwrap_or_default()),
            first: lenient_day(self.date_from.as_deref()),
            last: lenient_day(self.date_to.as_deref()),
        })
    }

    fn applied(self) -> OrderFilters {
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        OrderFilters {
            statut: self.statut(),
            date_from: lenient_day(self.date_from.as_deref()),
            date_to: lenient_day(self.date_to.as_deref()),
            search: given(self.search),
            client_id: given(self.client_id),
        }
    }
}

/// Changes of an order; what is absent stays, null empties.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeBody {
    statut: Option<Statut>,
    #[schema(min_length = 1, max_length = 255)]
    #[validate(length(min = 1, max = 255, message = "Le titre doit comporter entre 1 et 255 caractères."))]
    titre: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 10_000)]
    description: Option<Option<String>>,
    /// The team's note to the client.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 10_000)]
    note_correcteur: Option<Option<String>>,
    priorite: Option<Priorite>,
    /// A day, or an instant.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 40)]
    date_echeance: Option<Option<String>>,
    /// Why the date moves: the client reads it.
    #[schema(max_length = 500)]
    #[validate(length(max = 500, message = "Le motif ne peut pas dépasser 500 caractères."))]
    motif: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 40)]
    date_finition: Option<Option<String>>,
    /// Cents; the same as `prixFinal`, which comes before it.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    amount: Option<i64>,
    /// Cents: what an order that is not paid costs.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    prix_final: Option<i64>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>, minimum = 0, maximum = 2_147_483_647)]
    prix_estime: Option<Option<i32>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 100_000)]
    pages_verifiees: Option<Option<i32>>,
}

impl ChangeBody {
    pub(super) fn change(self) -> ApiResult<Change> {
        let fields = Fields {
            titre: self.titre.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
            description: text("description", self.description)?,
            note_correcteur: text("noteCorrecteur", self.note_correcteur)?,
            priorite: self.priorite,
            date_echeance: instant("dateEcheance", self.date_echeance)?,
            date_finition: instant("dateFinition", self.date_finition)?,
            prix_estime: within("prixEstime", self.prix_estime, 0, i32::MAX)?,
            pages_verifiees: within("pagesVerifiees", self.pages_verifiees, 1, 100_000)?,
            motif: None,
        };
        let change = Change { statut: self.statut, price: self.prix_final.or(self.amount), fields };
        if change == Change::default() {
            return Err(ApiError::bad_request("EMPTY_BODY", "Aucune modification n’a été demandée."));
        }
        let motif = self.motif.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Change { fields: Fields { motif, ..change.fields }, ..change })
    }
}

/// Where an order goes.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatutBody {
    statut: Statut,
    /// The team's note to the client.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 10_000)]
    note_correcteur: Option<Option<String>>,
}

impl StatutBody {
    pub(super) fn change(self) -> ApiResult<Change> {
        let note_correcteur = text("noteCorrecteur", self.note_correcteur)?;
        let fields = Fields { note_correcteur, ..Fields::default() };
        Ok(Change { statut: Some(self.statut), price: None, fields })
    }
}

/// Who corrects an order.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssignBody {
    /// The corrector's account; null for nobody.
    #[serde(default, alias = "correctorId", deserialize_with = "given")]
    #[schema(required = true, value_type = Option<Uuid>)]
    correcteur_id: Option<Option<Uuid>>,
}

impl AssignBody {
    pub(super) fn corrector(&self) -> ApiResult<Option<Uuid>> {
        let missing =
            || ApiError::invalid_field("correcteurId", "Indiquez le correcteur, ou null pour le retirer.");
        self.correcteur_id.ok_or_else(missing)
    }
}

/// How much to give back.
#[derive(Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RefundQuery {
    /// Cents; all that is left when absent.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 2_147_483_647)]
    amount: Option<String>,
}

impl RefundQuery {
    pub(super) fn amount(&self) -> ApiResult<Option<i64>> {
        let given = self.amount.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let wrong = || ApiError::invalid_field("amount", "Le montant s’écrit en centimes.");
        given.map(|text| text.parse().map_err(|_| wrong())).transpose()
    }
}

/// How much to give back, and why.
#[derive(Deserialize, Validate, ToSchema)]
pub struct RefundBody {
    /// Cents; all that is left when absent.
    #[schema(minimum = 1, maximum = 2_147_483_647)]
    pub(super) amount: Option<i64>,
    /// For the team alone.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

impl RefundBody {
    pub(super) fn reason(&self) -> ApiResult<Option<&str>> {
        let reason = self.reason.as_deref().map(str::trim).filter(|text| !text.is_empty());
        match reason {
            Some(text) if text.chars().count() > 500 => {
                Err(ApiError::invalid_field("reason", "La raison ne peut pas dépasser 500 caractères."))
            }
            reason => Ok(reason),
        }
    }
}

fn text(field: &str, value: Option<Option<String>>) -> ApiResult<Option<Option<String>>> {
    let value = value.map(|text| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()));
    match &value {
        Some(Some(text)) if text.chars().count() > 10_000 => {
            Err(ApiError::invalid_field(field, "Ce texte ne peut pas dépasser 10 000 caractères."))
        }
        _ => Ok(value),
    }
}

/// A day begins at midnight in Paris.
fn instant(field: &str, value: Option<Option<String>>) -> ApiResult<Option<Option<DateTime<Utc>>>> {
    let Some(Some(text)) = value else { return Ok(value.map(|_| None)) };
    let text = text.trim();
    if text.is_empty() {
        return Ok(Some(None));
    }
    let day = || text.parse::<NaiveDate>().map(start_of_day_in_paris);
    let wrong = |_| {
        ApiError::invalid_field(field, "Cette date doit s’écrire comme 2026-03-09 ou 2026-03-09T12:00:00Z.")
    };
    let read = text.parse::<DateTime<Utc>>().or_else(|_| day()).map_err(wrong)?;
    let dated = (2000..=2100).contains(&chrono::Datelike::year(&read));
    match dated {
        true => Ok(Some(Some(read))),
        false => Err(ApiError::invalid_field(field, "Cette date est trop éloignée.")),
    }
}

fn within(field: &str, value: Option<Option<i32>>, min: i32, max: i32) -> ApiResult<Option<Option<i32>>> {
    match value {
        Some(Some(number)) if !(min..=max).contains(&number) => {
            Err(ApiError::invalid_field(field, format!("Ce nombre doit être compris entre {min} et {max}.")))
        }
        value => Ok(value),
    }
}
