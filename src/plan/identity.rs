//! A plan's name: a hash over what it would do.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::domain::{PhaseSet, Subjects};

use super::{DayPlan, Plan, StepKind};

/// The first 64 bits of a SHA-256 over a plan's steps: day, phases, kind of reason and cells.
/// Plans with the same id do the same work for the same kinds of reason. Shown as 16 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct PlanId([u8; 8]);

/// A text that is no [`PlanId`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no plan id (expected 16 hex digits)")]
pub struct PlanIdError(pub String);

impl Plan {
    /// Its id: the same on every machine, and for any number of threads.
    pub fn id(&self) -> PlanId {
        let mut hash = Sha256::new();
        for day in self.days_with_work() {
            hash_day(&mut hash, day);
        }
        let digest = hash.finalize();
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        PlanId(id)
    }
}

/// The steps of a day, the invalidations of a kind taken together.
pub(super) fn by_kind(day: &DayPlan) -> BTreeMap<(PhaseSet, StepKind), Subjects> {
    let mut groups: BTreeMap<_, Subjects> = BTreeMap::new();
    for steps in &day.steps {
        *groups
            .entry((steps.phases, steps.reason.kind()))
            .or_default() |= &steps.cells;
    }
    groups
}

/// Sets are listed as maximal ranges, so that it makes no difference how one is held in memory.
/// No range has an end before its start, so a reversed one closes a list.
fn hash_day(hash: &mut Sha256, day: &DayPlan) {
    const END: [u32; 2] = [1, 0];
    let mut listing = Vec::new();
    let mut put = |numbers: [u32; 2]| {
        for number in numbers {
            listing.extend_from_slice(&number.to_le_bytes());
        }
    };
    put([day.day.number().cast_unsigned(), 0]);
    for ((phases, kind), cells) in by_kind(day) {
        put([u32::from(phases.bits()), kind as u32]);
        let mut ranges = cells.iter();
        let mut open: Option<[u32; 2]> = None;
        while let Some(range) = ranges.next_range() {
            open = match open {
                Some([start, end]) if end + 1 == *range.start() => Some([start, *range.end()]),
                Some(closed) => {
                    put(closed);
                    Some([*range.start(), *range.end()])
                }
                None => Some([*range.start(), *range.end()]),
            };
        }
        open.into_iter().for_each(&mut put);
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
        let shaped = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u64::from_str_radix(text, 16) {
            Ok(bits) if shaped => Ok(Self(bits.to_be_bytes())),
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
