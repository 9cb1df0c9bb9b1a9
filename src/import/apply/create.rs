//! Creates the unknown securities and portfolios of an export, in the transaction of its import.

use super::context::{ApplyError, ImportContext};
use super::records::{
    apply_portfolios, apply_securities, existing_portfolios, existing_securities,
    existing_with_calendars,
};
use crate::import::error::Refusal;
use crate::import::options::{ImportOptions, Restatements, UnknownRecords};
use crate::import::portfolios::validate_portfolios;
use crate::import::profile::Proposals;
use crate::import::profile_error::{ProfileRefusal, Proposed};
use crate::import::row_error::RowError;
use crate::import::row_reader::Rows;
use crate::import::securities::validate_securities;
use crate::import::verdict::{Validated, Verdict};
use crate::store::{ReadTransaction, WriteTransaction};

/// Securities and portfolios that an import creates, by symbol and name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CreatedRecords {
    /// The symbols of the securities.
    pub securities: Vec<String>,
    /// The names of the portfolios.
    pub portfolios: Vec<String>,
}

/// Creates the securities and portfolios that the options allow and the database lacks.
pub(super) fn create_unknown(
    writing: &WriteTransaction<'_>,
    context: &ImportContext<'_>,
    file: &str,
    proposals: &Proposals,
    options: &ImportOptions,
) -> Result<CreatedRecords, ApplyError> {
    let refused = |refusal: ProfileRefusal| Refusal::from(refusal).for_file(file);
    let mut created = CreatedRecords::default();
    let reading: &ReadTransaction<'_> = writing;
    let known = existing_securities(reading)?.with_portfolios(reading.portfolios().all()?);
    if options.unknown_securities == UnknownRecords::Created {
        let is_unknown = |symbol: &str| known.bearers(symbol).next().is_none();
        let rows = Rows {
            file: file.to_owned(),
            lines: proposals.securities(is_unknown).map_err(refused)?,
        };
        let existing = existing_with_calendars(reading, context.calendar, &rows)?;
        let today = context.calendar.today(context.now);
        let validated = validate_securities(&rows, &existing, today, Restatements::Refused);
        if let Some((index, error)) = first_invalid(&validated) {
            let symbol = symbol_of(&rows, index);
            return Err(refused(invalid(Proposed::Security(symbol), &rows, index, error)).into());
        }
        let changes = validated.changes.unwrap_or_default();
        let symbols = changes.added.iter().map(|new| new.symbol.clone());
        created.securities = symbols.collect();
        apply_securities(writing, context, changes)?;
    }
    if options.unknown_portfolios == UnknownRecords::Created {
        // An ambiguous name is an error of its rows.
        let is_unknown = |name: &str| matches!(known.resolve_portfolio(name), Ok(None));
        let rows = Rows {
            file: file.to_owned(),
            lines: proposals
                .portfolios(is_unknown, options.new_currency)
                .map_err(refused)?,
        };
        let existing = existing_portfolios(reading, context.calendar, &rows)?;
        let known_days = context.calendar.known_days();
        let validated = validate_portfolios(&rows, &existing, known_days, Restatements::Refused);
        if let Some((index, error)) = first_invalid(&validated) {
            let name = name_of(&rows, index);
            return Err(refused(invalid(Proposed::Portfolio(name), &rows, index, error)).into());
        }
        let changes = validated.changes.unwrap_or_default();
        created.portfolios = changes.added.iter().map(|new| new.name.clone()).collect();
        apply_portfolios(writing, context, changes)?;
    }
    Ok(created)
}

fn first_invalid<C>(validated: &Validated<C>) -> Option<(usize, &RowError)> {
    let mut verdicts = validated.verdicts.iter().enumerate();
    verdicts.find_map(|(index, line)| match &line.verdict {
        Verdict::Invalid(errors) => Some((index, errors.first()?)),
        _ => None,
    })
}

fn invalid<R>(
    proposed: Proposed,
    rows: &Rows<R>,
    index: usize,
    error: &RowError,
) -> ProfileRefusal {
    ProfileRefusal::Proposal {
        proposed,
        line: rows.lines[index].number,
        problem: error.to_string(),
    }
}

fn symbol_of(rows: &Rows<crate::import::securities::SecurityRow>, index: usize) -> String {
    let row = rows.lines[index].row.as_ref();
    row.map_or_else(|_| String::new(), |row| row.symbol.clone())
}

fn name_of(rows: &Rows<crate::import::portfolios::PortfolioRow>, index: usize) -> String {
    let row = rows.lines[index].row.as_ref();
    row.map_or_else(|_| String::new(), |row| row.name.clone())
}
