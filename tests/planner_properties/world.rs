//! Defines the state of a database as plain collections, the input of both the planner and the
//! reference model.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::domain::{
    Coverage, Day, IdSet, InvalidationCause, Lifecycle, LifecycleIndex, OpenInvalidation, Phase,
    PhaseSet, PortfolioCalendar, PortfolioId, Scope, SessionsPerYear,
};
use plimsoll::plan::{
    BlockReason, BlockedCell, Plan, PlanError, Request, Survey, Target, Today, UnpricedSession,
    plan,
};

/// First and last day of a portfolio, both inclusive, and whether it is deleted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lifespan {
    pub(crate) first: Day,
    pub(crate) last: Option<Day>,
    pub(crate) deleted: bool,
}

/// A phase of a cell: day, portfolio and phase.
pub(crate) type CellPhase = (Day, u32, Phase);

/// An invalidation: its cause, and the phases of cells that it removed from the ledger.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Invalidation {
    pub(crate) cause: InvalidationCause,
    pub(crate) cell_phases: BTreeSet<CellPhase>,
}

/// The state of a database.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct World {
    pub(crate) sessions: Vec<Day>,
    pub(crate) lifespans: BTreeMap<u32, Lifespan>,
    pub(crate) done: BTreeSet<CellPhase>,
    pub(crate) rows: BTreeSet<(Day, u32)>,
    pub(crate) invalid: BTreeMap<i64, Invalidation>,
    pub(crate) quarantined: BTreeSet<CellPhase>,
    pub(crate) blocked: BTreeSet<(Day, u32)>,
    pub(crate) unpriced: BTreeSet<Day>,
    /// The sessions of the calendars that portfolios name, with these portfolios.
    pub(crate) calendars: Vec<(BTreeSet<u32>, Vec<Day>)>,
}

/// Returns the day `number` days after the origin of all test worlds.
pub(crate) fn day(number: i32) -> Day {
    Day::from_number(20_000 + number).unwrap()
}

/// Returns a day on which every session of the world is final.
pub(crate) fn today(world: &World) -> Today {
    let last_final = world.sessions.last().copied().unwrap_or(day(0));
    Today {
        date: last_final.next(),
        last_final,
    }
}

/// Creates the scope of these ids.
pub(crate) fn scope_of(ids: impl IntoIterator<Item = u32>) -> Scope {
    Scope::from_ids(ids.into_iter().map(PortfolioId)).unwrap()
}

impl World {
    /// Returns whether a session of the database is one of a portfolio: those between the first and
    /// the last session of its calendar are only if the calendar has them.
    pub(crate) fn has_session(&self, day: Day, id: u32) -> bool {
        let mut calendars = self.calendars.iter();
        let Some((_, own)) = calendars.find(|(portfolios, _)| portfolios.contains(&id)) else {
            return true;
        };
        let within = own.iter().any(|known| *known < day) && own.iter().any(|known| day < *known);
        !within || own.contains(&day)
    }

    /// Adds an open portfolio with inception `first`.
    pub(crate) fn add_portfolio(&mut self, id: u32, first: Day) {
        let lifespan = Lifespan {
            first,
            last: None,
            deleted: false,
        };
        self.lifespans.insert(id, lifespan);
    }

    /// Marks all four phases of a cell as done, and adds its snapshot row.
    pub(crate) fn complete(&mut self, day: Day, id: u32) {
        self.rows.insert((day, id));
        let phases = Phase::CELL_PHASES.into_iter();
        self.done.extend(phases.map(|phase| (day, id, phase)));
    }

    /// Removes a phase of a cell from the ledger, under the invalidation with this id.
    pub(crate) fn invalidate(&mut self, id: i64, cause: InvalidationCause, cell_phase: CellPhase) {
        let invalidation = self.invalid.entry(id).or_insert(Invalidation {
            cause,
            cell_phases: BTreeSet::new(),
        });
        invalidation.cell_phases.insert(cell_phase);
        self.done.remove(&cell_phase);
    }

