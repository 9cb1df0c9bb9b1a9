//! Draws worlds until a promise of a job breaks, and shrinks the world on which it does.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::amount_checks::check_amounts;
use super::applicable::world_reason;
use super::error::JobError;
use super::job_file::Job;
use super::promises::{check_promises, check_two_runs};
use super::run::Disturbance;
use super::run_checks::{BrokenPromise, check_run};
use super::scratch::Template;
use super::subject::Subject;
use super::worlds::generate_world;
use crate::parallel::map;
use crate::scenario::runner::Promise;
use crate::scenario::script::{FixtureError, Scenario};
use crate::scenario::shrink::{Condition, Oracle, ShrinkError, shrink};

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
    /// The reason of the first of them.
    pub reason: Option<String>,
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
    pub scenario: String,
    /// The drafts that were tried; `None` if the promise did not break a second time, so that the
    /// scenario is the whole world.
    pub tried: Option<usize>,
}

/// The result of one seed.
enum Drawn {
    Kept,
    NotApplicable(String),
    Broken(Promise, Vec<BrokenPromise>),
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
        reason: None,
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
            let drawn = drawn.map_err(|error| match error.is_of_world() {
                true => JobError::World {
                    seed,
                    source: Box::new(error),
                },
                false => error,
            })?;
            match drawn {
                Drawn::Kept => report.worlds += 1,
                Drawn::NotApplicable(reason) => {
                    report.not_applicable += 1;
                    report.reason.get_or_insert(reason);
                }
                Drawn::Broken(promise, broken) => {
                    report.worlds += 1;
                    let found =
                        make_smaller(job, &template, (seed, promise), broken, cancel, progress)?;
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
    if let Some(reason) = world_reason(job, &scenario.world) {
        return Ok(Drawn::NotApplicable(reason));
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
    Ok(match broken.first() {
        None => Drawn::Kept,
        Some(first) => Drawn::Broken(first.promise, broken),
    })
}

fn make_smaller(
    job: &Arc<Job>,
    template: &Arc<Template>,
    (seed, promise): (u64, Promise),
    broken: Vec<BrokenPromise>,
    cancel: &'static AtomicBool,
    progress: &dyn Fn(usize, usize),
) -> Result<FoundWorld, JobError> {
    let text = generate_world(job, seed);
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
    let no_fixture = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    // Without a command as condition, nothing is written to the folder.
    let folder = std::env::temp_dir();
    let name = format!("seed {seed} of {}", job.name);
    let small = match shrink(&name, &text, &no_fixture, &condition, &folder, progress) {
        Ok(small) => small,
        Err(ShrinkError::DoesNotHold(_)) => {
            return Ok(FoundWorld {
                seed,
                broken,
                scenario: text,
                tried: None,
            });
        }
        Err(error) => return Err(error.into()),
    };
    let scenario = read(&small.text)?;
    let subject = Subject::of(job, template, &scenario, cancel);
    let again = check_promises(&subject)?;
    Ok(FoundWorld {
        seed,
        // A promise that breaks now and then is still the one that was found.
        broken: if again.is_empty() { broken } else { again },
        scenario: small.text,
        tried: Some(small.tried),
    })
}

/// Returns whether a promise breaks on a world, with as few runs as show it.
fn breaks_promise(subject: &Subject<'_>, promise: Promise) -> Result<bool, JobError> {
    let is_it = |broken: &BrokenPromise| broken.promise == promise;
    Ok(match promise {
        Promise::FindsEveryNeededCell
        | Promise::DoesNothingTwice
        | Promise::NoWriteOutsideRange
        | Promise::LeavesPortfoliosAlone
        | Promise::ProgressRowsAreTrue
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
        Promise::LaterDaysDoNotCount | Promise::ForcedRunRepeatsAmounts => {
            let broken = check_amounts(subject, &subject.load()?)?;
            broken.iter().any(is_it)
        }
        _ => check_promises(subject)?.iter().any(is_it),
    })
}
