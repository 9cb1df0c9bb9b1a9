//! A state of the books as plain collections, from which the planner's survey and the twin's
//! answers are both made.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::domain::{Coverage, Day, IdSet, Lifecycle, Phase, PhaseSet, PortfolioId, Scope};
use plimsoll::plan::{
    BlockReason, BlockedCell, InvalidationCause, LifecycleIndex, OpenInvalidation, Plan, PlanError,
    Request, Survey, Target, Today, plan,
};

/// Somebody's life.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lifespan {
    pub(crate) first: Day,
    pub(crate) last: Option<Day>,
    pub(crate) deleted: bool,
}

/// A phase of a cell: on which day, of whom, which.
pub(crate) type CellPhase = (Day, u32, Phase);

/// An invalidation: what caused it, and what it took out of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Invalidation {
    pub(crate) cause: InvalidationCause,
    pub(crate) cell_phases: BTreeSet<CellPhase>,
}

/// A state of the books.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct World {
    pub(crate) sessions: Vec<Day>,
    pub(crate) lifespans: BTreeMap<u32, Lifespan>,
    pub(crate) done: BTreeSet<CellPhase>,
    pub(crate) rows: BTreeSet<(Day, u32)>,
    pub(crate) invalid: BTreeMap<i64, Invalidation>,
    pub(crate) quarantined: BTreeSet<CellPhase>,
    pub(crate) blocked: BTreeSet<(Day, u32)>,
}

/// The day `number` days into the time in which worlds play.
pub(crate) fn day(number: i32) -> Day {
    Day::from_number(20_000 + number).unwrap()
}

/// Late enough for every session to be final.
pub(crate) fn today(world: &World) -> Today {
    let last_final = world.sessions.last().copied().unwrap_or(day(0));
    Today {
        date: last_final.next(),
        last_final,
    }
}

/// The scope of these ids.
pub(crate) fn scope_of(ids: impl IntoIterator<Item = u32>) -> Scope {
    Scope::from_ids(ids.into_iter().map(PortfolioId)).unwrap()
}

impl World {
    /// Somebody who lives from `first` on.
    pub(crate) fn add_portfolio(&mut self, id: u32, first: Day) {
        let life = Lifespan {
            first,
            last: None,
            deleted: false,
        };
        self.lifespans.insert(id, life);
    }

    /// Marks all four phases of a cell done, and gives it its row.
    pub(crate) fn complete(&mut self, day: Day, id: u32) {
        self.rows.insert((day, id));
        let phases = Phase::CELL_PHASES.into_iter();
        self.done.extend(phases.map(|phase| (day, id, phase)));
    }

    /// Takes a part out of what is done, under the invalidation with this id.
    pub(crate) fn invalidate(&mut self, id: i64, cause: InvalidationCause, part: CellPhase) {
        let parts = BTreeSet::new();
        let taken = self.invalid.entry(id).or_insert(Invalidation {
            cause,
            cell_phases: parts,
        });
        taken.cell_phases.insert(part);
        self.done.remove(&part);
    }

    /// Marks what a plan would do as done.
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

    /// Plans everything that is needed, by the default rules.
    pub(crate) fn plan_all(&self) -> Plan {
        self.plan(&Request::new(Scope::AllActive)).unwrap()
    }

    /// What a store that holds this world would survey.
    pub(crate) fn survey(&self) -> Survey {
        let mut roster = LifecycleIndex::new();
        for (id, life) in &self.lifespans {
            let deleted_at = life.deleted.then_some(chrono::DateTime::UNIX_EPOCH);
            let lifecycle = Lifecycle::new(life.first)
                .with_closing_day(life.last)
                .unwrap();
            roster.add(PortfolioId(*id), &lifecycle.with_deleted_at(deleted_at));
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
            let why = BlockReason::MissingRate { pair };
            blocked.entry(*day).or_default().push(BlockedCell {
                portfolio,
                reason: why,
            });
        }
        Survey {
            lifecycles: roster,
            sessions: self.sessions.clone(),
            coverage,
            snapshots,
            invalidations: self.invalidations(),
            quarantined,
            blocked,
        }
    }

    fn invalidations(&self) -> Vec<OpenInvalidation> {
        let open = |(id, taken): (&i64, &Invalidation)| {
            let mut cells = BTreeMap::<_, IdSet>::new();
            for (day, portfolio, phase) in &taken.cell_phases {
                cells.entry((*day, *phase)).or_default().insert(*portfolio);
            }
            OpenInvalidation {
                id: *id,
                cause: taken.cause,
                reason: "a reason".to_owned(),
                cells,
            }
        };
        self.invalid.iter().map(open).collect()
    }
}

/// A request for everything up to `target`.
pub(crate) fn request_up_to(target: Day) -> Request {
    Request {
        target: Target::On(target),
        ..Request::new(Scope::AllActive)
    }
}
