//! Tracks the portfolios that hold one security, and the sessions on which that changes.

use std::collections::BTreeMap;

use crate::domain::{
    Day, HeldQuantity, HoldingMovement, IdSet, LotMethod, PortfolioId, Split, Transaction,
};

/// The movements and splits of one security over an interval of sessions.
#[derive(Debug, Clone)]
pub(super) struct Ownership<'s> {
    pub(super) sessions: &'s [Day],
    /// Sorted by portfolio, and then in booking order.
    movements: Vec<HoldingMovement>,
    /// Sorted by day, earliest first.
    splits: Vec<Split>,
    /// Whether a corporate action delivers another security for this one.
    pub(super) has_deliveries: bool,
    /// The transfers that carry lots of the securities delivered, from their first delivery on.
    delivered_transfers: Vec<Transaction>,
}

/// The portfolios that start holding the security on a session, and those that stop.
#[derive(Debug, Default)]
pub(super) struct OwnershipChange {
    pub(super) started: IdSet,
    pub(super) ended: IdSet,
}

impl<'s> Ownership<'s> {
    /// Builds the ownership of a security from its complete history of movements and splits, in any
    /// order. Transactions that are not movements are ignored.
    pub(super) fn new(
        sessions: &'s [Day],
        entries: impl IntoIterator<Item = impl Into<HoldingMovement>>,
        splits: impl IntoIterator<Item = Split>,
    ) -> Self {
        let mut movements: Vec<HoldingMovement> = entries.into_iter().map(Into::into).collect();
        movements.retain(|movement| movement.transaction.kind.is_movement());
        // The books apply movements in this order. In another order, a holding that continues could
        // seem to end.
        movements.sort_by(|a, b| {
            let by_portfolio = a.transaction.portfolio.cmp(&b.transaction.portfolio);
            by_portfolio.then_with(|| a.booking_order(b))
        });
        let mut splits: Vec<_> = splits.into_iter().collect();
        splits.sort_by_key(|split| split.day);
        Self {
            sessions,
            movements,
            splits,
            has_deliveries: false,
            delivered_transfers: Vec::new(),
        }
    }

    /// Adds a security that is received for this one: its lots come from lots of this one, and
    /// `transfers` carry them on.
    pub(super) fn add_delivery(&mut self, transfers: Vec<Transaction>) {
        self.has_deliveries = true;
        self.delivered_transfers.extend(transfers);
    }

    /// Returns the index of the session on which an event of `day` counts, or the number of
    /// sessions if it lies after them.
    pub(super) fn session_index(&self, day: Day) -> usize {
        session_index(self.sessions, day)
    }

    /// Iterates over the movements that count on one of the sessions, with the index of that
    /// session.
    pub(super) fn movements(&self) -> impl Iterator<Item = (usize, &Transaction)> {
        self.movements
            .iter()
            .map(|movement| &movement.transaction)
            .map(|entry| (self.session_index(entry.day), entry))
            .filter(|(index, _)| *index < self.sessions.len())
    }

    /// Returns the changes of ownership by session index; those after the last session have the
    /// number of sessions as index. Before the first change no portfolio holds the security.
    pub(super) fn changes(&self) -> BTreeMap<usize, OwnershipChange> {
        let mut changes: BTreeMap<usize, OwnershipChange> = BTreeMap::new();
        for entries in self.by_portfolio() {
            let (id, mut was_held) = (entries[0].transaction.portfolio.0, false);
            self.replay(entries, |day, is_held| {
                if is_held == was_held {
                    return;
                }
                was_held = is_held;
                let change = changes.entry(self.session_index(day)).or_default();
                let (to, from) = if is_held {
                    (&mut change.started, &mut change.ended)
                } else {
                    (&mut change.ended, &mut change.started)
                };
                // Several days can count on one session; the last of them decides.
                to.insert(id);
                from.remove(id);
            });
        }
        changes
    }

    /// Returns the portfolios that a split on `day` affects: those that hold the security just
    /// before it, and those with an earlier movement that counts on the same session. Such a
    /// movement is valued at the quantity after the split.
    pub(super) fn affected_by_split(&self, day: Day) -> IdSet {
        let mut owners = IdSet::new();
        for entries in self.by_portfolio() {
            let mut is_held_before = false;
            self.replay(entries, |on, is_held| {
                if on < day {
                    is_held_before = is_held;
                }
            });
            let counts_with_it = |movement: &HoldingMovement| {
                let on = movement.transaction.day;
                on < day && self.session_index(on) == self.session_index(day)
            };
            if is_held_before || entries.iter().any(counts_with_it) {
                owners.insert(entries[0].transaction.portfolio.0);
            }
        }
        owners
    }

    /// Groups the portfolios by the session index of their first movement on `first` or later.
    pub(super) fn first_movements(&self, first: Day) -> BTreeMap<usize, IdSet> {
        let mut moved: BTreeMap<usize, IdSet> = BTreeMap::new();
        for entries in self.by_portfolio() {
            let mut entries = entries.iter().map(|movement| &movement.transaction);
            if let Some(entry) = entries.find(|entry| entry.day >= first) {
                let owners = moved.entry(self.session_index(entry.day)).or_default();
                owners.insert(entry.portfolio.0);
            }
        }
        moved
    }

