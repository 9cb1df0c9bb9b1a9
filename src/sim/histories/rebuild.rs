//! Builds a database from the final sources of a history, and compares books and plans.
//!
//! The new database is loaded from a capture: it knows the sources as they are at the end, and
//! nothing of the way to them. Securities and portfolios have other numbers there, so both sides are
//! compared by names. Exposures and risk are not compared; the invariants compute them again.

use std::collections::{BTreeMap, BTreeSet};

use super::difference::RebuildDifference;
use crate::capture::{CaptureError, CaptureExtent, capture_books};
use crate::disk::SimulatedDisk;
use crate::domain::output::{Position, PriceInput, Snapshot};
use crate::domain::{Cell, Day, DayRange, Phase, PhaseSet, Portfolio, PortfolioId, SecurityId};
use crate::engine::{EngineError, survey_and_plan, unpriced_cells_from};
use crate::plan::Decision;
use crate::scenario::load;
use crate::scenario::world::World;
use crate::sim::run_under_test::{RunUnderTest, SimError};
use crate::store::{ReadTransaction, Store, StoreError};

/// A comparison of the database after a run with one that is built from its sources.
pub(super) enum Comparison {
    /// The run is refused or fails, so there is nothing to compare.
    NotCompared,
    Equal,
    Different(RebuildDifference),
}

/// Makes a run and compares the database after it with one that is built from its sources.
pub(super) fn compare_with_rebuilt(run: &RunUnderTest) -> Result<Comparison, SimError> {
    let disk = run.disk();
    let attempt = run.run(&disk, run.request(), 0, &|_| {});
    if attempt.result.is_err() {
        return Ok(Comparison::NotCompared);
    }
    let store = Store::open(&disk)?;
    // The rebuilt database takes the done cells from the capture.
    let settings = run.settings();
    let unpriced = store.read(|reading| unpriced_cells_from(reading, settings, Day::MIN))?;
    if let Some(new) = unpriced.into_iter().next() {
        return Ok(Comparison::Different(RebuildDifference::Unpriced(
            new.reason,
        )));
    }
    let rebuilt = match rebuild(run, &store) {
        Ok(rebuilt) => rebuilt,
        Err(error) => return Ok(Comparison::Different(RebuildDifference::NotBuilt(error))),
    };
    let (stored, rebuilt) = (Books::read(run, &store)?, Books::read(run, &rebuilt)?);
    let difference = stored.difference(&rebuilt);
    Ok(difference.map_or(Comparison::Equal, Comparison::Different))
}

fn rebuild(run: &RunUnderTest, store: &Store) -> Result<Store, String> {
    let environment = run.environment(1);
    let extent = CaptureExtent::WithSources;
    let captured = capture_books(store, run.settings(), &environment, extent);
    let text = captured.and_then(|state| state.to_world_toml());
    let text = text.map_err(|error: CaptureError| error.to_string())?;
    let world = World::read(&text).map_err(|error| error.to_string())?;
    let disk = SimulatedDisk::new();
    load(&world, "rebuilt", &disk, run.settings(), &|_| {}).map_err(|error| error.to_string())
}

/// A cell by the key of its portfolio.
type CellName = (String, Day);

/// The books, the ledger and the next plan of a database, without its numbers of rows.
struct Books {
    done: BTreeSet<(CellName, Phase)>,
    snapshots: BTreeMap<CellName, Snapshot>,
    positions: BTreeMap<CellName, Vec<(String, Position)>>,
    decisions: BTreeMap<CellName, String>,
}

impl Books {
    fn read(run: &RunUnderTest, store: &Store) -> Result<Self, SimError> {
        Ok(store.read(|reading| Self::read_all(run, reading))?)
    }

