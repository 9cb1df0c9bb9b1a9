//! Defines a request to a job.

use super::job_file::JobCommand;
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
}
