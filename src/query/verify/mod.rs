//! Re-proves a database from its rows alone: that what the ledger says is there, that the books
//! add up, and that the sources still give the very same bits.
//!
//! Each [`Claim`] is checked by itself and comes out proven, with how often it was looked at, or
//! broken, with findings that name portfolio, day, phase and both values. A row that can't be
//! read is a finding and not an error.
//!
//! Outputs are read session by session, each in a transaction of its own, so that no run waits
//! for a verification. Only the sources of the portfolios to recompute are held in memory.

mod books;
mod check;
mod facts;
mod ledger;
mod recompute;
mod runs;
mod sample;
mod sources;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use check::{Check, Claim, Verdict, Verification};
pub use sample::Sample;

use super::QueryError;
use crate::domain::Day;
use crate::engine::Settings;
use crate::environment::Environment;
use crate::store::Store;
use check::{Tally, catch_damage};
use sources::Directory;

/// How far a verification is, in sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyProgress {
    /// What is being looked at.
    pub claim: Claim,
    /// Sessions that were looked at.
    pub done: usize,
    /// Sessions that there are.
    pub total: usize,
}

/// Proves a database, or says what is wrong with it. `sample` says which cells are computed
/// anew; everything else is always checked whole.
///
/// # Errors
///
/// Where the database can't be read at all, or its sources change while they are looked at.
pub fn verify(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    sample: Sample,
    progress: &dyn Fn(VerifyProgress),
) -> Result<Verification, QueryError> {
    let the_file = || "the file".to_owned();
    let mut integrity = Tally::new(Claim::Integrity);
    let mut roster = Tally::new(Claim::LifecycleIndex);
    let mut runs = Tally::new(Claim::Runs);
    catch_damage(&mut integrity, the_file, |tally| {
        sources::check_integrity(store, tally)
    })?;
    let mut known = Directory::default();
    catch_damage(
        &mut roster,
        || "the roster".to_owned(),
        |tally| sources::check_lifecycle_index(store, &mut known, tally),
    )?;
    catch_damage(
        &mut runs,
        || "the runs".to_owned(),
        |tally| runs::check_running_runs(store, environment, tally),
    )?;

    let mut days = BTreeSet::new();
    catch_damage(&mut integrity, the_file, |_| {
        days = store.read(|reading| reading.stored_days())?;
        Ok(())
    })?;
    let days: Vec<Day> = days.into_iter().collect();
    let ledger = ledger::check(store, &known, &days, progress)?;
    let books = books::check(store, settings, &known, &days, progress)?;
    let anew = recompute::Recompute {
        store,
        settings,
        clock: &environment.wall_clock,
        known: &known,
    };
    let recomputed = anew.check(&ledger.done, sample, progress)?;

    let mut tallies = vec![integrity, roster];
    tallies.extend(ledger.tallies);
    tallies.extend(books);
    tallies.extend(recomputed.tallies);
    tallies.push(runs);
    Ok(Verification {
        sessions: days.len(),
        cells: ledger.cells,
        recomputed: recomputed.cells,
        stale_outputs: ledger.stale_outputs,
        checks: tallies.into_iter().map(Tally::finish).collect(),
    })
}
