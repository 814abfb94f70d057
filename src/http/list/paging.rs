//! Paging by number, and the rule for numbers in a query.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use validator::Validate;

use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::ApiQuery;

/// A page asked for: its number from 1 and the number of rows on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Page number, from 1.
    pub page: u32,
    /// Rows per page, at least 1.
    pub limit: u32,
}

impl Page {
    /// Rows to skip before the page.
    pub fn offset(self) -> u64 {
        u64::from(self.page.saturating_sub(1)) * u64::from(self.limit)
    }

    /// Rows to read: those of the page, and one more that tells whether others follow.
    pub fn fetch(self) -> u32 {
        self.limit.saturating_add(1)
    }

    /// Number of pages that hold `total` rows; 0 when there are none.
    pub fn total_pages(self, total: u64) -> u64 {
        total.div_ceil(u64::from(self.limit.max(1)))
    }

    /// Whether rows follow the page.
    pub fn has_next(self, total: u64) -> bool {
        u64::from(self.page) < self.total_pages(total)
    }

    /// Whether a page stands before this one.
    pub fn has_prev(self) -> bool {
        self.page > 1
    }
}

/// The page a query asks for by `page` and `limit`: not a number or 0 means the default, above the maximum clamps,
/// negative is a 400.
#[derive(Debug, Clone, Copy)]
pub struct Paging<const DEFAULT: u32, const MAX: u32>(pub Page);

/// As text, because a value that is not a number means the default.
#[derive(Deserialize, Validate)]
struct PageQuery {
    page: Option<String>,
    limit: Option<String>,
}

impl<S: Sync, const DEFAULT: u32, const MAX: u32> FromRequestParts<S> for Paging<DEFAULT, MAX> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        let ApiQuery(query) = ApiQuery::<PageQuery>::from_request_parts(parts, state).await?;
        Ok(Self(Page {
            page: query_number("page", query.page.as_deref(), 1, u32::MAX)?,
            limit: query_number("limit", query.limit.as_deref(), DEFAULT, MAX)?,
        }))
    }
}

impl<const DEFAULT: u32, const MAX: u32> IntoParams for Paging<DEFAULT, MAX> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let number = |name: &str, description: String, default: u32, max: u32| {
            let schema = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(1))
                .maximum(Some(max))
                .default(Some(default.into()));
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .description(Some(description))
                .schema(Some(schema))
                .build()
        };
        let rows = format!("Rows per page: {DEFAULT} by default, {MAX} at most.");
        vec![
            number("page", "Page number, from 1.".to_owned(), 1, u32::MAX),
            number("limit", rows, DEFAULT, MAX),
        ]
    }
}

/// Reads one whole number of a query by the rule of [`Paging`]. A fraction is cut, as JavaScript's `parseInt` does.
///
/// # Errors
/// 400 `VALIDATION_ERROR` naming `key` when the number is negative.
pub fn query_number(key: &str, raw: Option<&str>, default: u32, max: u32) -> ApiResult<u32> {
    let Some(number) = raw.and_then(|raw| raw.trim().parse::<f64>().ok()).filter(|n| n.is_finite()) else {
        return Ok(default);
    };
    if number < 0.0 {
        return Err(ApiError::invalid_field(
            key,
            format!("Le paramètre « {key} » ne peut pas être négatif."),
        ));
    }
    match number.trunc() {
        0.0 => Ok(default),
        whole if whole >= f64::from(max) => Ok(max),
        // A value between 1 and `max` fits.
        whole => Ok(whole as u32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_rule() {
        let read = |raw| query_number("limit", raw, 20, 100).ok();
        assert_eq!(read(None), Some(20));
        for raw in ["", "abc", "0", "NaN", "inf", "1e999"] {
            assert_eq!(read(Some(raw)), Some(20), "{raw}");
        }
        assert_eq!(read(Some("7")), Some(7));
        assert_eq!(read(Some("7.9")), Some(7));
        assert_eq!(read(Some("100")), Some(100));
        assert_eq!(read(Some("99999999999999")), Some(100));
        assert_eq!(read(Some("-1")), None);
    }

    #[test]
    fn a_page_knows_its_neighbours() {
        let page = Page { page: 2, limit: 10 };
        assert_eq!((page.offset(), page.fetch()), (10, 11));
        assert_eq!(page.total_pages(21), 3);
        assert_eq!(page.total_pages(0), 0);
        assert!(page.has_next(21) && !page.has_next(20) && page.has_prev());
        assert_eq!(Page { page: u32::MAX, limit: 100 }.offset(), 429_496_729_400);
    }

    #[tokio::test]
    async fn a_query_gives_a_page_and_is_described() {
        let page = async |query: &str| {
            let request = axum::http::Request::get(format!("/things?{query}")).body(()).unwrap();
            Paging::<10, 50>::from_request_parts(&mut request.into_parts().0, &())
                .await
                .map(|paging| paging.0)
        };
        assert_eq!(page("status=all").await.unwrap(), Page { page: 1, limit: 10 });
        assert_eq!(page("page=3&limit=500").await.unwrap(), Page { page: 3, limit: 50 });
        assert_eq!(page("page=-3").await.unwrap_err().code(), "VALIDATION_ERROR");
        let described = serde_json::to_value(Paging::<10, 50>::into_params(|| None)).unwrap();
        assert_eq!(described[1]["schema"]["maximum"], 50);
        assert_eq!((&described[1]["name"], &described[1]["in"]), (&"limit".into(), &"query".into()));
    }
}
