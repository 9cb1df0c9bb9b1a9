//! Renders plans and outcomes as JSON with kebab-case keys. Days are ISO dates, and portfolios have
//! the names that the caller gives.

mod old_keys;
mod outcome;
mod plan;

use serde_json::{Value, json};

use crate::domain::PhaseSet;
use crate::plan::{BlockReason, BlockedCell, ScopeWatermark};
use crate::query::Names;

fn phases(phases: PhaseSet) -> Value {
    phases.iter().map(|phase| phase.name()).collect()
}

fn watermark(watermark: &ScopeWatermark, names: &Names) -> Value {
    let held_by = watermark.held_by().map(|holder| {
        json!({
            "portfolio": names.portfolio(holder.cell.portfolio),
            "day": holder.cell.day,
            "open": phases(holder.open_phases),
        })
    });
    json!({ "day": watermark.day(), "held-by": held_by })
}

fn blocked(blocked: &[BlockedCell], names: &Names) -> Value {
    let cells = blocked.iter().map(|blocked| {
        let portfolio = names.portfolio(blocked.portfolio);
        match &blocked.reason {
            BlockReason::MissingPrices {
                covered_share,
                missing,
            } => {
                let missing: Vec<_> = missing.iter().map(|id| names.security(*id)).collect();
                json!({
                    "portfolio": portfolio,
                    "missing-prices": missing,
                    "covered-share": covered_share,
                })
            }
            BlockReason::MissingRate { pair } => {
                json!({ "portfolio": portfolio, "missing-rate": pair })
            }
        }
    });
    cells.collect()
}

pub use old_keys::with_old_keys;
pub use outcome::outcome_json;
