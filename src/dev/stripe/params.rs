//! Form parameters with nested keys, as Stripe's API takes them: `line_items[0][quantity]=1`.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::failure::Failure;

/// The parameters of one request, by their full key.
pub struct Params(BTreeMap<String, String>);

impl Params {
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    pub fn required(&self, key: &str) -> Result<&str, Failure> {
        match self.get(key) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => Err(Failure::invalid("parameter_missing", key, "Missing required param")),
        }
    }

    pub fn integer(&self, key: &str) -> Result<i64, Failure> {
        let wrong = || Failure::invalid("parameter_invalid_integer", key, "Invalid integer");
        self.required(key)?.parse().map_err(|_| wrong())
    }

    /// An absolute http address: it becomes a link and a redirect.
    pub fn url(&self, key: &str) -> Result<&str, Failure> {
        let value = self.required(key)?;
        if value.starts_with("http://") || value.starts_with("https://") {
            Ok(value)
        } else {
            Err(Failure::invalid("url_invalid", key, "Not a valid URL"))
        }
    }

    /// The entries `<name>[key]=value`, within the limits Stripe sets on metadata.
    pub fn metadata(&self, name: &str) -> Result<BTreeMap<String, String>, Failure> {
        let entries: BTreeMap<String, String> = self
            .0
            .iter()
            .filter_map(|(key, value)| {
                let key = key.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
                Some((key.to_owned(), value.clone()))
            })
            .collect();
        let too_long = |(k, v): (&String, &String)| k.len() > 40 || v.chars().count() > 500;
        if entries.len() > 50 || entries.iter().any(too_long) {
            return Err(Failure::invalid("parameter_invalid", name, "Metadata too large"));
        }
        Ok(entries)
    }

    /// The same for the same parameters of the same call, in whatever order they came.
    pub fn fingerprint(&self, call: &str) -> String {
        let mut hash = Sha256::new_with_prefix(call);
        for text in self.0.iter().flat_map(|(key, value)| [key, value]) {
            hash.update(text.len().to_be_bytes());
            hash.update(text);
        }
        hex::encode(hash.finalize())
    }
}
