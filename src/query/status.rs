//! How far everybody is, and who holds us back. One survey and one plan; names are read only of
//! the portfolios that are shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::reason::Facts;
use super::{CellReason, Grid, QueryError, serialize};
use crate::domain::{
    Cell, Day, IdSet, Lifecycle, PhaseSet, Portfolio, PortfolioId, PortfolioKey, RunId, Scope,
};
use crate::engine::{Settings, survey_and_plan};
use crate::environment::Environment;
use crate::plan::{FirstGap, Plan, Request, SkipReason, Survey, Watermarks, watermarks};
use crate::store::{ReadTransaction, RunRow, Store};

/// How much of a status is spelled out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusOptions {
    /// The last so many sessions in the grid.
    pub sessions: usize,
    /// At most so many portfolios.
    pub portfolios: usize,
    /// How many are passed over before the first of them.
    pub skip: usize,
    /// Who comes first.
    pub order: Order,
}

/// Who comes first where not everybody is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Those with a gap by its day, then the others by id, deleted ones last.
    MostBehind,
    /// By id, deleted ones too.
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

/// How far everybody is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Status {
    /// The date in the exchange's time zone.
    pub today: Day,
    /// Up to which session cells are due.
    pub target: Day,
    /// The scope's watermark, if it has one.
    pub watermark: Option<Day>,
    /// The cell that holds it back, if one does.
    pub held_by: Option<WatermarkHolder>,
    /// The scope's cells since inception, counted.
    pub cells: CellTotals,
    /// How many portfolios of the scope are active.
    pub active: u64,
    /// How many of those have a gap.
    pub behind: u64,
    /// The portfolios that are shown, by id.
    pub portfolios: Vec<PortfolioStatus>,
    /// How many more there are.
    pub not_shown: u64,
    /// What there is on the last sessions, for the portfolios that are shown.
    pub grid: Grid,
    /// The last run that was started, if one was.
    pub last_run: Option<RunRow>,
    /// The lease, if one is held or was left behind.
    pub lease: Option<LeaseView>,
}

/// The cell that holds a scope's watermark back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct WatermarkHolder {
    /// Whose.
    pub portfolio: PortfolioKey,
    /// What people call it.
    pub name: String,
    /// On which session.
    pub day: Day,
    /// Its phases that are not done.
    #[serde(serialize_with = "serialize::phases")]
    pub open: PhaseSet,
}

/// Cells, counted. `expected` is the sum of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct CellTotals {
    /// Portfolio active, and the day a session of its life up to the target.
    pub expected: u64,
    /// Done and valid.
    pub complete: u64,
    /// To be done by the next run.
    pub open: u64,
    /// Waiting for inputs.
    pub blocked: u64,
    /// Failed too often.
    pub quarantined: u64,
}

/// Where a portfolio stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LifecycleState {
    /// It begins after the target.
    NotYet,
    /// It lives.
    Active,
    /// Its last day has passed; its past is still kept complete.
    Closed,
    /// It is deleted.
    Deleted,
}

/// How far one portfolio is.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PortfolioStatus {
    /// Its id outside.
    pub key: PortfolioKey,
    /// What people call it.
    pub name: String,
    /// Where it stands in its life at the target.
    #[serde(rename = "life")]
    pub lifecycle: LifecycleState,
    /// Its first day.
    pub inception: Day,
    /// The last session of its unbroken complete prefix, if it has one.
    pub watermark: Option<Day>,
    /// How many sessions are expected after its watermark.
    pub sessions_behind: usize,
    /// Its first gap, if it has one.
    pub held_back_by: Option<Day>,
    /// What is open there.
    #[serde(serialize_with = "serialize::phases")]
    pub open_phases: PhaseSet,
    /// Why that gap is there.
    #[serde(rename = "why")]
    pub reason: Option<CellReason>,
}

/// A lease as it is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LeaseView {
    /// The run that holds it.
    pub run: RunId,
    /// Which process, in words.
    pub owner: String,
    /// When it was last renewed.
    pub renewed: DateTime<Utc>,
    /// When it ends.
    pub expires: DateTime<Utc>,
    /// Whether it still binds others.
    pub state: LeaseState,
}

/// Whether a lease still binds others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeaseState {
    /// Its run is at work.
    Live,
    /// Its run ended without giving it back; the next run takes it over.
    LeftBehind,
}

