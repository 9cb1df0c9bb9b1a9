//! Plays the steps, cancellations and crashes that a scenario asks for inside a run, each at its
//! point.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::committed_cells::CommittedCells;
use super::error::PlayError;
use super::finding::{Finding, Mismatch, Problem};
use super::harness::Harness;
use super::step_number::StepNumber;
use crate::disk::SimulatedDisk;
use crate::domain::{Coverage, Day, Phase, PhaseSet};
use crate::engine::{CommitGrain, RunEvent};
use crate::scenario::script::{Point, Power, Run, Step};

/// Plays a step: on a harness, with its number and its point in the enclosing run. Steps inside a
/// run are steps again, so the function that plays them is passed down.
pub(super) type PlayStep<'p> =
    &'p (dyn Fn(&Harness<'_>, &StepNumber, Option<Point>, &Step) -> Result<(), PlayError> + Sync);

/// The steps, cancellation and crash that are still to happen inside a run.
pub(super) struct PendingSteps<'p> {
    harness: &'p Harness<'p>,
    number: &'p StepNumber,
    run: &'p Run,
    grain: CommitGrain,
    play_step: PlayStep<'p>,
    pub(super) cancel: AtomicBool,
    state: Mutex<PendingState<'p>>,
}

struct PendingState<'p> {
    steps: Vec<(usize, Point, &'p Step)>,
    cancel_pending: bool,
    crash_image: Option<SimulatedDisk>,
    planned_on: Option<Coverage>,
    committed: CommittedCells,
    error: Option<PlayError>,
}

/// The observations that remain when the run has ended.
pub(super) struct RunObservations {
    /// A finding for each step with expectations that did not happen.
    pub(super) findings: Vec<Finding>,
    pub(super) unreached_points: Vec<String>,
    pub(super) crash_image: Option<SimulatedDisk>,
    pub(super) planned_on: Option<Coverage>,
    pub(super) committed: CommittedCells,
    pub(super) error: Option<PlayError>,
}

impl<'p> PendingSteps<'p> {
    pub(super) fn new(
        harness: &'p Harness<'p>,
        (number, run): (&'p StepNumber, &'p Run),
        grain: CommitGrain,
        play_step: PlayStep<'p>,
    ) -> Self {
        let steps = (1..).zip(&run.meanwhile);
        Self {
            harness,
            number,
            run,
            grain,
            play_step,
            cancel: AtomicBool::new(false),
            state: Mutex::new(PendingState {
                steps: steps
                    .map(|(at, (point, step))| (at, *point, step))
                    .collect(),
                cancel_pending: run.cancel.is_some(),
                crash_image: None,
                planned_on: None,
                committed: CommittedCells::default(),
                error: None,
            }),
        }
    }

    /// Plays the steps that are due at an event, then cancels or crashes the run if that is due.
    /// Does nothing after a crash or an error.
    pub(super) fn on_event(&self, event: &RunEvent<'_>) {
        let due = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.crash_image.is_some() || state.error.is_some() {
                return;
            }
            // A run that replans reports `Planned` again; the first ledger is the one to compare
            // with.
            if *event == RunEvent::Planned && state.planned_on.is_none() {
                match self.harness.coverage() {
                    Ok(coverage) => {
                        state.committed.start_at(coverage.clone());
                        state.planned_on = Some(coverage);
                    }
                    Err(error) => {
                        state.error = Some(error);
                        return;
                    }
                }
            }
            // Taken out before they are played: the same point may be reached again after a replan.
            let steps = std::mem::take(&mut state.steps);
            let (due, later) = steps
                .into_iter()
                .partition::<Vec<_>, _>(|(_, point, _)| is_at(*point, event, self.grain));
            state.steps = later;
            due
        };
        if let Err(error) = self.play(due) {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.error.get_or_insert(error);
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self
            .run
            .cancel
            .is_some_and(|point| is_at(point, event, self.grain))
        {
            state.cancel_pending = false;
            self.cancel.store(true, Ordering::Release);
        }
        if let Some(crash) = self
            .run
            .crash
            .filter(|crash| is_at(crash.at, event, self.grain))
        {
            let disk = self.harness.disk();
            // Copied last, so that the disk holds what the steps at the same point have written.
            state.crash_image = Some(match crash.power {
                Power::On => disk.fork(),
                Power::Cut => disk.after_power_cut(),
            });
        }
    }

    /// Plays steps at their point. The cells that they complete are not those of the run.
    fn play(&self, due: Vec<(usize, Point, &Step)>) -> Result<(), PlayError> {
        if due.is_empty() {
            return Ok(());
        }
        let state = || self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.harness.coverage()?;
        state().committed.add_until(&before);
        for (at, point, step) in due {
            let number = self.number.inside(at);
            (self.play_step)(self.harness, &number, Some(point), step)?;
        }
        let after = self.harness.coverage()?;
        state().committed.start_at(after);
        Ok(())
    }

    pub(super) fn finish(self) -> RunObservations {
        let state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let crashed = state.crash_image.is_some();
        // The points of steps that are still pending were never reached.
        let unreached = state.steps.iter().filter(|(_, _, step)| {
            let policy = &self.harness.policy.name;
            step.expected_under(policy).next().is_some()
        });
        let findings = unreached.map(|(at, point, _)| Finding {
            step: Some(self.number.inside(*at)),
            problem: Problem::Expectation(Mismatch::Unreached(*point)),
        });
        let steps = state.steps.iter().map(|(_, point, _)| *point);
        let cancel = self.run.cancel.filter(|_| state.cancel_pending);
        let crash = self.run.crash.map(|crash| crash.at).filter(|_| !crashed);
        let unreached_points = steps.chain(cancel).chain(crash);
        RunObservations {
            findings: findings.collect(),
            unreached_points: unreached_points.map(|point| point.to_string()).collect(),
            crash_image: state.crash_image,
            planned_on: state.planned_on,
            committed: state.committed,
            error: state.error,
        }
    }
}

/// Returns true if an event is the given point.
///
/// A phase of a session ends when its last cell is committed. If whole cells are committed, that
/// transaction contains all phases: all but `risk` end inside it, and `risk` ends with it.
fn is_at(point: Point, event: &RunEvent<'_>, grain: CommitGrain) -> bool {
    let completes = |completed: &[(Day, PhaseSet)], phase, day| {
        let mut completed = completed.iter();
        completed.any(|(session, phases)| *session == day && phases.contains(phase))
    };
    match (point, event) {
        (Point::AfterPlanning, RunEvent::Planned) | (Point::BeforeClosing, RunEvent::Closing) => {
            true
        }
        (Point::InsideCommit(wanted), RunEvent::Committing { number, .. })
        | (Point::AfterCommit(wanted), RunEvent::Committed { number, .. }) => wanted == *number,
        (
            Point::AfterPhase(phase, day),
            RunEvent::Committing {
                completed_sessions: completed,
                ..
            },
        ) => {
            grain == CommitGrain::Cells && phase != Phase::Risk && completes(completed, phase, day)
        }
        (
            Point::AfterPhase(phase, day),
            RunEvent::Committed {
                completed_sessions: completed,
                ..
            },
        ) => {
            (grain == CommitGrain::Phases || phase == Phase::Risk)
                && completes(completed, phase, day)
        }
        _ => false,
    }
}
