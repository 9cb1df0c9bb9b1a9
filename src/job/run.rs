//! Runs a command of a job on its database and observes the cells that it writes.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use chrono::SecondsFormat;

use super::error::JobError;
use super::job_file::JobCommand;
use super::outcome::CommandFailure;
use super::process::{FinishedProcess, ProcessEnd, ProcessLimits, RunningProcess};
use super::rows::instant_text;
use super::scratch::{start, start_error, url};
use super::state::JobState;
use super::write_values::id_text;
use crate::capture::parse_day;
use crate::domain::{Cell, Coverage, Day, DayRange, IdSet, Phase, Scope};
use crate::plan::{DayPlan, Plan, Request, Survey};
use crate::store::{WriteFault, WriteKind};

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

/// A disturbance of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Disturbance {
    /// A fault at one of its writes.
    pub(super) fault: Option<WriteFault>,
    /// The time after which it is killed.
    pub(super) kill_after: Option<Duration>,
}

/// A committed write to a row of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CellWrite {
    /// The number of the watched table; the first one has the snapshots.
    pub(super) source: usize,
    pub(super) kind: WriteKind,
    /// The cell; `None` if the row names an unknown portfolio or no day.
    pub(super) cell: Option<Cell>,
}

/// A run of a job with the cells before and after it.
#[derive(Debug)]
pub(super) struct JobRun {
    /// The cells that were needed, by the default policy.
    pub(super) plan: Plan,
    pub(super) survey: Survey,
    /// The done phases before the run. Forced cells are still in it.
    pub(super) before: Coverage,
    pub(super) after: Coverage,
    pub(super) writes: Vec<CellWrite>,
    pub(super) failure: Option<CommandFailure>,
    pub(super) exit: Option<i32>,
    pub(super) output: String,
    pub(super) elapsed: Duration,
}

impl JobRun {
    /// Returns the cells that were written, by session.
    pub(super) fn written(&self) -> BTreeMap<Day, IdSet> {
        let cells = self.writes.iter().filter_map(|write| write.cell);
        Cell::by_day(cells)
    }

    /// Returns whether all phases of a cell were done before the run.
    pub(super) fn was_complete(&self, cell: Cell) -> bool {
        is_complete(&self.before, cell)
    }

    /// Returns whether all phases of a cell are done after the run.
    pub(super) fn is_complete(&self, cell: Cell) -> bool {
        is_complete(&self.after, cell)
    }

    /// Returns whether a needed cell is done: complete, and written again if it was complete before.
    pub(super) fn has_done(&self, cell: Cell) -> bool {
        let is_written = || self.writes.iter().any(|write| write.cell == Some(cell));
        self.is_complete(cell) && (!self.was_complete(cell) || is_written())
    }

    /// Returns the needed cells that are not done, in the order of the plan.
    pub(super) fn missed(&self) -> Vec<Cell> {
        let needed = self.needed().into_iter();
        needed.filter(|cell| !self.has_done(*cell)).collect()
    }

    /// Returns the needed cells, in the order of the plan.
    pub(super) fn needed(&self) -> Vec<Cell> {
        let days = self.plan.days.iter();
        let of_day = |day: &DayPlan| {
            let steps = day.steps_in_order();
            let cells = steps.map(|(id, _, _)| Cell::new(day.day, id));
            cells.collect::<Vec<_>>()
        };
        days.flat_map(of_day).collect()
    }
}

/// Returns whether all phases of a cell are done.
pub(super) fn is_complete(coverage: &Coverage, cell: Cell) -> bool {
    let mut phases = Phase::CELL_PHASES.into_iter();
    phases.all(|phase| coverage.contains(cell.day, phase, cell.portfolio))
}

/// Runs a request to its end.
pub(super) fn run(
    state: &JobState<'_>,
    request: &JobRequest<'_>,
    disturbance: Disturbance,
    cancel: &AtomicBool,
) -> Result<JobRun, JobError> {
    let (mut run, ends) = run_at_once(state, request, 1, disturbance, cancel)?;
    for finished in ends {
        observe_end(state, request.command, &finished, &mut run);
    }
    Ok(run)
}

/// Runs two processes of a request at once. The run failed if both did: one of them may refuse to run
/// beside the other.
pub(super) fn run_pair(
    state: &JobState<'_>,
    request: &JobRequest<'_>,
    cancel: &AtomicBool,
) -> Result<JobRun, JobError> {
    let (mut run, ends) = run_at_once(state, request, 2, Disturbance::default(), cancel)?;
    let mut failures = Vec::new();
    for finished in ends {
        observe_end(state, request.command, &finished, &mut run);
        failures.push(run.failure.take());
    }
    if failures.iter().all(Option::is_some) {
        run.failure = failures.into_iter().flatten().next();
    }
    Ok(run)
}

