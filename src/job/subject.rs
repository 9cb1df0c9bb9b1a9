//! A job on a world: loads the world for each check, and runs the job on it.

use std::sync::atomic::AtomicBool;

use super::error::JobError;
use super::job_file::Job;
use super::request::JobRequest;
use super::run::{Disturbance, JobRun, run};
use super::scratch::Template;
use super::state::JobState;
use crate::engine::Settings;
use crate::scenario::runner::Promise;
use crate::scenario::script::Scenario;
use crate::scenario::world::World;

/// A job on a world.
#[derive(Clone, Copy)]
pub(super) struct Subject<'s> {
    pub(super) job: &'s Job,
    pub(super) template: &'s Template,
    pub(super) world: &'s World,
    pub(super) settings: &'s Settings,
    pub(super) cancel: &'s AtomicBool,
    /// The only promise to check; all of the job if `None`.
    pub(super) wanted: Option<Promise>,
}

impl<'s> Subject<'s> {
    pub(super) const fn of(
        job: &'s Job,
        template: &'s Template,
        scenario: &'s Scenario,
        cancel: &'s AtomicBool,
    ) -> Self {
        Self {
            job,
            template,
            world: &scenario.world,
            settings: &scenario.settings,
            cancel,
            wanted: None,
        }
    }

    /// Returns whether a promise is to be checked.
    pub(super) fn checks(&self, promise: Promise) -> bool {
        self.job.checks(promise) && self.wanted.is_none_or(|wanted| wanted == promise)
    }

    pub(super) fn load(&self) -> Result<JobState<'s>, JobError> {
        JobState::load(self.job, self.template, self.world, self.settings)
    }

    pub(super) fn run(
        &self,
        state: &JobState<'_>,
        request: &JobRequest<'_>,
        disturbance: Disturbance,
    ) -> Result<JobRun, JobError> {
        run(state, request, disturbance, self.cancel)
    }

    pub(super) fn nightly(&self) -> JobRequest<'s> {
        JobRequest::nightly(&self.job.commands.run)
    }
}