    fn read_all(run: &RunUnderTest, reading: &ReadTransaction<'_>) -> Result<Self, EngineError> {
        let portfolios = reading.portfolios().all()?;
        let keys: BTreeMap<PortfolioId, String> = (portfolios.iter())
            .map(|portfolio| (portfolio.id, portfolio.key.to_string()))
            .collect();
        let symbols = reading.securities().all()?;
        let symbols: BTreeMap<SecurityId, String> = (symbols.into_iter())
            .map(|security| (security.id, security.symbol))
            .collect();
        let mut books = Self {
            done: BTreeSet::new(),
            snapshots: BTreeMap::new(),
            positions: BTreeMap::new(),
            decisions: BTreeMap::new(),
        };
        let coverage = (reading.ledger()).coverage(DayRange::ALL, PhaseSet::CELL_PHASES)?;
        for (day, phase, ids) in coverage.iter() {
            let within = |id: &PortfolioId| {
                let mut known = portfolios.iter();
                known.any(|portfolio| portfolio.id == *id && is_alive(portfolio, day))
            };
            for id in ids.iter().map(PortfolioId).filter(within) {
                let name = (keys.get(&id).cloned().unwrap_or_default(), day);
                books.done.insert((name.clone(), phase));
                match phase {
                    Phase::Snapshot => {
                        let snapshot = reading.outputs().snapshot(Cell::new(day, id))?;
                        let snapshot = snapshot.map(without_numbers);
                        books.snapshots.extend(snapshot.map(|found| (name, found)));
                    }
                    Phase::Positions => {
                        let positions = read_positions(reading, Cell::new(day, id), &symbols)?;
                        books.positions.insert(name, positions);
                    }
                    _ => {}
                }
            }
        }
        let (request, now) = (&run.request().request, run.environment(1).clock.now());
        let (_, plan) = survey_and_plan(reading, request, run.settings(), now)?;
        for day in &plan.days {
            for (id, key) in &keys {
                // A reason has the number of its invalidation, which differs.
                let decision = match day.decision(*id) {
                    Decision::Step { phases, reason } => format!("{}: {phases}", reason.kind()),
                    other => other.to_string(),
                };
                books.decisions.insert((key.clone(), day.day), decision);
            }
        }
        Ok(books)
    }

    fn difference(&self, rebuilt: &Self) -> Option<RebuildDifference> {
        let only_one = self.done.symmetric_difference(&rebuilt.done).next();
        if let Some(((portfolio, day), phase)) = only_one {
            return Some(RebuildDifference::Done {
                portfolio: portfolio.clone(),
                day: *day,
                phase: *phase,
            });
        }
        let value = |part, difference: Option<(CellName, String, String)>| {
            let ((portfolio, day), stored, rebuilt) = difference?;
            Some(RebuildDifference::Value {
                part,
                portfolio,
                day,
                stored,
                rebuilt,
            })
        };
        value(
            "snapshot",
            first_difference(&self.snapshots, &rebuilt.snapshots),
        )
        .or_else(|| {
            value(
                "positions",
                first_difference(&self.positions, &rebuilt.positions),
            )
        })
        .or_else(|| {
            let ((portfolio, day), stored, rebuilt) =
                first_difference(&self.decisions, &rebuilt.decisions)?;
            Some(RebuildDifference::Plan {
                portfolio,
                day,
                stored,
                rebuilt,
            })
        })
    }
}

/// Returns whether a day is in the lifetime of a portfolio. A capture leaves out the cells that were
/// done before the portfolio was closed earlier.
fn is_alive(portfolio: &Portfolio, day: Day) -> bool {
    let lifecycle = &portfolio.lifecycle;
    let closing_day = lifecycle.closing_day();
    lifecycle.inception() <= day && closing_day.is_none_or(|closed| day <= closed)
}

/// Returns a snapshot without the numbers of securities.
fn without_numbers(mut snapshot: Snapshot) -> Snapshot {
    for moved in &mut snapshot.aged_moves {
        if let PriceInput::Price(security) = &mut moved.input {
            *security = SecurityId(0);
        }
    }
    let moves = &mut snapshot.aged_moves;
    moves.sort_by_key(|moved| (moved.input, moved.day, moved.quality, moved.value));
    snapshot
}

/// Returns the positions of a cell by symbol, without the numbers of the securities.
fn read_positions(
    reading: &ReadTransaction<'_>,
    cell: Cell,
    symbols: &BTreeMap<SecurityId, String>,
) -> Result<Vec<(String, Position)>, StoreError> {
    let positions = reading.outputs().positions(cell)?.unwrap_or_default();
    let mut named: Vec<(String, Position)> = (positions.into_iter())
        .map(|position| {
            let symbol = symbols.get(&position.security).cloned().unwrap_or_default();
            let unnumbered = Position {
                security: SecurityId(0),
                ..position
            };
            (symbol, unnumbered)
        })
        .collect();
    named.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(named)
}

/// Returns the first key whose values differ, with both values.
fn first_difference<T: PartialEq + std::fmt::Debug>(
    stored: &BTreeMap<CellName, T>,
    rebuilt: &BTreeMap<CellName, T>,
) -> Option<(CellName, String, String)> {
    let keys: BTreeSet<&CellName> = stored.keys().chain(rebuilt.keys()).collect();
    let differs = keys
        .into_iter()
        .find(|key| stored.get(*key) != rebuilt.get(*key))?;
    let text = |value: Option<&T>| value.map_or("nothing".to_owned(), |value| format!("{value:?}"));
    Some((
        differs.clone(),
        text(stored.get(differs)),
        text(rebuilt.get(differs)),
    ))
}
