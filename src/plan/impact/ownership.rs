//! Who owns one security, and on which sessions that changes.

use std::collections::BTreeMap;

use super::holding::Holding;
use crate::domain::{Day, IdSet, Quantity, Split, Transaction, TransactionKind};

/// The movements and splits of one security over a stretch of sessions.
#[derive(Debug, Clone)]
pub struct Ownership<'s> {
    pub(super) sessions: &'s [Day],
    /// By portfolio, and then in the order in which they are booked.
    movements: Vec<Transaction>,
    /// By day.
    splits: Vec<Split>,
}

/// Who begins and who ceases to own on a session.
#[derive(Debug, Default)]
pub(super) struct OwnershipChange {
    pub(super) started: IdSet,
    pub(super) ended: IdSet,
}

impl<'s> Ownership<'s> {
    /// The owners of a security by its transactions, of all portfolios that matter, and its splits;
    /// both in any order and from the beginning of time. Transactions that move nothing are left
    /// out.
    pub fn new(
        sessions: &'s [Day],
        entries: impl IntoIterator<Item = Transaction>,
        splits: impl IntoIterator<Item = Split>,
    ) -> Self {
        let mut movements: Vec<_> = entries
            .into_iter()
            .filter(|entry| entry.kind.is_movement())
            .collect();
        movements.sort_by(|a, b| {
            let order = |entry: &Transaction| (entry.portfolio, entry.day, entry.kind);
            (order(a), &a.reference).cmp(&(order(b), &b.reference))
        });
        let mut splits: Vec<_> = splits.into_iter().collect();
        splits.sort_by_key(|split| split.day);
        Self {
            sessions,
            movements,
            splits,
        }
    }

    /// The place of the session on which something on `day` counts; the number of sessions where
    /// it lies beyond them.
    pub(super) fn session_index(&self, day: Day) -> usize {
        session_index(self.sessions, day)
    }

    /// Every movement that counts within the sessions, with the place of its session.
    pub(super) fn movements(&self) -> impl Iterator<Item = (usize, &Transaction)> {
        self.movements
            .iter()
            .map(|entry| (self.session_index(entry.day), entry))
            .filter(|(place, _)| *place < self.sessions.len())
    }

    /// By place, who begins and ceases to own. Before the first place nobody owns anything.
    pub(super) fn changes(&self) -> BTreeMap<usize, OwnershipChange> {
        let mut turns: BTreeMap<usize, OwnershipChange> = BTreeMap::new();
        for entries in self.by_portfolio() {
            let (id, mut known) = (entries[0].portfolio.0, false);
            self.replay(entries, |day, held| {
                if held == known {
                    return;
                }
                known = held;
                let turn = turns.entry(self.session_index(day)).or_default();
                let (to, from) = if held {
                    (&mut turn.started, &mut turn.ended)
                } else {
                    (&mut turn.ended, &mut turn.started)
                };
                to.insert(id);
                from.remove(id);
            });
        }
        turns
    }

    /// Whose holdings a split on `day` changes: those who own just before it, and those with a
    /// movement before it that counts on the same session, which is valued by what it became.
    pub(super) fn affected_by_split(&self, day: Day) -> IdSet {
        let mut owners = IdSet::new();
        for entries in self.by_portfolio() {
            let mut held_before = false;
            self.replay(entries, |on, held| {
                if on < day {
                    held_before = held;
                }
            });
            let counts_with_it = |entry: &Transaction| {
                entry.day < day && self.session_index(entry.day) == self.session_index(day)
            };
            if held_before || entries.iter().any(counts_with_it) {
                owners.insert(entries[0].portfolio.0);
            }
        }
        owners
    }

    /// By place, whose first movement counts there.
    pub(super) fn first_movements(&self) -> BTreeMap<usize, IdSet> {
        let mut first: BTreeMap<usize, IdSet> = BTreeMap::new();
        for entries in self.by_portfolio() {
            let owners = first.entry(self.session_index(entries[0].day)).or_default();
            owners.insert(entries[0].portfolio.0);
        }
        first
    }

    fn by_portfolio(&self) -> impl Iterator<Item = &[Transaction]> {
        self.movements.chunk_by(|a, b| a.portfolio == b.portfolio)
    }

    /// Books one portfolio's movements and splits, a split before the movements of its day, and
    /// tells after each whether anything is held.
    fn replay(&self, entries: &[Transaction], mut tell: impl FnMut(Day, bool)) {
        let mut holding = Holding::default();
        let mut splits = self.splits.iter().peekable();
        for entry in entries {
            while let Some(split) = splits.next_if(|split| split.day <= entry.day) {
                holding.split(split);
                tell(split.day, holding.is_held());
            }
            holding.trade(signed_quantity(entry));
            tell(entry.day, holding.is_held());
        }
        for split in splits {
            holding.split(split);
            tell(split.day, holding.is_held());
        }
    }
}

/// The quantity that a movement adds; below zero is out.
fn signed_quantity(entry: &Transaction) -> Quantity {
    match entry.kind {
        TransactionKind::Sell | TransactionKind::TransferOut => {
            entry.quantity.negated().unwrap_or(entry.quantity)
        }
        _ => entry.quantity,
    }
}

/// The place of the session on which something on `day` counts: the first that is not before it.
pub(super) fn session_index(sessions: &[Day], day: Day) -> usize {
    sessions.partition_point(|session| *session < day)
}
