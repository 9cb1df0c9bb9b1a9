//! Converts the outcome of a run into plain values for transcripts: its end, its cells by session
//! and status with their reasons, and its messages.

use std::collections::BTreeMap;

use serde::Serialize;

use super::reasons::{ReasonGroup, blocked_reasons, failures, names_of, reasons};
use crate::domain::{Cell, Coverage, Day, IdSet, Phase, PhaseSet, PortfolioId, count_ids};
use crate::engine::{Certificate, EngineError, Outcome};
use crate::plan::{BlockedCell, DayPlan, Plan, ScopeWatermark, SkipReason, notices};
use crate::query::{Grid, Mark, Names};
use crate::report::error_with_causes;
use crate::scenario::script::{CellStatus, RunEnd};
use crate::store::{RunState, StoreError};

/// The names of portfolios by session.
pub(super) type ByDay = BTreeMap<Day, Vec<String>>;

/// The result of a run as plain values.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunResult {
    /// The way in which the run ended.
    pub end: RunEnd,
    /// The exit code of the command; none after a crash.
    pub exit: Option<u8>,
    /// The number of cells that the run completed.
    pub done: u64,
    /// The number of cells in the plan.
    pub planned: u64,
    /// The portfolios processed, by session.
    pub processed: ByDay,
    /// The portfolios processed although their cell was not needed, by session.
    pub redundant: ByDay,
    /// The portfolios with a needed cell that is hidden from the replayed policy, by session.
    pub left_behind: ByDay,
    /// The portfolios with a failed phase, by session.
    pub failed: ByDay,
    /// The portfolios that wait for inputs, by session.
    pub blocked: ByDay,
    /// The portfolios with a cell that failed too often, by session.
    pub quarantined: ByDay,
    /// The portfolios processed with prices or rates that are older than allowed, by session.
    pub old_inputs: ByDay,
    /// The session after which the plan starts, if the policy has a watermark.
    #[serde(rename = "looks-after")]
    pub starts_after: Option<Day>,
    /// The watermark of the scope before and after the run; none if it did no work.
    pub watermark: Option<(Option<Day>, Option<Day>)>,
    /// The number of phases of cells that left the ledger when the run began: forced ones, and those
    /// of another configuration.
    #[serde(skip)]
    pub invalidated_phases: u64,
    /// The certificate of the run; none if it was refused or crashed.
    pub certificate: Option<Certificate>,
    /// Warnings, as the command line prints them.
    pub warnings: Vec<String>,
    /// The error with its causes, if the run was refused or failed.
    pub error: Option<String>,
    /// The points of its steps, of `cancel` and of `crash` that the run did not reach.
    #[serde(rename = "missed")]
    pub unreached_points: Vec<String>,
    /// The notices of the plan, in the words of the incident's log.
    pub log: Vec<String>,
    /// The planned and skipped cells, grouped by reason, by session.
    pub reasons: BTreeMap<Day, Vec<ReasonGroup>>,
    /// The failed phases with their errors, by session.
    pub failures: BTreeMap<Day, Vec<ReasonGroup>>,
    /// The missing inputs of blocked cells, by session.
    #[serde(rename = "waits")]
    pub blocked_reasons: BTreeMap<Day, Vec<ReasonGroup>>,
    /// The target as text, if it differs from the requested day.
    pub target: Option<String>,
    /// The cells of the run as a grid.
    pub grid: Grid,
}

impl RunResult {
    /// Returns the result of a run that did no work because of `error`.
    pub(super) fn without_work(error: &dyn std::error::Error, end: RunEnd) -> Self {
        Self {
            error: Some(error_with_causes(error)),
            ..Self::empty(end)
        }
    }

    fn empty(end: RunEnd) -> Self {
        Self {
            end,
            exit: exit_code(end),
            error: None,
            done: 0,
            planned: 0,
            processed: ByDay::new(),
            redundant: ByDay::new(),
            left_behind: ByDay::new(),
            failed: ByDay::new(),
            blocked: ByDay::new(),
            quarantined: ByDay::new(),
            old_inputs: ByDay::new(),
            starts_after: None,
            watermark: None,
            invalidated_phases: 0,
            certificate: None,
            warnings: Vec::new(),
            unreached_points: Vec::new(),
            log: Vec::new(),
            reasons: BTreeMap::new(),
            failures: BTreeMap::new(),
            blocked_reasons: BTreeMap::new(),
            target: None,
            grid: Grid::default(),
        }
    }

    /// Returns the result of a run that the engine ended with an error, after it had completed
    /// these cells.
    pub(super) fn from_error(
        error: &EngineError,
        committed: &BTreeMap<Day, IdSet>,
        names: &Names,
    ) -> Self {
        Self {
            done: count_ids(committed),
            processed: names_by_day(committed, names),
            ..Self::without_work(error, end_from_error(error))
        }
    }

