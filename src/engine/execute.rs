//! Executes a plan: sessions ascending, cells in parallel, one writer that commits in plan order
//! while the next cells are computed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use super::batches::{BatchSummary, Batches, ChunkPosition, SessionChunk};
use super::certificate::CellTally;
use super::compute::{PhaseTimes, open_session};
use super::inputs::Inputs;
use super::run_event::RunEvent;
use super::settings::Settings;
use crate::domain::output::CellOutput;
use crate::domain::{Cell, Coverage, Day, IdSet, Phase, PhaseSet, PortfolioId, count_ids};
use crate::environment::Environment;
use crate::plan::{BlockedCell, Decision, Plan};
use crate::store::{
    Batch, CommitContext, FailedPhase, Lease, Progress, Revision, StoreError, Writer,
};

/// Computed chunks that may wait for the writer. A short queue bounds memory: computing waits when
/// the writer is the slower side (`docs/decisions/one-writer.md`).
const QUEUE: usize = 1;

/// Callbacks of a run, and the flag that cancels it.
pub struct RunObserver<'w> {
    /// Set to true to stop after the current transaction.
    pub cancel: &'w AtomicBool,
    /// Called after each commit with the counts so far.
    pub on_progress: &'w (dyn Fn(&Progress) + Sync),
    /// Called at each event; the run waits until it returns.
    pub on_event: &'w (dyn Fn(&RunEvent<'_>) + Sync),
    /// Called with computed cells before they are committed. Phases that it takes out of them and
    /// returns count as failed.
    pub on_computed: &'w (dyn Fn(&mut [CellOutput]) -> Vec<FailedPhase> + Sync),
}

impl<'w> RunObserver<'w> {
    /// Returns an observer without callbacks; set `cancel` to stop after the current transaction.
    pub fn unobserved(cancel: &'w AtomicBool) -> Self {
        Self {
            cancel,
            on_progress: &|_| {},
            on_event: &|_| {},
            on_computed: &|_| Vec::new(),
        }
    }
}

/// Settings, lease and ledger state under which a plan is executed.
pub(super) struct ExecutionContext<'t> {
    pub(super) settings: &'t Settings,
    pub(super) environment: &'t Environment,
    pub(super) lease: &'t Lease,
    pub(super) revision: Revision,
    /// Cell phases with a stored failure, which a success clears.
    pub(super) previously_failed: &'t BTreeSet<(Cell, Phase)>,
    /// Statistics of securities that are in the ledger.
    pub(super) statistics: &'t Coverage,
}

impl ExecutionContext<'_> {
    /// Returns whether the run was cancelled.
    fn is_cancelled(&self, watch: &RunObserver<'_>) -> bool {
        watch.cancel.load(Ordering::Acquire)
    }
}

/// The reason that execution ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// Every step was tried.
    Finished,
    /// The run was cancelled before every step was tried.
    Cancelled,
    /// The sources changed since they were read: plan again.
    SourcesChanged,
    /// The store refused a commit.
    Failed(StoreError),
}

/// The committed work of a run.
#[derive(Debug, Default)]
pub(super) struct RunTotals {
    pub(super) tally: CellTally,
    pub(super) progress: Progress,
    /// Failed phases that were not tried again under a later plan.
    pub(super) failures: Vec<FailedPhase>,
    /// Cells that were found to wait for a rate while the last plan was executed.
    pub(super) blocked: BTreeMap<Day, Vec<BlockedCell>>,
    pub(super) batches: i64,
    pub(super) compute_times: PhaseTimes,
    pub(super) commit_time: Duration,
}

