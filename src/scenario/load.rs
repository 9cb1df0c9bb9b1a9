//! A world becomes an ordinary database: its sources are stored, and its past is computed by the
//! engine, so that what it says is done is done for real.

use std::sync::atomic::AtomicBool;

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::world::{Correction, Failure, FailureState, Sources, World, WorldError};
use crate::domain::{Cell, Day, RunId};
use crate::engine::{EngineError, RunObserver, Settings, WORLD_HISTORY_SCOPE, fill_world_history};
use crate::environment::Environment;
use crate::import::apply::{
    ApplyError, FileKind, ImportContext, ImportOptions, Mode, SourceFile, import_file,
};
use crate::import::{Jumps, RowError};
use crate::phases::LONGEST_WINDOW;
use crate::plan::PolicyName;
use crate::store::{
    Location, NewRun, Progress, RunState, Store, StoreError, StoredWorld, WriteTransaction,
};

/// Why a world could not be made a database.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The world does not hold together.
    #[error(transparent)]
    World(#[from] WorldError),
    /// Its past could not be computed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Its corrections could not be taken in.
    #[error(transparent)]
    Import(#[from] ApplyError),
    /// A correction that can't be.
    #[error("a correction cannot be: {0}")]
    Correction(RowError),
    /// It could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something that it says is done can't be done.
    #[error("the world says that {cells} cells are done that cannot be computed: {first}")]
    CellsNotComputable {
        /// How many.
        cells: u64,
        /// The first of them, and why.
        first: String,
    },
}

/// Makes a new database of a world. `settings` are those of the runs to come; the calendar is
/// the world's. Progress of computing the past is told to `progress`.
pub fn load(
    world: &World,
    name: &str,
    place: impl Into<Location>,
    settings: &Settings,
    progress: &(dyn Fn(&Progress) + Sync),
) -> Result<Store, LoadError> {
    let store = Store::create(place)?;
    fill(&store, world, name, settings, progress)?;
    Ok(store)
}

/// Fills a database that holds nothing with a world.
pub(super) fn fill(
    store: &Store,
    world: &World,
    name: &str,
    settings: &Settings,
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
    writer.write(|writing| {
        writing.set_world(&StoredWorld {
            name: name.to_owned(),
            now: world.now,
        })?;
        writing.set_risk_model(&sources.model, world.now)?;
        store_sources(writing, &sources, world)
    })?;

    let watch = RunObserver {
        cancel: &AtomicBool::new(false),
        on_progress: progress,
        on_event: &|_| {},
    };
    let past = world.coverage();
    if past.iter().next().is_some() {
        let outcome = fill_world_history(store, &past, &settings, &environment, &watch)?;
        if let Some(failure) = outcome.failures.first() {
            return Err(LoadError::CellsNotComputable {
                cells: outcome.progress.failed,
                first: format!("{}: {}", failure.cell, failure.reason),
            });
        }
    }
    import_corrections(store, world, &sources, &settings)?;
    writer.write(|writing| {
        for invalidation in &world.invalidations {
            writing.invalidate(invalidation, world.now)?;
        }
        store_run_history(writing, world, &environment, &settings)
    })?;
    Ok(())
}

/// Who did the past: a process of which nobody can tell whether it still runs, so that a run that
/// was left running is live for as long as its lease is.
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
    for security in &sources.securities {
        writing.add_security(&security.without_id())?;
    }
    let mut lives = Vec::new();
    for portfolio in &sources.portfolios {
        let id = writing.add_portfolio(&portfolio.without_id())?;
        lives.push((id, None, portfolio.lifecycle));
    }
    writing.change_lifecycle_index(&lives)?;
    writing.set_closes(&sources.new_closes(), world.now)?;
    writing.set_splits(&sources.splits)?;
    writing.add_entries(&sources.transactions)?;
    writing.increment_revision()
}

/// What was corrected after the past was done: taken in as any file of closes, with what that
/// takes out of the ledger.
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
        let listed = sources.securities.iter().find(|one| one.id == *security);
        let symbol = listed.map_or("", |one| one.symbol.as_str());
        rows += &format!("{symbol},{day},{close}\n");
    }
    let file = SourceFile {
        kind: FileKind::Prices,
        name: "corrections of the world",
        bytes: rows.as_bytes(),
        options: &ImportOptions {
            jumps: Jumps::Allowed,
            ..ImportOptions::default()
        },
    };
    let terms = ImportContext {
        calendar: &settings.calendar,
        window: LONGEST_WINDOW,
        now: world.now,
    };
    let taken = import_file(&mut store.writer()?, &file, &terms, Mode::Apply)?;
    match taken.first_error() {
        None => Ok(()),
        Some((_, flaw)) => Err(LoadError::Correction(flaw.clone())),
    }
}

/// What else a past leaves behind: failures, rows that nothing speaks for, runs that ended and
/// one that never did.
fn store_run_history(
    writing: &WriteTransaction<'_>,
    world: &World,
    environment: &Environment,
    settings: &Settings,
) -> Result<(), StoreError> {
    let failures = world.failures();
    if !failures.is_empty() {
        let run =
            writing.start_run(&run_start(environment, world.now, world.priced_days.last()))?;
        for failure in failures {
            for _ in 0..failure_count(&failure, settings) {
                let why = "it failed, as the world says";
                writing.record_failure(failure.cell, failure.phase, why, world.now, run)?;
            }
        }
        writing.close_run(run, RunState::Incomplete, world.now, "")?;
    }
    for one in &world.portfolios {
        for day in &one.rows {
            writing.insert_placeholder_snapshot(Cell::new(*day, one.portfolio.id))?;
        }
    }
    for past in &world.runs {
        let run = writing.start_run(&NewRun {
            policy: past.policy.clone(),
            scope: past.scope.clone(),
            progress: past.progress,
            ..run_start(environment, past.started, past.target)
        })?;
        writing.close_run(run, past.state, past.ended, "")?;
    }
    if let Some(left) = &world.run_left_running {
        let left_run = NewRun {
            scope: "all active".to_owned(),
            ..run_start(environment, left.started, left.target)
        };
        let run = writing.start_run(&left_run)?;
        writing.acquire_lease(run, environment, left.lease_expires - world.now)?;
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
