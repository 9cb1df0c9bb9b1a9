//! Computes the cells of one session, in parallel and without a database.
//!
//! Books come first, for all of the session's portfolios, since they show which securities are
//! held; then the statistics of those. Weights and risk follow for a chunk of cells at a time, so
//! that the writer commits one chunk while the next is computed, and few outputs wait in memory.
//! Results are in plan order and do not depend on the number of threads or the size of a chunk.

use std::collections::BTreeSet;
use std::time::Duration;

use super::inputs::Inputs;
use super::markets::Markets;
use super::measure::{HeldInCurrency, MarketSession, measure_markets};
use super::portfolio_state::PortfolioState;
use crate::domain::output::{CellOutput, Exposures, Risk};
use crate::domain::{Cell, Currency, Day, IdSet, Phase, PhaseSet, PortfolioId, SecurityId};
use crate::environment::Clock;
use crate::parallel::{Threads, map};
use crate::phases::{Market, PhaseError, Valuation, exposures, risk};
use crate::plan::{BlockReason, BlockedCell};
use crate::store::{FailedPhase, PackedStatistics};

/// Threads for books and weights.
const BOOKS: Threads = Threads::Pool { sequential: 64 };
/// Threads for risk, which takes five times as long per cell.
const RISKS: Threads = Threads::Pool { sequential: 12 };

/// Results of a session that are known before its weights and risk are computed.
#[derive(Debug)]
pub(super) struct SessionStart {
    /// Statistics that are not in the ledger yet.
    pub(super) statistics: PackedStatistics,
    pub(super) failures: Vec<FailedPhase>,
    pub(super) blocked: Vec<BlockedCell>,
}

/// Wall time of each phase, summed over sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PhaseTimes {
    /// Snapshots and positions, phases 3 and 4.
    pub books: Duration,
    /// Statistics of securities, phase 2.
    pub securities: Duration,
    /// Weights and concentration, phase 5.
    pub exposures: Duration,
    /// Risk of the cells, phase 6.
    pub risk: Duration,
}

impl PhaseTimes {
    /// Returns the sum of both times, phase by phase.
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

/// One cell to compute.
struct Task<'s> {
    phases: PhaseSet,
    state: &'s mut PortfolioState,
}

/// The result of computing the books of a cell.
struct ValuationAttempt {
    id: PortfolioId,
    market: usize,
    currency: Currency,
    phases: PhaseSet,
    valuation: Result<Valuation, PhaseError>,
}

/// A cell with its books.
struct ValuedCell {
    id: PortfolioId,
    /// Index of the market of the portfolio.
    market: usize,
    currency: Currency,
    phases: PhaseSet,
    valuation: Valuation,
}

/// A session whose books are computed and whose weights and risk are not.
pub(super) struct OpenSession<'m> {
    day: Day,
    /// By index of the market; `None` if it has no session on the day.
    markets: Vec<Option<MarketSession<'m>>>,
    /// The cells with books, in plan order.
    valued: std::vec::IntoIter<ValuedCell>,
}

/// Computes the books of one session and the statistics that its risk needs. `steps` are ascending
/// by portfolio; `known_statistics` are the securities whose statistics of this day are in the
/// ledger. Sessions must ascend from call to call, because books only move forward.
pub(super) fn open_session<'i>(
    inputs: &'i mut Inputs,
    day: Day,
    steps: &[(PortfolioId, PhaseSet)],
    known_statistics: &IdSet,
    clock: &Clock,
    times: &mut PhaseTimes,
) -> (SessionStart, OpenSession<'i>) {
    let Inputs {
        markets,
        portfolios: states,
        ..
    } = inputs;
    let markets = &*markets;
    let indexes = markets.all().iter().map(|market| market.session_index(day));
    let indexes: Vec<Option<usize>> = indexes.collect();
    let mut stopwatch = Stopwatch::start(clock);

    let (mut failures, mut blocked) = (Vec::new(), Vec::new());
    let attempts = value_cells(markets, &indexes, tasks(states, steps));
    // For the symbols of securities, which all markets have.
    let named = markets.of_database();
    let valued = partition_attempts(named, day, attempts, &mut failures, &mut blocked);
    stopwatch.lap(&mut times.books);

    let measured = measure_markets(markets, &indexes, holdings_for_risk(&valued));
    // Risk needs the statistics of all that is held; only those not in the ledger are written.
    // Those of the market of the database are the outputs, whichever calendar the holders have.
    let unknown = measured.first().and_then(Option::as_ref);
    let unknown = unknown.into_iter().flat_map(|of| of.statistics.iter());
    let unknown = unknown.filter(|row| !known_statistics.contains(row.security.0));
    let start = SessionStart {
        statistics: PackedStatistics::pack(day, unknown),
        failures,
        blocked,
    };
    stopwatch.lap(&mut times.securities);

    let open = OpenSession {
        day,
        markets: measured,
        valued: valued.into_iter(),
    };
    (start, open)
}

