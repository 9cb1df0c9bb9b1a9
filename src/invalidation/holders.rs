//! Finds the cells of the portfolios that hold a security whose price changes, or the exchange rate
//! at which it is converted.

use super::affected_cells::AffectedCells;
use super::affected_sessions::AffectedSessions;
use super::movement_effects::{PortfoliosByEffect, PriceUse, effects};
use super::ownership::Ownership;
use crate::domain::{IdSet, Phase, PhaseSet, SecurityId};

const BOOKS: PhaseSet = PhaseSet::from_phase(Phase::Snapshot);
const RISK: PhaseSet = PhaseSet::from_phase(Phase::Risk);
const STATISTICS: PhaseSet = PhaseSet::from_phase(Phase::Securities);

/// Returns the cells affected by changed prices and returns of a security: the cells of its
/// `owners`, and the statistics of the security itself.
pub(super) fn affected_by_price(
    security: SecurityId,
    changed: &AffectedSessions,
    owners: &Ownership<'_>,
) -> AffectedCells {
    let mut affected = scan_sessions(changed, owners, PriceUse::Price);
    let security = IdSet::from([security.0]);
    for at in &changed.by_return {
        affected.add(owners.sessions[at as usize], STATISTICS, &security);
    }
    affected
}

/// Returns the cells affected by a changed exchange rate because the value and the returns of one
/// security are converted at it. `owners` has only portfolios whose books are in the currency
/// converted to.
pub(super) fn affected_by_rate(
    changed: &AffectedSessions,
    owners: &Ownership<'_>,
) -> AffectedCells {
    scan_sessions(changed, owners, PriceUse::Rate)
}

