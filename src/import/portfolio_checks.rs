//! Checks a portfolio of a file against the calendar, and against its stored transactions.

use std::collections::BTreeMap;

use super::existing::ExistingRecords;
use super::life_error::LifeRowError;
use super::row_error::RowError;
use super::row_error_kind::RowErrorKind;
use super::unbookable_error::UnbookableError;
use super::warning::Warning;
use crate::domain::{
    Correction, Currency, Day, DayRange, LotMethod, NewPortfolio, Portfolio, PortfolioId,
    PortfolioKey, TransactionKind,
};

/// Refuses an inception after the last day of the calendar, unless the row leaves it as it is. One
/// before the first day is questioned by [`before_calendar`].
pub(super) fn check_inception(
    now: &NewPortfolio,
    was: Option<&Portfolio>,
    known_days: DayRange,
) -> Result<(), Vec<RowError>> {
    let inception = now.lifecycle.inception();
    let is_changed = was.is_none_or(|was| was.lifecycle.inception() != inception);
    if is_changed && inception > known_days.last() {
        let reason = LifeRowError::InceptionOutsideCalendar {
            inception,
            known_days,
        };
        return Err(vec![RowError::in_column("inception", inception, reason)]);
    }
    Ok(())
}

/// Returns the warning about an inception before the first day of the calendar.
pub(super) fn before_calendar(inception: Day, known_days: DayRange) -> Option<Warning> {
    let first = known_days.first();
    (inception < first).then_some(Warning::BeforeCalendar { inception, first })
}

/// Refuses a new inception or closing day that leaves transactions outside the lifecycle, since
/// they would never be booked. A day that the row does not change is not checked.
pub(super) fn check_transactions_within(
    now: &NewPortfolio,
    was: &Portfolio,
    known: &ExistingRecords,
) -> Result<(), Vec<RowError>> {
    let Some(traded) = known.traded_range(was.id) else {
        return Ok(());
    };
    let (first, last) = (traded.first(), traded.last());
    let inception = now.lifecycle.inception();
    let mut errors = Vec::new();
    if inception > first && inception != was.lifecycle.inception() {
        let reason = LifeRowError::TransactionsBeforeInception { inception, first };
        errors.push(RowError::in_column("inception", inception, reason));
    }
    if let Some(closed) = now.lifecycle.closing_day()
        && closed < last
        && Some(closed) != was.lifecycle.closing_day()
    {
        let reason = LifeRowError::TransactionsAfterClose { closed, last };
        errors.push(RowError::in_column("closed", closed, reason));
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

/// Refuses an average cost for a portfolio with a transaction that chooses its lots: from that day on
/// there would be no books.
pub(super) fn check_cost_basis(
    now: &NewPortfolio,
    was: &Portfolio,
    known: &ExistingRecords,
) -> Result<(), Vec<RowError>> {
    let becomes_average = |method| method == LotMethod::Average && method != was.cost_basis.method;
    let history = known.history(was.id).unwrap_or_default();
    match history.iter().find(|of| of.lots.is_some()) {
        Some(choosing) if becomes_average(now.cost_basis.method) => {
            let reference = choosing.reference.clone();
            let reason = UnbookableError::AverageCostOfChosenLots { reference };
            let method = now.cost_basis.method;
            Err(vec![RowError::in_column("cost_basis", method, reason)])
        }
        _ => Ok(()),
    }
}

/// Refuses a currency in which an exchange of the portfolio would pay and receive the same one.
pub(super) fn check_exchanges(
    now: &NewPortfolio,
    was: &Portfolio,
    known: &ExistingRecords,
) -> Result<(), Vec<RowError>> {
    if now.currency == was.currency {
        return Ok(());
    }
    let mut history = known.history(was.id).unwrap_or_default().iter();
    let pointless = history.find(|entry| {
        entry.kind == TransactionKind::Exchange
            && entry.cash.currency_or(now.currency) == entry.cash.from_currency_or(now.currency)
    });
    match pointless {
        None => Ok(()),
        Some(entry) => {
            let reason = RowErrorKind::ExchangeOfOneCurrency {
                reference: entry.reference.clone(),
                currency: now.currency,
            };
            Err(vec![RowError::in_column("currency", now.currency, reason)])
        }
    }
}

/// Refuses another currency for a portfolio with transactions: their amounts would be read in the new
/// currency, unconverted.
pub(super) fn check_currency(
    now: &NewPortfolio,
    was: &Portfolio,
    known: &ExistingRecords,
) -> Result<(), Vec<RowError>> {
    if now.currency == was.currency || known.traded_range(was.id).is_none() {
        return Ok(());
    }
    let reason = RowErrorKind::CurrencyUnderAmounts {
        was: was.currency,
        now: now.currency,
    };
    Err(vec![RowError::in_column("currency", now.currency, reason)])
}

/// Takes out changes of a currency after which a transfer would carry lots between currencies, with
/// all portfolios as they are after the file: there would be no books of the receiver. Returns the errors
/// by portfolio.
pub(super) fn refuse_currencies_of_counterparts(
    corrected: &mut Vec<Correction<Portfolio>>,
    known: &ExistingRecords,
) -> BTreeMap<PortfolioKey, RowError> {
    let mut errors = BTreeMap::new();
    loop {
        let after = corrected.iter().map(|change| &change.now);
        let changed: BTreeMap<_, _> = after.map(|now| (now.id, now.currency)).collect();
        let failing = corrected.iter().position(|Correction { was, now }| {
            was.currency != now.currency && other_currency(now, &changed, known).is_some()
        });
        let Some(at) = failing else {
            return errors;
        };
        let refused = corrected.remove(at).now;
        errors.extend(other_currency(&refused, &changed, known).map(|reason| {
            let error = RowError::in_column("currency", refused.currency, reason);
            (refused.key, error)
        }));
    }
}

/// Returns the first transfer of a portfolio with a counterpart in another currency, given the
/// currencies that `changed`.
fn other_currency(
    portfolio: &Portfolio,
    changed: &BTreeMap<PortfolioId, Currency>,
    known: &ExistingRecords,
) -> Option<UnbookableError> {
    let history = known.history(portfolio.id).unwrap_or_default();
    history.iter().find_map(|entry| {
        let other = known.portfolio_with_id(entry.counterpart?)?;
        let currency = changed.get(&other.id).copied().unwrap_or(other.currency);
        (currency != portfolio.currency).then(|| UnbookableError::CurrencyUnderTransfer {
            reference: entry.reference.clone(),
            counterpart: other.name.clone(),
            currency,
        })
    })
}
