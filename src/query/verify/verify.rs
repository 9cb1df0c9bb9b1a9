//! Checks all claims about a database, one after the other.

use std::collections::BTreeSet;

use super::check::{Claim, Tally, Verification, VerifyProgress, catch_damage};
use super::sample::Sample;
use super::sources::Directory;
use super::{books, ledger, recompute, runs, sources};
use crate::domain::{Day, PhaseCells};
use crate::engine::Settings;
use crate::environment::Environment;
use crate::query::error::QueryError;
use crate::store::Store;

/// Verifies a database. `sample` selects the cells that are computed again from the sources.
/// Statistics are computed again on the sessions of these cells. All other claims are always
/// checked in full.
///
/// # Errors
///
/// Where the database cannot be read at all, or its sources change during the verification.
pub fn verify(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    sample: Sample,
    progress: &dyn Fn(VerifyProgress),
) -> Result<Verification, QueryError> {
    let the_file = || "the file".to_owned();
    let mut integrity = Tally::new(Claim::Integrity);
    let mut lifecycle_index = Tally::new(Claim::LifecycleIndex);
    let mut runs = Tally::new(Claim::Runs);
    catch_damage(&mut integrity, the_file, |tally| {
        sources::check_integrity(store, tally)
    })?;
    let mut rows = Tally::new(Claim::Rows);
    let mut changed_sources = Vec::new();
    catch_damage(
        &mut rows,
        || "the rows".to_owned(),
        |tally| sources::check_rows(store, &mut changed_sources, tally),
    )?;
    catch_damage(
        &mut rows,
        || "the bookkeeping".to_owned(),
        |tally| sources::check_bookkeeping(store, tally),
    )?;
    let mut known = Directory::default();
    catch_damage(
        &mut lifecycle_index,
        || "the lifecycle index".to_owned(),
        |tally| sources::check_lifecycle_index(store, &mut known, tally),
    )?;
    let mut calendar = Tally::new(Claim::Calendar);
    catch_damage(
        &mut calendar,
        || "the calendar".to_owned(),
        |tally| sources::check_calendar(store, tally),
    )?;
    let mut configuration = Tally::new(Claim::Configuration);
    catch_damage(
        &mut configuration,
        || "the configuration in force".to_owned(),
        |tally| sources::check_configuration(store, settings, tally),
    )?;
    // Books are checked by the calendar that they were computed with.
    let mut settings = settings.clone();
    catch_damage(&mut Tally::new(Claim::Calendar), String::new, |_| {
        let in_force = store.read(|reading| reading.calendar().of_figures())?;
        settings.calendar = in_force.unwrap_or_else(|| settings.calendar.clone());
        Ok(())
    })?;
    let settings = &settings;
    catch_damage(
        &mut runs,
        || "the runs".to_owned(),
        |tally| runs::check_running_runs(store, environment, tally),
    )?;

    let mut days = BTreeSet::new();
    catch_damage(&mut integrity, the_file, |_| {
        days = store.read(|reading| reading.outputs().stored_days())?;
        Ok(())
    })?;
    let days: Vec<Day> = days.into_iter().collect();
    let ledger = ledger::check(store, &known, &days, progress)?;
    let books = books::check(store, settings, &known, &days, progress)?;
    let recompute = recompute::Recompute {
        store,
        settings,
        clock: &environment.wall_clock,
        known: &known,
    };
    let recomputed = recompute.check(&ledger.done, sample, progress)?;

    let has_damaged_sources = integrity.is_broken() || rows.is_broken() || calendar.is_broken();
    let mut tallies = vec![integrity, rows, lifecycle_index, calendar, configuration];
    tallies.extend(ledger.tallies);
    tallies.extend(books);
    tallies.extend(recomputed.tallies);
    tallies.push(runs);
    // Of sound sources, such an error is about the configuration.
    let mut doubtful = tallies.iter_mut().filter_map(Tally::take_doubtful);
    if let Some(error) = doubtful.next().filter(|_| !has_damaged_sources) {
        return Err(error);
    }
    drop(doubtful);
    let mut damaged = PhaseCells::new();
    for tally in &mut tallies {
        tally.take_damaged(&mut damaged);
    }
    let mut verification = Verification {
        sessions: days.len(),
        cells: ledger.cells,
        recomputed: recomputed.cells,
        stale_outputs: ledger.stale_outputs,
        checks: tallies.into_iter().map(Tally::finish).collect(),
        damaged,
        changed_sources,
        next: Vec::new(),
    };
    verification.next = verification.remedies();
    Ok(verification)
}
