//! Checks a portfolio of a file against the calendar, and against its stored transactions.

use super::existing::ExistingRecords;
use super::row_error::RowError;
use super::row_error_kind::RowErrorKind;
use super::unbookable_error::UnbookableError;
use super::warning::Warning;
use crate::domain::{Day, DayRange, LotMethod, NewPortfolio, Portfolio, TransactionKind};

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
        let reason = RowErrorKind::InceptionOutsideCalendar {
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
        let reason = RowErrorKind::TransactionsBeforeInception { inception, first };
        errors.push(RowError::in_column("inception", inception, reason));
    }
    if let Some(closed) = now.lifecycle.closing_day()
        && closed < last
        && Some(closed) != was.lifecycle.closing_day()
    {
        let reason = RowErrorKind::TransactionsAfterClose { closed, last };
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
