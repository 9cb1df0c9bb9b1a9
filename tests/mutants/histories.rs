//! Faults in invalidation that take too little out of the ledger, found by generated histories.

use crate::execution::{edit, fault};
use crate::mutant::Detection::Sim;
use crate::mutant::Mutant;

const MOVEMENT_EFFECTS: &str = "src/invalidation/movement_effects.rs";

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "cost-of-transfer-not-converted-again",
        "a corrected rate changes the flow of a transfer at a stated cost, and not its cost",
        &[Sim("histories")],
        &[edit(
            MOVEMENT_EFFECTS,
            "(TransactionKind::TransferIn, PriceUse::Rate) => Some(Self::Everything)",
            "Some(Self::Everything)",
            "Some(Self::Flow)",
        )],
    ),
    fault(
        "cash-of-trade-not-converted-again",
        "a corrected rate does not change the cash of a trade that is converted at it",
        &[Sim("histories")],
        &[edit(
            MOVEMENT_EFFECTS,
            "(TransactionKind::Buy | TransactionKind::Sell, PriceUse::Rate)
                if !paid && entry.cash.currency.is_none() =>",
            "!paid && entry.cash.currency.is_none()",
            "paid && !paid && entry.cash.currency.is_none()",
        )],
    ),
];