impl OpenSession<'_> {
    /// Returns whether every cell was computed.
    pub(super) fn is_done(&self) -> bool {
        self.valued.len() == 0
    }

    /// Computes the next cells, at most `max`; returns none when all are computed.
    pub(super) fn next_cells(
        &mut self,
        max: usize,
        clock: &Clock,
        times: &mut PhaseTimes,
    ) -> Vec<CellOutput> {
        let valued = take_up_to(&mut self.valued, max);
        let markets = &self.markets;
        let market_of = |cell: &ValuedCell| {
            let market = markets[cell.market].as_ref();
            market.expect("a cell with books is on a session of its market")
        };
        let mut stopwatch = Stopwatch::start(clock);
        // Two passes: both in one was from 4 % quicker to 20 % slower (docs/performance-log.md).
        let weights = map(BOOKS, &valued, |cell| {
            let (market, day) = (market_of(cell).market, self.day);
            let valuation = cell.valuation_for(Phase::Exposures)?;
            Some(exposures(market, day, valuation))
        });
        stopwatch.lap(&mut times.exposures);
        let risks = map(RISKS, &valued, |cell| {
            let valuation = cell.valuation_for(Phase::Risk)?;
            let of = market_of(cell);
            Some(risk(
                of.market,
                &of.statistics,
                of.session,
                cell.currency,
                valuation,
            ))
        });
        stopwatch.lap(&mut times.risk);
        let computed = valued.into_iter().zip(weights).zip(risks);
        computed
            .map(|((cell, exposures), risk)| cell.output(self.day, exposures, risk))
            .collect()
    }
}

/// Returns the cells with books. Of the others, those that lack a rate are blocked and the rest
/// failed.
fn partition_attempts(
    named: &Market,
    day: Day,
    attempts: Vec<ValuationAttempt>,
    failures: &mut Vec<FailedPhase>,
    blocked: &mut Vec<BlockedCell>,
) -> Vec<ValuedCell> {
    let mut valued = Vec::with_capacity(attempts.len());
    for ValuationAttempt {
        id,
        market,
        currency,
        phases,
        valuation,
    } in attempts
    {
        match valuation {
            Ok(valuation) => valued.push(ValuedCell {
                id,
                market,
                currency,
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
                // Without books no phase can be done; the failure counts once, for the first.
                phase: phases.iter().next().unwrap_or(Phase::Snapshot),
                reason: error.with_symbol(named),
            }),
        }
    }
    valued
}

/// Pairs this session's steps with the states of their portfolios; both ascend by portfolio.
fn tasks<'s>(states: &'s mut [PortfolioState], steps: &[(PortfolioId, PhaseSet)]) -> Vec<Task<'s>> {
    let mut steps = steps.iter().peekable();
    let mut tasks = Vec::with_capacity(steps.len());
    for state in states {
        if let Some((_, phases)) = steps.next_if(|(id, _)| *id == state.id) {
            tasks.push(Task {
                phases: *phases,
                state,
            });
        }
    }
    // A step left over would silently not be done.
    assert!(
        steps.next().is_none(),
        "every step has its portfolio's history"
    );
    tasks
}

fn value_cells(
    markets: &Markets,
    sessions: &[Option<usize>],
    tasks: Vec<Task<'_>>,
) -> Vec<ValuationAttempt> {
    map(BOOKS, tasks, |task| {
        let PortfolioState { id, history, books } = task.state;
        let market = markets.index_of(*id);
        let session = sessions[market].expect("each step is on a session of its portfolio");
        ValuationAttempt {
            id: *id,
            market,
            currency: history.currency(),
            phases: task.phases,
            valuation: books.value_on(&markets.all()[market], history, session),
        }
    })
}

impl ValuedCell {
    /// Returns the books if `phase`, which is computed from them, is to be done.
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

/// The index of a market, and a currency of its portfolios.
type MarketCurrency = (usize, Currency);

/// Returns the holdings of cells whose risk is to be computed, by the index of the market and the
/// currency of the portfolios.
fn holdings_for_risk(valued: &[ValuedCell]) -> Vec<(usize, HeldInCurrency)> {
    // A list by security id: this loop sees every holding of every cell, and a set would search.
    let mut held: Vec<(MarketCurrency, Vec<bool>, BTreeSet<Currency>)> = Vec::new();
    for cell in valued {
        let Some(valuation) = cell.valuation_for(Phase::Risk) else {
            continue;
        };
        let key = (cell.market, cell.currency);
        let found = held.iter().position(|(of, ..)| *of == key);
        let found = found.unwrap_or_else(|| {
            held.push((key, Vec::new(), BTreeSet::new()));
            held.len() - 1
        });
        let (_, held, cash) = &mut held[found];
        cash.extend(valuation.snapshot.held_cash().map(|held| held.currency));
        for position in &valuation.positions {
            let id = position.security.0 as usize;
            if id >= held.len() {
                held.resize(id + 1, false);
            }
            held[id] = true;
        }
    }
    let by_key = held.into_iter().map(|((market, currency), held, cash)| {
        let ids = (0..).zip(held).filter(|(_, held)| *held);
        let held = HeldInCurrency {
            currency,
            securities: ids.map(|(id, _)| SecurityId(id)).collect(),
            cash,
        };
        (market, held)
    });
    by_key.collect()
}

/// Takes up to `max` of the remaining items.
pub(super) fn take_up_to<T>(left: &mut std::vec::IntoIter<T>, max: usize) -> Vec<T> {
    // Collecting an untouched `IntoIter` reuses its allocation: a whole session is not copied.
    if left.len() <= max {
        std::mem::take(left).collect()
    } else {
        left.take(max).collect()
    }
}

/// Measures the wall time of one pass after the other.
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
