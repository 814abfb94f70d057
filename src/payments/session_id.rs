//! How Stripe names a session.

use std::ops::Deref;

use serde::Deserialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

/// Longest name, as its columns.
const MAX: usize = 255;

/// Stripe's name of a session, such as `cs_test_a1B2`: visible ASCII, as its columns, with which nothing else can be
/// compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct SessionId(String);

impl TryFrom<String> for SessionId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = (1..=MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then_some(Self(text)).ok_or("no name of a session")
    }
}

impl Deref for SessionId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialSchema for SessionId {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let bounded = text.min_length(Some(1)).max_length(Some(MAX)).pattern(Some("^[!-~]+$"));
        bounded.examples(["cs_test_a1B2"]).into()
    }
}

impl ToSchema for SessionId {}
