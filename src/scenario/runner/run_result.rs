//! What came of a run: who was processed, left behind, failed or kept waiting on which day, and
//! why; how it ended, and what it said.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{Cell, Coverage, Day, IdSet, Phase, PhaseSet, PortfolioId};
use crate::engine::{Certificate, EngineError, Outcome};
use crate::plan::{DayPlan, RangeStart, SkipReason, notices};
use crate::query::{Grid, Mark};
use crate::report::{Names, missing_inputs_text};
use crate::scenario::script::{CellStatus, RunEnd};
use crate::store::{RunState, StoreError};

/// Names of portfolios by day.
pub(super) type ByDay = BTreeMap<Day, Vec<String>>;

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunResult {
    /// How it ended.
    pub end: RunEnd,
    /// With which code the command would have ended; nothing where it was cut off.
    pub exit: Option<u8>,
    /// Cells done, of cells planned.
    pub done: u64,
    /// Cells planned.
    pub planned: u64,
    /// Who was processed.
    pub processed: ByDay,
    /// Who was processed though nothing was open.
    #[serde(rename = "in-vain")]
    pub redundant: ByDay,
    /// Who was needed, and not seen by the policy.
    pub left_behind: ByDay,
    /// Of whom a phase failed.
    pub failed: ByDay,
    /// Who waits for inputs.
    pub blocked: ByDay,
    /// Who failed too often.
    pub quarantined: ByDay,
    /// After which day the policy looked, where it has a watermark.
    #[serde(rename = "looks-after")]
    pub starts_after: Option<Day>,
    /// The watermark of the run's scope before and after.
    pub watermark: Option<(Option<Day>, Option<Day>)>,
    /// Every expected cell, accounted for.
    pub certificate: Option<Certificate>,
    /// What it warned of.
    pub warnings: Vec<String>,
    /// What refused it or went wrong.
    pub error: Option<String>,
    /// What was to happen at a point that it never reached.
    #[serde(rename = "missed")]
    pub unreached_points: Vec<String>,
    /// What it said while it planned, in the words of the incident's log.
    pub log: Vec<String>,
    /// Why each cell was chosen or not, by day, then reason.
    pub reasons: BTreeMap<Day, Vec<ReasonGroup>>,
    /// What failed of each cell that did, and why, by day.
    pub failures: BTreeMap<Day, Vec<ReasonGroup>>,
    /// What each cell that is blocked waits for, by day.
    #[serde(rename = "waits")]
    pub blocked_reasons: BTreeMap<Day, Vec<ReasonGroup>>,
    /// Up to which session cells were due, where another day was asked for.
    pub target: Option<String>,
    /// What was done, as a grid.
    pub grid: Grid,
}

/// Cells of a day with the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReasonGroup {
    /// The reason.
    pub reason: String,
    /// The phases to do; empty where nothing is.
    pub phases: Vec<Phase>,
    /// Whose.
    pub portfolios: Vec<String>,
}

