//! Computes the cells of one session, in parallel and without a database.
//!
//! Books come first, for all of the session's portfolios, since they say what is held; then the
//! statistics of that. Weights and risk follow for some cells at a time, so that the writer can
//! commit those while the next are computed, and few outputs wait in memory. Results come back in
//! plan order, so neither the number of threads nor that of cells at a time can be seen in them.

use std::time::Duration;

use super::inputs::Inputs;
use super::parallel::{map, map_chunks, map_ref};
use super::portfolio_state::PortfolioState;
use crate::domain::output::{CellOutput, Exposures, Risk};
use crate::domain::{Cell, Day, IdSet, Phase, PhaseSet, PortfolioId, SecurityId};
use crate::environment::Clock;
use crate::phases::{Market, PhaseError, SessionStatistics, Valuation, exposures, measure, risk};
use crate::plan::{BlockReason, BlockedCell};
use crate::store::{FailedPhase, PackedStatistics};

/// How many securities one thread measures at a time.
const MEASURED_AT_ONCE: usize = 64;
/// Of how many cells one thread does the books, or the weights, sooner than another would wake.
const SEQUENTIAL_BOOKS: usize = 64;
/// The same for risk, which takes five times as long.
const SEQUENTIAL_RISKS: usize = 12;

/// What is known of a session once its books are done.
#[derive(Debug)]
pub(super) struct SessionStart {
    /// Those that are not in the ledger.
    pub(super) statistics: PackedStatistics,
    pub(super) failures: Vec<FailedPhase>,
    pub(super) blocked: Vec<BlockedCell>,
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
    state: &'w mut PortfolioState,
}

/// A cell whose books were tried.
struct ValuationAttempt {
    id: PortfolioId,
    phases: PhaseSet,
    valuation: Result<Valuation, PhaseError>,
}

/// A cell whose books are done.
struct ValuedCell {
    id: PortfolioId,
    phases: PhaseSet,
    valuation: Valuation,
}

/// A session whose books are done, and whose weights and risk are not.
pub(super) struct OpenSession<'m> {
    market: &'m Market,
    day: Day,
    session: usize,
    statistics: SessionStatistics,
    /// The cells with books, in order.
    valued: std::vec::IntoIter<ValuedCell>,
}

/// Computes the books of one session. `steps` are in order of portfolio; `known_statistics` are
/// the securities whose statistics of this day are in the ledger.
pub(super) fn open_session<'i>(
    inputs: &'i mut Inputs,
    day: Day,
    steps: &[(PortfolioId, PhaseSet)],
    known_statistics: &IdSet,
    clock: &Clock,
    times: &mut PhaseTimes,
) -> (SessionStart, OpenSession<'i>) {
    let Inputs {
        market,
        portfolios: workers,
        ..
    } = inputs;
    let market = &*market;
    let session = market
        .session_index(day)
        .expect("the market was loaded for every session of the plan");
    let mut lap = Stopwatch::start(clock);

    let (mut failures, mut blocked) = (Vec::new(), Vec::new());
    let tried = value_cells(market, session, tasks(workers, steps));
    let valued = partition_attempts(day, tried, &mut failures, &mut blocked);
    lap.lap(&mut times.books);

    let statistics = measure_all(market, session, securities_for_risk(&valued));
    let unknown = statistics.iter();
    let unknown = unknown.filter(|one| !known_statistics.contains(one.security.0));
    let opening = SessionStart {
        statistics: PackedStatistics::pack(day, unknown),
        failures,
        blocked,
    };
    lap.lap(&mut times.securities);

    let open = OpenSession {
        market,
        day,
        session,
        statistics,
        valued: valued.into_iter(),
    };
    (opening, open)
}

impl OpenSession<'_> {
    /// Whether every cell was computed.
    pub(super) fn is_done(&self) -> bool {
        self.valued.len() == 0
    }

    /// Computes the next cells, at most so many; none when all are done.
    pub(super) fn next_cells(
        &mut self,
        most: usize,
        clock: &Clock,
        times: &mut PhaseTimes,
    ) -> Vec<CellOutput> {
        let valued = take_up_to(&mut self.valued, most);
        let (market, statistics) = (self.market, &self.statistics);
        let mut lap = Stopwatch::start(clock);
        let weights = map_ref(&valued, SEQUENTIAL_BOOKS, |cell| {
            Some(exposures(market, cell.valuation_for(Phase::Exposures)?))
        });
        lap.lap(&mut times.exposures);
        let risks = map_ref(&valued, SEQUENTIAL_RISKS, |cell| {
            let valuation = cell.valuation_for(Phase::Risk)?;
            Some(risk(market, statistics, self.session, valuation))
        });
        lap.lap(&mut times.risk);
        let all = valued.into_iter().zip(weights).zip(risks);
        all.map(|((cell, exposures), risk)| cell.output(self.day, exposures, risk))
            .collect()
    }
}

