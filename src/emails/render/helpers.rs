//! What the templates of mails can call beyond what all templates share: `url`.

use super::Brand;
use handlebars::{
    Context, Handlebars, Helper, HelperDef, RenderContext, RenderError, RenderErrorReason, ScopedJson,
};

/// Makes the links of a registry those of a brand.
pub(super) fn add_links(registry: &mut Handlebars<'static>, brand: &Brand) {
    registry.register_helper("url", Box::new(UrlHelper::new(brand)));
}

/// Absolute link from the parts of a path of the web application, put end to end.
struct UrlHelper {
    site: String,
    api: String,
}

impl UrlHelper {
    fn new(brand: &Brand) -> Self {
        Self {
            site: brand.site_url.clone(),
            api: brand.api_url.clone().unwrap_or_else(|| brand.site_url.clone()),
        }
    }

    /// # Errors
    /// A path that leaves the site (`//host`, a scheme) or holds blanks or controls.
    fn absolute(&self, path: &str) -> Result<String, RenderError> {
        let stays = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
        if !stays || path.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(RenderErrorReason::Other("url: not a path of the site".to_owned()).into());
        }
        let base = if path.starts_with("/api/") { &self.api } else { &self.site };
        Ok(format!("{base}{path}"))
    }
}

impl HelperDef for UrlHelper {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let mut path = String::new();
        for param in h.params() {
            path.push_str(
                param.value().as_str().ok_or_else(|| {
                    RenderErrorReason::Other("url: a part of the path is missing".to_owned())
                })?,
            );
        }
        Ok(ScopedJson::Derived(self.absolute(&path)?.into()))
    }
}
