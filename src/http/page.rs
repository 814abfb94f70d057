//! Paging by number, and the rule for numbers in a query.

use serde::Deserialize;
use utoipa::IntoParams;
use validator::Validate;

use super::error::{ApiError, ApiResult};

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

/// The two paging keys of a query, as text because a value that is not a number means the default.
#[derive(Debug, Default, Clone, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Page number, from 1.
    #[param(value_type = Option<u32>)]
    pub page: Option<String>,
    /// Rows per page.
    #[param(value_type = Option<u32>)]
    pub limit: Option<String>,
}

impl PageQuery {
    /// The page asked for, see [`page_params`].
    pub fn page(&self, default_limit: u32, max_limit: u32) -> ApiResult<Page> {
        page_params(self.page.as_deref(), self.limit.as_deref(), default_limit, max_limit)
    }
}

/// Reads `page` and `limit`: not a number or 0 means the default, above the maximum clamps, negative is a 400.
pub fn page_params(
    raw_page: Option<&str>,
    raw_limit: Option<&str>,
    default_limit: u32,
    max_limit: u32,
) -> ApiResult<Page> {
    Ok(Page {
        page: query_number("page", raw_page, 1, u32::MAX)?,
        limit: query_number("limit", raw_limit, default_limit, max_limit)?,
    })
}

/// Reads one whole number of a query by the same rule. A fraction is cut, as JavaScript's `parseInt` does.
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
        assert_eq!(page.offset(), 10);
        assert_eq!(page.total_pages(21), 3);
        assert_eq!(page.total_pages(0), 0);
        assert!(page.has_next(21) && !page.has_next(20) && page.has_prev());
        assert_eq!(Page { page: u32::MAX, limit: 100 }.offset(), 429_496_729_400);
    }
}
