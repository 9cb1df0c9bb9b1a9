//! Reads the state of a database between steps: coverage, watermarks and open cells.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cell_books::CellBooks;
use super::error::PlayError;
use crate::domain::{
    CalendarError, Cell, Coverage, Day, DayRange, Phase, PhaseSet, PortfolioId, Scope,
};
use crate::engine::{Settings, survey_and_plan};
use crate::environment::Environment;
use crate::plan::{Plan, Request, ScopeWatermark, SkipReason, Survey, Watermarks, watermarks};
use crate::query::{Grid, Names};
use crate::scenario::script::CellStatus;
use crate::store::{Store, StoreError};

/// The state of a database after the last step.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct EndState {
    /// The reason why the state can't be computed, if the calendar does not know the current day.
    #[serde(rename = "unknown")]
    pub unknown_reason: Option<String>,
    /// The watermark over all active portfolios.
    pub watermark: Option<Day>,
    /// The watermark of each active portfolio, by name.
    pub watermarks: BTreeMap<String, Option<Day>>,
    /// The portfolio and session that hold the watermark down.
    pub held_by: Option<(String, Day)>,
    /// The names of the portfolios with a needed cell, by session.
    pub open: ByDay,
    /// The names of the portfolios that wait for prices or rates, by session.
    #[serde(skip)]
    pub waiting: ByDay,
    /// The names of the portfolios that wait because the session is unpriced, by session.
    #[serde(skip)]
    pub unpriced: ByDay,
    /// The names of the portfolios whose complete books use a price or rate that is older than
    /// allowed, by session; `None` if they were not read, because no expectation is about outputs.
    #[serde(skip)]
    pub old_inputs: Option<ByDay>,
    /// The valid books by portfolio name and session; `None` if they were not read, because no
    /// expectation is about them.
    #[serde(skip)]
    pub books: Option<BooksByDay>,
    /// The done phases by portfolio name and session; `None` if they were not read, because no
    /// expectation is about them.
    #[serde(skip)]
    pub phases: Option<PhasesByDay>,
    /// The cells of all active portfolios as a grid.
    pub grid: Grid,
}

/// The names of portfolios by session.
type ByDay = BTreeMap<Day, Vec<String>>;
/// The books by portfolio name and session.
pub type BooksByDay = BTreeMap<String, BTreeMap<Day, CellBooks>>;

/// The done phases by portfolio name and session.
pub type PhasesByDay = BTreeMap<String, BTreeMap<Day, PhaseSet>>;

/// A survey of the database with the plan of the default policy.
pub(super) struct Inspection {
    pub(super) names: Names,
    pub(super) survey: Survey,
    /// The plan of the policy `per-cell` for all active portfolios.
    pub(super) plan: Plan,
}

/// Surveys and plans a database under the default policy, whatever policy the scenario plays.
pub(super) fn inspect(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
) -> Result<Inspection, PlayError> {
    // The end of a scenario is judged by the same rules under every policy, so that policies can be
    // compared.
    let request = Request::new(Scope::AllActive);
    let now = environment.clock.now();
    let (surveyed, plan) =
        store.read(|reading| survey_and_plan(reading, &request, settings, now))?;
    Ok(Inspection {
        names: read_names(store)?,
        survey: surveyed.survey,
        plan,
    })
}

/// Summarises a survey and the plan of the default policy for all active portfolios.
pub(crate) fn end_state(names: Names, survey: Survey, plan: Plan) -> EndState {
    let inspection = Inspection {
        names,
        survey,
        plan,
    };
    inspection.end_state()
}

/// Reads the ledger of the cell phases for all days.
pub(super) fn read_coverage(store: &Store) -> Result<Coverage, StoreError> {
    store.read(|reading| {
        reading
            .ledger()
            .coverage(DayRange::ALL, PhaseSet::CELL_PHASES)
    })
}

/// Reads the names of all portfolios and the symbols of all securities.
pub(super) fn read_names(store: &Store) -> Result<Names, StoreError> {
    store.read(Names::read_all)
}

impl EndState {
    /// Returns the state of a database whose calendar does not know the current day.
    pub(super) fn from_calendar_error(error: &CalendarError) -> Self {
        Self {
            unknown_reason: Some(error.to_string()),
            ..Self::default()
        }
    }
}

impl Inspection {
    /// Returns the watermark of a scope up to a target.
    pub(super) fn watermark_of(&self, scope: &Scope, target: Day) -> ScopeWatermark {
        watermarks(&self.survey, scope, target).scope_watermark()
    }

    /// Returns the watermarks of all active portfolios up to the target of the plan.
    pub(super) fn watermarks(&self) -> Watermarks {
        watermarks(&self.survey, &Scope::AllActive, self.plan.target.day)
    }

