//! Draws worlds until a promise of a job breaks, and shrinks the world on which it does.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::error::JobError;
use super::job_file::Job;
use super::play::{JobPlay, WorldChecks, play};
use super::promises::check_promises;
use super::run_checks::BrokenPromise;
use super::scratch::Template;
use super::shrink::{FailureKind, GoesOn, ShrinkSubject};
use super::subject::Subject;
use super::worlds::generate_world;
use crate::parallel::map;
use crate::scenario::runner::{PlayResult, Problem, UncheckedPromise};
use crate::scenario::script::{FindFixture, FixtureError, Scenario};
use crate::scenario::shrink::ShrinkError;

/// Of so many worlds one is checked for all promises; the others for those that the runs of its nights
/// show.
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
    /// The promises that are not checked.
    pub unchecked: Vec<UncheckedPromise>,
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
    /// The world was made as small as can be; otherwise the time was used up.
    pub is_smallest: bool,
}

/// The times of a search.
pub struct JobFuzzTimes<'t> {
    /// Returns whether another batch of worlds is drawn.
    pub draws_on: &'t dyn Fn() -> bool,
    /// Returns whether a found world is made smaller still.
    pub shrinks_on: Arc<GoesOn>,
}

/// The result of one seed.
enum Drawn {
    Kept,
    NotApplicable(String),
    Broken {
        /// The first broken promise, with the checks that show it.
        kind: FailureKind,
        broken: Vec<BrokenPromise>,
    },
}

/// Draws worlds while `times` allow it, at least one batch, up to the first on which a promise breaks.
/// `progress` gets the number of portfolios left and of drafts tried while it is made smaller.
///
/// # Errors
///
/// The job cannot be run at all, or Ctrl-C was pressed.
pub fn fuzz_job(
    job: &Arc<Job>,
    options: JobFuzzOptions,
    cancel: &'static AtomicBool,
    times: &JobFuzzTimes<'_>,
    progress: &dyn Fn(usize, usize),
) -> Result<JobFuzzReport, JobError> {
    let template = Arc::new(Template::make(job, cancel)?);
    let mut report = JobFuzzReport {
        worlds: 0,
        not_applicable: 0,
        reason: None,
        found: None,
        unchecked: job.unchecked(),
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
                Drawn::Broken { kind, broken } => {
                    report.worlds += 1;
                    let subject = ShrinkSubject {
                        job: Arc::clone(job),
                        template: Arc::clone(&template),
                        cancel,
                    };
                    let shrinks_on = Arc::clone(&times.shrinks_on);
                    let found = make_smaller(subject, (seed, kind), broken, shrinks_on, progress)?;
                    report.found = Some(found);
                    return Ok(report);
                }
            }
        }
        if !(times.draws_on)() {
            return Ok(report);
        }
    }
}

fn read(text: &str) -> Result<Scenario, JobError> {
    Ok(Scenario::read("drawn", text, NO_FIXTURE)?)
}

const NO_FIXTURE: &FindFixture<'static> = &|name| Err(FixtureError::Absent(name.to_owned()));

fn check_seed(
    job: &Job,
    template: &Template,
    seed: u64,
    cancel: &AtomicBool,
) -> Result<Drawn, JobError> {
    let scenario = read(&generate_world(job, seed))?;
    let played = match play(job, template, &scenario, cancel, WorldChecks::None)? {
        JobPlay::NotApplicable { reason } => return Ok(Drawn::NotApplicable(reason)),
        JobPlay::Played(played) => played,
    };
    let (mut broken, mut is_of_world) = (broken_promises(&played), false);
    if broken.is_empty() && seed.is_multiple_of(WORLDS_FOR_ALL_PROMISES) {
        let subject = Subject::of(job, template, &scenario, cancel);
        broken = check_promises(&subject)?;
        is_of_world = true;
    }
    let Some(first) = broken.first().map(|first| first.promise) else {
        return Ok(Drawn::Kept);
    };
    let checks = match is_of_world {
        true => WorldChecks::Of(first),
        false => WorldChecks::None,
    };
    let kind = FailureKind::Promise(first, checks);
    Ok(Drawn::Broken { kind, broken })
}

/// Returns the promises that a play shows broken. Of several steps, the text names the one.
fn broken_promises(played: &PlayResult) -> Vec<BrokenPromise> {
    let findings = played.findings().filter_map(|(_, finding)| {
        let Problem::Promise { promise, text } = &finding.problem else {
            return None;
        };
        let text = match &finding.step {
            Some(step) => format!("step {step}: {text}"),
            None => text.clone(),
        };
        let promise = *promise;
        Some(BrokenPromise { promise, text })
    });
    findings.collect()
}

fn make_smaller(
    subject: ShrinkSubject,
    (seed, kind): (u64, FailureKind),
    broken: Vec<BrokenPromise>,
    shrinks_on: Arc<GoesOn>,
    progress: &dyn Fn(usize, usize),
) -> Result<FoundWorld, JobError> {
    let (job, template, cancel) = (
        Arc::clone(&subject.job),
        Arc::clone(&subject.template),
        subject.cancel,
    );
    let text = generate_world(&job, seed);
    let name = format!("seed {seed} of {}", job.name);
    let goes_on = Arc::clone(&shrinks_on);
    let small = subject.shrink((&name, &text), NO_FIXTURE, kind, goes_on, progress);
    let small = match small {
        Ok(small) => small,
        Err(JobError::Shrink(ShrinkError::DoesNotHold(_))) => {
            return Ok(FoundWorld {
                seed,
                broken,
                scenario: text,
                tried: None,
                is_smallest: false,
            });
        }
        Err(error) => return Err(error),
    };
    let is_smallest = shrinks_on();
    // The other promises that break are of interest, if there is time for them.
    let again = match is_smallest {
        true => play(
            &job,
            &template,
            &read(&small.text)?,
            cancel,
            WorldChecks::All,
        )?,
        false => JobPlay::NotApplicable {
            reason: String::new(),
        },
    };
    let again = match again {
        JobPlay::Played(played) => broken_promises(&played),
        JobPlay::NotApplicable { .. } => Vec::new(),
    };
    Ok(FoundWorld {
        seed,
        // A promise that breaks now and then is still the one that was found.
        broken: if again.is_empty() { broken } else { again },
        scenario: small.text,
        tried: Some(small.tried),
        is_smallest,
    })
}
