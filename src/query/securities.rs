//! Lists securities with the attributes that they have or had.

use serde::Serialize;

use super::error::QueryError;
use super::serialize::text;
use crate::domain::{AssetClass, Currency, Day, Quantity, Security};
use crate::store::Store;

/// The attributes of a security from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SecurityView {
    /// Current symbol.
    pub symbol: String,
    /// First day of class, sector and multiplier; `None` for the first ones.
    pub valid_from: Option<Day>,
    /// Asset class from that day on.
    #[serde(serialize_with = "text")]
    pub class: AssetClass,
    /// Sector name; empty if it has none.
    pub sector: String,
    /// Factor from quantity × price to value.
    #[serde(serialize_with = "text")]
    pub multiplier: Quantity,
    /// Currency in which it is priced.
    #[serde(serialize_with = "text")]
    pub currency: Currency,
    /// Name of the calendar of its exchange, if it has one of its own.
    pub calendar: Option<String>,
    /// First day without an expected price, if any.
    pub inactive_from: Option<Day>,
}

impl SecurityView {
    fn new(security: &Security, valid_from: Option<Day>) -> Self {
        let day = valid_from.unwrap_or(Day::MIN);
        Self {
            symbol: security.symbol.clone(),
            valid_from,
            class: security.class_on(day),
            sector: security.sector_on(day).to_owned(),
            multiplier: security.multiplier_on(day),
            currency: security.currency,
            calendar: security.calendar.clone(),
            inactive_from: security.inactive_from,
        }
    }
}

/// Returns the attributes of all securities by symbol, or of those that have or had a symbol: for each
/// the first ones, and those from each day on which class, sector or multiplier changed.
///
/// # Errors
///
/// The symbol is unknown, or the store cannot be read.
pub fn securities(store: &Store, symbol: Option<&str>) -> Result<Vec<SecurityView>, QueryError> {
    let all = store.read(|reading| reading.securities().all())?;
    let is_named =
        |security: &Security, symbol: &str| security.all_symbols().any(|own| own == symbol);
    let mut found: Vec<&Security> = all.iter().collect();
    if let Some(symbol) = symbol {
        found.retain(|security| is_named(security, symbol));
        if found.is_empty() {
            return Err(QueryError::unknown_symbol(symbol, &all));
        }
    }
    found.sort_by(|a, b| a.symbol.cmp(&b.symbol));
    let views = found.into_iter().flat_map(|security| {
        let days = [None]
            .into_iter()
            .chain(security.attribute_days().map(Some));
        days.map(|day| SecurityView::new(security, day))
    });
    Ok(views.collect())
}
