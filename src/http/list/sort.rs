//! The orders a list allows.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use validator::Validate;

use crate::db::filter::Direction;
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::ApiQuery;

/// What a list may be ordered by, made by `sorts!`.
pub trait SortKey: Copy + 'static {
    /// The order of a list whose caller asks for none, or for one there is not.
    const DEFAULT: Sort<Self>;
    /// Every name of the query and what it means.
    const NAMES: &'static [(&'static str, Self)];

    /// The columns, the last one unique.
    fn columns(self) -> &'static [&'static str];
}

/// An order: columns, all in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sort<K> {
    /// The columns.
    pub key: K,
    /// Their direction.
    pub direction: Direction,
}

impl<K: SortKey> Sort<K> {
    /// The order of two query values. An unknown or absent key is the default order, whatever the direction: the web
    /// application sends one without the other.
    pub fn read(key: Option<&str>, direction: Option<&str>) -> Self {
        let known = K::NAMES.iter().find(|(name, _)| Some(*name) == key);
        let Some((_, key)) = known else {
            return K::DEFAULT;
        };
        let direction = match direction {
            Some("asc") => Direction::Asc,
            Some("desc") => Direction::Desc,
            _ => K::DEFAULT.direction,
        };
        Self { key: *key, direction }
    }
}

/// The order a query asks for by `sortBy` and `sortDirection`, which some lists call `sortOrder`.
#[derive(Debug, Clone, Copy)]
pub struct Sorting<K>(pub Sort<K>);

#[derive(Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
struct SortQuery {
    sort_by: Option<String>,
    sort_direction: Option<String>,
    sort_order: Option<String>,
}

impl<S: Sync, K: SortKey> FromRequestParts<S> for Sorting<K> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        let ApiQuery(query) = ApiQuery::<SortQuery>::from_request_parts(parts, state).await?;
        let direction = query.sort_direction.or(query.sort_order);
        Ok(Self(Sort::read(query.sort_by.as_deref(), direction.as_deref())))
    }
}

impl<K: SortKey> IntoParams for Sorting<K> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let names = K::NAMES.iter().map(|(name, _)| *name).collect();
        let among = |name: &str, description: &str, values: Vec<&str>| {
            let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values));
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .description(Some(description))
                .schema(Some(schema))
                .build()
        };
        vec![
            among("sortBy", "What to order by; the list's own order for anything else.", names),
            among("sortDirection", "Goes with `sortBy`; `sortOrder` is its other name.", vec!["asc", "desc"]),
        ]
    }
}

/// Declares what a list may be ordered by: the names of the query, and the columns, which end with one that is unique.
///
/// ```ignore
/// sorts! {
///     /// How accounts are ordered.
///     pub enum AccountSort: id "u.id", default CreatedAt Desc {
///         CreatedAt: "createdAt" => "u.created_at";
///         Active: "isActive" | "status" => "u.is_active";
///     }
/// }
/// ```
#[allow(unused_macros, reason = "no list that lets its callers choose the order is here yet")]
macro_rules! sorts {
    ($(#[$meta:meta])* $vis:vis enum $name:ident: id $id:literal, default $default:ident $direction:ident {
        $($key:ident: $($wire:literal)|+ => $($column:literal),+;)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        $vis enum $name {
            $($key,)+
        }

        impl $crate::http::list::SortKey for $name {
            const DEFAULT: $crate::http::list::Sort<Self> = $crate::http::list::Sort {
                key: Self::$default,
                direction: $crate::db::filter::Direction::$direction,
            };
            const NAMES: &'static [(&'static str, Self)] = &[$($(($wire, Self::$key),)+)+];

            fn columns(self) -> &'static [&'static str] {
                match self {
                    $(Self::$key => &[$($column,)+ $id],)+
                }
            }
        }
    };
}

#[allow(unused_imports, reason = "as above")]
pub(crate) use sorts;

#[cfg(test)]
mod tests {
    use super::*;

    sorts! {
        /// How accounts are ordered.
        pub enum AccountSort: id "u.id", default CreatedAt Desc {
            CreatedAt: "createdAt" => "u.created_at";
            Name: "nom" => "u.nom", "u.prenom";
            Active: "isActive" | "status" => "u.is_active";
        }
    }

    #[test]
    fn only_what_is_declared_orders_a_list() {
        let read = |key, direction| Sort::<AccountSort>::read(key, direction);
        let by = |key, direction| Sort { key, direction };
        let newest = by(AccountSort::CreatedAt, Direction::Desc);
        for (key, direction) in [
            (None, None),
            (None, Some("asc")),
            (Some("password_hash"), Some("asc")),
            (Some(""), None),
            (Some("createdAt"), Some("sideways")),
        ] {
            assert_eq!(read(key, direction), newest, "{key:?} {direction:?}");
        }
        assert_eq!(read(Some("status"), Some("asc")), by(AccountSort::Active, Direction::Asc));
        assert_eq!(read(Some("isActive"), None), by(AccountSort::Active, Direction::Desc));
        assert_eq!(AccountSort::Name.columns(), ["u.nom", "u.prenom", "u.id"]);
    }

    #[tokio::test]
    async fn both_names_of_the_direction_are_read() {
        for name in ["sortDirection", "sortOrder"] {
            let uri = format!("/accounts?page=1&sortBy=nom&{name}=asc");
            let mut parts = axum::http::Request::get(uri).body(()).unwrap().into_parts().0;
            let Sorting(sort) = Sorting::<AccountSort>::from_request_parts(&mut parts, &()).await.unwrap();
            assert_eq!(sort, Sort { key: AccountSort::Name, direction: Direction::Asc });
        }
        let described = serde_json::to_value(Sorting::<AccountSort>::into_params(|| None)).unwrap();
        assert_eq!(
            described[0]["schema"]["enum"],
            serde_json::json!(["createdAt", "nom", "isActive", "status"])
        );
    }
}
