//! Checks the integrity of the file, and the lifecycle index against the rows of the portfolios.

use std::collections::BTreeMap;

use super::check::Tally;
use crate::domain::{Cell, Day, IdSet, LifecycleIndex, Phase, PortfolioId, SecurityId};
use crate::engine::{Settings, pending_invalidations};
use crate::query::error::QueryError;
use crate::store::{ChangedTable, Store, StoreError};

/// Number of members of a set that a finding names.
const MAX_NAMED: usize = 3;

/// The portfolios and securities that have a row, with their names.
#[derive(Debug, Default)]
pub(super) struct Directory {
    pub(super) portfolios: IdSet,
    pub(super) securities: IdSet,
    names: BTreeMap<PortfolioId, String>,
    symbols: BTreeMap<SecurityId, String>,
}

impl Directory {
    /// The label of a cell in a finding.
    pub(super) fn cell_label(&self, cell: Cell) -> String {
        format!("{} on {}", self.portfolio_label(cell.portfolio), cell.day)
    }

    /// The label of a portfolio in a finding.
    pub(super) fn portfolio_label(&self, id: PortfolioId) -> String {
        let name = self.names.get(&id);
        name.map_or_else(|| format!("portfolio {}", id.0), |name| format!("`{name}`"))
    }

    /// The label of a security in a finding.
    pub(super) fn security_label(&self, id: SecurityId) -> String {
        let symbol = self.symbols.get(&id);
        symbol.map_or_else(
            || format!("security {}", id.0),
            |symbol| format!("`{symbol}`"),
        )
    }

    /// The label of a ledger id, a security or a portfolio depending on the phase, in a finding.
    pub(super) fn subject_label(&self, day: Day, phase: Phase, subject: u32) -> String {
        match phase {
            Phase::Securities => format!("{} on {day}", self.security_label(SecurityId(subject))),
            _ => self.cell_label(Cell::new(day, PortfolioId(subject))),
        }
    }

    /// The known ids of a phase: securities or portfolios.
    pub(super) fn ids(&self, phase: Phase) -> &IdSet {
        match phase {
            Phase::Securities => &self.securities,
            _ => &self.portfolios,
        }
    }
}

/// Runs the integrity checks of SQLite.
pub(super) fn check_integrity(store: &Store, tally: &mut Tally) -> Result<(), QueryError> {
    let errors = store.read(|reading| reading.integrity())?;
    tally.add_checked(1);
    for line in errors {
        tally.add_finding(|| line);
    }
    Ok(())
}

/// Compares the rows of each table with its digest, and adds the tables of sources that differ to
/// `sources`.
pub(super) fn check_rows(
    store: &Store,
    sources: &mut Vec<String>,
    tally: &mut Tally,
) -> Result<(), QueryError> {
    let compared = store.read(|reading| reading.changed_tables());
    if compared.as_ref().is_err_and(StoreError::is_damaged) {
        // Without readable digests or rows, no source is known to be intact.
        sources.push("file_state".to_owned());
    }
    let (rows, changed) = compared?;
    tally.add_checked(rows);
    for changed in changed {
        if changed.is_source() {
            sources.push(changed.table.clone());
        }
        let ChangedTable {
            table,
            expected_rows,
            rows,
        } = changed;
        tally.add_finding(|| match expected_rows {
            None => format!("`{table}` has no digest"),
            Some(expected) if expected != rows => {
                format!("`{table}` has {rows} rows, its digest is of {expected}")
            }
            Some(_) => format!("a row of `{table}` differs from its digest"),
        });
    }
    Ok(())
}

/// Reads each row of ledger and bookkeeping, also those that their digest matches.
pub(super) fn check_bookkeeping(store: &Store, tally: &mut Tally) -> Result<(), QueryError> {
    store.read(|reading| {
        for row in reading.unusable_rows()? {
            tally.add_finding(|| format!("`{}`, {}: {}", row.table, row.key, row.problem));
        }
        reading.revision()?;
        reading.verification().last()?;
        Ok(())
    })
}

/// Reads the sessions and the definitions of the calendars in force: that of the database and those
/// that securities and portfolios can name.
pub(super) fn check_calendar(store: &Store, tally: &mut Tally) -> Result<(), QueryError> {
    store.read(|reading| {
        reading.calendar().sessions()?;
        reading.security_calendars().in_force()?;
        reading.security_calendars().own()?;
        reading.calendar().in_force()
    })?;
    tally.add_checked(1);
    Ok(())
}

/// Compares the configured risk model and calendar with those in force.
pub(super) fn check_configuration(
    store: &Store,
    settings: &Settings,
    tally: &mut Tally,
) -> Result<(), QueryError> {
    let pending = store.read(|reading| pending_invalidations(reading, settings))?;
    tally.add_checked(1);
    for (reason, outputs) in pending.reasons() {
        tally.add_finding(|| format!("{reason}: the next run computes {outputs} outputs again"));
    }
    Ok(())
}

/// Fills the directory, and compares the lifecycle index with the rows of the portfolios.
pub(super) fn check_lifecycle_index(
    store: &Store,
    known: &mut Directory,
    tally: &mut Tally,
) -> Result<(), QueryError> {
    let (rows, stored) = store.read(|reading| {
        for security in reading.securities().all()? {
            known.securities.insert(security.id.0);
            known.symbols.insert(security.id, security.symbol);
        }
        let mut rows = LifecycleIndex::new();
        for portfolio in reading.portfolios().all()? {
            known.portfolios.insert(portfolio.id.0);
            rows.add(portfolio.id, &portfolio.lifecycle);
            known.names.insert(portfolio.id, portfolio.name);
        }
        Ok::<_, QueryError>((rows, reading.portfolios().lifecycle_index()))
    })?;
    let stored = stored?;
    tally.add_checked(known.portfolios.len());
    let mut compare = |what: &str, rows: &IdSet, stored: &IdSet| {
        let (missing, surplus) = (rows - stored, stored - rows);
        if !missing.is_empty() {
            tally.add_finding(|| {
                let names = name_list(known, &missing);
                format!("{what}: the lifecycle index lacks {names}")
            });
        }
        if !surplus.is_empty() {
            tally.add_finding(|| {
                let names = name_list(known, &surplus);
                format!("{what}: the lifecycle index has {names} too many")
            });
        }
    };
    compare("active", rows.active(), stored.active());
    compare("deleted", rows.deleted(), stored.deleted());
    for (what, rows, stored) in [
        ("inception", rows.inceptions(), stored.inceptions()),
        ("last day", rows.closings(), stored.closings()),
    ] {
        let none = IdSet::new();
        let mut days: Vec<&Day> = rows.keys().chain(stored.keys()).collect();
        days.sort_unstable();
        days.dedup();
        for day in days {
            let (rows, stored) = (rows.get(day), stored.get(day));
            let what = format!("{what} {day}");
            compare(&what, rows.unwrap_or(&none), stored.unwrap_or(&none));
        }
    }
    Ok(())
}

fn name_list(known: &Directory, ids: &IdSet) -> String {
    let named = ids.iter().take(MAX_NAMED);
    let named: Vec<_> = named
        .map(|id| known.portfolio_label(PortfolioId(id)))
        .collect();
    let more = ids.len() as usize - named.len();
    match more {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
