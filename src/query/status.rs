//! Measures the progress of each portfolio, and finds the cell that holds the watermark back, from
//! one survey and one plan. Only the rows of the portfolios that are shown are read, so that a
//! short list is cheap even if there are many portfolios.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::accepted_prices::{AcceptedPricesView, accepted_within};
use super::concerns::{Concern, ConcernInputs, ConcernKind};
use super::error::QueryError;
use super::evaluation::Evaluation;
use super::grid::{Grid, Mark};
use super::live::{LeaseView, lease};
use super::missing_outputs::{self, missing_outputs};
use super::old_inputs::cells_with_old_inputs;
use super::reason::{CellReason, Facts};
use super::serialize;
use crate::domain::{
    Calendar, Cell, Day, IdSet, LifecycleStatus, PhaseSet, Portfolio, PortfolioId, PortfolioKey,
    Scope,
};
use crate::engine::Settings;
use crate::environment::Environment;
use crate::plan::{FirstGap, Plan, SkipReason, Survey, Watermarks};
use crate::store::{ReadTransaction, RunRow, Store};

/// The part of a status that is returned in detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusOptions {
    /// Number of sessions in the grid, the last ones.
    pub sessions: usize,
    /// Maximum number of portfolios.
    pub portfolios: usize,
    /// Number of portfolios to skip before the first one.
    pub skip: usize,
    /// The order in which portfolios are skipped and taken.
    pub order: Order,
}

/// The order of portfolios where not all are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Portfolios with a gap, by the day of their first gap; then the others by id; deleted ones
    /// last.
    MostBehind,
    /// All portfolios by id, deleted ones included.
    Id,
}

impl Default for StatusOptions {
    fn default() -> Self {
        Self {
            sessions: 10,
            portfolios: 60,
            skip: 0,
            order: Order::MostBehind,
        }
    }
}

/// The progress of the portfolios of a scope.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Status {
    /// Today's date in the exchange's time zone.
    pub today: Day,
    /// The last session up to which cells are due.
    pub target: Day,
    /// The watermark of the scope, if it has one.
    pub watermark: Option<Day>,
    /// The cell that holds the watermark back, if one does.
    pub held_by: Option<WatermarkHolder>,
    /// Numbers of cells since inception, over the scope.
    pub cells: CellTotals,
    /// Number of active portfolios in the scope.
    pub active: u64,
    /// Number of active portfolios with a gap.
    pub behind: u64,
    /// The portfolios that are shown, by id.
    pub portfolios: Vec<PortfolioStatus>,
    /// Number of portfolios that are not shown.
    pub not_shown: u64,
    /// The cells of the last sessions, for the portfolios that are shown.
    pub grid: Grid,
    /// The run that was started last, if there is one.
    pub last_run: Option<RunRow>,
    /// The lease, if one is stored: held by the active run, or not released by an earlier one.
    pub lease: Option<LeaseView>,
    /// The decisions in force by which sessions of the grid do not wait for closes.
    pub accepted_prices: Vec<AcceptedPricesView>,
    /// The states that an operator must be told of.
    pub concerns: Vec<Concern>,
}

/// The verdict on the portfolios of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusVerdict {
    /// No portfolio is active, so that the status says nothing.
    NoneActive,
    /// No cell is expected yet, so that nothing can be missing.
    NothingExpected,
    /// All expected cells are complete, and no other state fails `plimsoll check`.
    Complete,
    /// All expected cells are complete, but another state fails `plimsoll check`.
    CompleteWithErrors,
    /// Some portfolios are behind the target.
    Behind,
    /// Some portfolios are behind the target, and some cells failed too often.
    BehindAndQuarantined,
}

/// The cell that holds the watermark of a scope back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct WatermarkHolder {
    /// The public id of the portfolio.
    pub portfolio: PortfolioKey,
    /// The display name of the portfolio.
    pub name: String,
    /// The session of the cell.
    pub day: Day,
    /// The phases of the cell that are not done.
    #[serde(serialize_with = "serialize::phases")]
    pub open: PhaseSet,
}

/// Numbers of cells. `expected` is the sum of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct CellTotals {
    /// Cells of active portfolios on sessions of their life up to the target.
    pub expected: u64,
    /// Cells that are done and valid.
    pub complete: u64,
    /// Cells that the next run would do.
    pub open: u64,
    /// Cells that wait for inputs.
    pub blocked: u64,
    /// Cells that failed too often.
    pub quarantined: u64,
}

