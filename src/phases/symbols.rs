//! Finds securities by symbol, and orders them by it.

use std::collections::BTreeMap;

use super::columns::Slot;

/// The slots of the securities by symbol.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Symbols {
    slots: BTreeMap<String, Slot>,
    /// The place of each security in the order of the symbols, by slot.
    ranks: Vec<u32>,
}

impl Symbols {
    /// Collects the symbols with the slots of their securities. Slots are the numbers below the
    /// number of securities.
    pub(super) fn new(symbols: impl IntoIterator<Item = (String, Slot)>) -> Self {
        let slots: BTreeMap<String, Slot> = symbols.into_iter().collect();
        let count = slots.values().map(|slot| slot.index() + 1).max();
        let mut ranks = vec![0; count.unwrap_or_default()];
        for (rank, slot) in (0..).zip(slots.values()) {
            ranks[slot.index()] = rank;
        }
        Self { slots, ranks }
    }

    /// Returns the slot of the security with this symbol.
    pub(super) fn slot(&self, symbol: &str) -> Option<Slot> {
        self.slots.get(symbol).copied()
    }

    /// Returns the place of a security in the order of the symbols. Sums of `f64` over holdings run
    /// in this order: ids depend on the order of import, and another order changes the last bits.
    pub(super) fn rank(&self, slot: Slot) -> u32 {
        self.ranks[slot.index()]
    }
}
