//! Finds securities by symbol, and orders them by their first one.

use std::collections::BTreeMap;

use super::columns::Slot;
use crate::domain::{Day, Security};

/// The slots of the securities by symbol.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Symbols {
    /// By current symbol, and by former symbols that no security has today.
    slots: BTreeMap<String, Slot>,
    /// The place of each security in the order of the first symbols, by slot.
    ranks: Vec<u32>,
}

impl Symbols {
    /// Collects the symbols of the securities, which are in the order of their slots.
    pub(super) fn new(securities: &[Security]) -> Self {
        let mut latest: BTreeMap<&str, (Day, u32)> = BTreeMap::new();
        let mut order: Vec<_> = Vec::with_capacity(securities.len());
        for (slot, security) in (0_u32..).zip(securities) {
            for (symbol, end) in security.symbols_with_ends() {
                let last = latest.entry(symbol).or_insert((end, slot));
                *last = (*last).max((end, slot));
            }
            order.push((security.symbol_order(), slot));
        }
        order.sort_unstable();
        let mut ranks = vec![0; securities.len()];
        for (rank, (_, slot)) in (0..).zip(order) {
            ranks[slot as usize] = rank;
        }
        let slots = latest.into_iter();
        Self {
            slots: slots
                .map(|(symbol, (_, slot))| (symbol.to_owned(), Slot(slot)))
                .collect(),
            ranks,
        }
    }

    /// Returns the slot of the security with this symbol today, else of the last one that had it.
    pub(super) fn slot(&self, symbol: &str) -> Option<Slot> {
        self.slots.get(symbol).copied()
    }

    /// Returns the place of a security in the order of the first symbols. Sums of `f64` over holdings
    /// run in this order, because another order changes the last bits: ids depend on the order of
    /// import, and a new symbol must not change a figure.
    pub(super) fn rank(&self, slot: Slot) -> u32 {
        self.ranks[slot.index()]
    }
}