fn observe_end(
    state: &JobState<'_>,
    command: &JobCommand,
    finished: &FinishedProcess,
    run: &mut JobRun,
) {
    let commands = &state.job.commands;
    let exit_codes = &commands.exit_codes;
    run.failure = CommandFailure::of(finished, command.line, commands.timeout, exit_codes);
    run.exit = match finished.end {
        ProcessEnd::Exited(code) => Some(code),
        _ => None,
    };
    run.output += &finished.output;
    run.elapsed = run.elapsed.max(finished.elapsed);
}

fn run_at_once(
    state: &JobState<'_>,
    request: &JobRequest<'_>,
    count: usize,
    disturbance: Disturbance,
    cancel: &AtomicBool,
) -> Result<(JobRun, Vec<FinishedProcess>), JobError> {
    let before = state.coverage()?;
    let (survey, plan) = state.plan(&request.plan, request.force, before.clone())?;
    let file = state.scratch.open()?;
    file.prepare_run(disturbance.fault)?;
    // Closed before the job starts, which may change the mode of the journal.
    drop(file);
    let running = (0..count).map(|_| start_request(state, request, &plan));
    let running = running.collect::<Result<Vec<_>, _>>()?;
    let mut ends = Vec::new();
    for process in running {
        let finished = process.wait(ProcessLimits {
            timeout: state.job.commands.timeout,
            kill_after: disturbance.kill_after,
            cancel,
        });
        ends.push(finished.map_err(|source| start_error(state.job, request.command, source))?);
    }
    if ends.iter().any(|end| end.end == ProcessEnd::Interrupted) {
        return Err(JobError::Interrupted);
    }
    let file = state.scratch.open()?;
    if !state.scratch.is_watched(&file)? {
        return Err(JobError::SchemaChanged {
            path: state.job.path.clone(),
            line: request.command.line,
        });
    }
    let writes = file.writes()?.into_iter().map(|write| {
        let id = write.portfolio.and_then(|id| state.portfolio_of(&id));
        let day = write.day.and_then(|day| parse_day(&day));
        CellWrite {
            source: write.source,
            kind: write.kind,
            cell: id.zip(day).map(|(id, day)| Cell::new(day, id)),
        }
    });
    let run = JobRun {
        writes: writes.collect(),
        after: state.coverage()?,
        plan,
        survey,
        before,
        failure: None,
        exit: None,
        output: String::new(),
        elapsed: Duration::ZERO,
    };
    Ok((run, ends))
}

fn start_request(
    state: &JobState<'_>,
    request: &JobRequest<'_>,
    plan: &Plan,
) -> Result<RunningProcess, JobError> {
    let path = state.scratch.path();
    let url = url(&path);
    let path = path.display().to_string();
    let target = plan.target.day;
    let (from, to) = match request.force {
        Some(range) => (range.first(), range.last()),
        None => {
            let inceptions = state.portfolios.values();
            let inceptions = inceptions.map(|portfolio| portfolio.lifecycle.inception());
            let from = request.plan.from.or(inceptions.min()).unwrap_or(target);
            (from, request.plan.to.unwrap_or(target))
        }
    };
    let members = state
        .portfolios
        .values()
        .filter(|portfolio| match &request.plan.scope {
            Scope::AllActive => portfolio.lifecycle.is_active(),
            scope @ Scope::Only(_) => scope.contains(portfolio.id),
        });
    // A scope of unknown ids only has no members; without names, all are meant.
    let members = members.map(|portfolio| id_text(portfolio, state.job.ids));
    let known: Vec<String> = match request.unknown_ids.is_empty() {
        true => members.collect(),
        false if matches!(request.plan.scope, Scope::AllActive) => Vec::new(),
        false => members.collect(),
    };
    let ids: Vec<String> = known
        .into_iter()
        .chain(request.unknown_ids.clone())
        .collect();
    let zone = state.settings.calendar.zone();
    let local = state.now.with_timezone(&zone);
    let (target, from, to) = (target.to_string(), from.to_string(), to.to_string());
    let now = local.to_rfc3339_opts(SecondsFormat::Secs, false);
    let now_utc = state.now.to_rfc3339_opts(SecondsFormat::Secs, true);
    let today = state.today()?.date.to_string();
    let portfolios = ids.join(",");
    let values = [
        ("path", path.as_str()),
        ("url", &url),
        ("target", &target),
        ("from", &from),
        ("to", &to),
        ("portfolios", &portfolios),
        ("now", &now),
        ("now_utc", &now_utc),
        ("today", &today),
    ];
    start(
        state.job,
        request.command,
        &values,
        Some(&instant_text(state.now)),
    )
}
