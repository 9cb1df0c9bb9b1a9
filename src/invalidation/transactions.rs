//! Transactions that are added late.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::affected_cells::AffectedCells;
use super::facts::Facts;
use super::ledger::remove_cells;
use super::ownership::session_index;
use crate::domain::{
    Calendar, Day, IdSet, InvalidationCause, NewInvalidation, PhaseCells, PhaseSet, PortfolioId,
    Transaction,
};
use crate::store::{StoreError, WriteTransaction};

/// Invalidates the cells that stored transactions affect, and returns them. The transactions of one
/// portfolio form one invalidation.
///
/// # Errors
///
/// The database cannot be read or written.
pub(crate) fn invalidate_transactions(
    writing: &WriteTransaction<'_>,
    calendar: &Calendar,
    added: &[Transaction],
    now: DateTime<Utc>,
) -> Result<PhaseCells, StoreError> {
    let facts = Facts::new(writing, calendar)?;
    let mut late: BTreeMap<PortfolioId, (Day, usize)> = BTreeMap::new();
    for entry in added.iter().filter(|entry| facts.is_covered(entry.day)) {
        let (first, count) = late.entry(entry.portfolio).or_insert((entry.day, 0));
        *first = entry.day.min(*first);
        *count += 1;
    }
    // Portfolios without covered cells are dropped before computing affected cells for each:
    // in a first import of a large history that is nearly all of them.
    if let Some(first) = late.values().map(|(first, _)| *first).min() {
        let covered = facts.covered_cells(first)?;
        let done = covered
            .values()
            .fold(IdSet::new(), |union, done| union | done);
        late.retain(|portfolio, _| done.contains(portfolio.0));
    }
    let invalidations = late.into_iter().map(|(portfolio, (first, count))| {
        let known = writing.portfolios().get(portfolio)?;
        let name = known.map_or_else(|| portfolio.0.to_string(), |known| known.name);
        let sessions = facts.sessions(first)?;
        Ok(NewInvalidation {
            cause: InvalidationCause::Transaction,
            reason: reason(&name, count, first),
            cells: affected_by_transactions(portfolio, first, sessions).into_cells(),
        })
    });
    remove_cells(writing, invalidations, now)
}

/// Returns all cells of a portfolio from `first` on, the day of the earliest added transaction.
fn affected_by_transactions(portfolio: PortfolioId, first: Day, sessions: &[Day]) -> AffectedCells {
    let mut affected = AffectedCells::default();
    let after = &sessions[session_index(sessions, first)..];
    affected.add_days(after, PhaseSet::CELL_PHASES, &IdSet::from([portfolio.0]));
    affected
}

/// Describes `count` transactions of a portfolio that were added late.
fn reason(portfolio: &str, count: usize, first: Day) -> String {
    match count {
        1 => format!("a transaction of {portfolio} on {first}"),
        _ => format!("{count} transactions of {portfolio} from {first} on"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Phase;
    use crate::invalidation::sample::{day, sessions, table};

    #[test]
    fn a_transaction_on_a_day_without_a_session_counts_on_the_next() {
        let affected = affected_by_transactions(PortfolioId(3), day(3), &sessions(4));
        let three = vec![3];
        assert_eq!(
            table(&affected, Phase::Risk, 4),
            [vec![], vec![], three.clone(), three]
        );
        let beyond = affected_by_transactions(PortfolioId(3), day(9), &sessions(4));
        assert_eq!(beyond, AffectedCells::default());
    }
}
