//! Commits the results of a run: outputs of cells, their ledger and the run's progress in one
//! transaction, which also checks and renews the lease.
//!
//! A COMMIT that returned an error may have taken effect. So after an error the log is emptied,
//! which must succeed, and the run's own row tells whether the batch is stored.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::error::StoreError;
use super::lease::Lease;
use super::outputs::{PackedCells, PackedStatistics};
use super::runs::Progress;
use super::sources::{ModelNumber, Revision};
use super::store::Writer;
use super::transaction::WriteTransaction;
use crate::domain::{Cell, Day, IdSet, Phase, PhaseSet};
use crate::environment::Environment;

/// The results that one transaction stores.
#[derive(Debug, Default)]
pub struct Batch {
    /// Outputs of cells, in plan order.
    pub cells: Vec<PackedCells>,
    /// Statistics of securities that were missing in the ledger.
    pub statistics: Vec<PackedStatistics>,
    /// Phases that failed in this batch.
    pub failures: Vec<FailedPhase>,
    /// Phases that failed in an earlier run and are done now.
    pub recovered: Vec<(Cell, Phase)>,
}

/// A phase of a cell that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedPhase {
    /// The cell that stays incomplete.
    pub cell: Cell,
    /// The phase that failed.
    pub phase: Phase,
    /// Reason as shown to people.
    pub reason: String,
}

/// The run and inputs under which a batch is committed.
pub struct CommitContext<'t> {
    /// The lease that the run holds.
    pub lease: &'t Lease,
    /// Time from now until the renewed lease expires.
    pub lease_length: TimeDelta,
    /// Revision of the sources that the results were computed from.
    pub revision: Revision,
    /// Risk model that the results were computed with.
    pub model: ModelNumber,
    /// Number of this batch within the run, from 1.
    pub number: i64,
    /// Called after all writes of the transaction, before its COMMIT.
    pub before_commit: &'t dyn Fn(),
}

impl Batch {
    /// Returns whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
            && self.statistics.is_empty()
            && self.failures.is_empty()
            && self.recovered.is_empty()
    }

    /// Returns the ids that the batch adds to the ledger.
    fn ledger_additions(&self) -> BTreeMap<(Day, Phase), IdSet> {
        let mut done: BTreeMap<(Day, Phase), IdSet> = BTreeMap::new();
        for statistics in &self.statistics {
            *done
                .entry((statistics.day(), Phase::Securities))
                .or_default() |= statistics.securities();
        }
        let chunks = self.cells.iter().map(PackedCells::cells);
        // Cells arrive in plan order, so neighbours mostly share day and phases. One bitmap for
        // each group is cheaper than an insertion for each cell and phase.
        for group in
            chunks.flat_map(|cells| cells.chunk_by(|cell, next| is_same_group(*cell, *next)))
        {
            let ascending = group.iter().map(|(cell, _)| cell.portfolio.0);
            let portfolios = IdSet::from_sorted_iter(ascending).expect("ids ascend in a group");
            let (first, phases) = group[0];
            for phase in phases.iter() {
                *done.entry((first.day, phase)).or_default() |= &portfolios;
            }
        }
        done
    }
}

/// Returns whether `next` comes after `cell` and has the same day and phases.
fn is_same_group((cell, phases): (Cell, PhaseSet), (next, next_phases): (Cell, PhaseSet)) -> bool {
    cell < next && cell.day == next.day && phases == next_phases
}

impl Writer {
    /// Commits a batch.
    ///
    /// # Errors
    ///
    /// The lease was lost, the sources changed since they were read, or the database cannot be
    /// written. Nothing of the batch is stored then.
    pub fn commit_batch(
        &mut self,
        batch: &Batch,
        context: &CommitContext<'_>,
        progress: &Progress,
        environment: &Environment,
    ) -> Result<(), StoreError> {
        // Lease and revision are checked in the transaction that writes: a check before it could
        // be overtaken by another process.
        let outcome = self.write(|writing| {
            writing
                .lease()
                .renew(context.lease, environment, context.lease_length)?;
            writing.check_revision(context.revision)?;
            writing.write_batch(batch, context, environment.clock.now())?;
            writing
                .runs()
                .update_progress(context.lease.run, progress)?;
            (context.before_commit)();
            Ok(())
        });
        let Err(error) = outcome else {
            return Ok(());
        };
        // Two come from checks before the COMMIT, so the transaction was certainly rolled back. The
        // third means that the file has no name, so that a stored batch is lost too.
        if matches!(
            error,
            StoreError::LeaseLost | StoreError::SourcesChanged | StoreError::Moved(_)
        ) {
            return Err(error);
        }
        // The log must be emptied first: what is appended to a log whose sync failed can be lost
        // after it was acknowledged.
        self.checkpoint()?;
        // `batches` is counted in the same transaction as the batch, so it tells which of the two
        // happened.
        let committed = self.read(|reading| reading.runs().batches(context.lease.run))?;
        if committed >= context.number {
            Ok(())
        } else {
            Err(error)
        }
    }
}

impl WriteTransaction<'_> {
    fn write_batch(
        &self,
        batch: &Batch,
        context: &CommitContext<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut outputs = self.outputs().statements(context.model)?;
        for statistics in &batch.statistics {
            outputs.write_statistics(statistics)?;
        }
        outputs.write_cells(&batch.cells)?;
        // In the same transaction: the ledger must never list a cell whose output is not stored.
        for ((day, phase), ids) in batch.ledger_additions() {
            self.ledger().mark_done(day, phase, &ids)?;
        }
        for failed in &batch.failures {
            self.failures().record(
                failed.cell,
                failed.phase,
                &failed.reason,
                now,
                context.lease.run,
            )?;
        }
        for (cell, phase) in &batch.recovered {
            self.failures().forget(*cell, *phase)?;
        }
        Ok(())
    }
}
