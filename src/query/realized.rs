//! Lists realized profit lot by lot. Computed from the sources when it is asked for: the books store
//! only the sum.

use std::collections::BTreeMap;

use serde::Serialize;

use super::books::last_session_with_books;
use super::error::QueryError;
use super::holdings::Validity;
use super::names::Names;
use super::serialize;
use crate::domain::{
    Cell, Currency, Day, FeeTreatment, LotMethod, Money, Phase, Portfolio, PortfolioKey, Quantity,
};
use crate::engine::{Settings, closed_positions, pending_invalidations};
use crate::invalidation::PendingInvalidations;
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
    /// The last session with books that can be booked; absent where there are none.
    pub as_of: Option<Day>,
    /// The reason why later sessions are left out: a transaction or action that cannot be booked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unbooked: Option<String>,
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
    /// Validity of the books of the session on which the closing counts. The gain of one that is to
    /// be done again can change.
    pub validity: Validity,
}

/// Lists the lots that `portfolio` closed up to the last session with books on or before `as_of`
/// (or the very last one). If a transaction cannot be booked, the list ends with the last session
/// whose books are valid.
///
/// # Errors
///
/// The store cannot be read, the calendar does not know a day, or a transaction cannot be booked and
/// no books before it are valid.
pub fn realized_gains(
    store: &Store,
    settings: &Settings,
    portfolio: &Portfolio,
    as_of: Option<Day>,
) -> Result<RealizedGains, QueryError> {
    store.read(|reading| {
        let mut last = last_session_with_books(reading, &settings.calendar, portfolio, as_of)?;
        let books = BooksOf {
            reading,
            settings,
            portfolio,
            pending: pending_invalidations(reading, settings)?,
        };
        let mut unbooked = None;
        let lots = match last.map(|last| books.lots(last)).transpose()? {
            None => Vec::new(),
            Some(Ok(lots)) => lots,
            Some(Err(reason)) => {
                last = books.last_valid(as_of)?;
                let lots = last.map(|last| books.lots(last)).transpose()?;
                let Some(Ok(lots)) = lots else {
                    return Err(QueryError::unbookable(portfolio, reason));
                };
                unbooked = Some(reason);
                lots
            }
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
            unbooked,
            total: total.ok_or_else(|| QueryError::out_of_range(portfolio))?,
            lots,
        })
    })
}

/// The books of one portfolio.
struct BooksOf<'b, 'c> {
    reading: &'b ReadTransaction<'c>,
    settings: &'b Settings,
    portfolio: &'b Portfolio,
    pending: PendingInvalidations,
}

impl BooksOf<'_, '_> {
    /// Returns the lots that were closed up to a session; or the reason that the transactions cannot
    /// be booked.
    fn lots(&self, last: Day) -> Result<Result<Vec<RealizedGain>, String>, QueryError> {
        let id = self.portfolio.id;
        let closed = match closed_positions(self.reading, self.settings, id, last)? {
            Ok(closed) => closed,
            Err(reason) => return Ok(Err(reason)),
        };
        let names = Names::of([], self.reading.securities().all()?);
        let mut known: BTreeMap<Day, Validity> = BTreeMap::new();
        let mut gains = Vec::with_capacity(closed.len());
        for closed in closed {
            let lot = closed.lot;
            let validity = match known.get(&closed.session) {
                Some(known) => *known,
                None => self.validity(closed.session)?,
            };
            known.insert(closed.session, validity);
            gains.push(RealizedGain {
                symbol: names.security_on(lot.security, lot.closed),
                opened: lot.opened.day,
                closed: lot.closed,
                quantity: lot.quantity,
                proceeds: lot.proceeds,
                cost: lot.cost,
                gain: lot
                    .gain()
                    .ok_or_else(|| QueryError::out_of_range(self.portfolio))?,
                opened_by: closed.opened_by,
                closed_by: closed.closed_by,
                validity,
            });
        }
        Ok(Ok(gains))
    }

    /// Returns the last session on or before `as_of` whose books are valid.
    fn last_valid(&self, as_of: Option<Day>) -> Result<Option<Day>, QueryError> {
        let mut before = as_of;
        loop {
            let calendar = &self.settings.calendar;
            let last = last_session_with_books(self.reading, calendar, self.portfolio, before)?;
            let Some(last) = last else {
                return Ok(None);
            };
            if self.validity(last)? == Validity::Valid {
                return Ok(Some(last));
            }
            before = Some(last.previous());
        }
    }

    fn validity(&self, day: Day) -> Result<Validity, QueryError> {
        let cell = Cell::new(day, self.portfolio.id);
        Validity::read(self.reading, &self.pending, cell, Phase::Snapshot)
    }
}

impl RealizedGains {
    /// The column headings of [`RealizedGains::rows`].
    pub const HEADINGS: [&'static str; 11] = [
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
        "validity",
    ];

    /// Returns the lots as rows of text for a file.
    pub fn rows(&self) -> impl Iterator<Item = [String; 11]> {
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
                lot.validity.name().to_owned(),
            ]
        })
    }
}
