//! What every route shares: the error envelope, the extractors, paging, the client's address.

pub mod client_ip;
pub mod context;
pub mod error;
pub mod extract;
pub mod page;

mod outage;
mod refusal;

pub use client_ip::ClientIp;
pub use context::RequestContext;
pub use error::{ApiError, ApiResult, Detail, ErrorBody};
pub use extract::{
    ApiJson, ApiPath, ApiQuery, JsonLimit, LongRunning, OptionalJson, PathId, StrictPathId,
};
pub use page::{Page, PageQuery, page_params};
