//! Reads the state of a database between steps: coverage, watermarks and open cells.

use std::collections::BTreeMap;

use serde::Serialize;

use super::error::PlayError;
use crate::domain::{CalendarError, Coverage, Day, DayRange, PhaseSet, PortfolioId, Scope};
use crate::engine::{Settings, survey_and_plan};
use crate::environment::Environment;
use crate::plan::{Plan, Request, ScopeWatermark, Survey, Watermarks, watermarks};
use crate::query::{Grid, Names};
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
    pub open: BTreeMap<Day, Vec<String>>,
    /// The cells of all active portfolios as a grid.
    pub grid: Grid,
}

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
    store.read(|reading| {
        let portfolios = reading.portfolios().all()?.into_iter();
        let securities = reading.securities().all()?.into_iter();
        Ok(Names::new(
            portfolios.map(|portfolio| (portfolio.id, portfolio.name)),
            securities.map(|security| (security.id, security.symbol)),
        ))
    })
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
            open: self.open(),
            grid: Grid::from_status(&self.plan, self.names.portfolio_names(), usize::MAX),
        }
    }

    /// Returns the names of the portfolios with a needed cell, planned or skipped, by session.
    fn open(&self) -> BTreeMap<Day, Vec<String>> {
        let mut open: BTreeMap<Day, Vec<String>> = BTreeMap::new();
        for day in self
            .plan
            .days
            .iter()
            .filter(|day| day.day <= self.plan.target.day)
        {
            let steps = day.steps.iter().map(|steps| &steps.cells);
            let open_skips = day.skips.iter().filter(|skips| skips.reason.is_open());
            let cells = steps.chain(open_skips.map(|skips| &skips.cells));
            let mut ids: Vec<u32> = cells.flatten().collect();
            // Steps and skips come by reason; names are listed in the order of the ids.
            ids.sort_unstable();
            if !ids.is_empty() {
                let names = ids
                    .into_iter()
                    .map(|id| self.names.portfolio(PortfolioId(id)));
                open.insert(day.day, names.collect());
            }
        }
        open
    }
}
