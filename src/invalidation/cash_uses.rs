//! Finds the cells affected by changed prices of a currency pair through cash in a foreign currency:
//! the value of balances, and of the amounts that transactions move.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::affected_cells::AffectedCells;
use super::affected_sessions::AffectedSessions;
use super::facts::Facts;
use super::freshest_prices::FreshestPrices;
use super::ownership::session_index;
use super::rate_uses::sessions_with_use;
use crate::domain::{
    Currency, Day, FeeTreatment, IdSet, Money, Phase, PhaseSet, Portfolio, Quantity, Security,
    Transaction,
};
use crate::phases::{CurrencyPairs, is_currency_pair};
use crate::store::StoreError;

const BOOKS: PhaseSet = PhaseSet::from_phase(Phase::Snapshot);
/// The phases that use the NAV of their session.
const NAV_USERS: PhaseSet = BOOKS.with(Phase::Exposures).with(Phase::Risk);
const RISK: PhaseSet = PhaseSet::from_phase(Phase::Risk);

/// Returns the cells affected by prices of `pair` on the `changed` sessions because foreign cash is
/// converted at them; none if it is no currency pair. `sessions` end with the last of the ledger.
pub(super) fn affected_by_cash_uses(
    facts: &Facts<'_>,
    pair: &Security,
    freshest: &FreshestPrices<'_>,
    changed: &AffectedSessions,
    sessions: &[Day],
) -> Result<AffectedCells, StoreError> {
    let mut affected = AffectedCells::default();
    if !is_currency_pair(pair) {
        return Ok(affected);
    }
    let entries = facts.reading.entries().naming_currencies()?;
    let securities = facts.securities()?;
    let pairs = CurrencyPairs::new(securities.values());
    let multiplier = |entry: &Transaction| {
        let security = entry.security.and_then(|id| securities.get(&id));
        security.map_or(Quantity::whole(1), |security| {
            security.multiplier_on(entry.day)
        })
    };
    let mut known: BTreeMap<(Currency, Currency), AffectedSessions> = BTreeMap::new();
    for entries in entries.chunk_by(|a, b| a.portfolio == b.portfolio) {
        let Some(portfolio) = facts.reading.portfolios().get(entries[0].portfolio)? else {
            continue;
        };
        let to = portfolio.currency;
        let foreign = entries
            .iter()
            .flat_map(|entry| entry.foreign_currencies(to));
        for from in foreign.collect::<BTreeSet<_>>() {
            let conversion = pairs.conversion(from, to);
            if !conversion.securities().contains(&pair.id) {
                continue;
            }
            let used = match known.entry((from, to)) {
                Entry::Occupied(used) => used.into_mut(),
                Entry::Vacant(new) => new.insert(sessions_with_use(
                    facts,
                    pair,
                    freshest,
                    changed,
                    sessions,
                    &conversion,
                )?),
            };
            let cash = ForeignUse {
                portfolio: &portfolio,
                from,
                entries,
                sessions,
                changed: used,
            };
            affected = affected.union(cash.of_balance(multiplier));
            affected = affected.union(cash.of_moves(facts)?);
        }
    }
    Ok(affected)
}

/// The cash of a portfolio in one foreign currency, and the sessions whose rates of it change.
struct ForeignUse<'a> {
    portfolio: &'a Portfolio,
    from: Currency,
    /// The transactions of the portfolio that name a currency.
    entries: &'a [Transaction],
    sessions: &'a [Day],
    changed: &'a AffectedSessions,
}