    /// Returns the result of a run with an outcome; `after` is the coverage after the run.
    pub(super) fn from_outcome(
        outcome: &Outcome,
        names: &Names,
        after: &Coverage,
        end: RunEnd,
    ) -> Self {
        let plan = &outcome.plan;
        let by_day = |days: &BTreeMap<Day, IdSet>| names_by_day(days, names);
        let skipped = |accepts: &dyn Fn(SkipReason) -> bool| {
            by_day(&skipped_cells(plan.days.iter(), accepts))
        };
        let watermark = &outcome.watermark_after;
        Self {
            end,
            exit: exit_code(end),
            done: count_ids(&outcome.done),
            planned: outcome.progress.planned,
            processed: by_day(&outcome.done),
            redundant: by_day(&redundant_cells(outcome)),
            left_behind: skipped(&SkipReason::is_left_behind),
            failed: by_day(&cells_by_day(
                outcome.failures.iter().map(|failed| failed.cell),
            )),
            blocked: by_day(&waiting_cells(plan, &outcome.blocked)),
            quarantined: skipped(&|reason| reason == SkipReason::Quarantined),
            old_inputs: ByDay::new(),
            starts_after: plan.start.watermark(),
            invalidated_phases: 0,
            watermark: Some((outcome.watermark_before.day(), watermark.day())),
            certificate: Some(outcome.certificate),
            warnings: outcome.warnings.iter().map(ToString::to_string).collect(),
            error: None,
            unreached_points: Vec::new(),
            log: notices(plan, &outcome.watermark_before)
                .into_iter()
                .map(|notice| notice.text)
                .collect(),
            reasons: reasons(plan, names),
            failures: failures(outcome, names),
            blocked_reasons: blocked_reasons(plan, &outcome.blocked, names),
            target: plan.target.replaced_day().map(|_| plan.target.to_string()),
            grid: grid(outcome, names, after),
        }
    }

    /// Returns the result of a plan that was not run; `watermark` is that of its scope.
    pub(crate) fn from_plan(plan: &Plan, watermark: &ScopeWatermark, names: &Names) -> Self {
        let skipped = |accepts: &dyn Fn(SkipReason) -> bool| {
            names_by_day(&skipped_cells(plan.days.iter(), accepts), names)
        };
        let named = member_names(plan, names);
        let log = notices(plan, watermark).into_iter();
        Self {
            planned: plan.step_count(),
            left_behind: skipped(&SkipReason::is_left_behind),
            blocked: names_by_day(&waiting_cells(plan, &plan.blocked), names),
            quarantined: skipped(&|reason| reason == SkipReason::Quarantined),
            starts_after: plan.start.watermark(),
            watermark: Some((watermark.day(), watermark.day())),
            log: log.map(|notice| notice.text).collect(),
            reasons: reasons(plan, names),
            blocked_reasons: blocked_reasons(plan, &plan.blocked, names),
            target: plan.target.replaced_day().map(|_| plan.target.to_string()),
            grid: Grid::from_plan(plan, &named, usize::MAX),
            ..Self::empty(RunEnd::Planned)
        }
    }

    /// Returns the portfolios whose cell the plan does, by session.
    pub fn planned_cells(&self) -> ByDay {
        let mut cells = ByDay::new();
        for (day, groups) in &self.reasons {
            let steps = groups.iter().filter(|group| group.reason.is_step());
            let names: Vec<_> = steps.flat_map(|group| group.portfolios.clone()).collect();
            if !names.is_empty() {
                cells.insert(*day, names);
            }
        }
        cells
    }

    /// Returns whether the run had a plan, so that its cells are known beyond the committed ones.
    pub const fn has_plan(&self) -> bool {
        self.watermark.is_some()
    }

    /// Returns the portfolios whose cell has `status`, by session. A status of the state gives none:
    /// it is read after a step and at the end of a scenario. [`Self::planned_cells`] has the planned
    /// ones.
    pub fn cells(&self, status: CellStatus) -> &BTreeMap<Day, Vec<String>> {
        match status {
            CellStatus::Processed => &self.processed,
            CellStatus::LeftBehind => &self.left_behind,
            CellStatus::Failed => &self.failed,
            CellStatus::Blocked => &self.blocked,
            CellStatus::Quarantined => &self.quarantined,
            CellStatus::Planned
            | CellStatus::Open
            | CellStatus::Waiting
            | CellStatus::Stale
            | CellStatus::OldInputs
            | CellStatus::Unpriced => {
                static NONE: ByDay = ByDay::new();
                &NONE
            }
        }
    }
}

/// Returns the exit code of the command after a run with this end; `None` after a crash.
const fn exit_code(end: RunEnd) -> Option<u8> {
    match end {
        RunEnd::Complete | RunEnd::Planned => Some(0),
        RunEnd::Incomplete | RunEnd::Cancelled => Some(1),
        RunEnd::Refused => Some(3),
        RunEnd::Busy | RunEnd::LostLease => Some(4),
        RunEnd::Failed => Some(5),
        RunEnd::Crashed => None,
    }
}

/// Returns the end of a run from the result of the engine.
pub const fn run_end(result: &Result<Outcome, EngineError>) -> RunEnd {
    match result {
        Ok(outcome) => end_from_state(outcome.state),
        Err(error) => end_from_error(error),
    }
}