    /// Returns the portfolios that carry lots of the `givers`, each with the day of the first such
    /// transfer. A giver's lots differ from a day on; a receiver can give them on, also as units of
    /// a security received for them.
    pub(super) fn receivers(
        &self,
        givers: impl IntoIterator<Item = (PortfolioId, Day)>,
    ) -> BTreeMap<PortfolioId, Day> {
        let mut receivers: BTreeMap<PortfolioId, Day> = BTreeMap::new();
        let mut open: Vec<_> = givers.into_iter().collect();
        while let Some((giver, from)) = open.pop() {
            let own = self.movements.iter().map(|movement| &movement.transaction);
            for transfer in own.chain(&self.delivered_transfers) {
                let carries = transfer.carries_lots_in() && transfer.counterpart == Some(giver);
                let known = receivers.get(&transfer.portfolio);
                let is_earlier = known.is_none_or(|known| transfer.day < *known);
                if carries && transfer.day >= from && is_earlier {
                    receivers.insert(transfer.portfolio, transfer.day);
                    open.push((transfer.portfolio, transfer.day));
                }
            }
        }
        receivers
    }

    fn by_portfolio(&self) -> impl Iterator<Item = &[HoldingMovement]> {
        // `chunk_by` yields no empty slice, so callers may use the first entry.
        (self.movements).chunk_by(|a, b| a.transaction.portfolio == b.transaction.portfolio)
    }

    /// Applies the movements of one portfolio and all splits by day, a split before the movements
    /// of its day. Calls `observe` after each with the day and whether the security is held.
    fn replay(&self, movements: &[HoldingMovement], mut observe: impl FnMut(Day, bool)) {
        let method = movements
            .first()
            .map_or_else(LotMethod::default, |first| first.method);
        let mut held = HeldQuantity::new(self.splits.iter().copied()).with_method(method);
        for movement in movements {
            let day = movement.transaction.day;
            while let Some(split) = held.next_split(day) {
                observe(split, !held.quantity().is_zero());
            }
            held.apply(movement);
            observe(day, !held.quantity().is_zero());
        }
        while let Some(split) = held.next_split(Day::MAX) {
            observe(split, !held.quantity().is_zero());
        }
    }
}

/// Returns the days on which one portfolio starts or stops holding a security, ascending, each with
/// whether it holds the security at the end of that day. `entries` are its movements of the security,
/// `splits` the splits of the security, in any order.
pub(crate) fn holding_changes(
    entries: impl IntoIterator<Item = impl Into<HoldingMovement>>,
    splits: impl IntoIterator<Item = Split>,
) -> Vec<(Day, bool)> {
    let ownership = Ownership::new(&[], entries, splits);
    let mut changes: Vec<(Day, bool)> = Vec::new();
    ownership.replay(&ownership.movements, |day, is_held| {
        // Of several movements on one day, the last decides.
        changes.retain(|(changed, _)| *changed != day);
        if changes.last().is_some_and(|(_, was_held)| *was_held) != is_held {
            changes.push((day, is_held));
        }
    });
    changes
}

/// Returns the index of the session on which an event of `day` counts: the first on or after it.
pub(super) fn session_index(sessions: &[Day], day: Day) -> usize {
    sessions.partition_point(|session| *session < day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TransactionKind;
    use crate::invalidation::sample::{day, entry};

    use TransactionKind::{Buy, Sell};

    #[test]
    fn holding_changes_are_those_at_the_end_of_a_day() {
        let entries = [
            (1, 0, Buy, 5),
            (1, 2, Sell, 5),
            (1, 2, Buy, 3),
            (1, 4, Sell, 3),
            (1, 6, Sell, 1),
        ];
        let changes = holding_changes(entries.map(entry), []);
        assert_eq!(changes, [(day(0), true), (day(4), false), (day(6), true)]);
    }

    #[test]
    fn lots_are_followed_to_every_receiver_from_the_transfer_on() {
        let transfer = |id, on, from| {
            let mut transfer = entry((id, on, TransactionKind::TransferIn, 5));
            transfer.counterpart = Some(PortfolioId(from));
            transfer
        };
        let entries = [
            transfer(2, 4, 1),
            transfer(2, 8, 1),
            transfer(3, 6, 2),
            transfer(1, 6, 3),
            transfer(4, 2, 2),
        ];
        let owners = Ownership::new(&[], entries, []);
        let receivers = |from| owners.receivers([(PortfolioId(1), day(from))]);
        let expected = [(1, 6), (2, 4), (3, 6)].map(|(id, on)| (PortfolioId(id), day(on)));
        assert_eq!(receivers(2), expected.into());
        assert_eq!(receivers(5), [(PortfolioId(2), day(8))].into());
        assert!(receivers(9).is_empty());
    }
}
