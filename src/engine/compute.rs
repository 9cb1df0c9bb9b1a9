//! Computes the cells of one session, in parallel and without a database.
//!
//! Four passes over the session's portfolios: books, the statistics of what they hold, weights,
//! risk. Results come back in plan order, so the number of threads can't be seen in them.

use std::time::Duration;

use rayon::prelude::*;

use super::inputs::{Inputs, Worker};
use crate::domain::output::{CellOutput, SecurityStatistics};
use crate::domain::{Cell, Day, Phase, PhaseSet, PortfolioId, SecurityId, Subjects};
use crate::environment::Clock;
use crate::phases::{
    Market, PhaseError, SessionStatistics, Valuation, exposures, risk, statistics,
};
use crate::plan::{BlockReason, Blocked};
use crate::store::FailedPhase;

/// What one session's cells came to.
#[derive(Debug, Default)]
pub(super) struct SessionResult {
    pub(super) cells: Vec<CellOutput>,
    pub(super) statistics: Vec<SecurityStatistics>,
    pub(super) failures: Vec<FailedPhase>,
    pub(super) blocked: Vec<Blocked>,
}

/// How long each phase took, summed over sessions; wall time of the pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PhaseTimes {
    /// Books and holdings, phases 3 and 4.
    pub books: Duration,
    /// Phase 2.
    pub securities: Duration,
    /// Phase 5.
    pub exposures: Duration,
    /// Phase 6.
    pub risk: Duration,
}

impl PhaseTimes {
    /// These times and others.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            books: self.books + other.books,
            securities: self.securities + other.securities,
            exposures: self.exposures + other.exposures,
            risk: self.risk + other.risk,
        }
    }
}

/// One cell to do.
struct Task<'w> {
    phases: PhaseSet,
    worker: &'w mut Worker,
}

/// A cell whose books are done.
struct Valued {
    id: PortfolioId,
    phases: PhaseSet,
    valuation: Result<Valuation, PhaseError>,
}

/// Computes the steps of one session. `steps` are in order of portfolio; `known_statistics` are
/// the securities whose statistics of this day are in the ledger.
pub(super) fn compute_session(
    inputs: &mut Inputs,
    day: Day,
    steps: &[(PortfolioId, PhaseSet)],
    known_statistics: &Subjects,
    clock: &Clock,
    times: &mut PhaseTimes,
) -> SessionResult {
    let Inputs {
        market, workers, ..
    } = inputs;
    let market = &*market;
    let session = market
        .session_index(day)
        .expect("the market was loaded for every session of the plan");
    let mut lap = Lap::start(clock);

    let valued = value(market, session, tasks(workers, steps));
    lap.end(&mut times.books);

    let held = held_for_risk(&valued);
    let session_statistics = statistics(market, session, held.iter().copied());
    lap.end(&mut times.securities);

    let mut result = SessionResult {
        statistics: new_statistics(&session_statistics, &held, known_statistics),
        ..SessionResult::default()
    };
    let weights: Vec<_> = valued
        .par_iter()
        .map(|cell| wanted(cell, Phase::Exposures).map(|valuation| exposures(market, valuation)))
        .collect();
    lap.end(&mut times.exposures);
    let risks: Vec<_> = valued
        .par_iter()
        .map(|cell| {
            wanted(cell, Phase::Risk)
                .map(|valuation| risk(market, &session_statistics, session, valuation))
        })
        .collect();
    lap.end(&mut times.risk);

    for ((cell, exposures), risk) in valued.into_iter().zip(weights).zip(risks) {
        let at = Cell::new(day, cell.id);
        match cell.valuation {
            Ok(valuation) => result.cells.push(CellOutput {
                cell: at,
                snapshot: cell
                    .phases
                    .contains(Phase::Snapshot)
                    .then_some(valuation.snapshot),
                positions: cell
                    .phases
                    .contains(Phase::Positions)
                    .then_some(valuation.positions),
                exposures,
                risk,
            }),
            Err(error) => result.set_aside(at, cell.phases, &error),
        }
    }
    result
}

impl SessionResult {
    /// A cell without books: one that lacks a rate waits, any other failed.
    fn set_aside(&mut self, cell: Cell, phases: PhaseSet, error: &PhaseError) {
        if let PhaseError::MissingRate { from, to, .. } = error {
            self.blocked.push(Blocked {
                portfolio: cell.portfolio,
                why: BlockReason::MissingRate {
                    pair: from.pair_with(*to),
                },
            });
            return;
        }
        let phase = phases.iter().next().unwrap_or(Phase::Snapshot);
        self.failures.push(FailedPhase {
            cell,
            phase,
            reason: error.to_string(),
        });
    }
}

/// The workers of this session's steps, in order; both are ascending by portfolio.
fn tasks<'w>(workers: &'w mut [Worker], steps: &[(PortfolioId, PhaseSet)]) -> Vec<Task<'w>> {
    let mut steps = steps.iter().peekable();
    let mut tasks = Vec::with_capacity(steps.len());
    for worker in workers {
        if let Some((_, phases)) = steps.next_if(|(id, _)| *id == worker.id) {
            tasks.push(Task {
                phases: *phases,
                worker,
            });
        }
    }
    assert!(
        steps.next().is_none(),
        "every step has its portfolio's history"
    );
    tasks
}

fn value(market: &Market, session: usize, tasks: Vec<Task<'_>>) -> Vec<Valued> {
    tasks
        .into_par_iter()
        .map(|task| {
            let Worker { id, history, books } = task.worker;
            Valued {
                id: *id,
                phases: task.phases,
                valuation: books.on(market, history, session),
            }
        })
        .collect()
}

fn wanted(cell: &Valued, phase: Phase) -> Option<&Valuation> {
    let valuation = cell.valuation.as_ref().ok()?;
    cell.phases.contains(phase).then_some(valuation)
}

/// The securities held by cells whose risk is to be done, ascending.
fn held_for_risk(valued: &[Valued]) -> Vec<SecurityId> {
    let mut held = Subjects::new();
    for valuation in valued.iter().filter_map(|cell| wanted(cell, Phase::Risk)) {
        held.extend(
            valuation
                .positions
                .iter()
                .map(|position| position.security.0),
        );
    }
    held.into_iter().map(SecurityId).collect()
}

fn new_statistics(
    computed: &SessionStatistics,
    held: &[SecurityId],
    known: &Subjects,
) -> Vec<SecurityStatistics> {
    held.iter()
        .filter(|security| !known.contains(security.0))
        .filter_map(|security| computed.get(*security).cloned())
        .collect()
}

/// Measures one pass after the other.
struct Lap<'c> {
    clock: &'c Clock,
    since: Duration,
}

impl<'c> Lap<'c> {
    fn start(clock: &'c Clock) -> Self {
        Self {
            clock,
            since: clock.running(),
        }
    }

    fn end(&mut self, total: &mut Duration) {
        let now = self.clock.running();
        *total += now.saturating_sub(self.since);
        self.since = now;
    }
}