/// Returns the error of the result of the engine with its causes, if there is one.
pub fn run_error(result: &Result<Outcome, EngineError>) -> Option<String> {
    result.as_ref().err().map(|error| error_with_causes(error))
}

/// Returns the end of a run that was refused or could not continue.
pub(super) const fn end_from_error(error: &EngineError) -> RunEnd {
    match error {
        EngineError::Store(StoreError::LeaseHeld { .. }) | EngineError::SourcesKeepChanging(_) => {
            RunEnd::Busy
        }
        EngineError::Store(StoreError::LeaseLost) => RunEnd::LostLease,
        EngineError::Store(_) | EngineError::Threads(_) => RunEnd::Failed,
        EngineError::Plan(_)
        | EngineError::Calendar(_)
        | EngineError::Market(_)
        | EngineError::PlanChanged { .. }
        | EngineError::NothingToAccept(_)
        | EngineError::NoSuchAcceptance(_)
        | EngineError::OwnCalendar(_)
        | EngineError::TooManyCells { .. } => RunEnd::Refused,
    }
}

/// Returns the end of a run from the state that the run recorded.
pub(super) const fn end_from_state(state: RunState) -> RunEnd {
    match state {
        RunState::Complete => RunEnd::Complete,
        RunState::Cancelled => RunEnd::Cancelled,
        RunState::Running | RunState::Incomplete | RunState::Abandoned | RunState::Failed => {
            RunEnd::Incomplete
        }
    }
}

/// Returns the names of cells by session, without sessions that have none.
pub(crate) fn names_by_day(days: &BTreeMap<Day, IdSet>, names: &Names) -> ByDay {
    let days = days.iter().filter(|(_, cells)| !cells.is_empty());
    days.map(|(day, cells)| (*day, names_of(cells, names)))
        .collect()
}

fn cells_by_day(cells: impl Iterator<Item = Cell>) -> BTreeMap<Day, IdSet> {
    let mut days: BTreeMap<Day, IdSet> = BTreeMap::new();
    for cell in cells {
        days.entry(cell.day).or_default().insert(cell.portfolio.0);
    }
    days
}

/// Returns the cells that wait, for single inputs or because their session is unpriced.
fn waiting_cells(plan: &Plan, blocked: &BTreeMap<Day, Vec<BlockedCell>>) -> BTreeMap<Day, IdSet> {
    let days = plan.days.iter();
    let mut waiting = skipped_cells(days, &|reason| reason == SkipReason::Unpriced);
    let blocked = blocked
        .iter()
        .flat_map(|(day, cells)| cells.iter().map(|cell| Cell::new(*day, cell.portfolio)));
    for (day, cells) in cells_by_day(blocked) {
        *waiting.entry(day).or_default() |= cells;
    }
    waiting
}

fn skipped_cells<'d>(
    days: impl Iterator<Item = &'d DayPlan>,
    accepts: &dyn Fn(SkipReason) -> bool,
) -> BTreeMap<Day, IdSet> {
    let of_day = |day: &DayPlan| {
        let skips = day.skips.iter().filter(|skips| accepts(skips.reason));
        let cells = skips.fold(IdSet::new(), |cells, skips| cells | &skips.cells);
        (day.day, cells)
    };
    days.map(of_day).collect()
}

/// Returns the cells that a replayed policy chose and the run did, although they were not needed.
fn redundant_cells(outcome: &Outcome) -> BTreeMap<Day, IdSet> {
    let none = IdSet::new();
    let of_day = |day: &DayPlan| {
        let by_rule = (day.steps.iter())
            .filter(|steps| steps.reason.kind() == crate::plan::StepKind::ByRule)
            .fold(IdSet::new(), |cells, steps| cells | &steps.cells);
        (
            day.day,
            by_rule & outcome.done.get(&day.day).unwrap_or(&none),
        )
    };
    outcome.plan.days.iter().map(of_day).collect()
}

/// Returns the portfolios in the scope of a plan: the rows of its grid.
pub(super) fn member_names(plan: &Plan, names: &Names) -> BTreeMap<PortfolioId, String> {
    let mut named = names.portfolio_names().clone();
    named.retain(|id, _| plan.members.contains(id.0));
    named
}

/// Returns the grid of an outcome, with partial cells marked.
fn grid(outcome: &Outcome, names: &Names, after: &Coverage) -> Grid {
    let named = member_names(&outcome.plan, names);
    let mut grid = Grid::from_outcome(outcome, &named, usize::MAX);
    for (row, id) in grid.rows.iter_mut().zip(named.keys()) {
        for (mark, day) in row.marks.iter_mut().zip(&grid.days) {
            let done: PhaseSet = (Phase::CELL_PHASES.into_iter())
                .filter(|phase| after.contains(*day, *phase, *id))
                .collect();
            // `Grid::from_outcome` does not know the single phases that the run committed.
            let partly = !done.is_empty() && done != PhaseSet::CELL_PHASES;
            // Failed, blocked and left-behind cells keep their more specific mark.
            if partly && matches!(mark, Mark::Deferred | Mark::Open) {
                *mark = Mark::Partial;
            }
        }
    }
    grid
}
