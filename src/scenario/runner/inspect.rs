//! What a database says of itself between steps: what is done, how far everybody is, what is open.

use std::collections::BTreeMap;

use serde::Serialize;

use super::play::PlayError;
use crate::domain::{CalendarError, Coverage, Day, DayRange, PhaseSet, PortfolioId, Scope};
use crate::engine::{Settings, survey_and_plan};
use crate::environment::Environment;
use crate::plan::{Plan, Request, ScopeWatermark, Survey, Watermarks, watermarks};
use crate::query::Grid;
use crate::report::Names;
use crate::store::{Store, StoreError};

/// How the books stand.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct EndState {
    /// Why nobody can say, where the calendar does not know the day that it is.
    #[serde(rename = "unknown")]
    pub unknown_reason: Option<String>,
    /// The watermark of everybody who is active.
    pub watermark: Option<Day>,
    /// The watermark of each active portfolio.
    pub watermarks: BTreeMap<String, Option<Day>>,
    /// Who holds everybody's watermark down, and on which day.
    pub held_by: Option<(String, Day)>,
    /// What is needed and not done, by day.
    pub open: BTreeMap<Day, Vec<String>>,
    /// The books as a grid.
    pub grid: Grid,
}

/// The facts of a moment.
pub(super) struct Inspection {
    pub(super) names: Names,
    pub(super) survey: Survey,
    /// What our own policy would do.
    pub(super) plan: Plan,
}

/// Looks at a database by our own policy.
pub(super) fn inspect(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
) -> Result<Inspection, PlayError> {
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

/// What is proven done of the phases of cells.
pub(super) fn read_coverage(store: &Store) -> Result<Coverage, StoreError> {
    store.read(|reading| reading.coverage(DayRange::ALL, PhaseSet::CELL_PHASES))
}

/// What everybody and everything is called.
pub(super) fn read_names(store: &Store) -> Result<Names, StoreError> {
    store.read(|reading| {
        let portfolios = reading.portfolios()?.into_iter();
        let securities = reading.securities()?.into_iter();
        Ok(Names::new(
            portfolios.map(|one| (one.id, one.name)),
            securities.map(|one| (one.id, one.symbol)),
        ))
    })
}

impl EndState {
    /// Nobody can say.
    pub(super) fn from_calendar_error(why: &CalendarError) -> Self {
        Self {
            unknown_reason: Some(why.to_string()),
            ..Self::default()
        }
    }
}

impl Inspection {
    /// How far some are, up to a target.
    pub(super) fn watermark_of(&self, scope: &Scope, target: Day) -> ScopeWatermark {
        watermarks(&self.survey, scope, target).scope_watermark()
    }

    /// How far everybody is.
    pub(super) fn watermarks(&self) -> Watermarks {
        watermarks(&self.survey, &Scope::AllActive, self.plan.target.day)
    }

    /// How the books stand.
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

    /// Whatever is needed and not done, for whichever reason, by day.
    fn open(&self) -> BTreeMap<Day, Vec<String>> {
        let mut open: BTreeMap<Day, Vec<String>> = BTreeMap::new();
        for day in self
            .plan
            .days
            .iter()
            .filter(|day| day.day <= self.plan.target.day)
        {
            let steps = day.steps.iter().map(|steps| &steps.cells);
            let waiting = day.skips.iter().filter(|skips| skips.reason.is_open());
            let cells = steps.chain(waiting.map(|skips| &skips.cells));
            let mut ids: Vec<u32> = cells.flatten().collect();
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
