//! The text fields of an order form, whatever carried them, and what is wrong with them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{commandes::express, http::Problems, users::rules};

/// Text fields by name. A multipart form sends only text; JSON numbers and booleans read as their text.
#[derive(Debug, Default)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads a JSON object. Values that are neither text, number, boolean nor null are refused.
    pub fn from_json(body: &serde_json::Map<String, Value>, problems: &mut Problems) -> Self {
        let mut fields = Self::default();
        for (key, value) in body {
            match value {
                Value::Null => {}
                Value::String(text) => fields.insert(key, text.clone()),
                Value::Number(_) | Value::Bool(_) => fields.insert(key, value.to_string()),
                Value::Array(_) | Value::Object(_) => {
                    problems.add(key, "invalid_type", format!("Type de valeur incorrect : {key}."));
                }
            }
        }
        fields
    }

    /// Fields a JSON body named; absent ones are left out.
    pub fn of<const N: usize>(fields: [(&str, Option<String>); N]) -> Self {
        let mut read = Self::default();
        for (key, value) in fields {
            if let Some(value) = value {
                read.insert(key, value);
            }
        }
        read
    }

    /// Sets a field; the last value given counts.
    pub fn insert(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), value);
    }

    /// A field as it was sent.
    pub fn raw(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// A one-line field: control characters read as spaces, trimmed, `None` when nothing is left.
    pub fn line(&self, key: &str) -> Option<String> {
        let line: String = self.0.get(key)?.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line = line.trim();
        (!line.is_empty()).then(|| line.to_owned())
    }

    /// A required one-line field of `min` to `max` characters. `label` names it in a sentence.
    pub fn required(
        &self,
        key: &str,
        label: &str,
        min: usize,
        max: usize,
        problems: &mut Problems,
    ) -> String {
        let value = self.line(key).unwrap_or_default();
        match value.chars().count() {
            0 => problems.add(key, "required", format!("{label} est obligatoire.")),
            length if length < min => {
                problems.add(key, "too_small", format!("{label} doit contenir au moins {min} caractères."));
            }
            length if length > max => {
                problems.add(key, "too_big", format!("{label} ne peut pas dépasser {max} caractères."));
            }
            _ => {}
        }
        value
    }

    /// A one-line field of at most `max` characters.
    pub fn optional(&self, key: &str, max: usize, problems: &mut Problems) -> Option<String> {
        self.line(key).inspect(|value| at_most(key, value, max, problems))
    }

    /// A field of several lines, at most `max` characters, trimmed; `None` when empty.
    pub fn text(&self, key: &str, max: usize, problems: &mut Problems) -> Option<String> {
        let value = self.0.get(key)?.trim();
        (!value.is_empty()).then(|| {
            at_most(key, value, max, problems);
            value.to_owned()
        })
    }

    /// An email address by the [rule](rules::email) of all forms, in its stored form.
    pub fn email(&self, key: &str, problems: &mut Problems) -> String {
        let email = self.raw(key).unwrap_or_default();
        if let Err(refusal) = rules::email(email) {
            problems.add(key, refusal.code, refusal.message.unwrap_or_default());
        }
        rules::normalise_email(email)
    }

    /// A number of pages, 1 to 1000. Forms send `undefined` and `null` for an empty field.
    pub fn pages(&self, key: &str, problems: &mut Problems) -> Option<u32> {
        let raw = self.line(key).filter(|raw| raw != "undefined" && raw != "null")?;
        let pages =
            raw.parse::<f64>().ok().filter(|pages| (1.0..1001.0).contains(pages)).map(|pages| pages as u32);
        if pages.is_none() {
            problems.add(key, "invalid", "Le nombre de pages doit être compris entre 1 et 1000.");
        }
        pages
    }

    /// The version of the terms of whoever asks that work begin at once (`demandeExpresse`, `versionCgv`).
    pub fn express(&self, problems: &mut Problems) -> Option<String> {
        let wanted = self.is_true("demandeExpresse");
        wanted.then(|| {
            self.required(
                "versionCgv",
                "La version des conditions générales",
                1,
                express::VERSION_MAX,
                problems,
            )
        })
    }

    /// Whether a box was ticked.
    pub fn is_true(&self, key: &str) -> bool {
        self.line(key).is_some_and(|value| value == "true")
    }
}

fn at_most(key: &str, value: &str, max: usize, problems: &mut Problems) {
    if value.chars().count() > max {
        problems.add(key, "too_big", format!("Le champ « {key} » ne peut pas dépasser {max} caractères."));
    }
}
