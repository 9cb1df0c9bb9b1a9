//! Tries a job on a small world: shows what was written, run and seen, so that a mistake in the job
//! file shows before the first scenario.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::Serialize;

use super::applicable::world_reason;
use super::error::JobError;
use super::job_file::Job;
use super::result::run_result;
use super::run::Disturbance;
use super::run_checks::check_run;
use super::scratch::Template;
use super::subject::Subject;
use crate::scenario::runner::RunResult;
use crate::scenario::script::{FixtureError, Scenario};

/// A small world that all tables can hold: two portfolios that lack the last session. A job with the
/// faults of the incident does it too, since none is ahead of the other.
const SMALL_WORLD: &str = "\
now = 2026-01-08T18:00:00-05:00
[portfolios]
A = { inception = 2026-01-05, complete = \"..2026-01-07\" }
B = { inception = 2026-01-05, complete = \"..2026-01-07\" }
";

/// The result of a job on a small world.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct JobCheck {
    /// The cells that were done when the job started, as the map reads them back.
    pub done_before: u64,
    /// The cells that the world has as done.
    pub expected_before: u64,
    /// The run, with the cells that were processed.
    pub run: RunResult,
    /// The writes that were recorded.
    pub writes: usize,
    /// The last output of the command.
    pub output: String,
    /// The time of the command.
    #[serde(skip)]
    pub elapsed: Duration,
    /// The problem with the job file or the job, if there is one.
    pub problem: Option<String>,
}

/// Runs a job once on a small world.
///
/// # Errors
///
/// The database cannot be made or written, or the command cannot be started.
pub fn check_job(job: &Job, cancel: &AtomicBool) -> Result<JobCheck, JobError> {
    let template = Template::make(job, cancel)?;
    let no_fixture = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    let scenario = Scenario::read("check", SMALL_WORLD, &no_fixture)?;
    let subject = Subject::of(job, &template, &scenario, cancel);
    let state = subject.load()?;
    let request = subject.nightly();
    let run = subject.run(&state, &request, Disturbance::default())?;
    let expected_before: usize = (scenario.world.portfolios.iter())
        .map(|portfolio| portfolio.done.len())
        .sum();
    let expected_before = expected_before as u64;
    let done_before = run.before.iter();
    let done_before = done_before
        .filter(|(_, phase, _)| *phase == crate::domain::Phase::Risk)
        .map(|(_, _, ids)| ids.len())
        .sum();
    let broken = check_run(&state, &request, &run);
    let problem = match &run.failure {
        _ if done_before != expected_before => Some(format!(
            "the map reads {done_before} of the {expected_before} cells that were written as done: \
             check `[map]`, `write.ids`, `write.days` and `write.complete`"
        )),
        Some(failure) => Some(failure.to_string()),
        None if run.writes.is_empty() => Some(
            "the command wrote nothing to the tables of the map: check that it uses `{path}` or \
             `{url}`, and that A and B need 2026-01-08 by its rules"
                .to_owned(),
        ),
        None => (broken.first()).map(|broken| format!("{}: {}", broken.promise, broken.text)),
    };
    let problem = problem.or_else(|| world_reason(job, &scenario.world));
    Ok(JobCheck {
        done_before,
        expected_before,
        writes: run.writes.len(),
        output: run.output.clone(),
        elapsed: run.elapsed,
        problem,
        run: run_result(&run, &state.names()),
    })
}
