//! Cuts results into transactions: in plan order, whole cells, bounded by count so that the same
//! plan is always cut the same. What a transaction takes in is packed here, on all threads, and not
//! by the one that commits.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use super::CommitGrain;
use super::compute::{SessionStart, take_up_to};
use super::parallel::map_chunks;
use crate::domain::output::CellOutput;
use crate::domain::{Cell, Day, IdSet, Phase, PhaseSet};
use crate::plan::BlockedCell;
use crate::store::{Batch, FailedPhase, PackedCells};

/// How many cells are computed before the writer gets them: enough that threads seldom wait for
/// each other, and few beside a large session. With four times as many, a night of 20,000
/// portfolios took as long and held 45 MB more.
const CELLS_AT_ONCE: usize = 4_096;

/// How many cells are packed by one thread at a time.
const PACKED_AT_ONCE: usize = 256;

/// How many statistics of securities fill a transaction as much as one cell does, which has a row
/// in each of four tables.
const STATISTICS_A_CELL: usize = 4;

/// What a batch means for the run's account, by day.
#[derive(Debug, Default)]
pub(super) struct BatchSummary {
    pub(super) done: BTreeMap<Day, IdSet>,
    pub(super) failed: BTreeMap<Day, IdSet>,
    pub(super) blocked: BTreeMap<Day, Vec<BlockedCell>>,
    /// The sessions of which this piece holds the last cell, and with which phases.
    pub(super) completed_sessions: Vec<(Day, PhaseSet)>,
}

/// What is computed of a session at one time.
pub(super) struct SessionChunk {
    pub(super) day: Day,
    pub(super) cells: Vec<CellOutput>,
    pub(super) failures: Vec<FailedPhase>,
    /// Whether more of the session follows.
    pub(super) position: ChunkPosition,
}

/// Where a portion stands in its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChunkPosition {
    MoreFollow,
    Last,
}

/// Results that wait to be committed.
pub(super) struct Batches {
    max_cells: usize,
    grain: CommitGrain,
    full: Vec<(Batch, BatchSummary)>,
    open: OpenBatch,
}

/// The transaction that is being filled.
#[derive(Default)]
struct OpenBatch {
    cells: Vec<CellOutput>,
    /// The rest of it.
    batch: Batch,
    summary: BatchSummary,
}

impl Batches {
    pub(super) fn new(most: NonZeroUsize, grain: CommitGrain) -> Self {
        Self {
            max_cells: most.get(),
            grain,
            full: Vec::new(),
            open: OpenBatch::default(),
        }
    }

