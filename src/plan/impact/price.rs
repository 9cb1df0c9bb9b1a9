//! What a changed price touches: through holdings, as a rate of exchange, and as what others are
//! measured by.

use std::collections::BTreeMap;

use super::{Owners, Ripple, Touched};
use crate::domain::{Day, IdSet, Phase, PhaseSet, SecurityId, Transaction, TransactionKind};

const BOOKS: PhaseSet = PhaseSet::from_phase(Phase::Snapshot);
const HOLDINGS: PhaseSet = PhaseSet::from_phase(Phase::Positions);
const RISK: PhaseSet = PhaseSet::from_phase(Phase::Risk);
const STATISTICS: PhaseSet = PhaseSet::from_phase(Phase::Securities);

/// What prices and returns of a security touch through those who own it.
pub fn of_price(security: SecurityId, ripple: &Ripple, owners: &Owners<'_>) -> Touched {
    let mut touched = sweep(ripple, owners, Use::Price);
    let itself = IdSet::from([security.0]);
    for at in &ripple.measured {
        touched.add(owners.sessions[at as usize], STATISTICS, &itself);
    }
    touched
}

/// What a rate of exchange touches through the owners of one security that is converted at it.
/// `owners` are those whose books are in the other currency.
pub fn of_rate(ripple: &Ripple, owners: &Owners<'_>) -> Touched {
    sweep(&ripple.of_rate(), owners, Use::Rate)
}

/// What a benchmark or factor touches: the statistics of all securities, and everybody's risk.
pub fn of_yardstick(
    ripple: &Ripple,
    sessions: &[Day],
    securities: &IdSet,
    everybody: &IdSet,
) -> Touched {
    let mut touched = Touched::nothing();
    for at in &ripple.measured {
        let day = sessions[at as usize];
        touched.add(day, STATISTICS, securities);
        touched.add(day, RISK, everybody);
    }
    touched
}

/// What a price is to the holdings that are swept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
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
    fn of(entry: &Transaction, used: Use) -> Option<Self> {
        let (priced, paid) = (entry.price.is_some(), entry.amount.is_some());
        match (entry.kind, used) {
            // What leaves is realized at the market, whatever the transaction says.
            (TransactionKind::TransferOut, _) => Some(Self::Profit),
            (TransactionKind::TransferIn, _) if paid => Some(Self::Flow),
            (TransactionKind::TransferIn, _) if !priced => Some(Self::Cost),
            (TransactionKind::TransferIn, Use::Price) => Some(Self::Flow),
            // A stated cost is converted; where there is never a close, it is the value.
            (TransactionKind::TransferIn, Use::Rate) => Some(Self::Everything),
            (TransactionKind::Buy | TransactionKind::Sell, Use::Rate) if !paid => {
                Some(Self::Everything)
            }
            _ => None,
        }
    }
}

/// Those in whose books a price has settled: on a session, and but for the flow from then on.
#[derive(Debug, Default)]
struct Settled {
    flow: IdSet,
    profit: IdSet,
    cost: IdSet,
    everything: IdSet,
}

impl Settled {
    fn insert(&mut self, portfolio: u32, effect: Effect) {
        let settled = match effect {
            Effect::Flow => &mut self.flow,
            Effect::Profit => &mut self.profit,
            Effect::Cost => &mut self.cost,
            Effect::Everything => &mut self.everything,
        };
        settled.insert(portfolio);
    }

    fn take_in(&mut self, other: Self) {
        self.flow = other.flow;
        self.profit |= other.profit;
        self.cost |= other.cost;
        self.everything |= other.everything;
    }

    fn touch(&self, day: Day, held: &IdSet, touched: &mut Touched) {
        touched.add(day, BOOKS, &self.flow);
        touched.add(day, BOOKS, &self.profit);
        touched.add(day, BOOKS, &self.cost);
        touched.add(day, HOLDINGS, &(&self.cost & held));
        touched.add(day, PhaseSet::CELL_PHASES, &self.everything);
    }
}

/// Goes through the sessions with the set of those who own at the end of each.
fn sweep(ripple: &Ripple, owners: &Owners<'_>, used: Use) -> Touched {
    let mut touched = Touched::nothing();
    let mut turns = owners.turns();
    let mut effects = effects(ripple, owners, used);
    let mut held = IdSet::new();
    let mut settled = Settled::default();
    for (at, day) in (0_u32..).zip(owners.sessions) {
        if at
            .checked_sub(1)
            .is_some_and(|at| ripple.as_of.contains(at))
        {
            // The books say by how much the NAV of the session before was passed.
            touched.add(*day, BOOKS, &held);
        }
        if let Some(turn) = turns.remove(&(at as usize)) {
            held |= turn.begin;
            held -= turn.cease;
        }
        if ripple.as_of.contains(at) {
            touched.add(*day, PhaseSet::CELL_PHASES, &held);
        }
        if ripple.measured.contains(at) {
            touched.add(*day, RISK, &held);
        }
        settled.take_in(effects.remove(&at).unwrap_or_default());
        settled.touch(*day, &held, &mut touched);
    }
    touched
}

