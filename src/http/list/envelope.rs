//! The envelopes of lists. Each is what the web application reads of some list; a new list takes the one its contract
//! names. Lists that put their rows under a name of their own, such as `{invoices, pagination}`, declare that struct and
//! take its `pagination` from here.

use serde::Serialize;
use utoipa::ToSchema;

use super::totals::{Listing, Place};

/// Where a page stands: `{page, limit, total, totalPages}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pagination {
    /// Page number, from 1.
    page: u32,
    /// Rows per page.
    limit: u32,
    /// Rows in all.
    total: u64,
    /// Pages in all, 0 without rows.
    total_pages: u64,
}

/// Where a page stands, and whether others stand around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NeighbourPagination {
    /// Page number, from 1.
    page: u32,
    /// Rows per page.
    limit: u32,
    /// Rows in all.
    total: u64,
    /// Pages in all, 0 without rows.
    total_pages: u64,
    has_next_page: bool,
    has_previous_page: bool,
}

/// Where a page stands: `{page, limit, total, pages}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PagesPagination {
    /// Page number, from 1.
    page: u32,
    /// Rows per page.
    limit: u32,
    /// Rows in all.
    total: u64,
    /// Pages in all, 0 without rows.
    pages: u64,
}

/// Where a page stands, in the words of the list of questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemPagination {
    /// Page number, from 1.
    current_page: u32,
    /// Pages in all, 0 without rows.
    total_pages: u64,
    /// Rows in all.
    total_items: u64,
    /// Rows per page.
    items_per_page: u32,
    has_next_page: bool,
    has_previous_page: bool,
}

/// Where a page stands: `{page, pageSize, total}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// Page number, from 1.
    page: u32,
    /// Rows per page.
    page_size: u32,
    /// Rows in all.
    total: u64,
}

/// `{data, meta}`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DataMeta<T: ToSchema> {
    data: Vec<T>,
    meta: Meta,
}

/// `{success, data, pagination, message}`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SuccessList<T: ToSchema, P: ToSchema = Pagination> {
    success: bool,
    data: Vec<T>,
    pagination: P,
    message: &'static str,
}

/// `{success, data, meta, message}`: for the web application, which unwraps `data` unless `pagination` stands beside it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SuccessMeta<T: ToSchema> {
    success: bool,
    data: Vec<T>,
    meta: Pagination,
    message: &'static str,
}

impl From<Place> for Pagination {
    fn from(Place { page, total }: Place) -> Self {
        Self { page: page.page, limit: page.limit, total, total_pages: page.total_pages(total) }
    }
}

impl From<Place> for NeighbourPagination {
    fn from(Place { page, total }: Place) -> Self {
        Self {
            page: page.page,
            limit: page.limit,
            total,
            total_pages: page.total_pages(total),
            has_next_page: page.has_next(total),
            has_previous_page: page.has_prev(),
        }
    }
}

impl From<Place> for PagesPagination {
    fn from(Place { page, total }: Place) -> Self {
        Self { page: page.page, limit: page.limit, total, pages: page.total_pages(total) }
    }
}

impl From<Place> for ItemPagination {
    fn from(Place { page, total }: Place) -> Self {
        Self {
            current_page: page.page,
            total_pages: page.total_pages(total),
            total_items: total,
            items_per_page: page.limit,
            has_next_page: page.has_next(total),
            has_previous_page: page.has_prev(),
        }
    }
}

impl From<Place> for Meta {
    fn from(Place { page, total }: Place) -> Self {
        Self { page: page.page, page_size: page.limit, total }
    }
}

impl<T: ToSchema> From<Listing<T>> for DataMeta<T> {
    fn from(listing: Listing<T>) -> Self {
        Self { data: listing.rows, meta: listing.place.into() }
    }
}

impl<T: ToSchema, P: ToSchema + From<Place>> SuccessList<T, P> {
    /// The envelope of a page, with a sentence for people.
    pub fn new(listing: Listing<T>, message: &'static str) -> Self {
        Self { success: true, data: listing.rows, pagination: listing.place.into(), message }
    }
}

impl<T: ToSchema> SuccessMeta<T> {
    /// The envelope of a page, with a sentence for people.
    pub fn new(listing: Listing<T>, message: &'static str) -> Self {
        Self { success: true, data: listing.rows, meta: listing.place.into(), message }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::http::Page;

    fn listing() -> Listing<u32> {
        Listing { rows: vec![4, 5], place: Place { page: Page { page: 2, limit: 2 }, total: 5 } }
    }

    fn json(envelope: impl Serialize) -> Value {
        serde_json::to_value(envelope).unwrap()
    }

    #[test]
    fn every_envelope_has_the_keys_its_readers_know() {
        let place = listing().place;
        let pagination = json!({"page": 2, "limit": 2, "total": 5, "totalPages": 3});
        assert_eq!(json(Pagination::from(place)), pagination);
        assert_eq!(
            json(NeighbourPagination::from(place)),
            json!({"page": 2, "limit": 2, "total": 5, "totalPages": 3, "hasNextPage": true, "hasPreviousPage": true})
        );
        assert_eq!(
            json(PagesPagination::from(place)),
            json!({"page": 2, "limit": 2, "total": 5, "pages": 3})
        );
        let items = json!({"currentPage": 2, "totalPages": 3, "totalItems": 5, "itemsPerPage": 2,
                           "hasNextPage": true, "hasPreviousPage": true});
        assert_eq!(json(ItemPagination::from(place)), items);
        assert_eq!(
            json(DataMeta::from(listing())),
            json!({"data": [4, 5], "meta": {"page": 2, "pageSize": 2, "total": 5}})
        );
        assert_eq!(
            json(SuccessList::<_, ItemPagination>::new(listing(), "Voici.")),
            json!({"success": true, "data": [4, 5], "pagination": items, "message": "Voici."})
        );
        assert_eq!(
            json(SuccessMeta::new(listing(), "Voici.")),
            json!({"success": true, "data": [4, 5], "meta": pagination, "message": "Voici."})
        );
    }

    #[utoipa::path(get, path = "/", responses(
        (status = 200, body = DataMeta<Meta>), (status = 201, body = DataMeta<Pagination>),
        (status = 202, body = SuccessList<Meta, Pagination>), (status = 203, body = SuccessList<Meta, ItemPagination>),
        (status = 204, body = SuccessMeta<Meta>)))]
    #[allow(dead_code)]
    async fn lists() {}

    #[test]
    fn envelopes_of_different_rows_have_schemas_of_their_own() {
        #[derive(utoipa::OpenApi)]
        #[openapi(paths(lists))]
        struct Document;

        let document = json(<Document as utoipa::OpenApi>::openapi());
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let envelopes =
            schemas.keys().filter(|name| name.starts_with("DataMeta") || name.starts_with("Success"));
        assert_eq!(envelopes.count(), 5, "{:?}", schemas.keys());
    }
}
