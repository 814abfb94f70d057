//! What is wrong with a form.

use std::borrow::Cow;

use super::error::{ApiError, ApiResult, Detail};

/// What is wrong with a form: everything, so that it can be put right at once.
#[derive(Debug, Default)]
pub struct Problems(Vec<Detail>);

impl Problems {
    /// Notes one problem with a field.
    pub fn add(&mut self, field: &str, code: impl Into<Cow<'static, str>>, message: impl Into<String>) {
        self.0.push(Detail::field(field, code, message.into()));
    }

    /// Succeeds when nothing was noted.
    ///
    /// # Errors
    /// 400 `VALIDATION_ERROR` with one detail per problem.
    pub fn finish(self) -> ApiResult<()> {
        match self.0.is_empty() {
            true => Ok(()),
            false => Err(ApiError::validation(self.0)),
        }
    }
}