/// By place, what the movements of a session on which the price differs make of it.
fn effects(ripple: &Ripple, owners: &Owners<'_>, used: Use) -> BTreeMap<u32, Settled> {
    let mut effects: BTreeMap<u32, Settled> = BTreeMap::new();
    for (at, entry) in owners.movements() {
        let at = at as u32;
        if !ripple.as_of.contains(at) {
            continue;
        }
        if let Some(effect) = Effect::of(entry, used) {
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
    use crate::plan::impact::SetClose;
    use crate::plan::impact::sample::{Table, day, entry, sessions, table};

    use TransactionKind::{Buy, Sell, TransferIn, TransferOut};

    /// A close on session 2 of 7, with the next one on session 4, and a window of two returns.
    fn ripple() -> Ripple {
        let close = SetClose {
            day: day(4),
            next: Some(day(8)),
        };
        Ripple::of_closes(&sessions(7), [close], 2)
    }

    fn touched(phase: Phase, used: Use, entries: impl IntoIterator<Item = Transaction>) -> Table {
        let sessions = sessions(7);
        let owners = Owners::new(&sessions, entries, []);
        let touched = match used {
            Use::Price => of_price(SecurityId(9), &ripple(), &owners),
            Use::Rate => of_rate(&ripple(), &owners),
        };
        table(&touched, phase, 7)
    }

    /// The sessions on which a single portfolio's phase is touched.
    fn places(
        phase: Phase,
        used: Use,
        entries: impl IntoIterator<Item = Transaction>,
    ) -> Vec<usize> {
        let table = touched(phase, used, entries).into_iter().enumerate();
        table
            .filter(|(_, who)| !who.is_empty())
            .map(|(at, _)| at)
            .collect()
    }

    #[test]
    fn a_price_reaches_those_who_hold_while_it_is_the_latest() {
        let held = || [(1, 0, Buy, 5), (2, 0, Buy, 5), (2, 6, Sell, 5)].map(entry);
        let of = |phase| touched(phase, Use::Price, held());
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
    fn a_rate_is_not_what_returns_are_made_of() {
        let held = || [entry((1, 0, Buy, 5))];
        assert_eq!(places(Phase::Risk, Use::Rate, held()), [2, 3]);
        assert!(places(Phase::Securities, Use::Rate, held()).is_empty());
    }

    #[test]
    fn what_is_transferred_out_at_a_price_has_realized_it_for_good() {
        let out = || [(1, 0, Buy, 5), (1, 5, TransferOut, 5)].map(entry);
        assert_eq!(places(Phase::Snapshot, Use::Price, out()), [2, 3, 4, 5, 6]);
        assert_eq!(places(Phase::Positions, Use::Price, out()), [2]);
    }

    #[test]
    fn what_is_transferred_in_without_a_cost_has_the_price_for_its_cost() {
        let kept = || entry((1, 6, TransferIn, 5));
        assert_eq!(places(Phase::Positions, Use::Price, [kept()]), [3, 4, 5, 6]);
        assert_eq!(places(Phase::Exposures, Use::Price, [kept()]), [3]);
        let sold = || [kept(), entry((1, 10, Sell, 5))];
        assert_eq!(places(Phase::Positions, Use::Price, sold()), [3, 4]);
        assert_eq!(places(Phase::Snapshot, Use::Price, sold()), [3, 4, 5, 6]);
        let mut costed = kept();
        costed.price = Some(Price::whole(1));
        assert_eq!(places(Phase::Positions, Use::Price, [costed]), [3]);
    }

    #[test]
    fn what_is_paid_at_a_rate_is_in_cash_for_good() {
        let mut bought = entry((1, 4, Buy, 5));
        bought.price = Some(Price::whole(1));
        let trade = |bought: &Transaction| [bought.clone(), entry((1, 4, Sell, 5))];
        let mut sold = trade(&bought);
        sold[1].amount = Some(Money::whole(5));
        assert_eq!(
            places(Phase::Risk, Use::Rate, sold.clone()),
            [2, 3, 4, 5, 6]
        );
        assert!(places(Phase::Risk, Use::Price, sold.clone()).is_empty());
        sold[0].amount = Some(Money::whole(5));
        assert!(places(Phase::Risk, Use::Rate, sold).is_empty());
    }

    #[test]
    fn a_yardstick_reaches_everybodys_risk() {
        let (securities, everybody) = (IdSet::from([1, 2]), IdSet::from([7]));
        let touched = of_yardstick(&ripple(), &sessions(7), &securities, &everybody);
        let count = |phase| table(&touched, phase, 7).concat().len();
        assert_eq!(count(Phase::Securities), 4 * 2);
        assert_eq!(count(Phase::Risk), 4);
        assert_eq!(count(Phase::Snapshot), 0);
    }

    #[test]
    fn a_close_of_long_ago_is_work_for_its_holders_alone() {
        // 100 portfolios, of however many, hold what was corrected 200 sessions before the last.
        let sessions = sessions(202);
        let entries = (1..=100).map(|id| entry((id, 0, Buy, 5)));
        let owners = Owners::new(&sessions, entries, []);
        let close = SetClose {
            day: sessions[1],
            next: Some(sessions[2]),
        };
        let ripple = Ripple::of_closes(&sessions, [close], 63);
        let cells = of_price(SecurityId(1), &ripple, &owners).into_cells();
        let of = |phase| cells.iter().filter(move |((_, of), _)| *of == phase);
        let count = |phase| of(phase).map(|(_, who)| who.len()).sum::<u64>();
        assert_eq!(count(Phase::Snapshot), 2 * 100);
        assert_eq!(count(Phase::Positions), 100);
        assert_eq!(count(Phase::Exposures), 100);
        assert_eq!(count(Phase::Risk), 64 * 100);
        assert_eq!(count(Phase::Securities), 64);
    }
}
