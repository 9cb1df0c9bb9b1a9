//! Computes the id of a plan: a hash over its steps.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::domain::{IdSet, PhaseSet};

use super::plan::{DayPlan, Plan};
use super::reason::StepKind;

/// The first 64 bits of a SHA-256 over a plan's steps: day, phases, kind of reason and cells.
/// Plans with the same id do the same work for the same kinds of reason. Shown as 16 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PlanId([u8; 8]);

/// The error of a text that is not a [`PlanId`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("invalid plan id `{0}` (expected 16 hex digits)")]
pub struct PlanIdError(pub String);

impl Plan {
    /// Returns the id: the same on every machine, and for any number of threads.
    pub fn id(&self) -> PlanId {
        let mut hash = Sha256::new();
        // Skips are not hashed: an approved plan stays valid if it does the same work.
        for day in self.days_with_work() {
            hash_day(&mut hash, day);
        }
        let digest = hash.finalize();
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        PlanId(id)
    }
}

/// Groups the steps of a day by phases and kind of reason, merging invalidations of one kind.
pub(super) fn group_by_kind(day: &DayPlan) -> BTreeMap<(PhaseSet, StepKind), IdSet> {
    let mut groups: BTreeMap<_, IdSet> = BTreeMap::new();
    for steps in &day.steps {
        *groups
            .entry((steps.phases, steps.reason.kind()))
            .or_default() |= &steps.cells;
    }
    groups
}

/// Hashes one day. Sets are written as maximal ranges, so the layout of a bitmap in memory does
/// not change the id.
fn hash_day(hash: &mut Sha256, day: &DayPlan) {
    // A reversed range can't occur, so it marks the end of a list without ambiguity.
    const END: [u32; 2] = [1, 0];
    let mut listing = Vec::new();
    let mut put = |numbers: [u32; 2]| {
        for number in numbers {
            listing.extend_from_slice(&number.to_le_bytes());
        }
    };
    put([day.day.number().cast_unsigned(), 0]);
    for ((phases, kind), cells) in group_by_kind(day) {
        put([u32::from(phases.bits()), kind as u32]);
        let mut ranges = cells.iter();
        while let Some(range) = ranges.next_range() {
            put([*range.start(), *range.end()]);
        }
        put(END);
    }
    put(END);
    hash.update(&listing);
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:016x}", u64::from_be_bytes(self.0)))
    }
}

impl fmt::Debug for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PlanId {
    type Err = PlanIdError;

    fn from_str(text: &str) -> Result<Self, PlanIdError> {
        // `from_str_radix` also accepts a sign and fewer digits.
        let is_well_formed = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u64::from_str_radix(text, 16) {
            Ok(bits) if is_well_formed => Ok(Self(bits.to_be_bytes())),
            _ => Err(PlanIdError(text.to_owned())),
        }
    }
}

impl From<PlanId> for String {
    fn from(id: PlanId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for PlanId {
    type Error = PlanIdError;

    fn try_from(text: String) -> Result<Self, PlanIdError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Day, Scope};
    use crate::plan::plan::StepGroup;
    use crate::plan::planner::plan;
    use crate::plan::range_start::RangeStart;
    use crate::plan::reason::StepReason;
    use crate::plan::request::Request;
    use crate::plan::survey::Survey;
    use crate::plan::target::Today;

    /// Builds a plan of one session with these steps.
    fn plan_of(steps: Vec<StepGroup>) -> Plan {
        let day = Day::MIN;
        let request = Request::new(Scope::AllActive);
        let today = Today {
            date: day,
            last_final: day,
        };
        let mut plan = plan(&request, &Survey::default(), today).unwrap();
        let skips = Vec::new();
        plan.days = vec![DayPlan { day, steps, skips }];
        plan
    }

    fn steps(reason: StepReason, phases: PhaseSet, cells: &[u32]) -> StepGroup {
        StepGroup {
            phases,
            reason,
            cells: cells.iter().copied().collect(),
        }
    }

    #[test]
    fn id_depends_on_day_phases_reason_kind_and_cells() {
        let all = PhaseSet::CELL_PHASES;
        let first = plan_of(vec![steps(StepReason::Missing, all, &[1, 2])]);
        let mut another_day = first.clone();
        another_day.days[0].day = Day::MIN.next();
        let risk = PhaseSet::from_phase(crate::domain::Phase::Risk);
        let others = [
            another_day,
            plan_of(vec![steps(StepReason::Forced(1), all, &[1, 2])]),
            plan_of(vec![steps(StepReason::Missing, risk, &[1, 2])]),
            plan_of(vec![steps(StepReason::Missing, all, &[1, 3])]),
            plan_of(vec![]),
        ];
        for other in &others {
            assert_ne!(first.id(), other.id());
            assert!(!first.difference(other).is_empty());
        }
    }

    #[test]
    fn id_ignores_invalidation_ids_and_range_start() {
        let all = PhaseSet::CELL_PHASES;
        let merged = plan_of(vec![steps(StepReason::Stale(7), all, &[1, 2])]);
        let mut split = plan_of(vec![
            steps(StepReason::Stale(8), all, &[1]),
            steps(StepReason::Stale(9), all, &[2]),
        ]);
        split.start = RangeStart::FirstRun;
        assert_eq!(merged.id(), split.id());
        assert!(merged.difference(&split).is_empty());
    }

    #[test]
    fn invalid_ids_are_refused() {
        let id = plan_of(vec![]).id();
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "e3b0", "+3b0c44298fc1c14", "e3b0c44298fc1c14e"] {
            assert!(text.parse::<PlanId>().is_err(), "{text}");
        }
    }
}
