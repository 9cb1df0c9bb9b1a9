//! Faults in invalidation that take too little out of the ledger, found by generated histories.

use crate::execution::{edit, fault};
use crate::mutant::Detection::Sim;
use crate::mutant::Mutant;

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "cash-at-a-corrected-rate-stays",
        "a corrected rate invalidates no cell that converts cash at it",
        &[Sim("histories")],
        &[edit(
            "src/invalidation/cash_uses.rs",
            "if !is_currency_pair(pair) {",
            "!is_currency_pair(pair)",
            "true",
        )],
    ),
    fault(
        "cost-at-a-corrected-close-stays",
        "a corrected close or rate does not reach the cost and profit of movements at it",
        &[Sim("histories")],
        &[edit(
            "src/invalidation/movement_effects.rs",
            "if !changed.by_price.contains(at) {",
            "!changed.by_price.contains(at)",
            "true",
        )],
    ),
];
