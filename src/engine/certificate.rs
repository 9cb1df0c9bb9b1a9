//! Certifies a run: every expected cell is counted in exactly one of five places, and the ledger
//! agrees.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Coverage, Day, IdSet, PhaseSet};
use crate::plan::{DayPlan, Plan, SkipReason};

/// Counts of cells: expected = done before + done now + failed + blocked + deferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Certificate {
    /// Cells expected in the scope and range of the plan.
    pub expected: u64,
    /// Cells that were complete before the run.
    pub done_before: u64,
    /// Cells that the run completed.
    pub done_now: u64,
    /// Cells that were tried and of which at least one phase failed.
    pub failed: u64,
    /// Cells that wait for prices or a rate.
    pub blocked: u64,
    /// Cells left for later: quarantined in whole or in part, over the limit, left to onboarding,
    /// hidden by a replayed policy, or not reached.
    pub deferred: u64,
    /// Result of the check that the five places are disjoint, add up, and agree with the ledger.
    pub verdict: Verdict,
}

/// The result of checking a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The counts add up and the ledger agrees.
    #[default]
    Holds,
    /// The places overlap or do not add up to the expected cells.
    DoesNotAddUp,
    /// The ledger lacks a cell that counts as done.
    LedgerDisagrees,
}

impl Certificate {
    /// Returns the five terms that the expected cells are the sum of, each with its name.
    pub const fn terms(&self) -> [(&'static str, u64); 5] {
        [
            ("done before", self.done_before),
            ("done now", self.done_now),
            ("failed", self.failed),
            ("blocked", self.blocked),
            ("deferred", self.deferred),
        ]
    }

    /// Returns whether every expected cell is done.
    pub fn is_complete(&self) -> bool {
        self.expected == self.done_before + self.done_now
    }

    /// Returns whether the counts add up and the ledger agrees.
    pub fn is_valid(&self) -> bool {
        self.verdict == Verdict::Holds
    }
}

/// The cells whose results a run committed under its last plan, and those done before that.
#[derive(Debug, Default)]
pub(super) struct CellTally {
    pub(super) done: BTreeMap<Day, IdSet>,
    pub(super) failed: BTreeMap<Day, IdSet>,
    pub(super) blocked: BTreeMap<Day, IdSet>,
    /// Cells done under earlier plans of the run that the last one does not need again.
    pub(super) done_earlier: BTreeMap<Day, IdSet>,
}

/// Counts every expected cell of `plan`, the run's last, and checks the result against the current
/// ledger. The results of earlier plans are replaced by what the last plan found: a cell that was
/// done and is still valid is complete in it, and any other cell is a step or a skip again.
pub(super) fn certify(plan: &Plan, tally: &CellTally, ledger: &Coverage) -> Certificate {
    let none = IdSet::new();
    let mut certificate = Certificate::default();
    for day in &plan.days {
        let on_day = |days: &BTreeMap<Day, IdSet>| days.get(&day.day).unwrap_or(&none).clone();
        let (mut done, failed) = (on_day(&tally.done), on_day(&tally.failed));
        let mut complete = IdSet::new();
        let mut blocked = on_day(&tally.blocked);
        let mut deferred = IdSet::new();
        let mut expected = IdSet::new();
        for skips in &day.skips {
            match skips.reason {
                SkipReason::Complete => complete |= &skips.cells,
                reason if reason.is_waiting() => blocked |= &skips.cells,
                reason if reason.is_open() => deferred |= &skips.cells,
                _ => continue,
            }
            expected |= &skips.cells;
        }
        for steps in &day.steps {
            expected |= &steps.cells;
            let unreached = &steps.cells - &done - &failed - &blocked;
            deferred |= unreached;
        }
        // Checked before `done` shrinks: the ledger must hold everything that was committed, also
        // of cells that count as deferred below.
        let in_ledger = is_in_ledger(ledger, day, plan.phases, &complete, &done);
        let partial = incomplete_cells(ledger, day, plan.phases, &done);
        // The step left out a quarantined phase, so it did not complete the cell.
        done -= &partial;
        deferred |= partial;
        // Done under an earlier plan of this run is done now, not before.
        let earlier = on_day(&tally.done_earlier) & &complete;
        let before = complete - &earlier;
        done |= earlier;
        let places = [&before, &done, &failed, &blocked, &deferred];
        certificate.expected += expected.len();
        certificate.done_before += before.len();
        certificate.done_now += done.len();
        certificate.failed += failed.len();
        certificate.blocked += blocked.len();
        certificate.deferred += deferred.len();
        if !is_partition(&expected, &places) {
            certificate.verdict = Verdict::DoesNotAddUp;
        } else if !in_ledger {
            certificate.verdict = Verdict::LedgerDisagrees;
        }
    }
    certificate
}

/// Returns whether `parts` are disjoint and together `expected`.
fn is_partition(expected: &IdSet, parts: &[&IdSet]) -> bool {
    // Equal sets and equal counts together: an overlap would count a cell twice.
    let union = parts.iter().fold(IdSet::new(), |all, part| all | *part);
    let count: u64 = parts.iter().map(|part| part.len()).sum();
    union == *expected && count == expected.len()
}

/// Returns the cells whose step was done but which are still incomplete, because a phase that
/// failed too often was left out of the step.
fn incomplete_cells(ledger: &Coverage, day: &DayPlan, phases: PhaseSet, done: &IdSet) -> IdSet {
    let mut incomplete = IdSet::new();
    for steps in &day.steps {
        let left_out = phases.intersection(PhaseSet::CELL_PHASES).iter();
        for phase in left_out.filter(|phase| !steps.phases.contains(*phase)) {
            let tried = &steps.cells & done;
            incomplete |= match ledger.get(day.day, phase) {
                Some(covered) => tried - covered,
                None => tried,
            };
        }
    }
    incomplete
}

/// Returns whether the ledger holds all phases of the cells that were complete before, and the
/// phases of the steps of the cells that are done now.
fn is_in_ledger(
    ledger: &Coverage,
    day: &DayPlan,
    phases: PhaseSet,
    before: &IdSet,
    done: &IdSet,
) -> bool {
    let covered = |cells: &IdSet, phases: PhaseSet| {
        let mut phases = phases.intersection(PhaseSet::CELL_PHASES).iter();
        phases.all(|phase| match ledger.get(day.day, phase) {
            Some(covered) => cells.is_subset(covered),
            None => cells.is_empty(),
        })
    };
    covered(before, phases)
        && day
            .steps
            .iter()
            .all(|steps| covered(&(&steps.cells & done), steps.phases))
}
