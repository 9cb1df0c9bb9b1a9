//! What a changed price touches: through holdings, as a rate of exchange, and as what others are
//! measured by.

use std::collections::BTreeMap;

use super::{AffectedCells, AffectedSessions, Ownership};
use crate::domain::{Day, IdSet, Phase, PhaseSet, SecurityId, Transaction, TransactionKind};

const BOOKS: PhaseSet = PhaseSet::from_phase(Phase::Snapshot);
const HOLDINGS: PhaseSet = PhaseSet::from_phase(Phase::Positions);
const RISK: PhaseSet = PhaseSet::from_phase(Phase::Risk);
const STATISTICS: PhaseSet = PhaseSet::from_phase(Phase::Securities);

/// What prices and returns of a security touch through those who own it.
pub fn affected_by_price(
    security: SecurityId,
    ripple: &AffectedSessions,
    owners: &Ownership<'_>,
) -> AffectedCells {
    let mut touched = scan_sessions(ripple, owners, PriceUse::Price);
    let itself = IdSet::from([security.0]);
    for at in &ripple.by_return {
        touched.add(owners.sessions[at as usize], STATISTICS, &itself);
    }
    touched
}

/// What a rate of exchange touches through the owners of one security that is converted at it.
/// `owners` are those whose books are in the other currency.
pub fn affected_by_rate(ripple: &AffectedSessions, owners: &Ownership<'_>) -> AffectedCells {
    scan_sessions(&ripple.without_returns(), owners, PriceUse::Rate)
}

/// What a benchmark or factor touches: the statistics of all securities, and everybody's risk.
pub fn affected_by_benchmark_or_factor(
    ripple: &AffectedSessions,
    sessions: &[Day],
    securities: &IdSet,
    everybody: &IdSet,
) -> AffectedCells {
    let mut touched = AffectedCells::new();
    for at in &ripple.by_return {
        let day = sessions[at as usize];
        touched.add(day, STATISTICS, securities);
        touched.add(day, RISK, everybody);
    }
    touched
}

/// What a price is to the holdings that are swept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PriceUse {
    /// Their own.
    Price,
    /// The rate at which they are converted.
    Rate,
}

/// How far a movement carries the price of its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// Into the flow of the session.
    Flow,
    /// Into the profit realized since inception too.
    Profit,
    /// Into the cost of the holding, and from there into profit.
    Cost,
    /// Into cash or a value at cost, and so into everything.
    Everything,
}

impl Effect {
    /// What a movement makes of the price, if anything.
    fn from_transaction(entry: &Transaction, used: PriceUse) -> Option<Self> {
        let (priced, paid) = (entry.price.is_some(), entry.amount.is_some());
        match (entry.kind, used) {
            // What leaves is realized at the market, whatever the transaction says.
            (TransactionKind::TransferOut, _) => Some(Self::Profit),
            (TransactionKind::TransferIn, _) if paid => Some(Self::Flow),
            (TransactionKind::TransferIn, _) if !priced => Some(Self::Cost),
            (TransactionKind::TransferIn, PriceUse::Price) => Some(Self::Flow),
            // A stated cost is converted; where there is never a close, it is the value.
            (TransactionKind::TransferIn, PriceUse::Rate) => Some(Self::Everything),
            (TransactionKind::Buy | TransactionKind::Sell, PriceUse::Rate) if !paid => {
                Some(Self::Everything)
            }
            _ => None,
        }
    }
}

/// Those in whose books a price has settled: on a session, and but for the flow from then on.
#[derive(Debug, Default)]
struct PortfoliosByEffect {
    flow: IdSet,
    profit: IdSet,
    cost: IdSet,
    everything: IdSet,
}

impl PortfoliosByEffect {
    fn insert(&mut self, portfolio: u32, effect: Effect) {
        let settled = match effect {
            Effect::Flow => &mut self.flow,
            Effect::Profit => &mut self.profit,
            Effect::Cost => &mut self.cost,
            Effect::Everything => &mut self.everything,
        };
        settled.insert(portfolio);
    }

    fn advance(&mut self, other: Self) {
        self.flow = other.flow;
        self.profit |= other.profit;
        self.cost |= other.cost;
        self.everything |= other.everything;
    }

    fn add_affected(&self, day: Day, held: &IdSet, touched: &mut AffectedCells) {
        touched.add(day, BOOKS, &self.flow);
        touched.add(day, BOOKS, &self.profit);
        touched.add(day, BOOKS, &self.cost);
        touched.add(day, HOLDINGS, &(&self.cost & held));
        touched.add(day, PhaseSet::CELL_PHASES, &self.everything);
    }
}

/// Goes through the sessions with the set of those who own at the end of each.
fn scan_sessions(
    ripple: &AffectedSessions,
    owners: &Ownership<'_>,
    used: PriceUse,
) -> AffectedCells {
    let mut touched = AffectedCells::new();
    let mut turns = owners.changes();
    let mut effects = effects(ripple, owners, used);
    let mut held = IdSet::new();
    let mut settled = PortfoliosByEffect::default();
    for (at, day) in (0_u32..).zip(owners.sessions) {
        if at
            .checked_sub(1)
            .is_some_and(|at| ripple.by_price.contains(at))
        {
            // The books say by how much the NAV of the session before was passed.
            touched.add(*day, BOOKS, &held);
        }
        if let Some(turn) = turns.remove(&(at as usize)) {
            held |= turn.started;
            held -= turn.ended;
        }
        if ripple.by_price.contains(at) {
            touched.add(*day, PhaseSet::CELL_PHASES, &held);
        }
        if ripple.by_return.contains(at) {
            touched.add(*day, RISK, &held);
        }
        settled.advance(effects.remove(&at).unwrap_or_default());
        settled.add_affected(*day, &held, &mut touched);
    }
    touched
}

