//! Lists the promises that the runs of a job are not checked for, so that they are not taken as kept.

use super::job_file::Job;
use crate::domain::Phase;
use crate::scenario::runner::{Promise, UncheckedPromise};

impl Job {
    /// Returns the promises that are not checked, each with the reason.
    pub fn unchecked(&self) -> Vec<UncheckedPromise> {
        let unchecked = Promise::ALL.into_iter().filter_map(|promise| {
            let reason = match self.checks(promise) {
                false => "switched off in the job file",
                true => self.missing_for(promise)?,
            };
            Some(UncheckedPromise { promise, reason })
        });
        unchecked.collect()
    }

    /// Returns what the job file lacks to check a promise, if it lacks anything.
    fn missing_for(&self, promise: Promise) -> Option<&'static str> {
        let (map, commands) = (&self.map, &self.commands);
        let (is_there, reason) = match promise {
            Promise::ScopeIsHonoured | Promise::UnknownIdsNeverWiden => (
                commands.scope.is_some(),
                "the job file has no command `scope`",
            ),
            Promise::ForcedRunRepeatsAmounts => (
                commands.force.is_some(),
                "the job file has no command `force`",
            ),
            Promise::LaterDaysDoNotCount => {
                let has_amounts = map.amounts().next().is_some();
                (has_amounts, "the map has no `nav`, `cash` or `pnl`")
            }
            Promise::ProgressRowsAreTrue => (
                map.runs.is_some() || map.progress.is_some(),
                "the map has no `runs` and no `progress`",
            ),
            Promise::DeletedDoNotCount => (
                map.portfolios.column("deleted-at").is_some(),
                "the map has no `deleted-at`",
            ),
            Promise::NoSnapshotWithoutAnalytics => {
                let has_analytics = self.phases().any(|phase| phase != Phase::Snapshot);
                (has_analytics, "the map has no `analytics`")
            }
            _ => return None,
        };
        (!is_there).then_some(reason)
    }
}
