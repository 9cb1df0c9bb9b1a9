//! Plays scenario files with a job, and compares the transcripts with the golden files of the job.

use std::sync::atomic::AtomicBool;

use super::error::JobError;
use super::job_file::Job;
use super::play::{JobPlay, WorldChecks, play};
use super::scratch::Template;
use crate::parallel::map;
use crate::scenario::runner::{PlayResult, StepOutcome};
use crate::scenario::suite::{
    Case, CaseError, CaseResult, MissingGolden, ScenarioFile, StepOutput, SuiteOptions,
    SuiteResult, Verdict, compare_with_golden,
};

/// Plays scenarios with a job instead of Plimsoll's engine. A golden file that is not there is no
/// failure: expectations and promises are checked without one.
///
/// # Errors
///
/// The job cannot be run at all: its database cannot be made, or a command cannot be started. Ctrl-C
/// ends the suite too.
pub fn run_with_job(
    job: &Job,
    files: &[ScenarioFile],
    options: &SuiteOptions,
    cancel: &AtomicBool,
) -> Result<SuiteResult, JobError> {
    let template = Template::make(job, cancel)?;
    let verdicts = map(options.jobs, files, |file| {
        run_case(job, &template, file, options, cancel)
    });
    let cases = files.iter().zip(verdicts).map(|(file, verdict)| {
        let (verdict, output) = verdict?;
        Ok(CaseResult {
            file: file.clone(),
            golden: file.golden_of_job(&job.name),
            verdict,
            output,
        })
    });
    Ok(SuiteResult {
        cases: cases.collect::<Result<_, JobError>>()?,
        unchecked: job.unchecked(),
    })
}

/// Plays a scenario, and returns the verdict with the outputs of the job.
fn run_case(
    job: &Job,
    template: &Template,
    file: &ScenarioFile,
    options: &SuiteOptions,
    cancel: &AtomicBool,
) -> Result<(Verdict, Vec<StepOutput>), JobError> {
    let case = match Case::read(&file.path) {
        Ok(case) => case,
        Err(error) => return Ok((Verdict::Broken(error), Vec::new())),
    };
    let played = match play(job, template, &case.scenario, cancel, WorldChecks::All) {
        Ok(played) => played,
        // Other worlds may be played all the same.
        Err(error) if error.is_of_world() => {
            let broken = Verdict::Broken(CaseError::Job {
                path: file.path.clone(),
                source: Box::new(error),
            });
            return Ok((broken, Vec::new()));
        }
        Err(error) => return Err(error),
    };
    Ok(match played {
        JobPlay::NotApplicable { reason } => (Verdict::NotApplicable { reason }, Vec::new()),
        JobPlay::Played(result) => {
            let golden = file.golden_of_job(&job.name);
            let missing = MissingGolden::Passes;
            let verdict = compare_with_golden(file, &golden, &result, options.accept, missing);
            (verdict.unwrap_or_else(Verdict::Broken), outputs(&result))
        }
    })
}

/// Returns what the job printed in each step.
fn outputs(result: &PlayResult) -> Vec<StepOutput> {
    let steps = result.policies.iter().flat_map(|policy| &policy.steps);
    let outputs = steps.filter_map(|step| {
        let StepOutcome::Run(run) = &step.outcome else {
            return None;
        };
        (!run.log.is_empty()).then(|| StepOutput {
            step: step.number.clone(),
            lines: run.log.clone(),
        })
    });
    outputs.collect()
}
