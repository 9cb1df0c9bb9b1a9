//! Reads and validates files of portfolios: `id?, name, currency?, inception, closed?,
//! deleted_at?, cost_basis?, fees?, calendar?`.
//!
//! The id identifies a portfolio; without an id the name does. An absent column keeps the existing
//! value, and so does an empty `currency`, `cost_basis` or `fees`. An empty
//! `closed`, `deleted_at` or `calendar` removes the value.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::currency::parse_currency;
use super::error::ImportError;
use super::existing::ExistingRecords;
use super::options::{ImportOptions, Restatements};
use super::portfolio_checks::{
    before_calendar, check_cost_basis, check_currency, check_exchanges, check_inception,
    check_transactions_within, refuse_currencies_of_counterparts,
};
use super::row_error::RowError;
use super::row_error_kind::RowErrorKind;
use super::row_reader::{OptionalField, RowReader, Rows, TableFormat, parse_text};
use super::verdict::{SeenRows, Validated, Verdict, validate_repeat};
use crate::domain::{
    Calendar, Change, Correction, CostBasis, Currency, Day, DayRange, FeeTreatment, Lifecycle,
    LotMethod, NewPortfolio, Portfolio, PortfolioKey, UnknownValue,
};

/// The columns of a file of portfolios.
pub const PORTFOLIO_COLUMNS: [&str; 9] = [
    "id",
    "name",
    "currency",
    "inception",
    "closed",
    "deleted_at",
    "cost_basis",
    "fees",
    "calendar",
];

const FORMAT: TableFormat = TableFormat {
    columns: &PORTFOLIO_COLUMNS,
    required: &["name", "inception"],
    date_columns: &["inception", "closed", "deleted_at"],
    number_columns: &[],
};

/// One row of a file of portfolios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortfolioRow {
    /// The id: a UUID, or any text from which a UUID is derived.
    pub id: OptionalField<String>,
    /// The display name, which identifies the portfolio if the row has no id.
    pub name: String,
    /// The currency of its books; US dollars for a new portfolio without one.
    pub currency: OptionalField<Currency>,
    /// The portfolio's first day.
    pub inception: Day,
    /// The portfolio's last day; an empty field reopens it.
    pub closed: OptionalField<Day>,
    /// The time of deletion; an empty field restores the portfolio.
    pub deleted_at: OptionalField<DateTime<Utc>>,
    /// The lots that a sale closes; first in, first out for a new portfolio without a value.
    pub cost_basis: OptionalField<LotMethod>,
    /// The place of fees; an expense for a new portfolio without a value.
    pub fees: OptionalField<FeeTreatment>,
    /// The name of the calendar that picks its sessions; an empty field removes it.
    pub calendar: OptionalField<String>,
}