    /// Marks the steps of a plan as done.
    pub(crate) fn execute(&mut self, plan: &Plan) {
        for day in &plan.days {
            for (id, phases, _) in plan.steps_on(day.day) {
                let done = phases.iter().map(|phase| (day.day, id.0, phase));
                self.done.extend(done);
                self.rows.insert((day.day, id.0));
            }
        }
    }

    /// Plans a request on this world.
    pub(crate) fn plan(&self, request: &Request) -> Result<Plan, PlanError> {
        plan(request, &self.survey(), today(self))
    }

    /// Plans all needed cells by the default policy.
    pub(crate) fn plan_all(&self) -> Plan {
        self.plan(&Request::new(Scope::AllActive)).unwrap()
    }

    /// Returns the survey that a store with this state would read.
    pub(crate) fn survey(&self) -> Survey {
        let mut lifecycles = LifecycleIndex::new();
        for (id, lifespan) in &self.lifespans {
            let deleted_at = lifespan.deleted.then_some(chrono::DateTime::UNIX_EPOCH);
            let lifecycle = Lifecycle::new(lifespan.first)
                .with_closing_day(lifespan.last)
                .unwrap();
            lifecycles.add(PortfolioId(*id), &lifecycle.with_deleted_at(deleted_at));
        }
        let mut coverage = Coverage::new();
        for (day, id, phase) in &self.done {
            coverage.insert(*day, *phase, *id);
        }
        let mut snapshots = BTreeMap::<Day, IdSet>::new();
        for (day, id) in &self.rows {
            snapshots.entry(*day).or_default().insert(*id);
        }
        let mut quarantined = BTreeMap::<Day, Vec<_>>::new();
        for (day, id, phase) in &self.quarantined {
            let failed = (PortfolioId(*id), PhaseSet::from_phase(*phase));
            quarantined.entry(*day).or_default().push(failed);
        }
        let mut blocked = BTreeMap::<Day, Vec<BlockedCell>>::new();
        for (day, id) in &self.blocked {
            let portfolio = PortfolioId(*id);
            let pair = "EURUSD".to_owned();
            let reason = BlockReason::MissingRate { pair };
            let cell = BlockedCell { portfolio, reason };
            blocked.entry(*day).or_default().push(cell);
        }
        let calendars = self
            .calendars
            .iter()
            .map(|(portfolios, own)| PortfolioCalendar {
                name: "XTSE".to_owned(),
                portfolios: portfolios.iter().copied().collect(),
                sessions: own.clone(),
                sessions_per_year: SessionsPerYear::EXCHANGE,
            });
        Survey {
            lifecycles: lifecycles.with_calendars(calendars.collect()),
            sessions: self.sessions.clone(),
            coverage,
            snapshots,
            invalidations: self.invalidations(),
            quarantined,
            blocked,
            unpriced: self
                .unpriced
                .iter()
                .map(|day| {
                    (
                        *day,
                        UnpricedSession {
                            held: 3,
                            missing: 2,
                            ..UnpricedSession::default()
                        },
                    )
                })
                .collect(),
            unpriced_holders: BTreeMap::new(),
        }
    }

    fn invalidations(&self) -> Vec<OpenInvalidation> {
        let open = |(id, invalidation): (&i64, &Invalidation)| {
            let mut cells = BTreeMap::<_, IdSet>::new();
            for (day, portfolio, phase) in &invalidation.cell_phases {
                cells.entry((*day, *phase)).or_default().insert(*portfolio);
            }
            OpenInvalidation {
                id: *id,
                cause: invalidation.cause,
                reason: "a reason".to_owned(),
                cells,
            }
        };
        self.invalid.iter().map(open).collect()
    }
}

/// Creates a request for all active portfolios up to `target`.
pub(crate) fn request_up_to(target: Day) -> Request {
    Request {
        target: Target::On(target),
        ..Request::new(Scope::AllActive)
    }
}
