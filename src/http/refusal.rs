//! Turns what serde and the validation rules refuse into French details. No library text leaves.

use serde_json::Value;
use serde_path_to_error::{Path, Segment};
use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

use super::error::{ApiError, Detail};

/// A body that is no JSON at all, or whose values have the wrong shape.
pub(super) fn from_json(error: serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    if error.inner().is_data() {
        let detail = shape_detail(error.path(), &error.inner().to_string());
        return ApiError::validation(vec![detail]);
    }
    from_syntax(error.into_inner())
}

/// A body that is no JSON at all.
pub(super) fn from_syntax(error: serde_json::Error) -> ApiError {
    let position = format!("JSON invalide à la ligne {}, colonne {}.", error.line(), error.column());
    let detail = Detail { code: "invalid_json".into(), path: Vec::new(), message: position.into() };
    ApiError::bad_request("INVALID_JSON", "Le corps de la requête n'est pas un JSON valide.")
        .with("details", serde_json::to_value([detail]).unwrap_or_default())
}

/// A body that is a list.
pub(super) fn not_an_object() -> ApiError {
    let message = "Type de valeur incorrect.".into();
    ApiError::validation(vec![Detail { code: "invalid_type".into(), path: Vec::new(), message }])
}

/// A query string whose values have the wrong shape.
pub(super) fn from_query(error: serde_path_to_error::Error<serde_urlencoded::de::Error>) -> ApiError {
    ApiError::validation(vec![shape_detail(error.path(), &error.inner().to_string())])
}

/// Values that the rules of the type refuse, in the order of their paths.
pub(super) fn from_rules(errors: ValidationErrors) -> ApiError {
    let mut details = Vec::new();
    collect(&errors, &mut Vec::new(), &mut details);
    details.sort_by_cached_key(|(path, detail)| (path.clone(), detail.code.clone()));
    ApiError::validation(details.into_iter().map(|(_, detail)| detail).collect())
}

fn shape_detail(path: &Path, reason: &str) -> Detail {
    let mut path: Vec<Value> = path.iter().filter_map(segment).collect();
    let (code, message) = match missing_field(reason) {
        Some(field) => {
            path.push(field.into());
            ("required", "Ce champ est obligatoire")
        }
        None if reason.starts_with("invalid type") => ("invalid_type", "Type de valeur incorrect"),
        None if reason.starts_with("unknown variant") => ("invalid_value", "Cette valeur n'est pas admise"),
        None if reason.starts_with("duplicate field") => ("duplicate", "Ce champ est présent plusieurs fois"),
        None => ("invalid_value", "Valeur invalide"),
    };
    let message = match readable(&path) {
        place if place.is_empty() => format!("{message}."),
        place => format!("{message} : {place}."),
    };
    Detail { code: code.into(), path, message: message.into() }
}

fn segment(segment: &Segment) -> Option<Value> {
    match segment {
        Segment::Seq { index } => Some((*index).into()),
        Segment::Map { key } => Some(key.as_str().into()),
        Segment::Enum { variant } => Some(variant.as_str().into()),
        Segment::Unknown => None,
    }
}

fn missing_field(reason: &str) -> Option<&str> {
    reason.strip_prefix("missing field `")?.split('`').next()
}

fn readable(path: &[Value]) -> String {
    let parts = path.iter().map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned));
    parts.collect::<Vec<_>>().join(".")
}

fn collect(errors: &ValidationErrors, path: &mut Vec<Value>, details: &mut Vec<(String, Detail)>) {
    for (field, kind) in errors.errors() {
        path.push(wire_name(field).into());
        match kind {
            ValidationErrorsKind::Field(errors) => {
                details.extend(errors.iter().map(|error| (readable(path), rule_detail(error, path))));
            }
            ValidationErrorsKind::Struct(errors) => collect(errors, path, details),
            ValidationErrorsKind::List(items) => {
                for (index, errors) in items {
                    path.push((*index).into());
                    collect(errors, path, details);
                    path.pop();
                }
            }
        }
        path.pop();
    }
}

fn rule_detail(error: &ValidationError, path: &[Value]) -> Detail {
    let message = error.message.clone();
    let message = message.unwrap_or_else(|| format!("Valeur invalide : {}.", readable(path)).into());
    // Rules over the whole struct are reported under `__all__`, which is no field.
    let path = path.iter().filter(|part| *part != "__all__").cloned().collect();
    Detail { code: error.code.clone(), path, message }
}

/// The wire name of a field: the camelCase twin of its Rust name, the convention of every wire type.
fn wire_name(field: &str) -> String {
    if field == "__all__" {
        return field.to_owned();
    }
    let mut words = field.split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_wire() {
        assert_eq!(wire_name("accepted_cgu_at"), "acceptedCguAt");
        assert_eq!(wire_name("email"), "email");
        assert_eq!(wire_name("__all__"), "__all__");
    }

    #[test]
    fn missing_fields_are_named() {
        assert_eq!(missing_field("missing field `nom` at line 1 column 2"), Some("nom"));
        assert_eq!(missing_field("invalid type: null"), None);
    }
}
