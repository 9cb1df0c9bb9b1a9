//! Runs a command of a job on its database and observes the cells that it writes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::access::{SESSION_GRACE, ScratchAccess};
use super::bookkeeping::{Bookkeeping, BookkeepingRows};
use super::command::{process, start_error};
use super::error::JobError;
use super::job_file::JobCommand;
use super::outcome::CommandFailure;
use super::portfolio_rows::{ChangedPortfolios, PortfolioRows};
use super::request::JobRequest;
use super::request_values::RequestValues;
use super::state::JobState;
use crate::capture::parse_day;
use crate::domain::{Cell, Coverage, Day, IdSet, Phase};
use crate::environment::Clock;
use crate::plan::{DayPlan, Plan, Survey};
use crate::process::{
    FinishedProcess, KillInWrite, ProcessEnd, ProcessLimits, RunningProcess, readable,
};
use crate::store::{WriteFault, WriteKind};

/// A disturbance of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Disturbance {
    /// A fault at one of its writes.
    pub(super) fault: Option<WriteFault>,
    /// It is killed once it has been in one write for this time.
    pub(super) kill_in_write: Option<Duration>,
    /// It is a process of its own, also if the job has one that stays up.
    pub(super) is_own_process: bool,
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
    /// The rows of runs and progress that it added or changed, if they are checked.
    pub(super) bookkeeping: Bookkeeping,
    /// The ids of portfolios whose rows it deleted, added or changed, if they are checked.
    pub(super) changed_portfolios: ChangedPortfolios,
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

    /// Returns the cells of which rows were inserted or updated.
    pub(super) fn worked_on(&self) -> BTreeSet<Cell> {
        let writes = self.writes.iter();
        let kept = writes.filter(|write| write.kind != WriteKind::Delete);
        kept.filter_map(|write| write.cell).collect()
    }

    /// Returns whether all phases of a cell were done before the run.
    pub(super) fn was_complete(&self, cell: Cell) -> bool {
        is_complete(&self.before, cell)
    }

    /// Returns whether all phases of a cell are done after the run.
    pub(super) fn is_complete(&self, cell: Cell) -> bool {
        is_complete(&self.after, cell)
    }

    /// Returns whether the snapshot of a cell was done before the run, which holds the amounts.
    pub(super) fn had_snapshot(&self, cell: Cell) -> bool {
        self.before
            .contains(cell.day, Phase::Snapshot, cell.portfolio)
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
    let (mut run, ends) = run_processes(state, request, Start::One(disturbance), cancel)?;
    for ended in ends {
        observe_end(state, &ended, &mut run);
    }
    Ok(run)
}

/// Runs two processes of a request at once. The run failed if both did: one of them may refuse to run
/// beside the other. No process can write before both wait to write, so that both look for work before
/// one of them does any.
pub(super) fn run_pair(
    state: &JobState<'_>,
    request: &JobRequest<'_>,
    hold: Hold,
    cancel: &AtomicBool,
) -> Result<JobRun, JobError> {
    let (mut run, ends) = run_processes(state, request, Start::Pair { hold }, cancel)?;
    let mut results = Vec::new();
    for ended in ends {
        observe_end(state, &ended, &mut run);
        results.push((run.failure.take(), run.exit));
    }
    // The result is that of the one that ended well.
    let best = results
        .into_iter()
        .min_by_key(|(failure, exit)| (failure.is_some(), *exit != Some(0)));
    if let Some((failure, exit)) = best {
        (run.failure, run.exit) = (failure, exit);
    }
    Ok(run)
}

/// The time between two looks at whether runs wait, and the looks in a row at which they do.
const LOOK: Duration = Duration::from_millis(20);
const WAITING_LOOKS: u32 = 6;

/// Sleeps until all processes have waited for a while, as for a lock, or have ended. Where the system
/// does not tell, sleeps for `time`. Returns when `longest` has passed or the run is cancelled too.
fn sleep_until_all_wait(processes: &[RunningProcess], hold: Hold, cancel: &AtomicBool) {
    let started = Clock::system();
    let mut looks = 0;
    while started.elapsed() < hold.longest && !cancel.load(Ordering::Acquire) {
        let waiting: Option<Vec<bool>> = processes.iter().map(RunningProcess::is_waiting).collect();
        looks = match waiting {
            None if started.elapsed() >= hold.time => return,
            Some(waiting) if waiting.iter().all(|waits| *waits) => looks + 1,
            _ => 0,
        };
        if looks >= WAITING_LOOKS {
            return;
        }
        thread::sleep(LOOK);
    }
}

/// The time for which two runs at once cannot write.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hold {
    /// The time where the system does not tell whether they wait.
    pub(super) time: Duration,
    /// The time after which they can write in any case.
    pub(super) longest: Duration,
}

impl Hold {
    pub(super) const NONE: Self = Self {
        time: Duration::ZERO,
        longest: Duration::ZERO,
    };
}

