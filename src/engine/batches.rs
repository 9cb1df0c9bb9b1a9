//! Cuts results into batches, one per transaction, in plan order. Batches are bounded by count, not
//! by time or bytes, so that equal plans give equal batches. Rows are packed here, on all threads:
//! the single writer limits the speed of a catch-up and must not pack them itself.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use super::compute::{SessionStart, take_up_to};
use super::settings::CommitGrain;
use crate::domain::output::CellOutput;
use crate::domain::{Cell, Day, IdSet, Phase, PhaseSet};
use crate::parallel::map_chunks;
use crate::plan::BlockedCell;
use crate::store::{Batch, FailedPhase, PackedCells};

/// The number of cells computed before the writer gets them: large enough that threads seldom wait
/// for each other, and small compared with a large session. With four times as many, a run over
/// 20,000 portfolios took as long and used 45 MB more.
const CELLS_AT_ONCE: usize = 4_096;

/// The number of cells that one thread packs at a time.
const PACKED_AT_ONCE: usize = 256;

/// The number of rows of security statistics that count as one cell, because a cell has rows in
/// four tables. With few portfolios, most rows are statistics, so they must count towards a full
/// batch.
const STATISTICS_PER_CELL: usize = 4;

/// The cells that a batch adds to the totals of the run, by day.
#[derive(Debug, Default)]
pub(super) struct BatchSummary {
    pub(super) done: BTreeMap<Day, IdSet>,
    pub(super) failed: BTreeMap<Day, IdSet>,
    pub(super) blocked: BTreeMap<Day, Vec<BlockedCell>>,
    /// Sessions whose last cell is in this batch, with the phases that are then complete.
    pub(super) completed_sessions: Vec<(Day, PhaseSet)>,
}

/// The cells of a session that were computed together.
pub(super) struct SessionChunk {
    pub(super) day: Day,
    pub(super) cells: Vec<CellOutput>,
    pub(super) failures: Vec<FailedPhase>,
    /// Marks the last chunk of the session.
    pub(super) position: ChunkPosition,
}

/// The place of a chunk within its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChunkPosition {
    MoreFollow,
    Last,
}

/// Results that wait to be committed, cut into batches.
pub(super) struct Batches {
    max_cells: usize,
    grain: CommitGrain,
    full: Vec<(Batch, BatchSummary)>,
    open: OpenBatch,
}

/// The batch that is being filled.
#[derive(Default)]
struct OpenBatch {
    cells: Vec<CellOutput>,
    /// Statistics, failures and recoveries. The cells are added when the batch is closed.
    batch: Batch,
    summary: BatchSummary,
}

impl Batches {
    pub(super) fn new(max_cells: NonZeroUsize, grain: CommitGrain) -> Self {
        Self {
            max_cells: max_cells.get(),
            grain,
            full: Vec::new(),
            open: OpenBatch::default(),
        }
    }

    /// Adds the statistics, failures and blocked cells of a session. Its cells follow in chunks.
    pub(super) fn open_session(&mut self, day: Day, start: SessionStart) {
        let open = &mut self.open;
        if !start.statistics.securities().is_empty() {
            open.batch.statistics.push(start.statistics);
        }
        open.add_failures(start.failures);
        if !start.blocked.is_empty() {
            open.summary.blocked.insert(day, start.blocked);
        }
    }

    /// Returns the number of cells to compute before the next [`Self::add_chunk`]. A commit grain
    /// of phases needs all cells of a session at once.
    pub(super) fn cells_at_once(&self) -> usize {
        match self.grain {
            CommitGrain::Cells => CELLS_AT_ONCE,
            CommitGrain::Phases => usize::MAX,
        }
    }

