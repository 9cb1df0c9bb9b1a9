//! Repairs a database: verifies all cells, puts right what follows from the sources, and verifies
//! again, until no damage is left.

use std::collections::BTreeMap;

use super::damage::record_verification;
use crate::domain::{InvalidationCause, NewInvalidation, Phase, PhaseCells};
use crate::engine::Settings;
use crate::environment::Environment;
use crate::invalidation::remove_cells;
use crate::query::{
    self, Claim, NextCommand, QueryError, Sample, Verdict, Verification, VerifyProgress,
};
use crate::store::{Store, StoreError, VerificationRow, WriteTransaction};

/// Repairs before one gives up. Damage can hide other damage: an unreadable ledger set hides that of
/// the cells in it.
const ROUNDS: u32 = 4;

/// The result of a repair.
#[derive(Debug)]
pub struct Repair {
    /// The outputs that were removed from the ledger.
    pub invalidated: PhaseCells,
    /// Number of rows that were deleted: outputs of unknown ids, and rows that no command can use.
    pub deleted_rows: usize,
    /// Whether the lifecycle index was built again.
    pub has_rebuilt_index: bool,
    /// Whether rows that differ from their digest were accepted.
    pub has_accepted_rows: bool,
    /// The tables of sources whose rows were accepted.
    pub accepted_sources: Vec<String>,
    /// The last verification, after all repairs.
    pub verification: Verification,
}

impl Repair {
    /// Returns whether anything was damaged.
    pub fn found_damage(&self) -> bool {
        self.has_accepted_rows
            || self.has_rebuilt_index
            || self.deleted_rows > 0
            || !self.invalidated.is_empty()
            || !self.verification.is_undamaged()
    }
}

/// Repairs a database, and records the last verification.
///
/// # Errors
///
/// A run is live; the file or changed rows of sources need a backup; or the database cannot be read
/// or written.
pub fn repair(
    store: &Store,
    settings: &Settings,
    environment: &Environment,
    accepts_changes: bool,
    progress: &dyn Fn(VerifyProgress),
) -> Result<Repair, QueryError> {
    match store.read(|reading| reading.lease().ensure_none_live(environment)) {
        // The row of the lease itself may be damaged.
        Err(error) if error.is_damaged() => {}
        other => drop(other?),
    }
    let verify = || query::verify(store, settings, environment, Sample::All, progress);
    let mut repair = Repair {
        invalidated: PhaseCells::new(),
        deleted_rows: 0,
        has_rebuilt_index: false,
        has_accepted_rows: false,
        accepted_sources: Vec::new(),
        verification: verify()?,
    };
    for _ in 0..ROUNDS {
        let verification = &repair.verification;
        if verification.is_undamaged() {
            break;
        }
        if let Some(sources) = lost_sources(verification, accepts_changes) {
            // Nothing is repaired, so the damage has to stay in sight.
            record(store, environment, verification);
            return Err(StoreError::ChangedSources(sources).into());
        }
        repair.apply(store, environment)?;
        repair.verification = verify()?;
    }
    record(store, environment, &repair.verification);
    Ok(repair)
}

/// Returns the rows that only a backup has, as text; `None` if all others can be repaired.
fn lost_sources(verification: &Verification, accepts_changes: bool) -> Option<String> {
    let next = &verification.next;
    let is_accepted = accepts_changes && next.contains(&NextCommand::AcceptChanges);
    if !next.contains(&NextCommand::Restore) || is_accepted {
        return None;
    }
    Some(match verification.changed_sources.as_slice() {
        [] => "a part of the file that cannot be read".to_owned(),
        tables => format!("changed rows of {}", tables.join(", ")),
    })
}

fn record(store: &Store, environment: &Environment, verification: &Verification) {
    if let Err(error) = record_verification(store, environment, verification, Sample::All) {
        tracing::warn!("the result of the verification is not recorded: {error}");
    }
}

impl Repair {
    /// Puts right what the last verification found, in one transaction.
    fn apply(&mut self, store: &Store, environment: &Environment) -> Result<(), StoreError> {
        let verification = &self.verification;
        let is_broken = |claim| matches!(verification.verdict(claim), Some(Verdict::Broken { .. }));
        let (rows, index) = (is_broken(Claim::Rows), is_broken(Claim::LifecycleIndex));
        let damaged = verification.damaged.clone();
        let work = |writing: &WriteTransaction<'_>| {
            if index {
                writing.portfolios().rebuild_lifecycle_index()?;
            }
            put_right(writing, environment, damaged)
        };
        let mut writer = store.writer()?;
        let (removed, deleted) = match rows {
            true => writer.write_and_accept_rows(work)?,
            false => writer.write(work)?,
        };
        for (at, ids) in removed {
            *self.invalidated.entry(at).or_default() |= ids;
        }
        self.deleted_rows += deleted;
        self.has_rebuilt_index |= index;
        self.has_accepted_rows |= rows;
        let accepted = verification.changed_sources.iter().cloned();
        self.accepted_sources.extend(accepted);
        Ok(())
    }
}

/// Deletes rows that no command can use and removes damaged outputs from the ledger. Returns what was
/// removed, and the number of deleted rows.
fn put_right(
    writing: &WriteTransaction<'_>,
    environment: &Environment,
    damaged: PhaseCells,
) -> Result<(PhaseCells, usize), StoreError> {
    let now = environment.clock.now();
    writing.restore_revision(now)?;
    let last = writing.verification().last();
    if last.as_ref().is_err_and(StoreError::is_damaged) {
        writing.verification().set(&VerificationRow::default())?;
    }
    let mut deleted = writing.delete_outputs_of_unknown_ids()?;
    let mut cells: PhaseCells = damaged;
    for (at, ids) in writing.replace_unreadable_ledger_sets()? {
        *cells.entry(at).or_default() |= ids;
    }
    deleted += writing.delete_unusable_rows()?;
    // Runs compute the statistics of securities with the risk of their holders.
    let days = cells
        .keys()
        .filter(|(_, phase)| *phase == Phase::Securities);
    let days: Vec<_> = days.map(|(day, _)| *day).collect();
    let mut holders = BTreeMap::new();
    for day in days {
        holders.insert((day, Phase::Risk), writing.ledger().done(day, Phase::Risk)?);
    }
    for (at, ids) in holders {
        *cells.entry(at).or_default() |= ids;
    }
    let invalidation = NewInvalidation {
        cause: InvalidationCause::Request,
        reason: "verify found damage".to_owned(),
        cells,
    };
    let removed = remove_cells(writing, [Ok(invalidation)], now)?;
    // A changed row can say of a run that it is running.
    writing.lease().clear_dead(environment)?;
    writing.runs().abandon_without_lease(now)?;
    Ok((removed, deleted))
}