/// The progress of one portfolio.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PortfolioStatus {
    /// The public id of the portfolio.
    pub key: PortfolioKey,
    /// The display name of the portfolio.
    pub name: String,
    /// The state in its lifecycle at the target.
    #[serde(rename = "life")]
    pub lifecycle: LifecycleStatus,
    /// The first day of its life.
    pub inception: Day,
    /// The first day of the database's calendar, if it is after the inception: there are no cells
    /// before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cells_from: Option<Day>,
    /// The name of the calendar that picks its sessions, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// The last session of its complete prefix, if it has one.
    pub watermark: Option<Day>,
    /// Number of expected sessions after its watermark.
    pub sessions_behind: usize,
    /// The session of its first gap, if it has one.
    pub held_back_by: Option<Day>,
    /// The open phases of the first gap; empty without a gap.
    #[serde(serialize_with = "serialize::phases")]
    pub open_phases: PhaseSet,
    /// The reason for the first gap.
    #[serde(rename = "why")]
    pub reason: Option<CellReason>,
}

impl Status {
    /// Returns the verdict on the scope.
    pub fn verdict(&self) -> StatusVerdict {
        let has_errors = self.concerns.iter().any(Concern::is_error);
        match (self.behind, self.cells.expected, self.cells.quarantined) {
            _ if self.active == 0 => StatusVerdict::NoneActive,
            (0, 0, _) => StatusVerdict::NothingExpected,
            (0, ..) if has_errors => StatusVerdict::CompleteWithErrors,
            (0, ..) => StatusVerdict::Complete,
            (_, _, 0) => StatusVerdict::Behind,
            _ => StatusVerdict::BehindAndQuarantined,
        }
    }

    /// Returns a portfolio and day whose output the grid shows as missing, if no concern has damage.
    pub fn unnoted_damage(&self) -> Option<(&str, Day)> {
        let is_noted = |concern: &Concern| concern.kind() == ConcernKind::Damage;
        if self.concerns.iter().any(is_noted) {
            return None;
        }
        self.grid.rows.iter().find_map(|row| {
            let at = row.marks.iter().position(|mark| *mark == Mark::Damaged)?;
            Some((row.name.as_str(), self.grid.days[at]))
        })
    }
}

/// Measures the progress of `scope` at the time of the environment's clock.
///
/// # Errors
///
/// Where the store cannot be read, or no plan can be made.
pub fn status(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    scope: &Scope,
    shown: StatusOptions,
    inputs: &ConcernInputs,
) -> Result<Status, QueryError> {
    store.read(|reading| status_in(reading, settings, environment, scope, shown, inputs))
}

/// Measures the progress of `scope` in a transaction of the caller.
pub(super) fn status_in(
    reading: &ReadTransaction<'_>,
    settings: &Settings,
    environment: &Environment,
    scope: &Scope,
    shown: StatusOptions,
    inputs: &ConcernInputs,
) -> Result<Status, QueryError> {
    let evaluation = Evaluation::read(reading, scope, settings, environment)?;
    let Evaluation {
        surveyed,
        plan,
        marks,
        ..
    } = &evaluation;
    let survey = &surveyed.survey;
    let held_by = marks.scope_watermark().held_by();
    let ids = select_portfolios(plan, survey, marks, shown);
    let known = read_portfolios(reading, ids.iter().copied())?;
    let names = known
        .iter()
        .map(|(id, portfolio)| (*id, portfolio.name.clone()))
        .collect();
    let facts = Facts::read(reading, surveyed, settings)?;
    let reader = StatusReader {
        calendar: &settings.calendar,
        plan,
        watermarks: marks,
        facts: &facts,
    };
    let grid = Grid::from_status(plan, &names, shown.sessions);
    let complete = grid.cells_with(&names, &[Mark::DoneBefore]);
    let sessions = (&evaluation.calendar, survey);
    let damaged = missing_outputs::by_day(&missing_outputs(reading, survey, &complete)?);
    let old = cells_with_old_inputs(reading, sessions, &complete, inputs.limits.max_stale)?;
    let grid = grid.with_mark(&names, Mark::Damaged, &damaged);
    let grid = grid.with_mark(&names, Mark::OldInputs, &old);
    Ok(Status {
        today: surveyed.today.date,
        target: plan.target.day,
        watermark: marks.scope_watermark().day(),
        held_by: held_by
            .map(|gap| holder(reading, gap))
            .transpose()?
            .flatten(),
        cells: totals(plan),
        active: (&plan.members & survey.lifecycles.active()).len(),
        behind: marks.portfolios_behind(),
        portfolios: (known.values())
            .map(|portfolio| reader.portfolio(portfolio))
            .collect(),
        not_shown: plan.members.len() - known.len() as u64,
        accepted_prices: accepted_within(reading, &grid.days)?,
        grid,
        last_run: reading.runs().latest(1)?.into_iter().next(),
        lease: lease(reading, environment)?,
        concerns: evaluation.concerns(reading, environment, scope, inputs, &facts)?,
    })
}

