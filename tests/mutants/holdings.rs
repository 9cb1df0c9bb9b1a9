//! Faults in when a holding ends, after a split that rounds its lots.

use crate::execution::{edit, fault};
use crate::mutant::Detection::Scenario;
use crate::mutant::Mutant;

const WHICHEVER: &str = "corporate_actions/a_holding_ends_whichever_of_its_lots_were_sold";

pub(crate) const MUTANTS: &[Mutant] = &[
    fault(
        "rounding-by-lots-left",
        "a sale may leave one unit for each lot that is left at the split",
        &[Scenario(WHICHEVER)],
        &[edit(
            "src/domain/lots/lots.rs",
            "self.rounded = self.acquisitions;",
            "self.acquisitions",
            "u32::try_from(self.lots.len()).unwrap_or(u32::MAX)",
        )],
    ),
    fault(
        "owners-of-cancelled-trades",
        "invalidation counts a purchase and a sale that cancel each other as an acquisition",
        &[Scenario(WHICHEVER)],
        &[edit(
            "src/invalidation/received.rs",
            "Ok(without_cancelled(entries, |entry| entry))",
            "without_cancelled(entries, |entry| entry)",
            "entries",
        )],
    ),
    fault(
        "received-units-of-one-lot",
        "invalidation takes units received in a spin-off as one exact purchase",
        &[Scenario(WHICHEVER)],
        &[edit(
            "src/invalidation/received.rs",
            "effect: LotEffect::Received(lots),",
            "LotEffect::Received(lots)",
            "LotEffect::Traded",
        )],
    ),
];