    /// Summarises the inspection for results and transcripts.
    pub(super) fn end_state(&self) -> EndState {
        let watermarks = self.watermarks();
        let scope = watermarks.scope_watermark();
        let active = self.survey.lifecycles.active();
        let known = self.names.portfolio_names().iter();
        let active = known.filter(|(id, _)| active.contains(id.0));
        EndState {
            unknown_reason: None,
            watermark: scope.day(),
            watermarks: active
                .map(|(id, name)| (name.clone(), watermarks.get(*id)))
                .collect(),
            held_by: scope.held_by().map(|holder| {
                let cell = holder.cell;
                (self.names.portfolio(cell.portfolio), cell.day)
            }),
            open: self.cells_of_plan(true, SkipReason::is_open),
            waiting: self.cells_of_plan(false, |reason| {
                matches!(reason, SkipReason::Blocked | SkipReason::Unpriced)
            }),
            unpriced: self.cells_of_plan(false, |reason| reason == SkipReason::Unpriced),
            old_inputs: None,
            books: None,
            phases: None,
            grid: Grid::from_status(&self.plan, self.names.portfolio_names(), usize::MAX),
        }
    }

    /// Returns the names of the portfolios that the plan skips for one of these reasons, and those
    /// that it has a step for if `with_steps` is true, by session.
    fn cells_of_plan(&self, with_steps: bool, is_skipped: impl Fn(SkipReason) -> bool) -> ByDay {
        let mut cells_by_day = ByDay::new();
        for day in self
            .plan
            .days
            .iter()
            .filter(|day| day.day <= self.plan.target.day)
        {
            let steps = day.steps.iter().filter(|_| with_steps);
            let steps = steps.map(|steps| &steps.cells);
            let skips = day.skips.iter().filter(|skips| is_skipped(skips.reason));
            let cells = steps.chain(skips.map(|skips| &skips.cells));
            let mut ids: Vec<u32> = cells.flatten().collect();
            // Steps and skips come by reason; names are listed in the order of the ids.
            ids.sort_unstable();
            if !ids.is_empty() {
                let names = ids
                    .into_iter()
                    .map(|id| self.names.portfolio(PortfolioId(id)));
                cells_by_day.insert(day.day, names.collect());
            }
        }
        cells_by_day
    }
}

impl EndState {
    /// Returns the cells with a status of the state; `None` if it was not read.
    pub fn cells(&self, status: CellStatus) -> Option<ByDay> {
        let stale = || {
            let mut cells = ByDay::new();
            for (name, days) in self.books.as_ref()? {
                let is_stale = |books: &CellBooks| {
                    let quality = books.quality();
                    quality.is_some_and(|quality| quality.stale > 0)
                };
                for (day, _) in days.iter().filter(|(_, books)| is_stale(books)) {
                    cells.entry(*day).or_default().push(name.clone());
                }
            }
            Some(cells)
        };
        match status {
            CellStatus::Open => Some(self.open.clone()),
            CellStatus::Waiting => Some(self.waiting.clone()),
            CellStatus::Unpriced => Some(self.unpriced.clone()),
            CellStatus::Stale => stale(),
            CellStatus::OldInputs => self.old_inputs.clone(),
            CellStatus::Processed
            | CellStatus::Planned
            | CellStatus::LeftBehind
            | CellStatus::Failed
            | CellStatus::Blocked
            | CellStatus::Quarantined => None,
        }
    }
}

/// Reads the phases of the cells of all portfolios that are in the ledger.
pub(super) fn read_phases(store: &Store) -> Result<PhasesByDay, StoreError> {
    let (coverage, names) = (read_coverage(store)?, read_names(store)?);
    let mut phases = PhasesByDay::new();
    for (day, phase, ids) in coverage.iter() {
        for id in ids {
            let days = phases.entry(names.portfolio(PortfolioId(id))).or_default();
            let done: &mut PhaseSet = days.entry(day).or_default();
            *done = done.iter().chain([phase]).collect();
        }
    }
    Ok(phases)
}

/// Reads the books of all portfolios whose snapshot is in the ledger. Books that are to be done
/// again are left out: their numbers are those of other sources.
pub(super) fn read_books(store: &Store) -> Result<BooksByDay, StoreError> {
    store.read(|reading| {
        let mut books = BooksByDay::new();
        let snapshots = PhaseSet::from_iter([Phase::Snapshot]);
        let coverage = reading.ledger().coverage(DayRange::ALL, snapshots)?;
        let portfolios = reading.portfolios().all()?;
        for (day, stored) in reading.outputs().snapshot_ids_by_day(DayRange::ALL)? {
            for portfolio in portfolios
                .iter()
                .filter(|known| stored.contains(known.id.0))
            {
                if !coverage.contains(day, Phase::Snapshot, portfolio.id) {
                    continue;
                }
                let cell = Cell::new(day, portfolio.id);
                if let Some(snapshot) = reading.outputs().snapshot(cell)? {
                    let days = books.entry(portfolio.name.clone()).or_default();
                    days.insert(day, CellBooks::Computed(Box::new(snapshot)));
                }
            }
        }
        Ok(books)
    })
}