impl PortfolioRow {
    /// Returns the days that the row gives; that of the deletion in the time zone of `calendar`.
    pub(super) fn days(&self, calendar: &Calendar) -> Vec<Day> {
        let closed = self.closed.as_value().copied();
        let deleted = self.deleted_at.as_value().map(|at| calendar.today(*at));
        [Some(self.inception), closed, deleted]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Changes that a file of portfolios makes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PortfolioChanges {
    /// New portfolios, in the file's order.
    pub added: Vec<NewPortfolio>,
    /// Changed portfolios, in the file's order.
    pub corrected: Vec<Correction<Portfolio>>,
}

/// Reads a file of portfolios.
///
/// # Errors
///
/// Refuses a body that is not a table, an unknown, missing or repeated column, and dates in an
/// ambiguous or mixed order.
pub fn read_portfolios(
    file: &str,
    bytes: &[u8],
    options: &ImportOptions,
) -> Result<Rows<PortfolioRow>, ImportError> {
    FORMAT.read(file, bytes, options, read_row)
}

fn read_row(cells: &mut RowReader<'_>) -> Option<PortfolioRow> {
    let dates = cells.dates;
    let id = cells.optional("id", parse_text);
    let name = cells.required("name", parse_text);
    let currency = cells.optional("currency", parse_currency);
    let inception = cells.day("inception");
    let closed = cells.optional("closed", |text| dates.parse_day(text));
    let deleted_at = cells.optional("deleted_at", |text| dates.parse_instant(text));
    let cost_basis = cells.optional("cost_basis", parse_word);
    let fees = cells.optional("fees", parse_word);
    let calendar = cells.optional("calendar", parse_text);
    Some(PortfolioRow {
        id,
        name: name?,
        currency,
        inception: inception?,
        closed,
        deleted_at,
        cost_basis,
        fees,
        calendar,
    })
}

fn parse_word<T: FromStr<Err = UnknownValue>>(text: &str) -> Result<T, RowErrorKind> {
    Ok(text.parse()?)
}

/// Validates a file of portfolios. `known` must hold all portfolios, the traded ranges of those
/// in the file, and the histories of those that get an average cost or another currency. `known_days`
/// are the days of the calendar: an inception after them is refused, and one before them is questioned,
/// since the portfolio has no cells before the calendar.
pub fn validate_portfolios(
    rows: &Rows<PortfolioRow>,
    known: &ExistingRecords,
    known_days: DayRange,
    restatements: Restatements,
) -> Validated<PortfolioChanges> {
    let mut seen = SeenRows::new();
    let mut validated = Validated::from_rows(rows, |line, row, changes: &mut PortfolioChanges| {
        let was = find_existing(row, known)?;
        let now = merge(row, was)?;
        check_inception(&now, was, known_days)?;
        known.check_calendar(now.calendar.as_deref())?;
        if let Some((line, earlier)) = seen.insert(now.key, line, &now) {
            return validate_repeat(line, differences(&earlier, &now));
        }
        let Some(was) = was else {
            changes.added.push(now);
            return Ok(Verdict::Added);
        };
        check_transactions_within(&now, was, known)?;
        check_cost_basis(&now, was, known)?;
        if restatements == Restatements::Refused {
            check_currency(&now, was, known)?;
        }
        check_exchanges(&now, was, known)?;
        let differs = differences(&was.without_id(), &now);
        if differs.is_empty() {
            return Ok(Verdict::Same);
        }
        let (was, now) = (was.clone(), now.with_id(was.id));
        changes.corrected.push(Correction { was, now });
        Ok(Verdict::Corrected(differs))
    });
    if let Some(changes) = &mut validated.changes {
        // After all rows, since both ends of a transfer can change in one file.
        let errors = refuse_currencies_of_counterparts(&mut changes.corrected, known);
        let errors = errors
            .into_iter()
            .filter_map(|(key, error)| Some((seen.line(&key)?, error)));
        let errors = errors.collect();
        validated = validated.with_refused_lines(errors);
    }
    validated.with_warnings(|index| {
        let row = rows.lines[index].row.as_ref().ok();
        let warning = row.and_then(|row| before_calendar(row.inception, known_days));
        warning.into_iter().collect()
    })
}

/// Returns the existing portfolio with the row's id, or with its name if it has no id.
fn find_existing<'a>(
    row: &PortfolioRow,
    known: &'a ExistingRecords,
) -> Result<Option<&'a Portfolio>, Vec<RowError>> {
    if let OptionalField::Value(id) = &row.id {
        return Ok(known.find_portfolio(PortfolioKey::from_name(id)));
    }
    known
        .resolve_portfolio(&row.name)
        .map_err(|reason| vec![RowError::in_column("name", &row.name, reason)])
}

/// Returns the portfolio with the row's values, and the existing or default values otherwise.
fn merge(row: &PortfolioRow, was: Option<&Portfolio>) -> Result<NewPortfolio, Vec<RowError>> {
    let existing = was.map(|was| was.lifecycle);
    let closed = row
        .closed
        .or_keep_optional(existing.and_then(|lifecycle| lifecycle.closing_day()));
    let deleted_at = row
        .deleted_at
        .or_keep_optional(existing.and_then(|lifecycle| lifecycle.deleted_at()));
    let lifecycle = Lifecycle::new(row.inception)
        .with_closing_day(closed)
        .map_err(|error| vec![RowError::in_row(error.into())])?
        .with_deleted_at(deleted_at);
    let id = match &row.id {
        OptionalField::Value(id) => id,
        _ => &row.name,
    };
    let basis = was.map(|was| was.cost_basis).unwrap_or_default();
    Ok(NewPortfolio {
        key: was.map_or_else(|| PortfolioKey::from_name(id), |was| was.key),
        name: row.name.clone(),
        currency: row
            .currency
            .or_keep(was.map_or(Currency::USD, |was| was.currency)),
        cost_basis: CostBasis {
            method: row.cost_basis.or_keep(basis.method),
            fees: row.fees.or_keep(basis.fees),
        },
        calendar: row
            .calendar
            .clone()
            .or_keep_optional(was.and_then(|was| was.calendar.clone())),
        lifecycle,
    })
}

fn differences(was: &NewPortfolio, now: &NewPortfolio) -> Vec<Change> {
    let (old, new) = (was.lifecycle, now.lifecycle);
    let (old_basis, new_basis) = (was.cost_basis, now.cost_basis);
    [
        Change::between("name", &was.name, &now.name),
        Change::between("currency", &was.currency, &now.currency),
        Change::between("inception", &old.inception(), &new.inception()),
        Change::between_optional("closed", &old.closing_day(), &new.closing_day()),
        Change::between_optional("deleted_at", &old.deleted_at(), &new.deleted_at()),
        Change::between("cost_basis", &old_basis.method, &new_basis.method),
        Change::between("fees", &old_basis.fees, &new_basis.fees),
        Change::between_optional("calendar", &was.calendar, &now.calendar),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests;