impl ForeignUse<'_> {
    /// Returns the cells on whose session, or the session before, the balance is not zero.
    fn of_balance(&self, multiplier: impl Fn(&Transaction) -> Quantity) -> AffectedCells {
        let mut moves: BTreeMap<usize, i128> = BTreeMap::new();
        for entry in self.entries {
            let own = self.portfolio.currency;
            for (currency, amount) in entry.foreign_cash_moves(own, multiplier(entry)) {
                if currency == self.from {
                    let at = session_index(self.sessions, entry.day);
                    *moves.entry(at).or_default() += i128::from(Money::units(amount));
                }
            }
        }
        let id = IdSet::from([self.portfolio.id.0]);
        let (mut affected, mut balance) = (AffectedCells::default(), 0);
        for (at, day) in self.sessions.iter().enumerate() {
            let was_changed = at
                .checked_sub(1)
                .is_some_and(|before| self.changed.by_price.contains(before as u32));
            if was_changed && balance != 0 {
                affected.add(*day, BOOKS, &id);
            }
            balance += moves.remove(&at).unwrap_or_default();
            if balance == 0 {
                continue;
            }
            if self.changed.by_price.contains(at as u32) {
                affected.add(*day, NAV_USERS, &id);
            }
            if self.changed.by_return.contains(at as u32) {
                affected.add(*day, RISK, &id);
            }
        }
        affected
    }

    /// Returns the cells that depend on the value of an amount moved on a changed session: its flow,
    /// and the cost of cash or of a holding, from then on.
    fn of_moves(&self, facts: &Facts<'_>) -> Result<AffectedCells, StoreError> {
        let mut affected = AffectedCells::default();
        let fees_are_cost = self.portfolio.cost_basis.fees == FeeTreatment::Capitalize;
        for entry in self.entries {
            let at = session_index(self.sessions, entry.day);
            if !self.changed.by_price.contains(at as u32) {
                continue;
            }
            let converted = entry.converted_currencies(self.portfolio.currency, fees_are_cost);
            let mut uses = converted
                .iter()
                .filter(|(currency, _)| *currency == self.from);
            let Some((_, is_cost)) = uses.clone().next() else {
                continue;
            };
            if !(*is_cost || uses.any(|(_, is_cost)| *is_cost)) {
                let id = IdSet::from([self.portfolio.id.0]);
                affected.add_days(&self.sessions[at..], BOOKS, &id);
                continue;
            }
            // A holding is valued at its cost before its first close, and carries it to receivers.
            affected.add_portfolio_from(self.sessions, entry.day, entry.portfolio);
            if let Some(security) = entry.security {
                let owners = facts.ownership(security, self.sessions, |_| true)?;
                for (receiver, day) in owners.receivers([(entry.portfolio, entry.day)]) {
                    affected.add_portfolio_from(self.sessions, day, receiver);
                }
            }
        }
        Ok(affected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CashTerms, Lifecycle, NewPortfolio, PortfolioId, TransactionKind};
    use crate::invalidation::sample::{Table, day, entry, sessions, table};
    use roaring::RoaringBitmap;

    use TransactionKind::{Deposit, Withdrawal};

    fn euro(portfolio: u32, on: i32, kind: TransactionKind, amount: i32) -> Transaction {
        Transaction {
            security: None,
            quantity: Quantity::ZERO,
            amount: Some(Money::whole(amount)),
            cash: CashTerms {
                currency: Some("EUR".parse().unwrap()),
                ..CashTerms::default()
            },
            ..entry((portfolio, on, kind, 0))
        }
    }

    /// Returns the cells of a phase that a rate of sessions 2 and 3, of 7, affects through the
    /// balance of the entries.
    fn affected_by_balance(entries: &[Transaction], phase: Phase) -> Table {
        let portfolio =
            NewPortfolio::in_dollars("one", Lifecycle::new(day(0))).with_id(PortfolioId(1));
        let sessions = sessions(7);
        let changed = AffectedSessions {
            by_price: RoaringBitmap::from([2, 3]),
            by_return: RoaringBitmap::from([2, 3, 4]),
        };
        let of = ForeignUse {
            portfolio: &portfolio,
            from: "EUR".parse().unwrap(),
            entries,
            sessions: &sessions,
            changed: &changed,
        };
        table(&of.of_balance(|_| Quantity::whole(1)), phase, 7)
    }

    fn indexes(table: &Table) -> Vec<usize> {
        let rows = table.iter().enumerate();
        rows.filter(|(_, ids)| !ids.is_empty())
            .map(|(at, _)| at)
            .collect()
    }

    #[test]
    fn a_rate_affects_a_balance_while_it_is_not_zero() {
        let held = [euro(1, 0, Deposit, 5)];
        let of = |entries: &[Transaction], phase| indexes(&affected_by_balance(entries, phase));
        assert_eq!(of(&held, Phase::Snapshot), [2, 3, 4]);
        assert_eq!(of(&held, Phase::Exposures), [2, 3]);
        assert_eq!(of(&held, Phase::Risk), [2, 3, 4]);
        assert!(of(&held, Phase::Positions).is_empty());
        let paid_out = [euro(1, 0, Deposit, 5), euro(1, 6, Withdrawal, 5)];
        // The session of the withdrawal still starts from the value before.
        assert_eq!(of(&paid_out, Phase::Snapshot), [2, 3]);
        assert_eq!(of(&paid_out, Phase::Risk), [2]);
        let later = [euro(1, 7, Deposit, 5)];
        assert!(of(&later, Phase::Snapshot).is_empty());
    }
}
