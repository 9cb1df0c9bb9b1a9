//! Tries a job on a small world: shows what was written, run and seen, so that a mistake in the job
//! file shows before the first scenario.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::Serialize;

use super::applicable::world_reason;
use super::error::JobError;
use super::job_file::Job;
use super::request::JobRequest;
use super::result::run_result;
use super::run::Disturbance;
use super::run_checks::check_run;
use super::scratch::Template;
use super::state::JobState;
use super::subject::Subject;
use crate::domain::{Day, DayRange, Scope};
use crate::scenario::runner::{Promise, RunResult, UncheckedPromise};
use crate::scenario::script::{FixtureError, Scenario};

/// A small world that all tables can hold: two portfolios that lack the last session. A job with the
/// faults of the incident does it too, since none is ahead of the other.
const SMALL_WORLD: &str = "\
now = 2026-01-08T18:00:00-05:00
[portfolios]
A = { inception = 2026-01-05, complete = \"..2026-01-07\" }
B = { inception = 2026-01-05, complete = \"..2026-01-07\" }
";

/// The small world with a portfolio that has no row yet, for the command that fills one.
const NEWCOMER: &str = "N = { inception = 2026-01-07 }\n";
/// The day that is done again.
const FORCED: &str = "2026-01-07";

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
    /// The other commands that were tried.
    pub commands: Vec<TriedCommand>,
    /// The promises that are not checked.
    pub unchecked: Vec<UncheckedPromise>,
    /// The problem with the job file or the job, if there is one.
    pub problem: Option<String>,
}

/// A command that was tried beside the nightly run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TriedCommand {
    /// The key of the command in the job file.
    pub command: &'static str,
    /// The writes that were recorded.
    pub writes: usize,
    /// The problem with the command, if there is one.
    pub problem: Option<String>,
}

/// Runs a job once on a small world, and each other command of its file.
///
/// # Errors
///
/// The database cannot be made or written, or a command cannot be started.
pub fn check_job(job: &Job, cancel: &AtomicBool) -> Result<JobCheck, JobError> {
    let template = Template::make(job, cancel)?;
    let scenario = read(SMALL_WORLD)?;
    let subject = Subject::of(job, &template, &scenario, cancel);
    let start = subject.load()?;
    let state = start.fork()?;
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
    let commands = match problem {
        Some(_) => Vec::new(),
        None => try_commands(&subject, &start)?,
    };
    let of_command = commands.iter().find_map(|tried| {
        let problem = tried.problem.as_ref()?;
        Some(format!("`{}`: {problem}", tried.command))
    });
    Ok(JobCheck {
        done_before,
        expected_before,
        writes: run.writes.len(),
        output: run.output.clone(),
        elapsed: run.elapsed,
        commands,
        unchecked: job.unchecked(),
        problem: problem.or(of_command),
        run: run_result(&run, &state.names()),
    })
}

fn read(world: &str) -> Result<Scenario, JobError> {
    let no_fixture = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    Ok(Scenario::read("check", world, &no_fixture)?)
}

/// Tries the commands beside the one that the check ran, each on a copy of the small world.
fn try_commands(
    subject: &Subject<'_>,
    start: &JobState<'_>,
) -> Result<Vec<TriedCommand>, JobError> {
    let commands = &subject.job.commands;
    let mut tried = Vec::new();
    let of_one = |command, name: &str, state: &JobState<'_>| {
        let mut request = JobRequest::nightly(command);
        if let Some(portfolio) = state.named(name) {
            request.plan.scope = Scope::single(portfolio.id);
        }
        request
    };
    // Runs that are killed, and two at once, are processes of their own.
    let needs_process = [Promise::KilledRunHeals, Promise::TwoRunsDoEachCellOnce];
    if commands.serve.is_some() && needs_process.iter().any(|promise| subject.checks(*promise)) {
        let disturbance = Disturbance {
            is_own_process: true,
            ..Disturbance::default()
        };
        let request = subject.nightly();
        tried.push(try_command(
            subject,
            &start.fork()?,
            ("run", &request),
            disturbance,
        )?);
    }
    let undisturbed = Disturbance::default();
    if let Some(scope) = &commands.scope {
        let request = of_one(scope, "A", start);
        tried.push(try_command(
            subject,
            &start.fork()?,
            ("scope", &request),
            undisturbed,
        )?);
    }
    if let (Some(force), Ok(day)) = (&commands.force, FORCED.parse::<Day>())
        && let Ok(days) = DayRange::new(day, day)
    {
        let request = JobRequest::forced(force, days);
        tried.push(try_command(
            subject,
            &start.fork()?,
            ("force", &request),
            undisturbed,
        )?);
    }
    if let Some(onboard) = &commands.onboard {
        // Tables that do not say when a portfolio begins cannot have one without a row.
        let (world, name) = match subject.job.tells_inception() {
            true => (SMALL_WORLD.to_owned() + NEWCOMER, "N"),
            false => (SMALL_WORLD.to_owned(), "A"),
        };
        let scenario = read(&world)?;
        let with_newcomer = Subject {
            world: &scenario.world,
            settings: &scenario.settings,
            ..*subject
        };
        let state = with_newcomer.load()?;
        let request = of_one(onboard, name, &state);
        tried.push(try_command(
            subject,
            &state,
            ("onboard", &request),
            undisturbed,
        )?);
    }
    Ok(tried)
}

fn try_command(
    subject: &Subject<'_>,
    state: &JobState<'_>,
    (command, request): (&'static str, &JobRequest<'_>),
    disturbance: Disturbance,
) -> Result<TriedCommand, JobError> {
    let run = subject.run(state, request, disturbance)?;
    let broken = check_run(state, request, &run);
    let problem = match &run.failure {
        Some(failure) => Some(failure.to_string()),
        None if run.writes.is_empty() => Some(format!(
            "the command of line {} wrote nothing, and has cells to do",
            request.command.line
        )),
        None => (broken.first()).map(|broken| format!("{}: {}", broken.promise, broken.text)),
    };
    Ok(TriedCommand {
        command,
        writes: run.writes.len(),
        problem,
    })
}