impl RunResult {
    /// A run that did nothing, and why.
    pub(super) fn without_work(error: &dyn std::error::Error, end: RunEnd) -> Self {
        Self {
            end,
            exit: exit_code(end),
            error: Some(error_with_causes(error)),
            done: 0,
            planned: 0,
            processed: ByDay::new(),
            redundant: ByDay::new(),
            left_behind: ByDay::new(),
            failed: ByDay::new(),
            blocked: ByDay::new(),
            quarantined: ByDay::new(),
            starts_after: None,
            watermark: None,
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

    /// What an engine's error means for a run.
    pub(super) fn from_error(error: &EngineError) -> Self {
        Self::without_work(error, end_from_error(error))
    }

    /// What an outcome means. `after` is the ledger after it.
    pub(super) fn from_outcome(
        outcome: &Outcome,
        names: &Names,
        after: &Coverage,
        end: RunEnd,
    ) -> Self {
        let plan = &outcome.plan;
        let who = |which: &IdSet| -> Vec<String> {
            which
                .iter()
                .map(|id| names.portfolio(PortfolioId(id)))
                .collect()
        };
        let by_day = |days: &BTreeMap<Day, IdSet>| -> ByDay {
            let days = days.iter().filter(|(_, cells)| !cells.is_empty());
            days.map(|(day, cells)| (*day, who(cells))).collect()
        };
        let skipped =
            |is: &dyn Fn(SkipReason) -> bool| by_day(&skipped_cells(plan.days.iter(), is));
        let watermark = &outcome.watermark_after;
        Self {
            end,
            exit: exit_code(end),
            done: outcome.done.values().map(IdSet::len).sum(),
            planned: outcome.progress.planned,
            processed: by_day(&outcome.done),
            redundant: by_day(&redundant_cells(outcome)),
            left_behind: skipped(&SkipReason::is_left_behind),
            failed: by_day(&cells_by_day(
                outcome.failures.iter().map(|failed| failed.cell),
            )),
            blocked: by_day(&cells_by_day(outcome.blocked.iter().flat_map(
                |(day, waiting)| waiting.iter().map(|one| Cell::new(*day, one.portfolio)),
            ))),
            quarantined: skipped(&|reason| reason == SkipReason::Quarantined),
            starts_after: match plan.start {
                RangeStart::After(day) => Some(day),
                RangeStart::Unbounded | RangeStart::FirstRun => None,
            },
            watermark: Some((outcome.watermark_before.day(), watermark.day())),
            certificate: Some(outcome.certificate),
            warnings: outcome.warnings.iter().map(ToString::to_string).collect(),
            error: None,
            unreached_points: Vec::new(),
            log: notices(plan, &outcome.watermark_before)
                .into_iter()
                .map(|notice| notice.text)
                .collect(),
            reasons: reasons(outcome, &who),
            failures: failures(outcome, names),
            blocked_reasons: blocked_reasons(outcome, names),
            target: plan.target.replaced_day().map(|_| plan.target.to_string()),
            grid: grid(outcome, names, after),
        }
    }

    /// The cells of a kind, by day.
    pub fn cells(&self, which: CellStatus) -> &BTreeMap<Day, Vec<String>> {
        match which {
            CellStatus::Processed => &self.processed,
            CellStatus::LeftBehind => &self.left_behind,
            CellStatus::Failed => &self.failed,
            CellStatus::Blocked => &self.blocked,
            CellStatus::Quarantined => &self.quarantined,
            CellStatus::Open => {
                static NONE: ByDay = ByDay::new();
                &NONE
            }
        }
    }
}

/// An error and its causes in one line, what was said already left out.
pub fn error_with_causes(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !said.ends_with(&words) {
            said += &format!(": {words}");
        }
        cause = error.source();
    }
    said
}

/// With which code a command ends after such a run.
const fn exit_code(end: RunEnd) -> Option<u8> {
    match end {
        RunEnd::Complete => Some(0),
        RunEnd::Incomplete | RunEnd::Cancelled => Some(1),
        RunEnd::Refused => Some(3),
        RunEnd::Busy | RunEnd::LostLease => Some(4),
        RunEnd::Failed => Some(5),
        RunEnd::Crashed => None,
    }
}

/// How a run ended.
pub const fn run_end(ended: &Result<Outcome, EngineError>) -> RunEnd {
    match ended {
        Ok(outcome) => end_from_state(outcome.state),
        Err(error) => end_from_error(error),
    }
}

/// How a run ended that could not be made or could not go on.
const fn end_from_error(error: &EngineError) -> RunEnd {
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
        | EngineError::TooManyCells { .. } => RunEnd::Refused,
    }
}

/// How a run ended that closed.
pub(super) const fn end_from_state(state: RunState) -> RunEnd {
    match state {
        RunState::Complete => RunEnd::Complete,
        RunState::Cancelled => RunEnd::Cancelled,
        RunState::Running | RunState::Incomplete | RunState::Abandoned | RunState::Failed => {
            RunEnd::Incomplete
        }
    }
}

fn cells_by_day(cells: impl Iterator<Item = Cell>) -> BTreeMap<Day, IdSet> {
    let mut days: BTreeMap<Day, IdSet> = BTreeMap::new();
    for cell in cells {
        days.entry(cell.day).or_default().insert(cell.portfolio.0);
    }
    days
}

