//! Which bodies may be left out: [`ApiJson`](crate::http::ApiJson) reads nothing as `{}`.

use std::collections::BTreeMap;

use utoipa::openapi::{OpenApi, RefOr, Required, Schema, path::Operation};

use super::operations;

/// Marks the JSON bodies that need no field as not required: all fields of theirs may be absent, and so may they.
pub(super) fn tell_optional(document: &mut OpenApi) {
    let schemas =
        document.components.as_ref().map(|components| components.schemas.clone()).unwrap_or_default();
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            tell(operation, &schemas);
        }
    }
}

fn tell(operation: &mut Operation, schemas: &BTreeMap<String, RefOr<Schema>>) {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return };
    let Some(RefOr::T(json)) = body.content.get("application/json") else { return };
    if json.schema.as_ref().is_some_and(|schema| needs_nothing(schema, schemas)) {
        body.required = Some(Required::False);
    }
}

/// Whether it is an object with fields, none of which is required.
fn needs_nothing(schema: &RefOr<Schema>, schemas: &BTreeMap<String, RefOr<Schema>>) -> bool {
    match schema {
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
            schemas.get(name).is_some_and(|schema| needs_nothing(schema, schemas))
        }
        RefOr::T(Schema::Object(object)) => !object.properties.is_empty() && object.required.is_empty(),
        RefOr::T(_) => false,
    }
}
