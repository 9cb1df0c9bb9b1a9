//! The one way in for a run's results: whole cells, their ledger and the run's progress in one
//! transaction, under a lease that is shown and renewed in it.
//!
//! A COMMIT that returned an error may have committed all the same. So after an error the log is
//! emptied, which must succeed, and the run's own row says whether the batch is in.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Lease, ModelNumber, PackedCells, PackedStatistics, Progress, Revision, StoreError, StoreFault,
    WriteTransaction, Writer,
};
use crate::domain::{Cell, Day, IdSet, Phase, PhaseSet};
use crate::environment::Environment;

/// What one transaction takes in.
#[derive(Debug, Default)]
pub struct Batch {
    /// Outputs of cells, in plan order.
    pub cells: Vec<PackedCells>,
    /// Statistics of securities that were not in the ledger.
    pub statistics: Vec<PackedStatistics>,
    /// Phases that failed.
    pub failures: Vec<FailedPhase>,
    /// Phases that had failed before and are done now.
    pub recovered: Vec<(Cell, Phase)>,
}

/// A phase that could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedPhase {
    /// Of which cell.
    pub cell: Cell,
    /// Which phase.
    pub phase: Phase,
    /// Why, for people.
    pub reason: String,
}

/// Under what a batch is committed.
pub struct CommitContext<'t> {
    /// The run's lease.
    pub lease: &'t Lease,
    /// How long the lease is renewed for.
    pub lease_length: TimeDelta,
    /// The sources that the results were made from.
    pub revision: Revision,
    /// The risk model they were made by.
    pub model: ModelNumber,
    /// Which batch of the run this is, from 1.
    pub number: i64,
    /// Told when all is written and nothing committed.
    pub before_commit: &'t dyn Fn(),
}

impl Batch {
    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
            && self.statistics.is_empty()
            && self.failures.is_empty()
            && self.recovered.is_empty()
    }

    /// The ledger's part of the batch.
    fn ledger_additions(&self) -> BTreeMap<(Day, Phase), IdSet> {
        let mut done: BTreeMap<(Day, Phase), IdSet> = BTreeMap::new();
        for one in &self.statistics {
            *done.entry((one.day(), Phase::Securities)).or_default() |= one.securities();
        }
        let portions = self.cells.iter().map(PackedCells::cells);
        for alike in
            portions.flat_map(|cells| cells.chunk_by(|one, next| is_same_group(*one, *next)))
        {
            let ascending = alike.iter().map(|(cell, _)| cell.portfolio.0);
            let portfolios = IdSet::from_sorted_iter(ascending).expect("ids that ascend");
            let (first, phases) = alike[0];
            for phase in phases.iter() {
                *done.entry((first.day, phase)).or_default() |= &portfolios;
            }
        }
        done
    }
}

/// Whether a cell follows on one of the same day and the same phases.
fn is_same_group((one, of_one): (Cell, PhaseSet), (next, of_next): (Cell, PhaseSet)) -> bool {
    one < next && one.day == next.day && of_one == of_next
}

impl Writer {
    /// Commits a batch. An error means that nothing of it is in.
    pub fn commit_batch(
        &mut self,
        batch: &Batch,
        terms: &CommitContext<'_>,
        progress: &Progress,
        environment: &Environment,
    ) -> Result<(), StoreError> {
        let unchecked = self.has_fault(StoreFault::LeaseUnchecked);
        let outcome = self.write(|writing| {
            let renewed = writing.renew_lease(terms.lease, environment, terms.lease_length);
            if !unchecked {
                renewed?;
            }
            writing.check_revision(terms.revision)?;
            writing.write_batch(batch, terms, environment.clock.now())?;
            writing.update_progress(terms.lease.run, progress)?;
            (terms.before_commit)();
            Ok(())
        });
        let Err(error) = outcome else {
            return Ok(());
        };
        if matches!(error, StoreError::LeaseLost | StoreError::SourcesChanged) {
            return Err(error);
        }
        if self.has_fault(StoreFault::CommitErrorIgnored) {
            return Ok(());
        }
        self.checkpoint()?;
        let committed = self.read(|reading| reading.batches(terms.lease.run))?;
        if committed >= terms.number {
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
        terms: &CommitContext<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut outputs = self.output_writer(terms.model)?;
        for of_a_day in &batch.statistics {
            outputs.write_statistics(of_a_day)?;
        }
        outputs.write_cells(&batch.cells)?;
        for ((day, phase), subjects) in batch.ledger_additions() {
            self.mark_done(day, phase, &subjects)?;
        }
        for failed in &batch.failures {
            self.record_failure(
                failed.cell,
                failed.phase,
                &failed.reason,
                now,
                terms.lease.run,
            )?;
        }
        for (cell, phase) in &batch.recovered {
            self.forget_failure(*cell, *phase)?;
        }
        Ok(())
    }
}
