//! What every route shares: the error envelope, the extractors, paging, limits, and the layers around the routes.

pub mod alias;
pub mod body;
pub mod bounds;
pub mod cache;
pub mod client_ip;
pub mod context;
pub mod disposition;
pub mod docs;
pub mod error;
pub mod extract;
pub mod headers;
pub mod iso;
pub mod layers;
pub mod limits;
pub mod list;
pub mod observe;
pub mod page;
pub mod paths;
pub mod places;
pub mod problems;
pub mod request_id;
pub mod shares;
pub mod spa;
pub mod system;

mod compress;
mod cors;
mod outage;
mod refusal;

pub use body::read_body;
pub use bounds::Bounds;
pub use client_ip::{ClientIp, TrustedProxies};
pub use context::RequestContext;
pub use error::{ApiError, ApiResult, Detail, ErrorBody};
pub use extract::{
    ApiJson, ApiMultipart, ApiPath, ApiQuery, JsonLimit, LongRunning, OptionalJson, PathId, StrictPathId,
};
pub use limits::{Budget, LimitKey, RateLimits};
pub use list::Page;
pub use problems::Problems;
