//! Defines a request to a job.

use super::job_file::{Job, JobCommand};
use crate::domain::{DayRange, Scope};
use crate::plan::Request;

/// A request to a job: its command, and the cells that it is about.
#[derive(Debug, Clone)]
pub(super) struct JobRequest<'r> {
    pub(super) command: &'r JobCommand,
    /// The scope, range and target, as Plimsoll plans them.
    pub(super) plan: Request,
    /// The days to process again.
    pub(super) force: Option<DayRange>,
    /// Ids of portfolios that are not known, in the form of the tables.
    pub(super) unknown_ids: Vec<String>,
}

impl<'r> JobRequest<'r> {
    /// Returns the request of an ordinary run of all portfolios.
    pub(super) fn nightly(command: &'r JobCommand) -> Self {
        Self {
            command,
            plan: Request::new(Scope::AllActive),
            force: None,
            unknown_ids: Vec::new(),
        }
    }

    /// Returns the request of a run that does all cells of some days again.
    pub(super) fn forced(command: &'r JobCommand, days: DayRange) -> Self {
        let mut request = Self::nightly(command);
        request.force_days(days);
        request
    }

    /// Makes the request one that does all cells of some days again. It is about these days only.
    pub(super) fn force_days(&mut self, days: DayRange) {
        self.force = Some(days);
        self.plan.from = Some(days.first());
        self.plan.to = Some(days.last());
    }

    /// Returns whether the request is that of an ordinary run of all portfolios.
    pub(super) fn is_nightly(&self, job: &Job) -> bool {
        std::ptr::eq(self.command, &job.commands.run)
            && self.plan == Request::new(Scope::AllActive)
            && self.unknown_ids.is_empty()
    }
}