/// Returns the cells of `owners` affected by a changed price or rate. Goes through the sessions in
/// order and keeps the set of portfolios that hold the security at the end of each.
fn scan_sessions(
    changed: &AffectedSessions,
    owners: &Ownership<'_>,
    used: PriceUse,
) -> AffectedCells {
    let mut affected = AffectedCells::default();
    let mut changes = owners.changes();
    let mut effects = effects(changed, owners, used);
    let mut holders = IdSet::new();
    let mut by_effect = PortfoliosByEffect::default();
    for (at, day) in (0_u32..).zip(owners.sessions) {
        if at
            .checked_sub(1)
            .is_some_and(|at| changed.by_price.contains(at))
        {
            // P&L and return use the NAV of the session before, and `holders` are still those at
            // the end of that session.
            affected.add(*day, BOOKS, &holders);
        }
        if let Some(change) = changes.remove(&(at as usize)) {
            holders |= change.started;
            holders -= change.ended;
        }
        if changed.by_price.contains(at) {
            affected.add(*day, PhaseSet::CELL_PHASES, &holders);
        }
        if changed.by_return.contains(at) {
            affected.add(*day, RISK, &holders);
        }
        by_effect.advance(effects.remove(&at).unwrap_or_default());
        by_effect.add_affected(*day, &holders, &mut affected);
    }
    affected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Money, Price, Transaction, TransactionKind};
    use crate::invalidation::affected_sessions::CloseSpan;
    use crate::invalidation::sample::{Table, day, entry, sessions, table};

    use TransactionKind::{Buy, Sell, TransferIn, TransferOut};

    /// Returns the sessions of 7 that a close on session index 2 affects, with the next close on
    /// index 4 and a window of two returns.
    fn affected_sessions() -> AffectedSessions {
        let close = CloseSpan {
            day: day(4),
            next: Some(day(8)),
        };
        AffectedSessions::from_closes(&sessions(7), [close], 2)
    }

    fn affected_table(
        phase: Phase,
        used: PriceUse,
        entries: impl IntoIterator<Item = Transaction>,
    ) -> Table {
        let sessions = sessions(7);
        let owners = Ownership::new(&sessions, entries, []);
        let affected = match used {
            PriceUse::Price => affected_by_price(SecurityId(9), &affected_sessions(), &owners),
            PriceUse::Rate => affected_by_rate(&affected_sessions(), &owners),
        };
        table(&affected, phase, 7)
    }

    /// Returns the indexes of the sessions on which a phase of any portfolio is affected.
    fn affected_indexes(
        phase: Phase,
        used: PriceUse,
        entries: impl IntoIterator<Item = Transaction>,
    ) -> Vec<usize> {
        let table = affected_table(phase, used, entries).into_iter().enumerate();
        table
            .filter(|(_, ids)| !ids.is_empty())
            .map(|(at, _)| at)
            .collect()
    }

    #[test]
    fn a_price_affects_holders_while_it_is_the_latest() {
        let trades = || [(1, 0, Buy, 5), (2, 0, Buy, 5), (2, 6, Sell, 5)].map(entry);
        let of = |phase| affected_table(phase, PriceUse::Price, trades());
        let (none, first, both) = (Vec::new, vec![1], vec![1, 2]);
        let books = [
            none(),
            none(),
            both.clone(),
            both.clone(),
            first.clone(),
            none(),
            none(),
        ];
        assert_eq!(
            of(Phase::Snapshot),
            books,
            "the session after uses the NAV before"
        );
        let values = [
            none(),
            none(),
            both.clone(),
            first.clone(),
            none(),
            none(),
            none(),
        ];
        assert_eq!(of(Phase::Positions), values);
        assert_eq!(of(Phase::Exposures), values);
        let risk = [
            none(),
            none(),
            both,
            first.clone(),
            first.clone(),
            first,
            none(),
        ];
        assert_eq!(of(Phase::Risk), risk);
        let security = vec![9];
        let statistics = of(Phase::Securities);
        assert_eq!(
            statistics[2..6],
            [
                security.clone(),
                security.clone(),
                security.clone(),
                security
            ]
        );
    }

    #[test]
    fn a_rate_affects_the_risk_of_holders_and_no_statistics() {
        let trades = || [entry((1, 0, Buy, 5))];
        assert_eq!(
            affected_indexes(Phase::Exposures, PriceUse::Rate, trades()),
            [2, 3]
        );
        assert_eq!(
            affected_indexes(Phase::Risk, PriceUse::Rate, trades()),
            [2, 3, 4, 5]
        );
        assert!(affected_indexes(Phase::Securities, PriceUse::Rate, trades()).is_empty());
    }

    #[test]
    fn a_transfer_out_affects_realized_profit_from_then_on() {
        let out = || [(1, 0, Buy, 5), (1, 5, TransferOut, 5)].map(entry);
        assert_eq!(
            affected_indexes(Phase::Snapshot, PriceUse::Price, out()),
            [2, 3, 4, 5, 6]
        );
        assert_eq!(
            affected_indexes(Phase::Positions, PriceUse::Price, out()),
            [2]
        );
    }

    #[test]
    fn a_transfer_in_without_cost_takes_the_price_as_cost() {
        let kept = || entry((1, 6, TransferIn, 5));
        assert_eq!(
            affected_indexes(Phase::Positions, PriceUse::Price, [kept()]),
            [3, 4, 5, 6]
        );
        assert_eq!(
            affected_indexes(Phase::Exposures, PriceUse::Price, [kept()]),
            [3]
        );
        let sold = || [kept(), entry((1, 10, Sell, 5))];
        assert_eq!(
            affected_indexes(Phase::Positions, PriceUse::Price, sold()),
            [3, 4]
        );
        assert_eq!(
            affected_indexes(Phase::Snapshot, PriceUse::Price, sold()),
            [3, 4, 5, 6]
        );
        let mut costed = kept();
        costed.price = Some(Price::whole(1));
        assert_eq!(
            affected_indexes(Phase::Positions, PriceUse::Price, [costed]),
            [3]
        );
    }

    #[test]
    fn a_payment_at_a_rate_affects_cash_from_then_on() {
        let mut bought = entry((1, 4, Buy, 5));
        bought.price = Some(Price::whole(1));
        let trade = |bought: &Transaction| [bought.clone(), entry((1, 4, Sell, 5))];
        let mut sold = trade(&bought);
        sold[1].amount = Some(Money::whole(5));
        assert_eq!(
            affected_indexes(Phase::Risk, PriceUse::Rate, sold.clone()),
            [2, 3, 4, 5, 6]
        );
        assert!(affected_indexes(Phase::Risk, PriceUse::Price, sold.clone()).is_empty());
        sold[0].amount = Some(Money::whole(5));
        assert!(affected_indexes(Phase::Risk, PriceUse::Rate, sold).is_empty());
    }

    #[test]
    fn an_old_close_affects_only_its_holders() {
        // 100 portfolios hold the security whose close is corrected 200 sessions before the last.
        let sessions = sessions(202);
        let entries = (1..=100).map(|id| entry((id, 0, Buy, 5)));
        let owners = Ownership::new(&sessions, entries, []);
        let close = CloseSpan {
            day: sessions[1],
            next: Some(sessions[2]),
        };
        let changed = AffectedSessions::from_closes(&sessions, [close], 63);
        let cells = affected_by_price(SecurityId(1), &changed, &owners).into_cells();
        let of = |phase| cells.iter().filter(move |((_, of), _)| *of == phase);
        let count = |phase| of(phase).map(|(_, ids)| ids.len()).sum::<u64>();
        assert_eq!(count(Phase::Snapshot), 2 * 100);
        assert_eq!(count(Phase::Positions), 100);
        assert_eq!(count(Phase::Exposures), 100);
        assert_eq!(count(Phase::Risk), 64 * 100);
        assert_eq!(count(Phase::Securities), 64);
    }
}
