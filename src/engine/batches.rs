//! Cuts results into transactions: in plan order, whole cells, bounded by count so that the same
//! plan is always cut the same.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use super::CommitGrain;
use super::compute::Opening;
use crate::domain::output::CellOutput;
use crate::domain::{Cell, Day, Phase, Subjects};
use crate::plan::Blocked;
use crate::store::Batch;

/// How many cells are computed before the writer gets them: enough that threads seldom wait for
/// each other, and few beside a large session.
const CELLS_AT_ONCE: usize = 16_384;

/// What a batch means for the run's account, by day.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub(super) done: BTreeMap<Day, Subjects>,
    pub(super) failed: BTreeMap<Day, Subjects>,
    pub(super) blocked: BTreeMap<Day, Vec<Blocked>>,
}

/// Results that wait to be committed.
pub(super) struct Batches {
    most: usize,
    grain: CommitGrain,
    full: Vec<(Batch, Piece)>,
    open: (Batch, Piece),
}

impl Batches {
    pub(super) fn new(most: NonZeroUsize, grain: CommitGrain) -> Self {
        Self {
            most: most.get(),
            grain,
            full: Vec::new(),
            open: Default::default(),
        }
    }

    /// Takes in what is known of a session once its books are done.
    pub(super) fn open_session(&mut self, day: Day, opening: Opening) {
        let (batch, piece) = &mut self.open;
        if !opening.statistics.is_empty() {
            batch.statistics.push((day, opening.statistics));
        }
        for failure in opening.failures {
            piece
                .failed
                .entry(day)
                .or_default()
                .insert(failure.cell.portfolio.0);
            batch.failures.push(failure);
        }
        if !opening.blocked.is_empty() {
            piece.blocked.insert(day, opening.blocked);
        }
    }

    /// How many cells of a session may be computed before they are taken in: a transaction a
    /// phase needs all of them.
    pub(super) fn cells_at_once(&self) -> usize {
        match self.grain {
            CommitGrain::Cells => CELLS_AT_ONCE,
            CommitGrain::Phases => usize::MAX,
        }
    }

    /// Takes in some of a session's cells.
    pub(super) fn take_in(
        &mut self,
        cells: Vec<CellOutput>,
        failed_before: &BTreeSet<(Cell, Phase)>,
    ) {
        match self.grain {
            CommitGrain::Cells => {
                for output in cells {
                    self.take_in_cell(output, failed_before);
                }
            }
            CommitGrain::Phases => self.take_in_by_phase(cells, failed_before),
        }
    }

    fn take_in_cell(&mut self, output: CellOutput, failed_before: &BTreeSet<(Cell, Phase)>) {
        let (batch, piece) = &mut self.open;
        let cell = output.cell;
        piece
            .done
            .entry(cell.day)
            .or_default()
            .insert(cell.portfolio.0);
        let recovered = output.phases().iter().map(|phase| (cell, phase));
        batch
            .recovered
            .extend(recovered.filter(|known| failed_before.contains(known)));
        batch.cells.push(output);
        if batch.cells.len() >= self.most {
            self.close();
        }
    }

    /// One transaction for each phase of the session; a cell counts as done with its last.
    fn take_in_by_phase(
        &mut self,
        mut cells: Vec<CellOutput>,
        failed_before: &BTreeSet<(Cell, Phase)>,
    ) {
        for phase in Phase::OF_CELL {
            for output in &mut cells {
                let part = take_phase(output, phase);
                if part.phases().is_empty() {
                    continue;
                }
                let (batch, piece) = &mut self.open;
                let cell = part.cell;
                if output.phases().is_empty() {
                    piece
                        .done
                        .entry(cell.day)
                        .or_default()
                        .insert(cell.portfolio.0);
                }
                if failed_before.contains(&(cell, phase)) {
                    batch.recovered.push((cell, phase));
                }
                batch.cells.push(part);
            }
            self.close();
        }
    }

    fn close(&mut self) {
        let closed = std::mem::take(&mut self.open);
        if !closed.0.is_empty() || !closed.1.blocked.is_empty() {
            self.full.push(closed);
        }
    }

    /// The batches that are full, in order.
    pub(super) fn full(&mut self) -> Vec<(Batch, Piece)> {
        std::mem::take(&mut self.full)
    }

    /// What is left, at the end.
    pub(super) fn rest(mut self) -> Vec<(Batch, Piece)> {
        self.close();
        self.full
    }
}

/// Takes one phase's output out of a cell's.
fn take_phase(output: &mut CellOutput, phase: Phase) -> CellOutput {
    let mut part = CellOutput {
        cell: output.cell,
        snapshot: None,
        positions: None,
        exposures: None,
        risk: None,
    };
    match phase {
        Phase::Snapshot => part.snapshot = output.snapshot.take(),
        Phase::Positions => part.positions = output.positions.take(),
        Phase::Exposures => part.exposures = output.exposures.take(),
        Phase::Risk => part.risk = output.risk.take(),
        Phase::Prices | Phase::Securities => {}
    }
    part
}
