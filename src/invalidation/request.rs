//! Cells that a person invalidates: the range of a forced run, or `plimsoll invalidate`.
//!
//! Only sessions of active portfolios within their lifecycle count. No plan has steps for other
//! cells, so their invalidation would stay open.

use chrono::{DateTime, Utc};

use super::ledger::remove_cells;
use crate::domain::{Calendar, CellSelection, InvalidationCause, NewInvalidation, PhaseCells};
use crate::store::{StoreError, WriteTransaction};

/// Removes the cells of a forced run from the ledger, so that the next plain run completes a forced
/// run that was cut off. Returns the cells that were in it.
///
/// # Errors
///
/// The database cannot be read or written.
pub fn force(
    writing: &WriteTransaction<'_>,
    calendar: &Calendar,
    selection: &CellSelection<'_>,
    now: DateTime<Utc>,
) -> Result<PhaseCells, StoreError> {
    let reason = format!("forced for {}", selection.range);
    remove_selection(
        writing,
        calendar,
        selection,
        InvalidationCause::Forced,
        reason,
        now,
    )
}

/// Removes cells from the ledger on request. Returns those that were in it.
///
/// # Errors
///
/// The database cannot be read or written.
pub fn invalidate(
    writing: &WriteTransaction<'_>,
    calendar: &Calendar,
    selection: &CellSelection<'_>,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<PhaseCells, StoreError> {
    let reason = reason.to_owned();
    remove_selection(
        writing,
        calendar,
        selection,
        InvalidationCause::Request,
        reason,
        now,
    )
}

fn remove_selection(
    writing: &WriteTransaction<'_>,
    calendar: &Calendar,
    selection: &CellSelection<'_>,
    cause: InvalidationCause,
    reason: String,
    now: DateTime<Utc>,
) -> Result<PhaseCells, StoreError> {
    // The sessions in force, not those configured, because they are the ones in the ledger.
    let sessions = writing.calendar().sessions_in_force(calendar)?;
    let calendars = writing.security_calendars().of_portfolios_in_force()?;
    let lifecycles = writing
        .portfolios()
        .lifecycle_index()?
        .with_calendars(calendars);
    let new = NewInvalidation {
        cause,
        reason,
        cells: lifecycles.selected_cells(selection, &sessions),
    };
    remove_cells(writing, [Ok(new)], now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Day, DayRange, IdSet, Lifecycle, NewPortfolio, Phase, PhaseSet, Scope};
    use crate::store::Store;

    #[test]
    fn cells_after_the_closing_day_stay_in_the_ledger() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path().join("books.db")).unwrap();
        let monday: Day = "2026-01-05".parse().unwrap();
        let days = [0, 1, 2].map(|number| monday.saturating_add(number));
        let lifecycle = Lifecycle::new(days[0]).with_closing_day(Some(days[1]));
        let selection = CellSelection {
            scope: &Scope::AllActive,
            phases: PhaseSet::from_phase(Phase::Risk),
            range: DayRange::ALL,
        };
        let mut writer = store.writer().unwrap();
        let removed = writer.write(|writing| {
            writing
                .portfolios()
                .add([NewPortfolio::in_dollars("closed", lifecycle.unwrap())])?;
            writing.calendar().set(&Calendar::weekdays())?;
            for day in days {
                writing
                    .ledger()
                    .set_done(day, Phase::Risk, &IdSet::from([1]))?;
            }
            let now = DateTime::UNIX_EPOCH;
            force(writing, &Calendar::new_york(), &selection, now)
        });
        let removed: Vec<_> = removed.unwrap().into_keys().collect();
        assert_eq!(removed, [(days[0], Phase::Risk), (days[1], Phase::Risk)]);
    }
}