/// A process that ended, with the command that it ran.
struct EndedCommand<'j> {
    command: &'j JobCommand,
    finished: FinishedProcess,
}

fn observe_end(state: &JobState<'_>, ended: &EndedCommand<'_>, run: &mut JobRun) {
    let commands = &state.job.commands;
    let exit_codes = &commands.exit_codes;
    let EndedCommand { command, finished } = ended;
    run.failure = CommandFailure::of(finished, command.line, commands.timeout, exit_codes);
    run.exit = match finished.end {
        ProcessEnd::Exited(code) => Some(code),
        _ => None,
    };
    run.output += &finished.output;
    run.elapsed = run.elapsed.max(finished.elapsed);
}

/// The processes of a run.
#[derive(Debug, Clone, Copy)]
enum Start {
    One(Disturbance),
    Pair { hold: Hold },
}

fn run_processes<'j>(
    state: &JobState<'j>,
    request: &JobRequest<'j>,
    start: Start,
    cancel: &AtomicBool,
) -> Result<(JobRun, Vec<EndedCommand<'j>>), JobError> {
    let disturbance = match start {
        Start::One(disturbance) => disturbance,
        Start::Pair { .. } => Disturbance::default(),
    };
    let before = state.coverage()?;
    let bookkeeping = BookkeepingRows::read(state)?;
    let portfolios = PortfolioRows::read(state)?;
    let (survey, plan) = state.plan(&request.plan, request.force, before.clone())?;
    // Closed before the job starts, which may change the mode of the journal.
    state.scratch.connect()?.prepare_run(disturbance.fault)?;
    // A database that cannot be asked is not in a write; the command then runs into its timeout.
    let database = state.scratch.database();
    let is_in_write = || database.is_in_write().unwrap_or(false);
    let limits = ProcessLimits {
        timeout: state.job.commands.timeout,
        kill: disturbance.kill_in_write.map(|time| KillInWrite {
            is_in_write: &is_in_write,
            time: if database.sees_fault() {
                Duration::ZERO
            } else {
                time
            },
        }),
        cancel,
    };
    let values = RequestValues::new(state, request, &plan)?;
    let (job, command) = (state.job, request.command);
    let mut ends = Vec::new();
    let mut end = |command: &'j JobCommand, ended: std::io::Result<FinishedProcess>| {
        let finished = ended.map_err(|source| start_error(job, command, source))?;
        ends.push(EndedCommand { command, finished });
        Ok::<_, JobError>(())
    };
    let mut keeps_sessions = false;
    match (start, &state.job.commands.serve) {
        // A run to kill is a process of its own, and so are two at once.
        (Start::One(disturbance), Some(serve)) if !disturbance.is_own_process => {
            let access = ScratchAccess::to_server(state.scratch.database());
            let command = || process(state.job, serve, &access, &[]);
            let served = state.template.served.run(command, &values.json(), limits);
            // One that stays up may keep its connections.
            let stays_up = |served: &FinishedProcess| matches!(served.end, ProcessEnd::Exited(_));
            keeps_sessions = served.as_ref().is_ok_and(stays_up);
            end(serve, served)?;
        }
        (Start::One(_), _) => {
            let process = values.start(state, command)?;
            end(command, process.wait(limits))?;
        }
        (Start::Pair { hold }, _) => {
            let mut lock = state.scratch.connect()?;
            lock.lock_writes()?;
            let pair = [values.start(state, command)?, values.start(state, command)?];
            sleep_until_all_wait(&pair, hold, cancel);
            drop(lock);
            for process in pair {
                end(command, process.wait(limits))?;
            }
        }
    }
    let is_interrupted = |ended: &EndedCommand<'_>| ended.finished.end == ProcessEnd::Interrupted;
    if ends.iter().any(is_interrupted) {
        return Err(JobError::Interrupted);
    }
    if !keeps_sessions {
        database.end_sessions(SESSION_GRACE)?;
    }
    for EndedCommand { finished, .. } in &mut ends {
        finished.output = readable(&database.redacted(std::mem::take(&mut finished.output)));
    }
    let mut connection = match state.scratch.connect() {
        Ok(connection) => connection,
        Err(JobError::Store(source)) => {
            return Err(JobError::Unusable {
                path: state.job.path.clone(),
                line: command.line,
                source,
            });
        }
        Err(error) => return Err(error),
    };
    if !state.scratch.is_unchanged(connection.as_mut())? {
        return Err(JobError::SchemaChanged {
            path: state.job.path.clone(),
            line: command.line,
        });
    }
    let writes = connection.writes()?.into_iter().map(|write| {
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
        bookkeeping: BookkeepingRows::read(state)?.since(&bookkeeping, state)?,
        changed_portfolios: PortfolioRows::read(state)?.since(&portfolios),
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
