//! The certificate of a run: every expected cell is in exactly one of five places, and the
//! ledger says the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Coverage, Day, IdSet, PhaseSet};
use crate::plan::{DayPlan, Plan, SkipReason};

/// Expected = done before ⊎ done now ⊎ failed ⊎ blocked ⊎ deferred, counted in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Certificate {
    /// Cells that are expected in the scope and range of the plan.
    pub expected: u64,
    /// Complete before the run.
    pub done_before: u64,
    /// Completed by the run.
    pub done_now: u64,
    /// Tried, and at least one phase failed.
    pub failed: u64,
    /// Waiting for inputs.
    pub blocked: u64,
    /// Left for later: quarantined, in whole or in part, over the limit, left to onboarding, hidden by a replayed
    /// policy, or not reached.
    pub deferred: u64,
    /// Whether the five places are disjoint, add up, and agree with the ledger.
    pub verdict: Verdict,
}

/// Whether a certificate holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It adds up, and the ledger says the same.
    #[default]
    Holds,
    /// The places do not add up to what is expected.
    DoesNotAddUp,
    /// The ledger says otherwise.
    LedgerDisagrees,
}

impl Certificate {
    /// Whether every expected cell is done.
    pub fn is_complete(&self) -> bool {
        self.expected == self.done_before + self.done_now
    }

    /// Whether it adds up and the ledger agrees.
    pub fn is_valid(&self) -> bool {
        self.verdict == Verdict::Holds
    }
}

/// What a run says it did.
#[derive(Debug, Default)]
pub(super) struct CellTally {
    pub(super) done: BTreeMap<Day, IdSet>,
    pub(super) failed: BTreeMap<Day, IdSet>,
    pub(super) blocked: BTreeMap<Day, IdSet>,
}

/// Accounts for every expected cell of `plan`, the run's last, and checks it against the ledger
/// as it is now. What the run had done before it planned anew is complete in its last plan.
pub(super) fn certify(plan: &Plan, account: &CellTally, ledger: &Coverage) -> Certificate {
    let none = IdSet::new();
    let mut certificate = Certificate::default();
    for day in &plan.days {
        let of = |days: &BTreeMap<Day, IdSet>| days.get(&day.day).unwrap_or(&none).clone();
        let (mut done, mut failed) = (of(&account.done), of(&account.failed));
        let mut before = IdSet::new();
        let mut blocked = of(&account.blocked);
        let mut deferred = IdSet::new();
        let mut expected = IdSet::new();
        for skips in &day.skips {
            match skips.reason {
                SkipReason::Complete => before |= &skips.cells,
                SkipReason::Blocked => blocked |= &skips.cells,
                SkipReason::Quarantined
                | SkipReason::OverLimit
                | SkipReason::LeftToOnboarding
                | SkipReason::HiddenByWatermark
                | SkipReason::HiddenBySnapshot => deferred |= &skips.cells,
                SkipReason::BeforeInception
                | SkipReason::AfterClose
                | SkipReason::Deleted
                | SkipReason::BeyondTarget => continue,
            }
            expected |= &skips.cells;
        }
        for steps in &day.steps {
            expected |= &steps.cells;
            let unreached = &steps.cells - &done - &failed - &blocked;
            deferred |= unreached;
        }
        let honest = is_in_ledger(ledger, day, plan.phases, &before, &done);
        let partial = incomplete_cells(ledger, day, plan.phases, &done);
        done -= &partial;
        deferred |= partial;
        done &= &expected;
        failed &= &expected;
        before -= &done;
        let places = [&before, &done, &failed, &blocked, &deferred];
        certificate.expected += expected.len();
        certificate.done_before += before.len();
        certificate.done_now += done.len();
        certificate.failed += failed.len();
        certificate.blocked += blocked.len();
        certificate.deferred += deferred.len();
        if !is_partition(&expected, &places) {
            certificate.verdict = Verdict::DoesNotAddUp;
        } else if !honest {
            certificate.verdict = Verdict::LedgerDisagrees;
        }
    }
    certificate
}

fn is_partition(whole: &IdSet, parts: &[&IdSet]) -> bool {
    let union = parts.iter().fold(IdSet::new(), |all, part| all | *part);
    let count: u64 = parts.iter().map(|part| part.len()).sum();
    union == *whole && count == whole.len()
}

/// The cells of which a step was done and which are not whole by it: a phase that failed too often
/// was left out of the step.
fn incomplete_cells(ledger: &Coverage, day: &DayPlan, phases: PhaseSet, done: &IdSet) -> IdSet {
    let mut open = IdSet::new();
    for steps in &day.steps {
        let left_out = phases.intersection(PhaseSet::CELL_PHASES).iter();
        for phase in left_out.filter(|phase| !steps.phases.contains(*phase)) {
            let tried = &steps.cells & done;
            open |= match ledger.get(day.day, phase) {
                Some(covered) => tried - covered,
                None => tried,
            };
        }
    }
    open
}

/// Whether the ledger holds all phases of the cells that were complete before, and of the cells
/// that are done now the phases of their steps.
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
