//! Makes an ordinary database from a world: stores its sources, and lets the engine compute the
//! cells that the world declares done, so that their outputs are real.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::world::{Correction, Failure, FailureState, Sources, World, WorldError};
use crate::domain::{
    Cell, Coverage, Day, DayRange, IdSet, Phase, Portfolio, PortfolioId, RunId, Security,
};
use crate::engine::{EngineError, RunObserver, Settings, WORLD_HISTORY_SCOPE, fill_world_history};
use crate::environment::Environment;
use crate::import::apply::{ApplyError, FileKind, ImportContext, Mode, SourceFile, import_file};
use crate::import::profile::Profiles;
use crate::import::{ImportOptions, Jumps, Restatements, RowError, ValidRows};
use crate::invalidation::remove_cells;
use crate::plan::PolicyName;
use crate::store::{
    Location, NewRun, Progress, RunState, Store, StoreError, StoredWorld, WriteTransaction,
};

/// Errors of making a database from a world.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The world contradicts itself.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The engine could not compute the completed cells.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The corrections could not be imported.
    #[error(transparent)]
    Import(#[from] ApplyError),
    /// The import refused a correction.
    #[error("invalid correction: {0}")]
    Correction(RowError),
    /// The store failed to write.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Cells that the world declares done cannot be computed from its sources.
    #[error("{cells} cells that the world declares done cannot be computed: {first}")]
    CellsNotComputable {
        /// The number of such cells.
        cells: u64,
        /// The first of them, with its reason.
        first: String,
    },
}

/// Makes a new database at `place` from a world. `settings` are those of later runs, except that
/// the calendar is the world's. `progress` receives the progress of computing the completed cells.
///
/// # Errors
///
/// A database exists at `place`, the world contradicts itself, or its completed cells cannot be
/// computed from its sources.
pub fn load(
    world: &World,
    name: &str,
    place: impl Into<Location>,
    settings: &Settings,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Store, LoadError> {
    let place = place.into();
    let store = Store::create(place.clone())?;
    let filled = fill(
        &store,
        world,
        name,
        settings,
        WorldHistory::Computed,
        progress,
    );
    match filled {
        Ok(()) => Ok(store),
        Err(error) => {
            // Half a world would look like a database with nothing to do.
            drop(store);
            place.remove_database()?;
            Err(error)
        }
    }
}

/// How the cells that a world declares done come into the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WorldHistory {
    /// The engine computes their outputs.
    Computed,
    /// The ledger has them, with empty snapshots. Plans and later runs choose the same cells; the
    /// outputs are not to be looked at.
    Marked,
}