    /// Adds a chunk of a session's cells and closes each batch as it becomes full.
    pub(super) fn add_chunk(
        &mut self,
        chunk: SessionChunk,
        failed_before: &BTreeSet<(Cell, Phase)>,
    ) {
        let SessionChunk {
            day,
            cells,
            failures,
            position,
        } = chunk;
        let failed: BTreeSet<Cell> = failures.iter().map(|failure| failure.cell).collect();
        self.open.add_failures(failures);
        match self.grain {
            CommitGrain::Cells => {
                let mut cells = cells.into_iter();
                while cells.len() > 0 {
                    // At least 1, so the loop ends: a batch with `max_cells` cells is closed below.
                    let room = self.max_cells - self.open.cells.len();
                    let fitting = take_up_to(&mut cells, room);
                    self.open.add_cells(day, fitting, &failed, failed_before);
                    if cells.len() == 0 && position == ChunkPosition::Last {
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

    /// Closes one batch for each phase of the session. A cell counts as done in the batch of its
    /// last phase.
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
                let is_last = output.phases().is_empty();
                if is_last && state_of(failed, part.cell) == CellState::Done {
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
        let (batch, summary) = std::mem::take(&mut self.open).pack();
        if !batch.is_empty() || !summary.blocked.is_empty() {
            self.full.push((batch, summary));
        } else {
            // There is nothing to commit, so the next batch reports these sessions as completed.
            self.open.summary.completed_sessions = summary.completed_sessions;
        }
    }

    /// Takes the closed batches, in plan order.
    pub(super) fn take_full(&mut self) -> Vec<(Batch, BatchSummary)> {
        std::mem::take(&mut self.full)
    }

    /// Closes the open batch and returns all batches that were not taken, in plan order.
    pub(super) fn finish(mut self) -> Vec<(Batch, BatchSummary)> {
        self.close();
        self.full
    }
}

impl OpenBatch {
    /// Returns the size of the batch in cells; [`STATISTICS_PER_CELL`] rows of statistics count as
    /// one.
    fn size(&self) -> usize {
        let statistics = self.batch.statistics.iter();
        let statistics = statistics.map(|session| session.securities().len() as usize);
        self.cells.len() + statistics.sum::<usize>() / STATISTICS_PER_CELL
    }

    fn add_failures(&mut self, failures: Vec<FailedPhase>) {
        for failure in failures {
            let cells = self.summary.failed.entry(failure.cell.day).or_default();
            cells.insert(failure.cell.portfolio.0);
            self.batch.failures.push(failure);
        }
    }

    /// Adds cells of `day` in plan order. The batch must have room for them.
    fn add_cells(
        &mut self,
        day: Day,
        mut cells: Vec<CellOutput>,
        failed: &BTreeSet<Cell>,
        failed_before: &BTreeSet<(Cell, Phase)>,
    ) {
        let done = cells.iter().map(|output| output.cell);
        let done = done.filter(|cell| state_of(failed, *cell) == CellState::Done);
        // Sorted, because the cells of a session come in plan order, ascending by portfolio.
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
        // If all phases of a cell failed, it has no rows to write.
        cells.retain(|output| !output.phases().is_empty());
        // Moved if possible, so that a large chunk is not copied.
        if self.cells.is_empty() {
            self.cells = cells;
        } else {
            self.cells.append(&mut cells);
        }
    }

    /// Packs the cells into rows, on all threads.
    fn pack(mut self) -> (Batch, BatchSummary) {
        self.batch.cells = map_chunks(self.cells, PACKED_AT_ONCE, PackedCells::pack);
        (self.batch, self.summary)
    }
}

/// The state of a cell after all its computed phases are committed.
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

fn mark_done(summary: &mut BatchSummary, cell: Cell) {
    let cells = summary.done.entry(cell.day).or_default();
    cells.insert(cell.portfolio.0);
}

/// Records the phases of an output that had failed before, so that the same transaction clears
/// their failures.
fn note_recovered(batch: &mut Batch, output: &CellOutput, failed_before: &BTreeSet<(Cell, Phase)>) {
    let phases = output.phases();
    let recovered = phases.iter().map(|phase| (output.cell, phase));
    let recovered = recovered.filter(|phase| failed_before.contains(phase));
    batch.recovered.extend(recovered);
}
