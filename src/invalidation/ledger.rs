//! Removes cells from the ledger with a durable reason, and closes invalidations that are done.
//! Old outputs stay readable until the replacement commits.

use std::collections::btree_map::Entry;

use chrono::{DateTime, Utc};

use crate::domain::{Day, DayRange, NewInvalidation, Phase, PhaseCells, PhaseSet};
use crate::store::{ReadTransaction, StoreError, WriteTransaction};

/// Applies invalidations in order and returns the ids that all of them removed. What an earlier one
/// removed is not recorded for a later one. Nothing is recorded for one that removes nothing.
///
/// # Errors
///
/// An invalidation is an error, or the database cannot be read or written.
pub fn remove_cells(
    writing: &WriteTransaction<'_>,
    invalidations: impl IntoIterator<Item = Result<NewInvalidation, StoreError>>,
    now: DateTime<Utc>,
) -> Result<PhaseCells, StoreError> {
    let (mut ledger, mut removed) = (PhaseCells::new(), PhaseCells::new());
    // Rows are read once and written after the loop: each invalidation must see what the earlier
    // ones removed.
    for new in invalidations {
        let new = new?;
        let mut found_by_cell = PhaseCells::new();
        for (&(day, phase), ids) in &new.cells {
            let done = match ledger.entry((day, phase)) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unread) => unread.insert(writing.ledger().done(day, phase)?),
            };
            let found = &*done & ids;
            if !found.is_empty() {
                *done -= &found;
                *removed.entry((day, phase)).or_default() |= &found;
                found_by_cell.insert((day, phase), found);
            }
        }
        if !found_by_cell.is_empty() {
            writing.invalidations().record(&new, &found_by_cell, now)?;
        }
    }
    for (day, phase) in removed.keys() {
        writing
            .ledger()
            .set_done(*day, *phase, &ledger[&(*day, *phase)])?;
    }
    // A run that read the ledger before must not commit: its cells may be among the removed.
    if !removed.is_empty() {
        writing.increment_revision()?;
    }
    Ok(removed)
}

/// Closes the invalidations whose cells are all done again. A day that is not a session any more, of
/// the database or of the portfolio, is never done again, and does not count.
pub(crate) fn close_completed(writing: &WriteTransaction<'_>) -> Result<(), StoreError> {
    let sessions = writing.calendar().sessions()?;
    let is_session = |day: &Day| {
        let sessions = sessions.as_deref();
        sessions.is_none_or(|sessions| sessions.binary_search(day).is_ok())
    };
    let calendars = writing.security_calendars().of_portfolios_in_force()?;
    'open: for open in writing.invalidations().open()? {
        let cells = open.cells.iter().filter(|((day, _), _)| is_session(day));
        for ((day, phase), ids) in cells {
            let mut left = ids - writing.ledger().done(*day, *phase)?;
            if *phase != Phase::Securities && !left.is_empty() {
                left -= calendars.without_session(*day);
            }
            if !left.is_empty() {
                continue 'open;
            }
        }
        writing.invalidations().close(open.id)?;
    }
    Ok(())
}

/// Keeps the ids that are in the ledger, which are those that a run takes out of it.
pub(super) fn keep_done(
    reading: &ReadTransaction<'_>,
    cells: &mut PhaseCells,
) -> Result<(), StoreError> {
    let ends = cells.keys().next().zip(cells.keys().next_back());
    let range = ends.and_then(|((first, _), (last, _))| DayRange::new(*first, *last).ok());
    let Some(range) = range else {
        return Ok(());
    };
    let done = reading.ledger().coverage(range, PhaseSet::ALL)?;
    for ((day, phase), ids) in &mut *cells {
        match done.get(*day, *phase) {
            Some(done) => *ids &= done,
            None => ids.clear(),
        }
    }
    cells.retain(|_, ids| !ids.is_empty());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Day, IdSet, InvalidationCause, Phase};
    use crate::store::Store;

    #[test]
    fn later_invalidations_skip_cells_already_invalidated() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path().join("books.db")).unwrap();
        let mut writer = store.writer().unwrap();
        let at = (Day::MIN, Phase::Risk);
        let invalidation = |reason: &str, ids: &[u32]| NewInvalidation {
            cause: InvalidationCause::Price,
            reason: reason.to_owned(),
            cells: [(at, ids.iter().collect())].into(),
        };
        let invalidations = [
            invalidation("first", &[1, 2]),
            invalidation("second", &[2]),
            invalidation("third", &[2, 3, 9]),
        ];
        let removed = writer.write(|writing| {
            writing
                .ledger()
                .set_done(at.0, at.1, &IdSet::from([1, 2, 3, 4]))?;
            remove_cells(writing, invalidations.map(Ok), DateTime::UNIX_EPOCH)
        });
        assert_eq!(removed.unwrap(), [(at, IdSet::from([1, 2, 3]))].into());
        let open = store
            .read(|reading| reading.invalidations().open())
            .unwrap();
        let open: Vec<_> = open
            .iter()
            .map(|open| (open.reason.as_str(), &open.cells[&at]))
            .collect();
        let (first, third) = (IdSet::from([1, 2]), IdSet::from([3]));
        assert_eq!(open, [("first", &first), ("third", &third)]);
        let done = store
            .read(|reading| reading.ledger().done(at.0, at.1))
            .unwrap();
        assert_eq!(done, IdSet::from([4]));
    }
}
