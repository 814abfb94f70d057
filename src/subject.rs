//! The person whose data is handed out or erased, as every part that holds rows about people needs to know them.

use serde::Serialize;
use serde_json::Value;
use sqlx::{MySql, QueryBuilder};
use uuid::Uuid;

/// First name of every erased account.
pub const ERASED_PRENOM: &str = "Utilisateur";
/// Family name of every erased account.
pub const ERASED_NOM: &str = "Supprimé";
/// Title of an order whose author is gone: a title is the author's own words.
pub const ERASED_TITLE: &str = "Commande d’un compte supprimé";

/// Both names of every erased account.
const ERASED_NAME: &str = "Utilisateur Supprimé";
/// What takes the place of a phone number in a text.
const NO_PHONE: &str = "…";
/// A shorter text of theirs says nothing of them, and stands in many others.
const SHORTEST: usize = 4;

/// A data subject (GDPR, article 4(1)): an account, and what its rows elsewhere are recognised by.
///
/// No `Debug`: all of it is personal.
pub struct Subject {
    /// The account.
    pub user_id: Uuid,
    /// Its address, normalised. Rows of a visitor under the same address are this person's too.
    pub email: String,
    /// Names, numbers and titles they gave, longest first, with what takes their place in a text.
    words: Vec<(String, &'static str)>,
    /// Ids that only their own happenings carry in a key: of the account, its orders and its payments.
    references: Vec<String>,
}

/// Parts of an export: the key of each, and what it holds.
pub type Sections = Vec<(&'static str, Value)>;

impl Subject {
    /// The owner of an account, known by its address alone.
    pub fn new(user_id: Uuid, email: String) -> Self {
        Self { user_id, email, words: vec![], references: vec![user_id.to_string()] }
    }

    /// Adds a name they gave, as our texts write it: first name, space, family name.
    pub fn add_name(&mut self, prenom: &str, nom: &str) {
        self.add_word(&format!("{prenom} {nom}"), ERASED_NAME);
    }

    /// Adds a phone number they gave, as typed.
    pub fn add_phone(&mut self, phone: &str) {
        self.add_word(phone, NO_PHONE);
    }

    /// Adds the title of a work of theirs.
    pub fn add_title(&mut self, titre: &str) {
        self.add_word(titre, ERASED_TITLE);
    }

    fn add_word(&mut self, word: &str, instead: &'static str) {
        let word = word.trim();
        if word.chars().count() >= SHORTEST && !self.words.iter().any(|(known, _)| known == word) {
            self.words.push((word.to_owned(), instead));
            // A word that contains another is replaced first.
            self.words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        }
    }

    /// Adds an id that only their happenings carry.
    pub fn add_reference(&mut self, reference: impl ToString) {
        self.references.push(reference.to_string());
    }

    /// The address their account has once it is erased. Nobody can have it (RFC 2606).
    pub fn erased_email(&self) -> String {
        format!("deleted-{}@example.invalid", self.user_id)
    }

    /// A text without what tells who they are.
    pub fn anonymised(&self, text: &str) -> String {
        let mut text = text.replace(&self.email, &self.erased_email());
        for (word, instead) in &self.words {
            text = text.replace(word, instead);
        }
        text
    }

    /// The same for every text within a JSON value, whose shape stays.
    pub fn anonymise(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.anonymised(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.anonymise(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.anonymise(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Pushes the condition that `key` carries one of their ids, or `text` their address. Both are SQL of ours.
    pub fn push_mentioned(&self, query: &mut QueryBuilder<MySql>, key: &str, text: &str) {
        query.push("(LOCATE(").push_bind(self.email.clone()).push(format!(", {text}) > 0"));
        for reference in &self.references {
            query.push(" OR LOCATE(").push_bind(reference.clone()).push(format!(", {key}) > 0"));
        }
        query.push(")");
    }
}

/// Rows as an export shows them.
///
/// # Errors
/// When they cannot be written as JSON.
pub fn exported<T: Serialize>(rows: &T) -> Result<Value, sqlx::Error> {
    serde_json::to_value(rows).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn zoe() -> Subject {
        let mut zoe = Subject::new(Uuid::nil(), "zoe@example.com".to_owned());
        zoe.add_name("Zoé", "Lefèvre");
        zoe.add_name("Zoé", "Lefèvre-Petit");
        zoe.add_name("", " ");
        zoe.add_phone("06 01 02 03 04");
        zoe.add_title("Le Nil");
        zoe.add_title("Nil");
        zoe
    }

    #[test]
    fn a_text_loses_whom_it_speaks_of() {
        let text = "Zoé Lefèvre-Petit (zoe@example.com, 06 01 02 03 04) et Zoé Lefèvre ont payé « Le Nil », pas « Nil ».";
        assert_eq!(
            zoe().anonymised(text),
            "Utilisateur Supprimé (deleted-00000000-0000-0000-0000-000000000000@example.invalid, …) et Utilisateur \
             Supprimé ont payé « Commande d’un compte supprimé », pas « Nil »."
        );
    }

    #[test]
    fn a_value_keeps_its_shape() {
        let mut value = json!({"name": "Zoé Lefèvre", "amount": 1, "list": ["zoe@example.com", null, true]});
        zoe().anonymise(&mut value);
        assert_eq!(value["name"], "Utilisateur Supprimé");
        assert_eq!(value["amount"], 1);
        assert!(value["list"][0].as_str().unwrap().ends_with("@example.invalid"));
    }
}
