//! What the person reads when there is no price.

use super::price::{MAX_PAGES, PriceError};
use crate::{
    http::{ApiError, Detail},
    money,
};

impl From<PriceError> for ApiError {
    fn from(error: PriceError) -> Self {
        let invalid =
            |field, code, message: String| Self::validation(vec![Detail::field(field, code, message)]);
        match error {
            PriceError::PagesRequired => {
                let message = "Le nombre de pages est requis pour ce service.";
                invalid("nombrePages", "required", message.to_owned())
            }
            PriceError::PagesOutOfRange => {
                let message = format!("Le nombre de pages doit être compris entre 1 et {MAX_PAGES}.");
                invalid("nombrePages", "range", message)
            }
            PriceError::InvalidClientPrice => {
                let message = "Le prix calculé n'est pas un prix valide.";
                invalid("prixCalcule", "invalid", message.to_owned())
            }
            PriceError::Changed { expected_amount } => {
                let message = format!(
                    "Le prix de cette commande a changé : elle coûte désormais {}. Rechargez la page pour commander à ce prix.",
                    money::french(expected_amount)
                );
                Self::bad_request("PRICE_CHANGED", message).with("expectedAmount", expected_amount)
            }
        }
    }
}
