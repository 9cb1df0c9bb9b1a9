//! Counts how often each phase has failed over a whole scenario, which decides whether a `[[fault]]`
//! makes it fail again.

use std::collections::BTreeMap;

use super::failing_phases::FailingPhases;
use crate::domain::{Calendar, Cell, Phase};
use crate::scenario::script::Fault;
use crate::store::Failure;

/// The failures of each phase of a cell.
#[derive(Debug, Default)]
pub(super) struct FailureCounts {
    /// The failures over the whole scenario; the database forgets them on success.
    totals: BTreeMap<(Cell, Phase), u32>,
    /// The counts of the database at the previous reading.
    last: BTreeMap<(Cell, Phase), u32>,
}

impl FailureCounts {
    /// Adds the failures since the previous reading of the database.
    pub(super) fn record(&mut self, failures: &[Failure]) {
        let counts = failures
            .iter()
            .map(|failure| ((failure.cell, failure.phase), failure.times));
        let counts: BTreeMap<_, _> = counts.collect();
        for (phase, count) in &counts {
            let before = self.last.get(phase).copied().unwrap_or_default();
            // After a reset, a count can be below the previous one. It then adds nothing.
            *self.totals.entry(*phase).or_default() += count.saturating_sub(before);
        }
        self.last = counts;
    }

    /// Returns the phases that fail in a run that starts now, on every known session.
    pub(super) fn failing(&self, faults: &[Fault], calendar: &Calendar) -> FailingPhases {
        let mut failing = Vec::new();
        for fault in faults {
            let known = calendar.known_days();
            let days = fault
                .days
                .iter()
                .filter_map(|days| days.intersection(known));
            let sessions = days.flat_map(|days| calendar.sessions(days).unwrap_or_default());
            for day in sessions {
                for portfolio in &fault.portfolios {
                    let cell = Cell::new(*day, *portfolio);
                    let failed = self.totals.get(&(cell, fault.phase)).copied();
                    if fault.applies_to(cell, failed.unwrap_or_default()) {
                        failing.push((cell, fault.phase));
                    }
                }
            }
        }
        failing.into_iter().collect()
    }
}