/// By place, what the movements of a session on which the price differs make of it.
fn effects(
    ripple: &AffectedSessions,
    owners: &Ownership<'_>,
    used: PriceUse,
) -> BTreeMap<u32, PortfoliosByEffect> {
    let mut effects: BTreeMap<u32, PortfoliosByEffect> = BTreeMap::new();
    for (at, entry) in owners.movements() {
        let at = at as u32;
        if !ripple.by_price.contains(at) {
            continue;
        }
        if let Some(effect) = Effect::from_transaction(entry, used) {
            let settled = effects.entry(at).or_default();
            settled.insert(entry.portfolio.0, effect);
        }
    }
    effects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Money, Price};
    use crate::plan::impact::CloseSpan;
    use crate::plan::impact::sample::{Table, day, entry, sessions, table};

    use TransactionKind::{Buy, Sell, TransferIn, TransferOut};

    /// A close on session 2 of 7, with the next one on session 4, and a window of two returns.
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
        let touched = match used {
            PriceUse::Price => affected_by_price(SecurityId(9), &affected_sessions(), &owners),
            PriceUse::Rate => affected_by_rate(&affected_sessions(), &owners),
        };
        table(&touched, phase, 7)
    }

    /// The sessions on which a single portfolio's phase is touched.
    fn affected_indexes(
        phase: Phase,
        used: PriceUse,
        entries: impl IntoIterator<Item = Transaction>,
    ) -> Vec<usize> {
        let table = affected_table(phase, used, entries).into_iter().enumerate();
        table
            .filter(|(_, who)| !who.is_empty())
            .map(|(at, _)| at)
            .collect()
    }

    #[test]
    fn a_price_affects_holders_while_it_is_the_latest() {
        let held = || [(1, 0, Buy, 5), (2, 0, Buy, 5), (2, 6, Sell, 5)].map(entry);
        let of = |phase| affected_table(phase, PriceUse::Price, held());
        let (none, one, both) = (Vec::new, vec![1], vec![1, 2]);
        let books = [
            none(),
            none(),
            both.clone(),
            both.clone(),
            one.clone(),
            none(),
            none(),
        ];
        assert_eq!(
            of(Phase::Snapshot),
            books,
            "the NAV before is in the session after"
        );
        let values = [
            none(),
            none(),
            both.clone(),
            one.clone(),
            none(),
            none(),
            none(),
        ];
        assert_eq!(of(Phase::Positions), values);
        assert_eq!(of(Phase::Exposures), values);
        let risk = [none(), none(), both, one.clone(), one.clone(), one, none()];
        assert_eq!(of(Phase::Risk), risk);
        let itself = vec![9];
        let measured = of(Phase::Securities);
        assert_eq!(
            measured[2..6],
            [itself.clone(), itself.clone(), itself.clone(), itself]
        );
    }

    #[test]
    fn a_rate_does_not_affect_returns() {
        let held = || [entry((1, 0, Buy, 5))];
        assert_eq!(
            affected_indexes(Phase::Risk, PriceUse::Rate, held()),
            [2, 3]
        );
        assert!(affected_indexes(Phase::Securities, PriceUse::Rate, held()).is_empty());
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
    fn a_benchmark_affects_the_risk_of_all_portfolios() {
        let (securities, everybody) = (IdSet::from([1, 2]), IdSet::from([7]));
        let touched = affected_by_benchmark_or_factor(
            &affected_sessions(),
            &sessions(7),
            &securities,
            &everybody,
        );
        let count = |phase| table(&touched, phase, 7).concat().len();
        assert_eq!(count(Phase::Securities), 4 * 2);
        assert_eq!(count(Phase::Risk), 4);
        assert_eq!(count(Phase::Snapshot), 0);
    }

    #[test]
    fn an_old_close_affects_only_its_holders() {
        // 100 portfolios, of however many, hold what was corrected 200 sessions before the last.
        let sessions = sessions(202);
        let entries = (1..=100).map(|id| entry((id, 0, Buy, 5)));
        let owners = Ownership::new(&sessions, entries, []);
        let close = CloseSpan {
            day: sessions[1],
            next: Some(sessions[2]),
        };
        let ripple = AffectedSessions::from_closes(&sessions, [close], 63);
        let cells = affected_by_price(SecurityId(1), &ripple, &owners).into_cells();
        let of = |phase| cells.iter().filter(move |((_, of), _)| *of == phase);
        let count = |phase| of(phase).map(|(_, who)| who.len()).sum::<u64>();
        assert_eq!(count(Phase::Snapshot), 2 * 100);
        assert_eq!(count(Phase::Positions), 100);
        assert_eq!(count(Phase::Exposures), 100);
        assert_eq!(count(Phase::Risk), 64 * 100);
        assert_eq!(count(Phase::Securities), 64);
    }
}