    /// Takes in what is known of a session once its books are done.
    pub(super) fn open_session(&mut self, day: Day, opening: SessionStart) {
        let open = &mut self.open;
        if !opening.statistics.securities().is_empty() {
            open.batch.statistics.push(opening.statistics);
        }
        open.add_failures(opening.failures);
        if !opening.blocked.is_empty() {
            open.summary.blocked.insert(day, opening.blocked);
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
    pub(super) fn add_chunk(
        &mut self,
        portion: SessionChunk,
        failed_before: &BTreeSet<(Cell, Phase)>,
    ) {
        let SessionChunk {
            day,
            cells,
            failures,
            position: place,
        } = portion;
        let failed: BTreeSet<Cell> = failures.iter().map(|one| one.cell).collect();
        self.open.add_failures(failures);
        match self.grain {
            CommitGrain::Cells => {
                let mut cells = cells.into_iter();
                while cells.len() > 0 {
                    let room = self.max_cells - self.open.cells.len();
                    let some = take_up_to(&mut cells, room);
                    self.open.add_cells(day, some, &failed, failed_before);
                    if cells.len() == 0 && place == ChunkPosition::Last {
                        let completes = &mut self.open.summary.completed_sessions;
                        completes.push((day, PhaseSet::CELL_PHASES));
                    }
                    if self.open.size() >= self.max_cells {
                        self.close();
                    }
                }
            }
            CommitGrain::Phases => self.add_by_phase(day, cells, &failed, failed_before),
        }
    }

    /// One transaction for each phase of the session; a cell counts as done with its last.
    fn add_by_phase(
        &mut self,
        day: Day,
        mut cells: Vec<CellOutput>,
        failed: &BTreeSet<Cell>,
        failed_before: &BTreeSet<(Cell, Phase)>,
    ) {
        for phase in Phase::CELL_PHASES {
            for output in &mut cells {
                let part = output.take(phase);
                if part.phases().is_empty() {
                    continue;
                }
                let open = &mut self.open;
                let whole = output.phases().is_empty();
                if whole && state_of(failed, part.cell) == CellState::Done {
                    mark_done(&mut open.summary, part.cell);
                }
                note_recovered(&mut open.batch, &part, failed_before);
                open.cells.push(part);
            }
            let completes = &mut self.open.summary.completed_sessions;
            completes.push((day, PhaseSet::from_phase(phase)));
            self.close();
        }
    }

    fn close(&mut self) {
        let (batch, piece) = std::mem::take(&mut self.open).pack();
        if !batch.is_empty() || !piece.blocked.is_empty() {
            self.full.push((batch, piece));
        } else {
            self.open.summary.completed_sessions = piece.completed_sessions;
        }
    }

    /// The batches that are full, in order.
    pub(super) fn take_full(&mut self) -> Vec<(Batch, BatchSummary)> {
        std::mem::take(&mut self.full)
    }

    /// What is left, at the end.
    pub(super) fn finish(mut self) -> Vec<(Batch, BatchSummary)> {
        self.close();
        self.full
    }
}

impl OpenBatch {
    /// How many cells it is as large as.
    fn size(&self) -> usize {
        let statistics = self.batch.statistics.iter();
        let statistics = statistics.map(|one| one.securities().len() as usize);
        self.cells.len() + statistics.sum::<usize>() / STATISTICS_A_CELL
    }

    fn add_failures(&mut self, failures: Vec<FailedPhase>) {
        for failure in failures {
            let cells = self.summary.failed.entry(failure.cell.day).or_default();
            cells.insert(failure.cell.portfolio.0);
            self.batch.failures.push(failure);
        }
    }

    /// Takes in cells that there is room for.
    fn add_cells(
        &mut self,
        day: Day,
        mut cells: Vec<CellOutput>,
        failed: &BTreeSet<Cell>,
        failed_before: &BTreeSet<(Cell, Phase)>,
    ) {
        let done = cells.iter().map(|output| output.cell);
        let done = done.filter(|cell| state_of(failed, *cell) == CellState::Done);
        let done = IdSet::from_sorted_iter(done.map(|cell| cell.portfolio.0));
        let done = done.expect("cells in plan order");
        if !done.is_empty() {
            *self.summary.done.entry(day).or_default() |= done;
        }
        if !failed_before.is_empty() {
            for output in &cells {
                note_recovered(&mut self.batch, output, failed_before);
            }
        }
        cells.retain(|output| !output.phases().is_empty());
        if self.cells.is_empty() {
            self.cells = cells;
        } else {
            self.cells.append(&mut cells);
        }
    }

    /// What the writer gets.
    fn pack(mut self) -> (Batch, BatchSummary) {
        self.batch.cells = map_chunks(self.cells, PACKED_AT_ONCE, PackedCells::pack);
        (self.batch, self.summary)
    }
}

/// Whether a cell counts as done once all that there is of it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CellState {
    Done,
    Failed,
}

fn state_of(failed: &BTreeSet<Cell>, cell: Cell) -> CellState {
    if failed.contains(&cell) {
        CellState::Failed
    } else {
        CellState::Done
    }
}

fn mark_done(piece: &mut BatchSummary, cell: Cell) {
    let cells = piece.done.entry(cell.day).or_default();
    cells.insert(cell.portfolio.0);
}

fn note_recovered(batch: &mut Batch, output: &CellOutput, failed_before: &BTreeSet<(Cell, Phase)>) {
    let phases = output.phases();
    let recovered = phases.iter().map(|phase| (output.cell, phase));
    let known = recovered.filter(|known| failed_before.contains(known));
    batch.recovered.extend(known);
}