/// Fills an empty database with a world.
pub(super) fn fill(
    store: &Store,
    world: &World,
    name: &str,
    settings: &Settings,
    history: WorldHistory,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<(), LoadError> {
    let sources = world.sources()?;
    let environment = history_environment(world);
    let settings = Settings {
        calendar: world.calendar.clone(),
        model: None,
        ..settings.clone()
    };
    let mut writer = store.writer()?;
    // The order matters: sources, then computed cells, then corrections, which invalidate some of
    // those cells, then the world's own invalidations and failures.
    writer.write(|writing| {
        writing.set_world(&StoredWorld {
            name: name.to_owned(),
            now: world.now,
        })?;
        writing.risk_models().set(&sources.model, world.now)?;
        writing.calendar().set(&world.calendar)?;
        store_sources(writing, &sources, world)
    })?;

    let cancel = AtomicBool::new(false);
    let observer = RunObserver {
        on_progress: progress,
        ..RunObserver::unobserved(&cancel)
    };
    let coverage = world.coverage();
    if history == WorldHistory::Marked {
        writer.write(|writing| mark_done(writing, &coverage))?;
    } else if coverage.iter().next().is_some() {
        let outcome = fill_world_history(store, &coverage, &settings, &environment, &observer)?;
        let failed = outcome.failures.iter().map(|failure| failure.cell);
        let (stale, broken): (BTreeSet<Cell>, BTreeSet<Cell>) =
            failed.partition(|cell| is_invalidated(world, &coverage, *cell));
        let mut failures = outcome.failures.iter();
        if let Some(failure) = failures.find(|failure| broken.contains(&failure.cell)) {
            return Err(LoadError::CellsNotComputable {
                cells: broken.len() as u64,
                first: format!("{}: {}", failure.cell, failure.reason),
            });
        }
        writer.write(|writing| keep_stale_cells(writing, &coverage, &stale))?;
    }
    import_corrections(store, world, &sources, &settings)?;
    writer.write(|writing| {
        remove_cells(
            writing,
            world.invalidations.iter().cloned().map(Ok),
            world.now,
        )?;
        store_run_history(writing, world, &environment, &settings)
    })?;
    Ok(())
}

/// Returns whether the world invalidates all done phases of a cell: its books need not follow from
/// the sources, which have changed since.
fn is_invalidated(world: &World, coverage: &Coverage, cell: Cell) -> bool {
    let done = |phase: &Phase| coverage.contains(cell.day, *phase, cell.portfolio);
    Phase::CELL_PHASES.into_iter().filter(done).all(|phase| {
        world.invalidations.iter().any(|invalidation| {
            let ids = invalidation.cells.get(&(cell.day, phase));
            ids.is_some_and(|ids| ids.contains(cell.portfolio.0))
        })
    })
}

/// Records cells as done, to be invalidated next, whose old books no longer follow from the sources.
/// Their outputs are placeholders, which no query shows.
fn keep_stale_cells(
    writing: &WriteTransaction<'_>,
    coverage: &Coverage,
    cells: &BTreeSet<Cell>,
) -> Result<(), StoreError> {
    for cell in cells {
        let id: IdSet = std::iter::once(cell.portfolio.0).collect();
        for phase in Phase::CELL_PHASES {
            if coverage.contains(cell.day, phase, cell.portfolio) {
                writing.ledger().mark_done(cell.day, phase, &id)?;
            }
        }
        writing.outputs().insert_placeholder_snapshot(*cell)?;
        let day = DayRange::single(cell.day);
        writing.failures().forget_range(Some(cell.portfolio), day)?;
    }
    Ok(())
}

/// Puts the done cells into the ledger, each with an empty snapshot.
fn mark_done(writing: &WriteTransaction<'_>, coverage: &Coverage) -> Result<(), StoreError> {
    for (day, phase, ids) in coverage.iter() {
        writing.ledger().set_done(day, phase, ids)?;
        if phase == Phase::Snapshot {
            for id in ids {
                let cell = Cell::new(day, PortfolioId(id));
                writing.outputs().insert_placeholder_snapshot(cell)?;
            }
        }
    }
    Ok(())
}

/// The process that ran the world's history. Start ticks of 0 make it unknown whether that process
/// still runs, so that a run left running is live exactly as long as its lease.
fn history_environment(world: &World) -> Environment {
    let mut environment = Environment::fixed(world.now, world.seed);
    environment.process.start_ticks = 0;
    environment
}

fn store_sources(
    writing: &WriteTransaction<'_>,
    sources: &Sources,
    world: &World,
) -> Result<(), StoreError> {
    for own in world.own_calendars.definitions() {
        writing.security_calendars().set_own(own)?;
    }
    for security in &sources.securities {
        if let Some(name) = &security.calendar {
            writing.security_calendars().add(name, &world.calendar)?;
        }
        let id = writing.securities().add(&security.without_id())?;
        if !security.former_symbols.is_empty() {
            let stored = Security {
                id,
                ..security.clone()
            };
            writing.securities().set_symbols(&[&stored])?;
        }
    }
    let named = sources
        .portfolios
        .iter()
        .filter_map(|known| known.calendar.as_ref());
    for name in named.collect::<BTreeSet<_>>() {
        writing.security_calendars().add(name, &world.calendar)?;
    }
    let portfolios = sources.portfolios.iter().map(Portfolio::without_id);
    writing.portfolios().add(portfolios)?;
    writing.closes().set(&sources.new_closes(), world.now)?;
    writing.splits().set(&sources.splits)?;
    writing.corporate_actions().set(&sources.actions)?;
    writing.entries().add(&sources.transactions)?;
    for decision in &world.accepted_prices {
        writing.accepted_prices().add(decision, world.now)?;
    }
    writing.increment_revision()
}

/// Imports the corrected closes like any price file, which invalidates the cells that used the
/// earlier closes.
fn import_corrections(
    store: &Store,
    world: &World,
    sources: &Sources,
    settings: &Settings,
) -> Result<(), LoadError> {
    if world.corrections.is_empty() {
        return Ok(());
    }
    let mut rows = "symbol,date,close\n".to_owned();
    for Correction {
        security,
        day,
        close,
    } in &world.corrections
    {
        let listed = sources
            .securities
            .iter()
            .find(|listed| listed.id == *security);
        let symbol = listed.map_or("", |listed| listed.symbol_on(*day));
        rows += &format!("{symbol},{day},{close}\n");
    }
    let file = SourceFile {
        kind: FileKind::Prices,
        name: "corrections of the world",
        bytes: rows.as_bytes(),
        // A world may correct a close by any amount; the check of jumps is for real files.
        options: &ImportOptions {
            jumps: Jumps::Allowed,
            restatements: Restatements::Allowed,
            valid_rows: ValidRows::Refused,
            ..ImportOptions::default()
        },
    };
    let context = ImportContext {
        calendar: &settings.calendar,
        now: world.now,
        profiles: Profiles::shipped(),
    };
    let imported = import_file(&mut store.writer()?, &file, &context, Mode::Apply)?;
    match imported.first_error() {
        None => Ok(()),
        Some((_, error)) => Err(LoadError::Correction(error.clone())),
    }
}

/// Stores the rest of a world's history: failures, snapshot rows that the ledger does not cover,
/// finished runs, and the run left running.
fn store_run_history(
    writing: &WriteTransaction<'_>,
    world: &World,
    environment: &Environment,
    settings: &Settings,
) -> Result<(), StoreError> {
    let failures = world.failures();
    if !failures.is_empty() {
        let run =
            writing
                .runs()
                .start(&run_start(environment, world.now, world.priced_days.last()))?;
        for failure in failures {
            for _ in 0..failure_count(&failure, settings) {
                let reason = "declared as failed in the world";
                writing
                    .failures()
                    .record(failure.cell, failure.phase, reason, world.now, run)?;
            }
        }
        writing
            .runs()
            .close(run, RunState::Incomplete, world.now, "")?;
    }
    for portfolio in &world.portfolios {
        for day in &portfolio.rows {
            writing
                .outputs()
                .insert_placeholder_snapshot(Cell::new(*day, portfolio.portfolio.id))?;
        }
    }
    for past in &world.runs {
        let run = writing.runs().start(&NewRun {
            policy: past.policy.clone(),
            scope: past.scope.clone(),
            progress: past.progress,
            ..run_start(environment, past.started, past.target)
        })?;
        writing.runs().close(run, past.state, past.ended, "")?;
    }
    if let Some(left) = &world.run_left_running {
        let left_run = NewRun {
            scope: "all active".to_owned(),
            ..run_start(environment, left.started, left.target)
        };
        let run = writing.runs().start(&left_run)?;
        writing
            .lease()
            .acquire(run, environment, left.lease_expires - world.now)?;
    }
    Ok(())
}

fn failure_count(failure: &Failure, settings: &Settings) -> u32 {
    match failure.state {
        FailureState::Failed(times) => times,
        FailureState::Quarantined => settings.quarantine_after,
    }
}

fn run_start(environment: &Environment, started: DateTime<Utc>, target: Day) -> NewRun {
    NewRun {
        key: RunId::new(environment.ids.next()),
        started,
        policy: PolicyName::PerCell.name().to_owned(),
        scope: WORLD_HISTORY_SCOPE.to_owned(),
        target,
        plan: String::new(),
        progress: Progress::default(),
    }
}
