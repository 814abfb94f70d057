//! From the fields of an order form to what is asked for, judged before a single file is read.

use uuid::Uuid;

use super::{buyer, form::Fields};
use crate::{
    app::AppState,
    auth::SessionUser,
    http::{ApiError, ApiResult, Problems},
    tarifs::{self, Quote},
    users::{
        self,
        billing::{self, Buyer},
    },
};

/// Who orders.
pub struct Customer {
    /// The account, for connected authors.
    pub user_id: Option<Uuid>,
    /// First name.
    pub prenom: String,
    /// Family name.
    pub nom: String,
    /// Address, trimmed and lower-cased.
    pub email: String,
    /// Telephone number, as typed.
    pub telephone: Option<String>,
    /// Postal address of the account.
    pub adresse: Option<String>,
}

impl Customer {
    /// First and family name.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.prenom, self.nom)
    }
}

/// What the form asks for, well formed but not judged yet.
pub struct Wish {
    service: String,
    titre: Option<String>,
    description: Option<String>,
    pages: Option<u32>,
    shown_price: Option<String>,
    buyer: Option<Buyer>,
    express: Option<String>,
}

/// An order that may be placed: what, for whom, at what price.
pub struct Order {
    /// Who orders.
    pub customer: Customer,
    /// What it costs, and which line of the price list it follows.
    pub quote: Quote,
    /// The title typed, or the name of the service.
    pub titre: String,
    /// The author's note.
    pub description: Option<String>,
    /// Who it is invoiced to.
    pub buyer: Option<Buyer>,
    /// Whether the account should remember the billing block.
    pub remember_buyer: bool,
    /// The version of the terms under which they asked that work begin at once, if they did.
    pub express: Option<String>,
}

/// Longest note of a guest, and of a connected author, in characters.
const GUEST_NOTE: usize = 2_000;
const AUTHOR_NOTE: usize = 10_000;

/// Names of the fields that must be known before the first file.
const JUDGED: [&str; 18] = [
    "prenom",
    "nom",
    "email",
    "telephone",
    "serviceId",
    "nombrePages",
    "prixCalcule",
    "titre",
    "description",
    "consentementRgpd",
    "demandeExpresse",
    "versionCgv",
    "typeClient",
    "societe",
    "siren",
    "numeroTva",
    "referenceClient",
    "adresseFacturation",
];

/// Whether a field takes part in the judgement of an order, so that it may not come after the files.
pub fn is_judged(field: &str) -> bool {
    JUDGED.contains(&field)
}

/// Reads the form of a guest.
///
/// # Errors
/// 400 `VALIDATION_ERROR` with everything that is wrong.
pub fn guest(fields: &Fields, mut problems: Problems) -> ApiResult<(Customer, Wish)> {
    let customer = Customer {
        user_id: None,
        prenom: fields.required("prenom", "Le prénom", 2, 100, &mut problems),
        nom: fields.required("nom", "Le nom", 2, 100, &mut problems),
        email: fields.email("email", &mut problems),
        telephone: Some(fields.required("telephone", "Le numéro de téléphone", 1, 20, &mut problems)),
        adresse: None,
    };
    let titre = fields.optional("titre", 200, &mut problems);
    let wish = wish(fields, titre, GUEST_NOTE, &mut problems);
    if !fields.is_true("consentementRgpd") {
        problems.add(
            "consentementRgpd",
            "required",
            "Le consentement au traitement des données est obligatoire.",
        );
    }
    problems.finish()?;
    Ok((customer, wish))
}

/// Reads the form of a connected author, whose identity comes from the session alone.
///
/// # Errors
/// 400 `VALIDATION_ERROR` with everything that is wrong.
pub fn author(fields: &Fields, mut problems: Problems) -> ApiResult<Wish> {
    let titre = fields.required("titre", "Le titre", 3, 200, &mut problems);
    let wish = wish(fields, Some(titre), AUTHOR_NOTE, &mut problems);
    problems.finish()?;
    Ok(wish)
}

fn wish(fields: &Fields, titre: Option<String>, longest_note: usize, problems: &mut Problems) -> Wish {
    Wish {
        service: fields.required("serviceId", "Le service", 1, 255, problems),
        titre,
        description: fields.text("description", longest_note, problems),
        pages: fields.pages("nombrePages", problems),
        shown_price: fields.line("prixCalcule"),
        buyer: buyer::read(fields, problems),
        express: fields.express(problems),
    }
}

/// Judges the order of a guest.
///
/// # Errors
/// 404 for a service that is not sold, 409 `EMAIL_TAKEN`, 400 `PRICE_CHANGED` or without the pages a price needs.
pub async fn judge_guest(state: &AppState, customer: Customer, wish: Wish) -> ApiResult<Order> {
    let mut conn = state.db.conn().await?;
    let quote = tarifs::service::quote(&mut conn, &wish.service, wish.pages).await?;
    if users::store::address_is_taken(&mut conn, &customer.email).await? {
        return Err(ApiError::conflict(
            "EMAIL_TAKEN",
            "Un compte existe déjà avec cette adresse e-mail. Connectez-vous pour commander.",
        ));
    }
    wish.order(customer, quote, None)
}

/// Judges the order of a connected author.
///
/// # Errors
/// As [`judge_guest`], save `EMAIL_TAKEN`; 404 when the account is gone.
pub async fn judge_author(state: &AppState, user: &SessionUser, wish: Wish) -> ApiResult<Order> {
    let mut conn = state.db.conn().await?;
    let quote = tarifs::service::quote(&mut conn, &wish.service, wish.pages).await?;
    let profile = billing::profile(&mut conn, user.id)
        .await?
        .ok_or_else(|| ApiError::not_found("Ce compte n’existe plus."))?;
    let customer = Customer {
        user_id: Some(user.id),
        prenom: profile.prenom,
        nom: profile.nom,
        email: profile.email,
        telephone: profile.telephone,
        adresse: profile.adresse,
    };
    wish.order(customer, quote, profile.buyer)
}

impl Wish {
    fn order(self, customer: Customer, quote: Quote, remembered: Option<Buyer>) -> ApiResult<Order> {
        quote.check_shown(self.shown_price.as_deref())?;
        Ok(Order {
            titre: self.titre.unwrap_or_else(|| quote.tarif.nom.clone()),
            description: self.description,
            remember_buyer: customer.user_id.is_some() && self.buyer.is_some(),
            buyer: self.buyer.or(remembered),
            express: self.express,
            customer,
            quote,
        })
    }
}