/// Keeps the cells with books. Of the others, those that lack a rate wait, and any other failed.
fn partition_attempts(
    day: Day,
    tried: Vec<ValuationAttempt>,
    failures: &mut Vec<FailedPhase>,
    blocked: &mut Vec<BlockedCell>,
) -> Vec<ValuedCell> {
    let mut valued = Vec::with_capacity(tried.len());
    for ValuationAttempt {
        id,
        phases,
        valuation,
    } in tried
    {
        match valuation {
            Ok(valuation) => valued.push(ValuedCell {
                id,
                phases,
                valuation,
            }),
            Err(PhaseError::MissingRate { from, to, .. }) => blocked.push(BlockedCell {
                portfolio: id,
                reason: BlockReason::MissingRate {
                    pair: from.pair_with(to),
                },
            }),
            Err(error) => failures.push(FailedPhase {
                cell: Cell::new(day, id),
                phase: phases.iter().next().unwrap_or(Phase::Snapshot),
                reason: error.to_string(),
            }),
        }
    }
    valued
}

/// The workers of this session's steps, in order; both are ascending by portfolio.
fn tasks<'w>(
    workers: &'w mut [PortfolioState],
    steps: &[(PortfolioId, PhaseSet)],
) -> Vec<Task<'w>> {
    let mut steps = steps.iter().peekable();
    let mut tasks = Vec::with_capacity(steps.len());
    for worker in workers {
        if let Some((_, phases)) = steps.next_if(|(id, _)| *id == worker.id) {
            tasks.push(Task {
                phases: *phases,
                state: worker,
            });
        }
    }
    assert!(
        steps.next().is_none(),
        "every step has its portfolio's history"
    );
    tasks
}

fn value_cells(market: &Market, session: usize, tasks: Vec<Task<'_>>) -> Vec<ValuationAttempt> {
    map(tasks, SEQUENTIAL_BOOKS, |task| {
        let PortfolioState { id, history, books } = task.state;
        ValuationAttempt {
            id: *id,
            phases: task.phases,
            valuation: books.value_on(market, history, session),
        }
    })
}

impl ValuedCell {
    /// The books, where a phase that is made from them is to be done.
    fn valuation_for(&self, phase: Phase) -> Option<&Valuation> {
        self.phases.contains(phase).then_some(&self.valuation)
    }

    fn output(self, day: Day, exposures: Option<Exposures>, risk: Option<Risk>) -> CellOutput {
        let Valuation {
            snapshot,
            positions,
        } = self.valuation;
        CellOutput {
            cell: Cell::new(day, self.id),
            snapshot: self.phases.contains(Phase::Snapshot).then_some(snapshot),
            positions: self.phases.contains(Phase::Positions).then_some(positions),
            exposures,
            risk,
        }
    }
}

/// The securities held by cells whose risk is to be done, ascending.
fn securities_for_risk(valued: &[ValuedCell]) -> Vec<SecurityId> {
    // By security id: every holding of every cell comes by here, and a set would have to search.
    let mut held: Vec<bool> = Vec::new();
    let valuations = valued
        .iter()
        .filter_map(|cell| cell.valuation_for(Phase::Risk));
    for position in valuations.flat_map(|valuation| &valuation.positions) {
        let id = position.security.0 as usize;
        if id >= held.len() {
            held.resize(id + 1, false);
        }
        held[id] = true;
    }
    let ids = (0..).zip(held).filter(|(_, held)| *held);
    ids.map(|(id, _)| SecurityId(id)).collect()
}

fn measure_all(market: &Market, session: usize, held: Vec<SecurityId>) -> SessionStatistics {
    let parts = map_chunks(held, MEASURED_AT_ONCE, |some| {
        measure(market, session, &some)
    });
    SessionStatistics::from_chunks(market, session, parts)
}

/// The next of what is left, at most so many. Where that is all, it stays where it is in memory.
pub(super) fn take_up_to<T>(left: &mut std::vec::IntoIter<T>, most: usize) -> Vec<T> {
    if left.len() <= most {
        std::mem::take(left).collect()
    } else {
        left.take(most).collect()
    }
}

/// Measures one pass after the other.
struct Stopwatch<'c> {
    clock: &'c Clock,
    since: Duration,
}

impl<'c> Stopwatch<'c> {
    fn start(clock: &'c Clock) -> Self {
        Self {
            clock,
            since: clock.elapsed(),
        }
    }

    fn lap(&mut self, total: &mut Duration) {
        let now = self.clock.elapsed();
        *total += now.saturating_sub(self.since);
        self.since = now;
    }
}
