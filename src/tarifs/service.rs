//! Reading the price list, and pricing an order from it.

use sqlx::MySqlConnection;
use uuid::Uuid;

use super::{
    Tarif, Unite,
    price::{self, Priced},
    store,
};
use crate::{
    app::AppState,
    http::{
        ApiError, ApiResult,
        cache::{Published, Shelf},
    },
};

/// The public price list as it is answered, kept for a few seconds. Prices charged never come from here.
#[derive(Clone)]
pub struct PriceList(Shelf<()>);

impl Default for PriceList {
    fn default() -> Self {
        Self(Shelf::new(1))
    }
}

impl PriceList {
    /// Forgets the list: call it after changing a tarif.
    pub fn forget(&self) {
        self.0.forget();
    }
}

/// The active lines, in display order, as `write` has them answered.
///
/// # Errors
/// 503 when the database is away.
pub async fn published(
    state: &AppState,
    write: impl FnOnce(&[Tarif]) -> ApiResult<Published>,
) -> ApiResult<Published> {
    let load = async {
        let mut conn = state.db.conn().await?;
        let tarifs = store::active(&mut conn).await?;
        conn.release();
        write(&tarifs)
    };
    state.tarifs.0.get((), load).await
}

/// What an order costs, and the line of the list it follows.
#[derive(Clone, Debug)]
pub struct Quote {
    /// The line.
    pub tarif: Tarif,
    /// The price, in cents, VAT included.
    pub amount: i64,
    /// The pages it was computed from; `None` for a flat price.
    pub pages: Option<u32>,
}

impl Quote {
    /// Compares the price a form showed, in euros as it was sent, with this one.
    ///
    /// # Errors
    /// 400 `PRICE_CHANGED` with `expectedAmount` in cents, 400 when it is no price.
    pub fn check_shown(&self, prix_calcule: Option<&str>) -> ApiResult<()> {
        Ok(price::check_client_price(prix_calcule, self.amount)?)
    }
}

/// The prices of the active page-priced lines, in cents: what the grid of page prices is made of.
///
/// # Errors
/// When the database refuses.
pub async fn page_prices(conn: &mut MySqlConnection) -> Result<Vec<i64>, sqlx::Error> {
    Ok(page_prices_among(&store::active(conn).await?))
}

fn page_prices_among(tarifs: &[Tarif]) -> Vec<i64> {
    tarifs.iter().filter(|tarif| tarif.unite == Unite::Page).map(|tarif| i64::from(tarif.prix)).collect()
}

/// Prices an order of the service `tarif_id` by the list as it stands now.
///
/// # Errors
/// 404 for a service that is not sold (any more), 400 without the pages a page price needs.
pub async fn quote(conn: &mut MySqlConnection, tarif_id: &str, pages: Option<u32>) -> ApiResult<Quote> {
    let tarifs = store::active(conn).await?;
    let page_prices = page_prices_among(&tarifs);
    let wanted = Uuid::try_parse(tarif_id).ok();
    let tarif = tarifs
        .into_iter()
        .find(|tarif| Some(tarif.id) == wanted)
        .ok_or_else(|| ApiError::not_found("Ce service n’est pas disponible."))?;
    let priced = Priced { prix: tarif.prix.into(), unite: tarif.unite };
    let quote = price::quote(priced, page_prices, pages.map(i64::from))?;
    Ok(Quote { tarif, amount: quote.amount_cents, pages: quote.pages })
}