/// Executes `plan`. Every commit is added to `totals`, whatever the ending.
pub(super) fn execute(
    plan: &Plan,
    inputs: &mut Inputs,
    writer: &mut Writer,
    context: &ExecutionContext<'_>,
    observer: &RunObserver<'_>,
    totals: &mut RunTotals,
) -> Ending {
    let (sender, receiver) = sync_channel::<Vec<(Batch, BatchSummary)>>(QUEUE);
    let stop = AtomicBool::new(false);
    let mut times = PhaseTimes::default();
    let model = inputs.model;
    let ending = std::thread::scope(|scope| {
        let committer = scope.spawn(|| {
            let ending = commit_all(receiver, writer, model, context, observer, totals);
            // After any ending: results computed from here on would be thrown away.
            stop.store(true, Ordering::Release);
            ending
        });
        let mut batches = Batches::new(context.settings.batch_cells, context.settings.commit);
        let cancelled = || context.is_cancelled(observer);
        let halted = || stop.load(Ordering::Acquire) || cancelled();
        'days: for day in plan.days_with_work() {
            if halted() {
                break;
            }
            let steps: Vec<(PortfolioId, PhaseSet)> = day
                .steps_in_order()
                .map(|(id, phases, _)| (id, phases))
                .collect();
            let known = context.statistics.get(day.day, Phase::Securities).cloned();
            let clock = &context.environment.wall_clock;
            let (start, mut session) = open_session(
                inputs,
                day.day,
                &steps,
                &known.unwrap_or_default(),
                clock,
                &mut times,
            );
            batches.open_session(day.day, start);
            while !session.is_done() {
                let mut cells = session.next_cells(batches.cells_at_once(), clock, &mut times);
                let failures = (observer.on_computed)(&mut cells);
                let chunk = SessionChunk {
                    day: day.day,
                    cells,
                    failures,
                    position: if session.is_done() {
                        ChunkPosition::Last
                    } else {
                        ChunkPosition::MoreFollow
                    },
                };
                batches.add_chunk(chunk, context.previously_failed);
                let full = batches.take_full();
                if halted() || (!full.is_empty() && sender.send(full).is_err()) {
                    break 'days;
                }
            }
        }
        if !halted() {
            // If the committer has ended, its own ending gives the reason.
            let _ = sender.send(batches.finish());
        }
        // Closes the queue; the committer would wait for more otherwise.
        drop(sender);
        committer
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    totals.compute_times = totals.compute_times.plus(&times);
    let cancelled = context.is_cancelled(observer);
    match ending {
        // Ctrl-C during the last batch of a plan cancels nothing: everything was done.
        Ending::Finished | Ending::Cancelled if !cancelled || is_done(plan, totals) => {
            Ending::Finished
        }
        Ending::Finished | Ending::Cancelled => Ending::Cancelled,
        ending => ending,
    }
}

/// Commits batches in order; stops at the first that fails, or once the run is cancelled.
fn commit_all(
    receiver: Receiver<Vec<(Batch, BatchSummary)>>,
    writer: &mut Writer,
    model: crate::store::ModelNumber,
    context: &ExecutionContext<'_>,
    observer: &RunObserver<'_>,
    totals: &mut RunTotals,
) -> Ending {
    for (batch, mut summary) in receiver.into_iter().flatten() {
        let progress = totals.progress_with(&summary);
        let started = context.environment.wall_clock.elapsed();
        // Stored with the batch: after a COMMIT of unknown result, the row's count tells whether
        // this batch is in.
        let number = totals.batches + 1;
        let completed_sessions = &summary.completed_sessions;
        let committed = writer.commit_batch(
            &batch,
            &CommitContext {
                lease: context.lease,
                lease_length: context.settings.lease,
                revision: context.revision,
                model,
                number,
                before_commit: &|| {
                    (observer.on_event)(&RunEvent::Committing {
                        number,
                        completed_sessions,
                    })
                },
            },
            &progress,
            context.environment,
        );
        totals.commit_time += context
            .environment
            .wall_clock
            .elapsed()
            .saturating_sub(started);
        match committed {
            Ok(()) => {
                // Only now: the totals count work that is in the database, and nothing else.
                let completed_sessions = std::mem::take(&mut summary.completed_sessions);
                totals.add(summary, batch.failures, progress);
                (observer.on_progress)(&totals.progress);
                (observer.on_event)(&RunEvent::Committed {
                    number,
                    completed_sessions: &completed_sessions,
                });
            }
            Err(StoreError::SourcesChanged) => return Ending::SourcesChanged,
            Err(error) => return Ending::Failed(error),
        }
        if context.is_cancelled(observer) {
            return Ending::Cancelled;
        }
    }
    Ending::Finished
}

/// Returns whether every step of a plan was tried.
fn is_done(plan: &Plan, totals: &RunTotals) -> bool {
    plan.days_with_work().all(|day| {
        let none = IdSet::new();
        let tried = [
            &totals.tally.done,
            &totals.tally.failed,
            &totals.tally.blocked,
        ]
        .into_iter()
        .fold(IdSet::new(), |all, days| {
            all | days.get(&day.day).unwrap_or(&none)
        });
        day.steps.iter().all(|steps| steps.cells.is_subset(&tried))
    })
}

impl RunTotals {
    /// Adapts the totals to a new plan. A cell of an earlier one that the new plan needs again, or
    /// skips for another reason, must not be counted twice.
    pub(super) fn start_plan(&mut self, plan: &Plan) {
        let mut done = self.take_done();
        for day in &plan.days {
            let open = day.skips.iter().filter(|skips| skips.reason.is_open());
            let open = open.map(|skips| &skips.cells);
            for cells in day.steps.iter().map(|steps| &steps.cells).chain(open) {
                done.entry(day.day).and_modify(|done| *done -= cells);
            }
        }
        done.retain(|_, ids| !ids.is_empty());
        self.progress.done = count_ids(&done);
        self.tally = CellTally {
            done_earlier: done,
            ..CellTally::default()
        };
        self.blocked.clear();
        self.failures
            .retain(|failure| !matches!(plan.decision(failure.cell), Decision::Step { .. }));
        let failed: BTreeSet<Cell> = self.failures.iter().map(|failure| failure.cell).collect();
        let progress = &mut self.progress;
        progress.failed = failed.len() as u64;
        progress.planned = progress.done + progress.failed + plan.step_count();
        progress.blocked = plan.waiting_count();
        progress.skipped = plan.skipped_days().count() as u64;
    }

    /// Returns the cells done under any plan of the run.
    pub(super) fn take_done(&mut self) -> BTreeMap<Day, IdSet> {
        let mut done = std::mem::take(&mut self.tally.done_earlier);
        merge(&mut done, std::mem::take(&mut self.tally.done));
        done
    }

    /// Returns the counts as they are once the batch is committed; they are part of its
    /// transaction.
    fn progress_with(&self, summary: &BatchSummary) -> Progress {
        Progress {
            done: self.progress.done + count_ids(&summary.done),
            failed: self.progress.failed + count_ids(&summary.failed),
            blocked: self.progress.blocked
                + summary
                    .blocked
                    .values()
                    .map(|cells| cells.len() as u64)
                    .sum::<u64>(),
            ..self.progress
        }
    }

    fn add(&mut self, summary: BatchSummary, failures: Vec<FailedPhase>, progress: Progress) {
        self.batches += 1;
        self.progress = progress;
        self.failures.extend(failures);
        merge(&mut self.tally.done, summary.done);
        merge(&mut self.tally.failed, summary.failed);
        for (day, cells) in summary.blocked {
            let ids = cells.iter().map(|cell| cell.portfolio.0);
            self.tally.blocked.entry(day).or_default().extend(ids);
            self.blocked.entry(day).or_default().extend(cells);
        }
    }
}

fn merge(into: &mut BTreeMap<Day, IdSet>, from: BTreeMap<Day, IdSet>) {
    for (day, ids) in from {
        *into.entry(day).or_default() |= ids;
    }
}
