//! The words of a search.

use std::ops::Deref;

use crate::http::error::{ApiError, ApiResult};

/// Longest search, in characters.
const LONGEST: usize = 100;

/// Words looked for at most; a title that was pasted in has fewer.
const MOST: usize = 20;

/// The words of a search, each of which a row must have somewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Words(Vec<String>);

impl Words {
    /// Splits a search at its blanks. Words after the twentieth are not looked for.
    ///
    /// # Errors
    /// 400 `VALIDATION_ERROR` naming `key` past 100 characters.
    pub fn read(key: &str, search: Option<&str>) -> ApiResult<Self> {
        let search = search.unwrap_or_default();
        if search.chars().count() > LONGEST {
            return Err(ApiError::invalid_field(key, "La recherche ne peut pas dépasser 100 caractères."));
        }
        Ok(Self(search.split_whitespace().take(MOST).map(str::to_owned).collect()))
    }
}

impl Deref for Words {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_split_and_bounded() {
        let words = |text: &str| Words::read("search", Some(text)).map(|words| words.to_vec());
        assert_eq!(words("  L’été\u{a0}à  Sète ").unwrap(), ["L’été", "à", "Sète"]);
        assert!(words(" ").unwrap().is_empty() && Words::read("search", None).unwrap().is_empty());
        assert_eq!(words(&"a ".repeat(50)).unwrap().len(), 20);
        assert_eq!(words(&"é".repeat(100)).unwrap().len(), 1);
        assert_eq!(words(&"é".repeat(101)).unwrap_err().code(), "VALIDATION_ERROR");
    }
}