fn skipped_cells<'d>(
    days: impl Iterator<Item = &'d DayPlan>,
    is: &dyn Fn(SkipReason) -> bool,
) -> BTreeMap<Day, IdSet> {
    let of_day = |day: &DayPlan| {
        let skips = day.skips.iter().filter(|skips| is(skips.reason));
        let cells = skips.fold(IdSet::new(), |all, skips| all | &skips.cells);
        (day.day, cells)
    };
    days.map(of_day).collect()
}

/// What was done by rule, though nothing was open.
fn redundant_cells(outcome: &Outcome) -> BTreeMap<Day, IdSet> {
    let none = IdSet::new();
    let of_day = |day: &DayPlan| {
        let by_rule = (day.steps.iter())
            .filter(|steps| steps.reason.kind() == crate::plan::StepKind::ByRule)
            .fold(IdSet::new(), |all, steps| all | &steps.cells);
        (
            day.day,
            by_rule & outcome.done.get(&day.day).unwrap_or(&none),
        )
    };
    outcome.plan.days.iter().map(of_day).collect()
}

fn reasons(
    outcome: &Outcome,
    who: &dyn Fn(&IdSet) -> Vec<String>,
) -> BTreeMap<Day, Vec<ReasonGroup>> {
    let of_day = |day: &DayPlan| {
        let steps = day.steps.iter().map(|steps| ReasonGroup {
            reason: steps.reason.to_string(),
            phases: steps.phases.iter().collect(),
            portfolios: who(&steps.cells),
        });
        let skips = day.skips.iter().map(|skips| ReasonGroup {
            reason: skips.reason.to_string(),
            phases: Vec::new(),
            portfolios: who(&skips.cells),
        });
        (day.day, steps.chain(skips).collect())
    };
    outcome.plan.days.iter().map(of_day).collect()
}

fn failures(outcome: &Outcome, names: &Names) -> BTreeMap<Day, Vec<ReasonGroup>> {
    let mut days = BTreeMap::new();
    for failed in &outcome.failures {
        let (cell, why) = (failed.cell, failed.reason.clone());
        let who = names.portfolio(cell.portfolio);
        add_to_group(&mut days, cell.day, who, why, vec![failed.phase]);
    }
    days
}

fn blocked_reasons(outcome: &Outcome, names: &Names) -> BTreeMap<Day, Vec<ReasonGroup>> {
    let mut days = BTreeMap::new();
    for (day, cells) in &outcome.blocked {
        for cell in cells {
            let why = missing_inputs_text(&cell.reason, names);
            let who = names.portfolio(cell.portfolio);
            add_to_group(&mut days, *day, who, why, Vec::new());
        }
    }
    days
}

/// Notes a portfolio beside the others of the day with the same reason.
fn add_to_group(
    days: &mut BTreeMap<Day, Vec<ReasonGroup>>,
    day: Day,
    who: String,
    reason: String,
    phases: Vec<Phase>,
) {
    let known = days.entry(day).or_default();
    let alike = |one: &&mut ReasonGroup| one.reason == reason && one.phases == phases;
    match known.iter_mut().find(alike) {
        Some(one) => one.portfolios.push(who),
        None => known.push(ReasonGroup {
            reason,
            phases,
            portfolios: vec![who],
        }),
    }
}

/// The grid of an outcome; a cell of which only some phases are in the ledger is marked so.
fn grid(outcome: &Outcome, names: &Names, after: &Coverage) -> Grid {
    let members = &outcome.plan.members;
    let mut named = names.portfolio_names().clone();
    named.retain(|id, _| members.contains(id.0));
    let mut grid = Grid::from_outcome(outcome, &named, usize::MAX);
    for (row, id) in grid.rows.iter_mut().zip(named.keys()) {
        for (mark, day) in row.marks.iter_mut().zip(&grid.days) {
            let done: PhaseSet = (Phase::CELL_PHASES.into_iter())
                .filter(|phase| after.contains(*day, *phase, *id))
                .collect();
            let partly = !done.is_empty() && done != PhaseSet::CELL_PHASES;
            if partly && matches!(mark, Mark::Deferred | Mark::Open) {
                *mark = Mark::Partial;
            }
        }
    }
    grid
}
