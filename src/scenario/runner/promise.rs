//! Lists the promises that a nightly job makes, whatever its rules.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A promise of a nightly job, which is checked on every world.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Promise {
    /// A run does every cell that is needed up to its target.
    FindsEveryNeededCell,
    /// A run writes no cell that is complete, and no cell twice.
    DoesNothingTwice,
    /// A second run after a first one writes nothing.
    SecondRunWritesNothing,
    /// Deleted portfolios are not written, and do not hide cells of others.
    DeletedDoNotCount,
    /// A run of some portfolios does their cells and no others.
    ScopeIsHonoured,
    /// A run of unknown portfolios writes nothing.
    UnknownIdsNeverWiden,
    /// A run deletes, adds and changes no portfolio, as far as the map has its columns.
    LeavesPortfoliosAlone,
    /// Each written cell is a session of the portfolio's life, up to the target or in the range.
    NoWriteOutsideRange,
    /// After a run in which a write failed, the next one does the rest.
    FailedRunHeals,
    /// After a run that was killed, the next one does the rest.
    KilledRunHeals,
    /// Two runs at once do each cell, and none twice.
    TwoRunsDoEachCellOnce,
    /// After a run, no snapshot is without the analytics that the map has.
    NoSnapshotWithoutAnalytics,
    /// The mapped amounts of a portfolio's first open day do not depend on the days after it.
    LaterDaysDoNotCount,
    /// A forced run of a day does its cells again, and gives those that the job did the same mapped
    /// amounts.
    ForcedRunRepeatsAmounts,
    /// The mapped rows of a run and of its progress count what it wrote, and tell how it ended.
    ProgressRowsAreTrue,
}

impl Promise {
    /// All promises, in the order of their checks.
    pub const ALL: [Self; 15] = [
        Self::FindsEveryNeededCell,
        Self::NoSnapshotWithoutAnalytics,
        Self::DoesNothingTwice,
        Self::NoWriteOutsideRange,
        Self::LeavesPortfoliosAlone,
        Self::ProgressRowsAreTrue,
        Self::DeletedDoNotCount,
        Self::SecondRunWritesNothing,
        Self::LaterDaysDoNotCount,
        Self::ForcedRunRepeatsAmounts,
        Self::ScopeIsHonoured,
        Self::UnknownIdsNeverWiden,
        Self::FailedRunHeals,
        Self::KilledRunHeals,
        Self::TwoRunsDoEachCellOnce,
    ];

    /// Returns the name in job files and results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FindsEveryNeededCell => "finds-every-needed-cell",
            Self::DoesNothingTwice => "does-nothing-twice",
            Self::SecondRunWritesNothing => "second-run-writes-nothing",
            Self::DeletedDoNotCount => "deleted-do-not-count",
            Self::ScopeIsHonoured => "scope-is-honoured",
            Self::UnknownIdsNeverWiden => "unknown-ids-never-widen",
            Self::NoWriteOutsideRange => "no-write-outside-range",
            Self::LeavesPortfoliosAlone => "leaves-portfolios-alone",
            Self::FailedRunHeals => "failed-run-heals",
            Self::KilledRunHeals => "killed-run-heals",
            Self::TwoRunsDoEachCellOnce => "two-runs-do-each-cell-once",
            Self::NoSnapshotWithoutAnalytics => "no-snapshot-without-analytics",
            Self::LaterDaysDoNotCount => "later-days-do-not-count",
            Self::ForcedRunRepeatsAmounts => "forced-run-repeats-amounts",
            Self::ProgressRowsAreTrue => "progress-rows-are-true",
        }
    }
}

/// A promise that the runs of a job are not checked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UncheckedPromise {
    /// The promise, which is neither kept nor broken.
    pub promise: Promise,
    /// The reason in words.
    pub reason: &'static str,
}

impl fmt::Display for UncheckedPromise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise, self.reason)
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_those_of_job_files() {
        let names: BTreeSet<_> = Promise::ALL.map(Promise::name).into();
        assert_eq!(names.len(), Promise::ALL.len());
        for promise in Promise::ALL {
            let json = serde_json::to_value(promise).unwrap();
            assert_eq!(json, promise.name());
        }
    }
}
