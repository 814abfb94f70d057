//! What lists share: the page asked for, order, search words and filters of the query, totals, and the envelopes of the
//! answers. A list is declared, not written:
//!
//! ```ignore
//! sorts! {
//!     /// How accounts are ordered.
//!     pub enum AccountSort: id "u.id", default CreatedAt Desc {
//!         CreatedAt: "createdAt" => "u.created_at";
//!         Active: "isActive" | "status" => "u.is_active";
//!     }
//! }
//!
//! async fn list(
//!     State(state): State<AppState>,
//!     Paging(page): Paging<10, 100>,
//!     Sorting(sort): Sorting<AccountSort>,
//!     ApiQuery(query): ApiQuery<AccountQuery>,
//! ) -> ApiResult<Json<SuccessList<Account>>> {
//!     let filter = Filter { role: one_of("role", query.role.as_deref(), &ROLES)?, words: Words::read("search", query.search)? };
//!     let listing = service::list(&state, &filter, sort, page).await?;
//!     Ok(Json(SuccessList::new(listing.map(Account::from), "Comptes récupérés.")))
//! }
//! ```
//!
//! The store reads [`Page::fetch`] rows with [`crate::db::filter::Select`]; [`Totals::listing`] makes a [`Listing`] of them,
//! with a total that is counted only when the page does not tell it.

mod choice;
mod envelope;
mod paging;
mod sort;
mod totals;
mod words;

pub use choice::{day, flag, lenient_day, lenient_one_of, one_of};
pub use envelope::{
    DataMeta, ItemPagination, Meta, NeighbourPagination, PagesPagination, Pagination, SuccessList,
    SuccessMeta,
};
pub use paging::{Page, Paging, query_number};
pub use sort::{Sort, SortKey, Sorting};
pub use totals::{Listing, Place, Tally, Totals, shared};
pub use words::Words;

#[allow(unused_imports, reason = "no list that lets its callers choose the order is here yet")]
pub(crate) use sort::sorts;
