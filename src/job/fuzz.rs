//! Draws worlds until a promise of a job breaks, and shrinks the world on which it does.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::applicable::world_reason;
use super::error::JobError;
use super::job_file::Job;
use super::promise::Promise;
use super::promises::{Subject, check_promises, check_two_runs};
use super::run::Disturbance;
use super::run_checks::{BrokenPromise, check_run};
use super::scratch::Template;
use super::worlds::generate_world;
use crate::parallel::map;
use crate::scenario::script::{FixtureError, Scenario};
use crate::scenario::shrink::{Condition, Oracle, ShrinkResult, shrink};

/// Of so many worlds one is checked for all promises; the others for those that two runs show.
const WORLDS_FOR_ALL_PROMISES: u64 = 4;
/// The worlds of a thread in a batch. The budget is checked between batches.
const WORLDS_PER_BATCH: usize = 4;

/// The worlds to draw.
#[derive(Debug, Clone, Copy)]
pub struct JobFuzzOptions {
    /// The first of consecutive seeds.
    pub seed: u64,
    /// The number of worlds checked at a time.
    pub jobs: NonZeroUsize,
}

/// The result of drawn worlds.
#[derive(Debug)]
pub struct JobFuzzReport {
    /// The worlds that were checked.
    pub worlds: u64,
    /// The worlds that the tables of the job could not hold.
    pub not_applicable: u64,
    /// The first world on which a promise breaks.
    pub found: Option<FoundWorld>,
}

/// A world on which a promise breaks.
#[derive(Debug)]
pub struct FoundWorld {
    /// The seed of the world before it was made smaller.
    pub seed: u64,
    /// All promises that break on the small world.
    pub broken: Vec<BrokenPromise>,
    /// The scenario that shows it.
    pub small: ShrinkResult,
}

/// The result of one seed.
enum Drawn {
    Kept,
    NotApplicable,
    Broken(Promise),
}

/// Draws worlds while `goes_on` returns true, at least one batch, up to the first on which a promise
/// breaks. `progress` gets the number of portfolios left and of drafts tried while it is made smaller.
///
/// # Errors
///
/// The job cannot be run at all, or Ctrl-C was pressed.
pub fn fuzz_job(
    job: &Arc<Job>,
    options: JobFuzzOptions,
    cancel: &'static AtomicBool,
    goes_on: &dyn Fn() -> bool,
    progress: &dyn Fn(usize, usize),
) -> Result<JobFuzzReport, JobError> {
    let template = Arc::new(Template::make(job, cancel)?);
    let mut report = JobFuzzReport {
        worlds: 0,
        not_applicable: 0,
        found: None,
    };
    let mut next = options.seed;
    loop {
        let count = (options.jobs.get() * WORLDS_PER_BATCH) as u64;
        let seeds: Vec<u64> = (0..count).map(|n| next.wrapping_add(n)).collect();
        next = next.wrapping_add(count);
        let drawn = map(options.jobs, &seeds, |seed| {
            check_seed(job, &template, *seed, cancel)
        });
        for (seed, drawn) in seeds.into_iter().zip(drawn) {
            match drawn? {
                Drawn::Kept => report.worlds += 1,
                Drawn::NotApplicable => report.not_applicable += 1,
                Drawn::Broken(promise) => {
                    report.worlds += 1;
                    let found = make_smaller(job, &template, seed, promise, cancel, progress)?;
                    report.found = Some(found);
                    return Ok(report);
                }
            }
        }
        if !goes_on() {
            return Ok(report);
        }
    }
}

fn read(text: &str) -> Result<Scenario, JobError> {
    let no_fixture = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    Ok(Scenario::read("drawn", text, &no_fixture)?)
}

fn check_seed(
    job: &Job,
    template: &Template,
    seed: u64,
    cancel: &AtomicBool,
) -> Result<Drawn, JobError> {
    let scenario = read(&generate_world(job, seed))?;
    if world_reason(job, &scenario.world).is_some() {
        return Ok(Drawn::NotApplicable);
    }
    let subject = Subject::of(job, template, &scenario, cancel);
    let broken = match seed % WORLDS_FOR_ALL_PROMISES {
        0 => check_promises(&subject)?,
        _ => {
            let mut broken = Vec::new();
            check_two_runs(&subject, &subject.load()?, &mut broken)?;
            broken
        }
    };
    Ok((broken.first()).map_or(Drawn::Kept, |broken| Drawn::Broken(broken.promise)))
}

fn make_smaller(
    job: &Arc<Job>,
    template: &Arc<Template>,
    seed: u64,
    promise: Promise,
    cancel: &'static AtomicBool,
    progress: &dyn Fn(usize, usize),
) -> Result<FoundWorld, JobError> {
    let (shared, shared_template) = (Arc::clone(job), Arc::clone(template));
    let breaks = move |scenario: &Scenario| {
        // A draft that the job cannot take shows nothing.
        if scenario.steps.is_empty() || world_reason(&shared, &scenario.world).is_some() {
            return false;
        }
        let subject = Subject::of(&shared, &shared_template, scenario, cancel);
        breaks_promise(&subject, promise).unwrap_or(false)
    };
    let condition = Condition::Oracle(Oracle::new(promise.name(), breaks));
    let text = generate_world(job, seed);
    let no_fixture = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    // Without a command as condition, nothing is written to the folder.
    let folder = std::env::temp_dir();
    let name = format!("seed {seed} of {}", job.name);
    let small = shrink(&name, &text, &no_fixture, &condition, &folder, progress)?;
    let scenario = read(&small.text)?;
    let subject = Subject::of(job, template, &scenario, cancel);
    Ok(FoundWorld {
        seed,
        broken: check_promises(&subject)?,
        small,
    })
}

/// Returns whether a promise breaks on a world, with as few runs as show it.
fn breaks_promise(subject: &Subject<'_>, promise: Promise) -> Result<bool, JobError> {
    let is_it = |broken: &BrokenPromise| broken.promise == promise;
    Ok(match promise {
        Promise::FindsEveryNeededCell
        | Promise::DoesNothingTwice
        | Promise::NoWriteOutsideRange
        | Promise::NoSnapshotWithoutAnalytics => {
            let (state, request) = (subject.load()?, subject.nightly());
            let run = subject.run(&state, &request, Disturbance::default())?;
            check_run(&state, &request, &run).iter().any(is_it)
        }
        Promise::SecondRunWritesNothing => {
            let mut broken = Vec::new();
            check_two_runs(subject, &subject.load()?, &mut broken)?;
            broken.iter().any(is_it)
        }
        _ => check_promises(subject)?.iter().any(is_it),
    })
}
