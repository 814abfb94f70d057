use super::{ConfigError, Vars, sites};

/// The terms of sale that whoever pays agrees to on the payment page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// `TERMS_URL`: where they are read.
    pub url: String,
    /// `TERMS_VERSION`: which text of them, as it is kept with each order.
    pub version: String,
}

/// Stripe takes 1 200 characters for the whole sentence, in which the address stands as a link of Markdown.
const LONGEST_URL: usize = 500;

/// As its column.
const LONGEST_VERSION: usize = 100;

impl Terms {
    pub(super) fn load(vars: &Vars) -> Result<Option<Self>, ConfigError> {
        let version = vars.get("TERMS_VERSION").unwrap_or("1").trim().to_owned();
        if version.chars().count() > LONGEST_VERSION || version.chars().any(char::is_control) {
            let wrong = format!("must be one line of at most {LONGEST_VERSION} characters");
            return Err(ConfigError::Invalid("TERMS_VERSION", wrong));
        }
        let Some(url) = sites::address(vars, "TERMS_URL")? else { return Ok(None) };
        if url.len() > LONGEST_URL || url.contains(['(', ')']) || url.chars().any(char::is_whitespace) {
            let wrong =
                format!("must have at most {LONGEST_URL} characters, none of them a parenthesis or a blank");
            return Err(ConfigError::Invalid("TERMS_URL", wrong));
        }
        Ok(Some(Self { url, version }))
    }

    /// The sentence beside the box that must be ticked to pay: code de la consommation, articles L221-25 and L221-28, 1°.
    pub fn sentence(&self) -> String {
        format!(
            "J’accepte les [conditions générales de vente]({}). Je demande que la prestation commence avant la fin du délai \
             de rétractation de quatorze jours, et je reconnais que je perdrai mon droit de rétractation lorsqu’elle sera \
             pleinement exécutée.",
            self.url
        )
    }
}
