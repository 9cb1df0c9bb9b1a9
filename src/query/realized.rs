//! Lists realized profit lot by lot. Computed from the sources when it is asked for: the books store
//! only the sum.

use serde::Serialize;

use super::error::QueryError;
use super::names::Names;
use super::serialize;
use crate::domain::{
    Currency, Day, FeeTreatment, LotMethod, Money, Portfolio, PortfolioKey, Quantity,
};
use crate::engine::{ClosedPosition, Settings, closed_positions};
use crate::store::{ReadTransaction, Store};

/// The realized profit of a portfolio up to a day, by lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RealizedGains {
    /// The public id of the portfolio.
    pub key: PortfolioKey,
    /// The display name of the portfolio.
    pub name: String,
    /// The currency of all amounts.
    #[serde(serialize_with = "serialize::text")]
    pub currency: Currency,
    /// The rule by which sales take lots.
    #[serde(serialize_with = "serialize::text")]
    pub cost_basis: LotMethod,
    /// The treatment of fees.
    #[serde(serialize_with = "serialize::text")]
    pub fees: FeeTreatment,
    /// The last session with books; absent where there are none.
    pub as_of: Option<Day>,
    /// The closed lots, in the order of closing.
    pub lots: Vec<RealizedGain>,
    /// The sum of the gains: the realized profit in the books of the day.
    #[serde(serialize_with = "serialize::text")]
    pub total: Money,
}

/// One lot, or a part of one, that was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RealizedGain {
    /// The symbol of the security.
    pub symbol: String,
    /// The day on which the lot was acquired, or sold short.
    pub opened: Day,
    /// The day on which it was closed.
    pub closed: Day,
    /// Units closed, as of the closing day; negative for a short lot.
    #[serde(serialize_with = "serialize::text")]
    pub quantity: Quantity,
    /// Amount received for the part sold, in the currency of the portfolio.
    #[serde(serialize_with = "serialize::text")]
    pub proceeds: Money,
    /// Cost of the part sold, in the currency of the portfolio.
    #[serde(serialize_with = "serialize::text")]
    pub cost: Money,
    /// Proceeds minus cost: the sum over lots is the realized profit.
    #[serde(serialize_with = "serialize::text")]
    pub gain: Money,
    /// The id of the transaction that opened the lot.
    pub opened_by: String,
    /// The id of the transaction that closed it; absent if a split or another corporate action did.
    pub closed_by: Option<String>,
}

/// Lists the lots that `portfolio` closed up to the last session with books on or before `as_of`
/// (or the very last one).
///
/// # Errors
///
/// The store cannot be read, the calendar does not know a day, or a transaction cannot be booked.
pub fn realized_gains(
    store: &Store,
    settings: &Settings,
    portfolio: &Portfolio,
    as_of: Option<Day>,
) -> Result<RealizedGains, QueryError> {
    store.read(|reading| {
        let last =
            super::books::last_session_with_books(reading, &settings.calendar, portfolio, as_of)?;
        let lots = match last {
            None => Vec::new(),
            Some(last) => closed_positions(reading, settings, portfolio.id, last)?
                .map_err(|reason| QueryError::unbookable(portfolio, reason))
                .and_then(|closed| named(reading, portfolio, closed))?,
        };
        let mut gains = lots.iter();
        let total = gains.try_fold(Money::ZERO, |sum, lot| sum.plus(lot.gain));
        Ok(RealizedGains {
            key: portfolio.key,
            name: portfolio.name.clone(),
            currency: portfolio.currency,
            cost_basis: portfolio.cost_basis.method,
            fees: portfolio.cost_basis.fees,
            as_of: last,
            total: total.ok_or_else(|| QueryError::out_of_range(portfolio))?,
            lots,
        })
    })
}

fn named(
    reading: &ReadTransaction<'_>,
    portfolio: &Portfolio,
    closed: Vec<ClosedPosition>,
) -> Result<Vec<RealizedGain>, QueryError> {
    let names = Names::of([], reading.securities().all()?);
    let gains = closed.into_iter().map(|closed| {
        let lot = closed.lot;
        Ok(RealizedGain {
            symbol: names.security_on(lot.security, lot.closed),
            opened: lot.opened.day,
            closed: lot.closed,
            quantity: lot.quantity,
            proceeds: lot.proceeds,
            cost: lot.cost,
            gain: lot
                .gain()
                .ok_or_else(|| QueryError::out_of_range(portfolio))?,
            opened_by: closed.opened_by,
            closed_by: closed.closed_by,
        })
    });
    gains.collect()
}

impl RealizedGains {
    /// The column headings of [`RealizedGains::rows`].
    pub const HEADINGS: [&'static str; 10] = [
        "symbol",
        "opened",
        "closed",
        "quantity",
        "proceeds",
        "cost",
        "gain",
        "opened_by",
        "closed_by",
        "currency",
    ];

    /// Returns the lots as rows of text for a file.
    pub fn rows(&self) -> impl Iterator<Item = [String; 10]> {
        self.lots.iter().map(|lot| {
            [
                lot.symbol.clone(),
                lot.opened.to_string(),
                lot.closed.to_string(),
                lot.quantity.to_string(),
                lot.proceeds.to_string(),
                lot.cost.to_string(),
                lot.gain.to_string(),
                lot.opened_by.clone(),
                lot.closed_by.clone().unwrap_or_default(),
                self.currency.to_string(),
            ]
        })
    }
}
