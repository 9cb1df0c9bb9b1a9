//! Transactions that are added late, corrected or voided.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::affected_cells::AffectedCells;
use super::carried_lots::invalidations_of_receivers;
use super::facts::Facts;
use super::ledger::remove_cells;
use crate::domain::{
    Calendar, Correction, Day, IdSet, InvalidationCause, NewInvalidation, PhaseCells, PortfolioId,
    TransactionEdit,
};
use crate::store::{StoreError, WriteTransaction};

/// The first day that changes of one portfolio's transactions affect, and the changes.
#[derive(Debug, Clone)]
struct Affected<'e> {
    first: Day,
    edits: Vec<&'e TransactionEdit>,
}

/// Invalidates the cells that stored changes of transactions affect, and returns them. The changes
/// of one portfolio form one invalidation. A transaction that moves affects both portfolios, each
/// from its own day on.
///
/// # Errors
///
/// The database cannot be read or written.
pub(crate) fn invalidate_transactions(
    writing: &WriteTransaction<'_>,
    calendar: &Calendar,
    edits: &[TransactionEdit],
    now: DateTime<Utc>,
) -> Result<PhaseCells, StoreError> {
    let facts = Facts::new(writing, calendar)?;
    let days = edits.iter().flat_map(TransactionEdit::states);
    if let Some(first) = days.map(|state| state.day).min() {
        facts.check_unpriced_from(writing, first)?;
    }
    let states = edits.iter().flat_map(TransactionEdit::states);
    let moved = states.filter(|entry| facts.is_covered(entry.day) && entry.kind.is_movement());
    let moved = moved.filter_map(|entry| Some((entry.security?, entry.portfolio, entry.day)));
    let receivers = invalidations_of_receivers(&facts, InvalidationCause::Transaction, moved)?;
    let mut late: BTreeMap<PortfolioId, Affected<'_>> = BTreeMap::new();
    for edit in edits {
        for state in edit.states().filter(|state| facts.is_covered(state.day)) {
            let affected = late.entry(state.portfolio).or_insert_with(|| Affected {
                first: state.day,
                edits: Vec::new(),
            });
            affected.first = state.day.min(affected.first);
            // Both states of a correction may be of one portfolio.
            if !affected
                .edits
                .last()
                .is_some_and(|last| std::ptr::eq(*last, edit))
            {
                affected.edits.push(edit);
            }
        }
    }
    // Portfolios without covered cells are dropped before computing affected cells for each:
    // in a first import of a large history that is nearly all of them.
    if let Some(first) = late.values().map(|affected| affected.first).min() {
        let covered = facts.covered_cells(first)?;
        let done = covered
            .values()
            .fold(IdSet::new(), |union, done| union | done);
        late.retain(|portfolio, _| done.contains(portfolio.0));
    }
    let invalidations = late.into_iter().map(|(portfolio, affected)| {
        let known = writing.portfolios().get(portfolio)?;
        let name = known.map_or_else(|| portfolio.0.to_string(), |known| known.name);
        let Affected { first, edits } = affected;
        let mut affected = AffectedCells::default();
        affected.add_portfolio_from(facts.sessions(first)?, first, portfolio);
        Ok(NewInvalidation {
            cause: InvalidationCause::Transaction,
            reason: reason(&name, &edits, first),
            cells: affected.into_cells(),
        })
    });
    remove_cells(
        writing,
        invalidations.chain(receivers.into_iter().map(Ok)),
        now,
    )
}

/// Describes the changes of a portfolio's transactions, which affect it from `first` on.
fn reason(portfolio: &str, edits: &[&TransactionEdit], first: Day) -> String {
    let count = |is_counted: fn(&TransactionEdit) -> bool| {
        edits.iter().filter(|edit| is_counted(edit)).count()
    };
    let added = count(|edit| matches!(edit, TransactionEdit::Added(_)));
    let corrected = count(|edit| matches!(edit, TransactionEdit::Corrected(_)));
    let voided = count(|edit| matches!(edit, TransactionEdit::Voided(_)));
    match edits {
        [TransactionEdit::Added(_)] => format!("a transaction of {portfolio} on {first}"),
        [TransactionEdit::Corrected(Correction { now, .. })] => {
            format!(
                "transaction {} of {portfolio} corrected, from {first} on",
                now.reference
            )
        }
        [TransactionEdit::Voided(was)] => {
            format!(
                "transaction {} of {portfolio} on {first} voided",
                was.reference
            )
        }
        _ if added == edits.len() => {
            format!("{added} transactions of {portfolio} from {first} on")
        }
        _ => {
            let counts = [
                (added, "added"),
                (corrected, "corrected"),
                (voided, "voided"),
            ];
            let counts = counts.iter().filter(|(count, _)| *count > 0);
            let counts: Vec<_> = counts
                .map(|(count, what)| format!("{count} {what}"))
                .collect();
            let (all, counts) = (edits.len(), counts.join(", "));
            format!("{all} transactions of {portfolio} from {first} on: {counts}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TransactionKind;
    use crate::invalidation::sample::{day, entry};

    #[test]
    fn a_reason_names_the_transaction_or_counts_the_changes() {
        let of = |on: i32| entry((1, on, TransactionKind::Buy, 5));
        let added = TransactionEdit::Added(of(1));
        let voided = TransactionEdit::Voided(of(1));
        let corrected = TransactionEdit::Corrected(Correction {
            was: of(1),
            now: of(2),
        });
        let first = day(1);
        let text = |edits: &[&TransactionEdit]| reason("Alpha", edits, first);
        assert_eq!(
            text(&[&added]),
            format!("a transaction of Alpha on {first}")
        );
        assert_eq!(
            text(&[&voided]),
            format!("transaction 1 1 buy 5 of Alpha on {first} voided")
        );
        assert_eq!(
            text(&[&corrected]),
            format!("transaction 1 2 buy 5 of Alpha corrected, from {first} on")
        );
        assert_eq!(
            text(&[&added, &corrected, &added]),
            format!("3 transactions of Alpha from {first} on: 2 added, 1 corrected")
        );
    }
}
