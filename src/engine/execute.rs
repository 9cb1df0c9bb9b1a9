//! Carries out a plan: sessions ascending, cells in parallel, one writer that commits in plan
//! order while the next cells are computed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use super::Settings;
use super::batches::{BatchSummary, Batches, ChunkPosition, SessionChunk};
use super::certificate::CellTally;
use super::compute::{PhaseTimes, open_session};
use super::fault_hooks::RequiredAction;
use super::inputs::Inputs;
use super::run_event::RunEvent;
use crate::domain::{Cell, Coverage, Day, IdSet, Phase, PhaseSet, PortfolioId};
use crate::environment::Environment;
use crate::plan::{BlockedCell, Plan};
use crate::store::{
    Batch, CommitContext, FailedPhase, Lease, Progress, Revision, StoreError, Writer,
};

/// How many times what was computed at once may wait for the writer.
const QUEUE: usize = 1;

/// Who looks on while a run is at work.
pub struct RunObserver<'w> {
    /// Set to stop after the current transaction.
    pub cancel: &'w AtomicBool,
    /// Told after each commit.
    pub on_progress: &'w (dyn Fn(&Progress) + Sync),
    /// Told at each moment, which then lasts as long as it takes to return.
    pub on_event: &'w (dyn Fn(&RunEvent<'_>) + Sync),
}

impl<'w> RunObserver<'w> {
    /// Nobody looks on; `cancel` is set to stop after the current transaction.
    pub fn unobserved(cancel: &'w AtomicBool) -> Self {
        Self {
            cancel,
            on_progress: &|_| {},
            on_event: &|_| {},
        }
    }
}

/// Under what a plan is carried out.
pub(super) struct ExecutionContext<'t> {
    pub(super) settings: &'t Settings,
    pub(super) environment: &'t Environment,
    pub(super) lease: &'t Lease,
    pub(super) revision: Revision,
    /// Cell phases that have failed before: their success is worth writing down.
    pub(super) previously_failed: &'t BTreeSet<(Cell, Phase)>,
    /// Statistics that are in the ledger.
    pub(super) statistics: &'t Coverage,
}

impl ExecutionContext<'_> {
    /// Whether a person has said to stop.
    fn is_cancelled(&self, watch: &RunObserver<'_>) -> bool {
        watch.cancel.load(Ordering::Acquire)
            && !self.settings.fault_hooks.skips(RequiredAction::Cancel)
    }
}

/// Why carrying out came to its end.
#[derive(Debug)]
pub(super) enum Ending {
    /// Every step was tried.
    Finished,
    /// A person stopped it.
    Cancelled,
    /// The sources are not those that were read: plan anew.
    SourcesChanged,
    /// The store said no.
    Failed(StoreError),
}

/// What has been carried out so far, over all plans of a run.
#[derive(Debug, Default)]
pub(super) struct RunTotals {
    pub(super) tally: CellTally,
    pub(super) progress: Progress,
    pub(super) failures: Vec<FailedPhase>,
    pub(super) blocked: BTreeMap<Day, Vec<BlockedCell>>,
    pub(super) batches: i64,
    pub(super) compute_times: PhaseTimes,
    pub(super) commit_time: Duration,
}

