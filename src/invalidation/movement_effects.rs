//! Finds the figures that depend on a changed price through a transfer or a trade, besides the value
//! of the holding.

use std::collections::BTreeMap;

use super::affected_cells::AffectedCells;
use super::affected_sessions::AffectedSessions;
use super::ownership::Ownership;
use crate::domain::{Day, IdSet, Phase, PhaseSet, Transaction, TransactionKind};

const BOOKS: PhaseSet = PhaseSet::from_phase(Phase::Snapshot);
const HOLDINGS: PhaseSet = PhaseSet::from_phase(Phase::Positions);

/// The use of a changed price in the value of a holding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PriceUse {
    /// It is the price of the held security.
    Price,
    /// It is the rate at which the security's value is converted.
    Rate,
}

/// The figures that depend on the price of the session of a movement, besides the value of the
/// holding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// The flow of the session.
    Flow,
    /// The flow, and the profit realized since inception.
    Profit,
    /// The flow, and the cost of the holding, which later becomes profit.
    Cost,
    /// Cash, or the value of a holding at cost, and so all figures from then on.
    Everything,
}

impl Effect {
    /// Returns the effect of the changed price through a movement, or `None` if no amount of the
    /// movement depends on that price.
    fn from_transaction(entry: &Transaction, used: PriceUse) -> Option<Self> {
        let (priced, paid) = (entry.price.is_some(), entry.amount.is_some());
        match (entry.kind, used) {
            // A transfer between portfolios carries its cost.
            (TransactionKind::TransferOut | TransactionKind::TransferIn, _)
                if entry.counterpart.is_some() =>
            {
                Some(Self::Flow)
            }
            // A transfer out realizes profit at the market price, even if the transaction has a
            // price.
            (TransactionKind::TransferOut, _) => Some(Self::Profit),
            (TransactionKind::TransferIn, _) if paid => Some(Self::Flow),
            (TransactionKind::TransferIn, _) if !priced => Some(Self::Cost),
            (TransactionKind::TransferIn, PriceUse::Price) => Some(Self::Flow),
            // The cost stated by the transaction is converted at the rate, and the holding is
            // valued at this cost while the security has no close.
            (TransactionKind::TransferIn, PriceUse::Rate) => Some(Self::Everything),
            // A stated currency is that of the price, which is not converted at this rate.
            (TransactionKind::Buy | TransactionKind::Sell, PriceUse::Rate)
                if !paid && entry.cash.currency.is_none() =>
            {
                Some(Self::Everything)
            }
            _ => None,
        }
    }
}

/// The portfolios with a movement that depends on the changed price, by effect. An effect on the
/// flow ends with the session; the others last.
#[derive(Debug, Default)]
pub(super) struct PortfoliosByEffect {
    flow: IdSet,
    profit: IdSet,
    cost: IdSet,
    everything: IdSet,
}

impl PortfoliosByEffect {
    fn insert(&mut self, portfolio: u32, effect: Effect) {
        let portfolios = match effect {
            Effect::Flow => &mut self.flow,
            Effect::Profit => &mut self.profit,
            Effect::Cost => &mut self.cost,
            Effect::Everything => &mut self.everything,
        };
        portfolios.insert(portfolio);
    }

    /// Advances to the next session, on which the effects of `other` start.
    pub(super) fn advance(&mut self, other: Self) {
        self.flow = other.flow;
        self.profit |= other.profit;
        self.cost |= other.cost;
        self.everything |= other.everything;
    }

    pub(super) fn add_affected(&self, day: Day, holders: &IdSet, affected: &mut AffectedCells) {
        affected.add(day, BOOKS, &self.flow);
        affected.add(day, BOOKS, &self.profit);
        affected.add(day, BOOKS, &self.cost);
        // The `positions` phase outputs a cost only while the security is held.
        affected.add(day, HOLDINGS, &(&self.cost & holders));
        affected.add(day, PhaseSet::CELL_PHASES, &self.everything);
    }
}

/// Returns the effects of the changed price through movements, by the session index of the
/// movement.
pub(super) fn effects(
    changed: &AffectedSessions,
    owners: &Ownership<'_>,
    used: PriceUse,
) -> BTreeMap<u32, PortfoliosByEffect> {
    let mut effects: BTreeMap<u32, PortfoliosByEffect> = BTreeMap::new();
    for (at, entry) in owners.movements() {
        let at = at as u32;
        if !changed.by_price.contains(at) {
            continue;
        }
        let Some(mut effect) = Effect::from_transaction(entry, used) else {
            continue;
        };
        // The cost goes on to holdings in another security, which are valued at it before their
        // first close.
        if effect == Effect::Cost && owners.has_deliveries {
            effect = Effect::Everything;
        }
        let by_effect = effects.entry(at).or_default();
        by_effect.insert(entry.portfolio.0, effect);
        if matches!(effect, Effect::Cost | Effect::Everything) {
            for (receiver, day) in owners.receivers([(entry.portfolio, entry.day)]) {
                let at = owners.session_index(day) as u32;
                let by_effect = effects.entry(at).or_default();
                by_effect.insert(receiver.0, effect);
            }
        }
    }
    effects
}
