//! Makes a scenario smaller on which a job breaks a promise or does not meet an expectation, as long as
//! it fails in the same way. A scenario that does not apply to the job shows nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::JobError;
use super::job_file::Job;
use super::play::{JobPlay, WorldChecks, play};
use super::scratch::Template;
use crate::scenario::runner::{CheckLevel, Finding, Mismatch, PlayResult, Problem, Promise};
use crate::scenario::script::{FindFixture, Scenario};
use crate::scenario::shrink::{Condition, Oracle, ShrinkResult, shrink};

/// The way in which a job fails on a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// It breaks this promise. The checks are those that show it.
    Promise(Promise, WorldChecks),
    /// It does not meet an expectation with this key.
    Expectation(&'static str),
}

/// Decides whether shrinking goes on.
pub(super) type GoesOn = dyn Fn() -> bool + Send + Sync;

/// A job with its template, shared with the condition of a search.
pub(super) struct ShrinkSubject {
    pub(super) job: Arc<Job>,
    pub(super) template: Arc<Template>,
    pub(super) cancel: &'static AtomicBool,
}

impl FailureKind {
    fn name(self) -> &'static str {
        match self {
            Self::Promise(promise, _) => promise.name(),
            Self::Expectation(key) => key,
        }
    }

    /// Returns the failure of a finding, if it is one of a job.
    fn of(finding: &Finding) -> Option<Self> {
        match &finding.problem {
            Problem::Promise { promise, .. } => {
                Some(Self::Promise(*promise, WorldChecks::Of(*promise)))
            }
            Problem::Expectation(mismatch) => Some(Self::Expectation(expectation_key(mismatch))),
            Problem::Invariant(_) => None,
        }
    }

    const fn checks(self) -> WorldChecks {
        match self {
            Self::Promise(_, checks) => checks,
            Self::Expectation(_) => WorldChecks::None,
        }
    }

    fn is_in(self, played: &PlayResult) -> bool {
        let mut found = played.findings();
        found.any(|(_, finding)| match (self, &finding.problem) {
            (Self::Promise(promise, _), Problem::Promise { promise: of, .. }) => promise == *of,
            (Self::Expectation(key), Problem::Expectation(mismatch)) => {
                key == expectation_key(mismatch)
            }
            _ => false,
        })
    }
}

impl ShrinkSubject {
    fn play(&self, scenario: &Scenario, checks: WorldChecks) -> Result<JobPlay, JobError> {
        play(&self.job, &self.template, scenario, self.cancel, checks)
    }

    /// Makes a scenario smaller while the job fails in the same way and `goes_on` returns true.
    pub(super) fn shrink(
        self,
        (name, text): (&str, &str),
        fixtures: &FindFixture<'_>,
        kind: FailureKind,
        goes_on: Arc<GoesOn>,
        progress: &dyn Fn(usize, usize),
    ) -> Result<ShrinkResult, JobError> {
        let cancel = self.cancel;
        // An expectation that becomes wrong is not one that the job fails to meet.
        let is_expectation = matches!(kind, FailureKind::Expectation(_));
        let checks_engine = is_expectation && engine_meets(&Scenario::read(name, text, fixtures)?);
        let is_first = AtomicBool::new(true);
        let fails = move |scenario: &Scenario| {
            // The scenario as it is has to fail, however little time there is.
            let is_in_time = is_first.swap(false, Ordering::Relaxed) || goes_on();
            if !is_in_time || scenario.steps.is_empty() {
                return false;
            }
            let played = self.play(scenario, kind.checks());
            let fails = matches!(played, Ok(JobPlay::Played(played)) if kind.is_in(&played));
            fails && (!checks_engine || engine_meets(scenario))
        };
        let condition = Condition::Oracle(Oracle::new(kind.name(), fails));
        // Without a command as condition, nothing is written to the folder.
        let folder = std::env::temp_dir();
        let small = shrink(name, text, fixtures, &condition, &folder, progress)?;
        match cancel.load(Ordering::Acquire) {
            true => Err(JobError::Interrupted),
            false => Ok(small),
        }
    }
}

/// Returns the key of an expectation that is not met.
const fn expectation_key(mismatch: &Mismatch) -> &'static str {
    match mismatch {
        Mismatch::Cells { status, .. }
        | Mismatch::Count { status, .. }
        | Mismatch::WithoutPlan { status, .. } => status.label(),
        Mismatch::Reason { .. } | Mismatch::ReasonsWithoutPlan { .. } => "reasons",
        Mismatch::Amount { amount, .. } => amount.name(),
        Mismatch::Quality { .. } => "quality",
        Mismatch::Phases { .. } => "phases",
        Mismatch::UnknownState { key, .. } => key,
        Mismatch::End { .. } => "end",
        Mismatch::Exit { .. } => "exit",
        Mismatch::Watermark { .. } => "watermark",
        Mismatch::Message(_) => "messages",
        Mismatch::InvalidatedPhases { .. } => "invalidated-phases",
        Mismatch::Unreached(_) => "meanwhile",
    }
}

/// Returns whether Plimsoll's engine meets all expectations of a scenario.
fn engine_meets(scenario: &Scenario) -> bool {
    let played = crate::scenario::runner::play(scenario, CheckLevel::ExpectationsOnly);
    played.is_ok_and(|played| played.findings().next().is_none())
}

/// Makes a scenario smaller on which a job fails: the first broken promise is kept, else the first
/// expectation that is not met.
///
/// # Errors
///
/// The job cannot be run, the scenario does not apply to it or does not fail with it, or Ctrl-C was
/// pressed.
pub fn shrink_with_job(
    job: &Arc<Job>,
    (name, text): (&str, &str),
    fixtures: &FindFixture<'_>,
    cancel: &'static AtomicBool,
) -> Result<ShrinkResult, JobError> {
    let subject = ShrinkSubject {
        job: Arc::clone(job),
        template: Arc::new(Template::make(job, cancel)?),
        cancel,
    };
    let scenario = Scenario::read(name, text, fixtures)?;
    let played = match subject.play(&scenario, WorldChecks::All)? {
        JobPlay::NotApplicable { reason } => return Err(JobError::NotApplicable(reason)),
        JobPlay::Played(played) => played,
    };
    let kinds = played
        .findings()
        .filter_map(|(_, finding)| FailureKind::of(finding));
    let kinds: Vec<FailureKind> = kinds.collect();
    let is_promise = |kind: &&FailureKind| matches!(kind, FailureKind::Promise(..));
    let kind = kinds.iter().find(is_promise).or(kinds.first());
    let kind = *kind.ok_or(JobError::Passes)?;
    subject.shrink((name, text), fixtures, kind, Arc::new(|| true), &|_, _| {})
}