impl LifecycleState {
    /// Where a life stands on `day`.
    pub fn on(day: Day, life: &Lifecycle) -> Self {
        match life.status_on(day) {
            crate::domain::LifecycleStatus::Alive => Self::Active,
            crate::domain::LifecycleStatus::BeforeInception => Self::NotYet,
            crate::domain::LifecycleStatus::AfterClose => Self::Closed,
            crate::domain::LifecycleStatus::Deleted => Self::Deleted,
        }
    }
}

impl fmt::Display for LifecycleState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NotYet => "not yet",
            Self::Active => "active",
            Self::Closed => "closed",
            Self::Deleted => "deleted",
        })
    }
}

/// How far `scope` is, by the environment's clock.
pub fn status(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    scope: &Scope,
    shown: StatusOptions,
) -> Result<Status, QueryError> {
    let request = Request::new(scope.clone());
    store.read(|reading| {
        let now = environment.clock.now();
        let (surveyed, plan) = survey_and_plan(reading, &request, settings, now)?;
        let survey = &surveyed.survey;
        let marks = watermarks(survey, scope, plan.target.day);
        let held_by = marks.scope_watermark().held_by();
        let ids = select_portfolios(&plan, survey, &marks, shown);
        let known = read_portfolios(reading, ids.iter().copied())?;
        let names = known
            .iter()
            .map(|(id, one)| (*id, one.name.clone()))
            .collect();
        let facts = Facts::read(reading, survey, settings)?;
        let view = StatusReader {
            plan: &plan,
            watermarks: &marks,
            facts: &facts,
        };
        Ok(Status {
            today: surveyed.today.date,
            target: plan.target.day,
            watermark: marks.scope_watermark().day(),
            held_by: held_by
                .map(|held| holder(reading, held))
                .transpose()?
                .flatten(),
            cells: totals(&plan),
            active: (&plan.members & survey.lifecycles.active()).len(),
            behind: marks.portfolios_behind(),
            portfolios: known.values().map(|one| view.portfolio(one)).collect(),
            not_shown: plan.members.len() - known.len() as u64,
            grid: Grid::from_status(&plan, &names, shown.sessions),
            last_run: reading.runs(1)?.into_iter().next(),
            lease: lease(reading, environment)?,
        })
    })
}

/// The members to show, by id.
fn select_portfolios(
    plan: &Plan,
    survey: &Survey,
    marks: &Watermarks,
    shown: StatusOptions,
) -> BTreeSet<PortfolioId> {
    let slice = |all: &mut dyn Iterator<Item = PortfolioId>| {
        all.skip(shown.skip).take(shown.portfolios).collect()
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
        known.extend(reading.portfolio(id)?.map(|portfolio| (id, portfolio)));
    }
    Ok(known)
}

fn holder(
    reading: &ReadTransaction<'_>,
    held: FirstGap,
) -> Result<Option<WatermarkHolder>, QueryError> {
    let portfolio = reading.portfolio(held.cell.portfolio)?;
    Ok(portfolio.map(|portfolio| WatermarkHolder {
        portfolio: portfolio.key,
        name: portfolio.name,
        day: held.cell.day,
        open: held.open_phases,
    }))
}

fn totals(plan: &Plan) -> CellTotals {
    let skips = plan.skips_by_reason();
    let skipped = |reason| skips.get(&reason).copied().unwrap_or(0);
    let mut totals = CellTotals {
        expected: 0,
        complete: skipped(SkipReason::Complete),
        open: plan.step_count(),
        blocked: skipped(SkipReason::Blocked),
        quarantined: skipped(SkipReason::Quarantined),
    };
    totals.expected = totals.complete + totals.open + totals.blocked + totals.quarantined;
    totals
}

pub(super) fn lease(
    reading: &ReadTransaction<'_>,
    environment: &Environment,
) -> Result<Option<LeaseView>, QueryError> {
    Ok(reading.lease_holder()?.map(|holder| LeaseView {
        run: holder.run,
        owner: holder.to_string(),
        renewed: holder.renewed,
        expires: holder.expires,
        state: if holder.is_live(environment) {
            LeaseState::Live
        } else {
            LeaseState::LeftBehind
        },
    }))
}

/// What a portfolio's status is read off.
struct StatusReader<'v> {
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
            lifecycle: LifecycleState::on(self.plan.target.day, &portfolio.lifecycle),
            inception: portfolio.lifecycle.inception(),
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
