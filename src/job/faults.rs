//! Fails every write of a job's run, and kills the run at every write, each on a copy of the
//! database, and checks that the next run does the rest.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

use super::applicable::world_reason;
use super::error::JobError;
use super::job_file::Job;
use super::outcome::CommandFailure;
use super::promises::check_heals;
use super::run::Disturbance;
use super::run_checks::BrokenPromise;
use super::scratch::Template;
use super::subject::Subject;
use crate::parallel::map;
use crate::scenario::runner::{Promise, UncheckedPromise};
use crate::scenario::script::{FixtureError, Scenario};
use crate::store::{WriteFault, WriteFaultKind};

/// A world with three portfolios of which two need sessions, in the order of their ids and out of it.
const DEFAULT_WORLD: &str = "\
now = 2026-01-08T18:00:00-05:00
[portfolios]
A = { inception = 2026-01-05, complete = \"..2026-01-06\" }
B = { inception = 2026-01-05, complete = \"..2026-01-06\" }
C = { inception = 2026-01-05, complete = \"..2026-01-06\" }
";

/// The result of faults at all writes of a run.
#[derive(Debug)]
pub struct JobFaultReport {
    /// The writes of the undisturbed run.
    pub writes: u64,
    /// The faults that were injected.
    pub faults: u64,
    /// The faults after which the next run did not do the rest, in the order of the writes.
    pub broken: Vec<BrokenPromise>,
    /// The failure of the undisturbed run, which ends the check.
    pub failure: Option<CommandFailure>,
    /// The reason why the job cannot take the world.
    pub not_applicable: Option<String>,
    /// The promises about faults that are not checked.
    pub unchecked: Vec<UncheckedPromise>,
}

/// Injects all faults into the run of a job, on the world of `scenario` or on a small one.
///
/// # Errors
///
/// The job cannot be run at all, or Ctrl-C was pressed.
pub fn inject_job_faults(
    job: &Job,
    scenario: Option<&Scenario>,
    jobs: NonZeroUsize,
    cancel: &AtomicBool,
) -> Result<JobFaultReport, JobError> {
    let default = match scenario {
        Some(_) => None,
        None => {
            let no_fixture = |name: &str| Err(FixtureError::Absent(name.to_owned()));
            Some(Scenario::read("faults", DEFAULT_WORLD, &no_fixture)?)
        }
    };
    let mut report = JobFaultReport {
        writes: 0,
        faults: 0,
        broken: Vec::new(),
        failure: None,
        not_applicable: None,
        unchecked: job.unchecked(),
    };
    let is_about_faults =
        |promise| matches!(promise, Promise::FailedRunHeals | Promise::KilledRunHeals);
    report.unchecked.retain(|of| is_about_faults(of.promise));
    let Some(scenario) = scenario.or(default.as_ref()) else {
        return Ok(report);
    };
    report.not_applicable = world_reason(job, &scenario.world);
    if report.not_applicable.is_some() {
        return Ok(report);
    }
    let kinds: Vec<WriteFaultKind> = [
        (WriteFaultKind::Raise, Promise::FailedRunHeals),
        (WriteFaultKind::Hang, Promise::KilledRunHeals),
    ]
    .into_iter()
    .filter_map(|(kind, promise)| job.checks(promise).then_some(kind))
    .collect();
    if kinds.is_empty() {
        return Err(JobError::Value {
            path: job.path.clone(),
            line: job.promises_line,
            problem:
                "`failed-run-heals` and `killed-run-heals` are switched off, so no fault would be \
                      checked"
                    .to_owned(),
        });
    }
    let template = Template::make(job, cancel)?;
    let subject = Subject::of(job, &template, scenario, cancel);
    let start = subject.load()?;
    let state = start.fork()?;
    let undisturbed = subject.run(&state, &subject.nightly(), Disturbance::default())?;
    report.writes = undisturbed.writes.len() as u64;
    report.failure = undisturbed.failure.clone();
    if report.failure.is_some() {
        return Ok(report);
    }
    let faults = (1..=report.writes).flat_map(|number| {
        let kinds = kinds.iter();
        kinds.map(move |kind| WriteFault {
            number,
            kind: *kind,
        })
    });
    let faults: Vec<WriteFault> = faults.collect();
    report.faults = faults.len() as u64;
    let results = map(jobs, &faults, |fault| {
        check_heals(&subject, &start, &undisturbed, *fault)
    });
    for result in results {
        report.broken.extend(result?);
    }
    Ok(report)
}