/// Carries out `plan`. What was committed is in `done`, whatever the ending.
pub(super) fn execute(
    plan: &Plan,
    inputs: &mut Inputs,
    writer: &mut Writer,
    terms: &ExecutionContext<'_>,
    watch: &RunObserver<'_>,
    done: &mut RunTotals,
) -> Ending {
    let (sender, receiver) = sync_channel::<Vec<(Batch, BatchSummary)>>(QUEUE);
    let stop = AtomicBool::new(false);
    let mut times = PhaseTimes::default();
    let model = inputs.model;
    let ending = std::thread::scope(|scope| {
        let committer = scope.spawn(|| {
            let ending = commit_all(receiver, writer, model, terms, watch, done);
            stop.store(true, Ordering::Release);
            ending
        });
        let mut batches = Batches::new(terms.settings.batch_cells, terms.settings.commit);
        let cancelled = || terms.is_cancelled(watch);
        let halted = || stop.load(Ordering::Acquire) || cancelled();
        'days: for day in plan.days_with_work() {
            if halted() {
                break;
            }
            let steps: Vec<(PortfolioId, PhaseSet)> = day
                .steps_in_order()
                .map(|(id, phases, _)| (id, phases))
                .collect();
            let known = terms.statistics.get(day.day, Phase::Securities).cloned();
            let clock = &terms.environment.wall_clock;
            let (opening, mut session) = open_session(
                inputs,
                day.day,
                &steps,
                &known.unwrap_or_default(),
                clock,
                &mut times,
            );
            batches.open_session(day.day, opening);
            while !session.is_done() {
                let mut cells = session.next_cells(batches.cells_at_once(), clock, &mut times);
                let failures = terms.settings.failing_phases.apply(&mut cells);
                if let Some(planted) = terms.settings.fault_hooks.fault() {
                    planted.alter_outputs(&mut cells);
                }
                let portion = SessionChunk {
                    day: day.day,
                    cells,
                    failures,
                    position: if session.is_done() {
                        ChunkPosition::Last
                    } else {
                        ChunkPosition::MoreFollow
                    },
                };
                batches.add_chunk(portion, terms.previously_failed);
                let full = batches.take_full();
                if halted() || (!full.is_empty() && sender.send(full).is_err()) {
                    break 'days;
                }
            }
        }
        if !halted() {
            // A committer that is gone says itself why.
            let _ = sender.send(batches.finish());
        }
        drop(sender);
        committer
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    done.compute_times = done.compute_times.plus(&times);
    let cancelled = terms.is_cancelled(watch);
    match ending {
        Ending::Finished | Ending::Cancelled if !cancelled || is_done(plan, done) => {
            Ending::Finished
        }
        Ending::Finished | Ending::Cancelled => Ending::Cancelled,
        ending => ending,
    }
}

/// Commits one batch after the other; stops at the first that can't be.
fn commit_all(
    receiver: Receiver<Vec<(Batch, BatchSummary)>>,
    writer: &mut Writer,
    model: crate::store::ModelNumber,
    terms: &ExecutionContext<'_>,
    watch: &RunObserver<'_>,
    done: &mut RunTotals,
) -> Ending {
    for (mut batch, mut piece) in receiver.into_iter().flatten() {
        let mut progress = done.progress_with(&piece);
        if let Some(planted) = terms.settings.fault_hooks.fault() {
            planted.alter_batch(&mut batch, &mut progress);
            if let Err(error) = planted.before_commit(writer, &batch) {
                return Ending::Failed(error);
            }
        }
        let started = terms.environment.wall_clock.elapsed();
        let number = done.batches + 1;
        let completes = &piece.completed_sessions;
        if terms
            .settings
            .fault_hooks
            .skips(RequiredAction::ReportAfterCommit)
        {
            (watch.on_event)(&RunEvent::Committed {
                number,
                completed_sessions: completes,
            });
        }
        let committed = writer.commit_batch(
            &batch,
            &CommitContext {
                lease: terms.lease,
                lease_length: terms.settings.lease,
                revision: terms.revision,
                model,
                number,
                before_commit: &|| {
                    (watch.on_event)(&RunEvent::Committing {
                        number,
                        completed_sessions: completes,
                    })
                },
            },
            &progress,
            terms.environment,
        );
        done.commit_time += terms
            .environment
            .wall_clock
            .elapsed()
            .saturating_sub(started);
        match committed {
            Ok(()) => {
                let completes = std::mem::take(&mut piece.completed_sessions);
                done.add(piece, batch.failures, progress);
                (watch.on_progress)(&done.progress);
                (watch.on_event)(&RunEvent::Committed {
                    number,
                    completed_sessions: &completes,
                });
            }
            Err(StoreError::SourcesChanged) => return Ending::SourcesChanged,
            Err(error) => return Ending::Failed(error),
        }
        if terms.is_cancelled(watch) {
            return Ending::Cancelled;
        }
    }
    Ending::Finished
}

/// Whether every step of a plan was tried.
fn is_done(plan: &Plan, done: &RunTotals) -> bool {
    plan.days_with_work().all(|day| {
        let none = IdSet::new();
        let tried = [&done.tally.done, &done.tally.failed, &done.tally.blocked]
            .into_iter()
            .fold(IdSet::new(), |all, days| {
                all | days.get(&day.day).unwrap_or(&none)
            });
        day.steps.iter().all(|steps| steps.cells.is_subset(&tried))
    })
}

impl RunTotals {
    fn progress_with(&self, piece: &BatchSummary) -> Progress {
        Progress {
            done: self.progress.done + count(&piece.done),
            failed: self.progress.failed + count(&piece.failed),
            blocked: self.progress.blocked
                + piece.blocked.values().map(|b| b.len() as u64).sum::<u64>(),
            ..self.progress
        }
    }

    fn add(&mut self, piece: BatchSummary, failures: Vec<FailedPhase>, progress: Progress) {
        self.batches += 1;
        self.progress = progress;
        self.failures.extend(failures);
        merge(&mut self.tally.done, piece.done);
        merge(&mut self.tally.failed, piece.failed);
        for (day, cells) in piece.blocked {
            let ids = cells.iter().map(|cell| cell.portfolio.0);
            self.tally.blocked.entry(day).or_default().extend(ids);
            self.blocked.entry(day).or_default().extend(cells);
        }
    }
}

fn count(days: &BTreeMap<Day, IdSet>) -> u64 {
    days.values().map(IdSet::len).sum()
}

fn merge(into: &mut BTreeMap<Day, IdSet>, from: BTreeMap<Day, IdSet>) {
    for (day, subjects) in from {
        *into.entry(day).or_default() |= subjects;
    }
}