/// The members to show, by id.
fn select_portfolios(
    plan: &Plan,
    survey: &Survey,
    marks: &Watermarks,
    shown: StatusOptions,
) -> BTreeSet<PortfolioId> {
    let slice = |ids: &mut dyn Iterator<Item = PortfolioId>| {
        ids.skip(shown.skip).take(shown.portfolios).collect()
    };
    if shown.order == Order::Id {
        return slice(&mut plan.members.iter().map(PortfolioId));
    }
    let behind: Vec<_> = marks.first_gaps().map(|gap| gap.cell.portfolio).collect();
    let seen: IdSet = behind.iter().map(|id| id.0).collect();
    let (active, deleted) = (survey.lifecycles.active(), survey.lifecycles.deleted());
    let rest = [active, deleted].map(|group| (&plan.members & group) - &seen);
    let rest = rest.iter().flatten().map(PortfolioId);
    slice(&mut behind.into_iter().chain(rest))
}

fn read_portfolios(
    reading: &ReadTransaction<'_>,
    ids: impl Iterator<Item = PortfolioId>,
) -> Result<BTreeMap<PortfolioId, Portfolio>, QueryError> {
    let mut known = BTreeMap::new();
    for id in ids {
        known.extend(
            reading
                .portfolios()
                .get(id)?
                .map(|portfolio| (id, portfolio)),
        );
    }
    Ok(known)
}

fn holder(
    reading: &ReadTransaction<'_>,
    gap: FirstGap,
) -> Result<Option<WatermarkHolder>, QueryError> {
    let portfolio = reading.portfolios().get(gap.cell.portfolio)?;
    Ok(portfolio.map(|portfolio| WatermarkHolder {
        portfolio: portfolio.key,
        name: portfolio.name,
        day: gap.cell.day,
        open: gap.open_phases,
    }))
}

fn totals(plan: &Plan) -> CellTotals {
    let skips = plan.skips_by_reason();
    let skipped = |reason| skips.get(&reason).copied().unwrap_or(0);
    let mut totals = CellTotals {
        expected: 0,
        complete: skipped(SkipReason::Complete),
        open: plan.step_count(),
        blocked: plan.waiting_count(),
        quarantined: skipped(SkipReason::Quarantined),
    };
    totals.expected = totals.complete + totals.open + totals.blocked + totals.quarantined;
    totals
}

/// Reads the status of portfolios off a plan and its watermarks.
struct StatusReader<'v> {
    calendar: &'v Calendar,
    plan: &'v Plan,
    watermarks: &'v Watermarks,
    facts: &'v Facts<'v>,
}

impl StatusReader<'_> {
    fn portfolio(&self, portfolio: &Portfolio) -> PortfolioStatus {
        let id = portfolio.id;
        let gap = self.watermarks.first_gap(id);
        PortfolioStatus {
            key: portfolio.key,
            name: portfolio.name.clone(),
            lifecycle: portfolio.lifecycle.status_on(self.plan.target.day),
            inception: portfolio.lifecycle.inception(),
            cells_from: self.calendar.cells_from(portfolio.lifecycle.inception()),
            calendar: portfolio.calendar.clone(),
            watermark: self.watermarks.get(id),
            sessions_behind: self.watermarks.sessions_behind(id),
            held_back_by: gap.map(|gap| gap.cell.day),
            open_phases: gap.map_or(PhaseSet::EMPTY, |gap| gap.open_phases),
            reason: gap.map(|gap| self.reason(gap.cell)),
        }
    }

    fn reason(&self, cell: Cell) -> CellReason {
        self.facts.reason(cell, self.plan.decision(cell))
    }
}
