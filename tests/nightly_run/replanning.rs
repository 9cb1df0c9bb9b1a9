//! Sources that change during a run: each cell is counted in one place, and the limits hold.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};

use plimsoll::domain::{Cell, CellSelection, DayRange, Phase, PhaseSet, Scope};
use plimsoll::engine::{self, EngineError, Outcome, RunEvent, RunObserver, RunRequest};
use plimsoll::invalidation::invalidate;
use plimsoll::scenario::runner::FailingPhases;
use plimsoll::store::{RunState, StoreError};

use crate::harness::{Harness, JAN_8, harness, nightly, range};

/// Returns the production state with one cell a transaction, so that a run can be disturbed early.
fn harness_in_small_batches() -> Harness {
    let mut harness = harness(JAN_8);
    harness.settings.batch_cells = NonZeroUsize::MIN;
    harness
}

fn run_observed(
    harness: &Harness,
    request: &RunRequest,
    on_event: impl Fn(&RunEvent<'_>, &AtomicBool) + Sync,
) -> Result<Outcome, EngineError> {
    let cancel = AtomicBool::new(false);
    let observer = RunObserver {
        on_event: &|event| on_event(event, &cancel),
        ..RunObserver::unobserved(&cancel)
    };
    run_under(harness, request, &observer)
}

fn run_under(
    harness: &Harness,
    request: &RunRequest,
    observer: &RunObserver<'_>,
) -> Result<Outcome, EngineError> {
    let (settings, environment) = (&harness.settings, &harness.environment);
    engine::run(&harness.store, request, settings, environment, observer)
}

fn invalidate_all(harness: &Harness, range: DayRange) {
    let selection = CellSelection {
        scope: &Scope::AllActive,
        phases: PhaseSet::CELL_PHASES,
        range,
    };
    let (calendar, now) = (&harness.settings.calendar, harness.environment.clock.now());
    let mut writer = harness.store.writer().unwrap();
    let invalidated =
        writer.write(|writing| invalidate(writing, calendar, &selection, "a test", now));
    assert!(!invalidated.unwrap().is_empty());
}

fn assert_counts_agree(outcome: &Outcome) {
    let (progress, certificate) = (outcome.progress, outcome.certificate);
    assert!(certificate.is_valid(), "{certificate:?}");
    let done: u64 = outcome.done.values().map(|ids| ids.len()).sum();
    assert_eq!(progress.done, done);
    assert!(progress.done + progress.failed <= progress.planned);
}

#[test]
fn a_cell_that_fails_under_two_plans_is_counted_once() {
    let harness = harness_in_small_batches();
    let plan = harness.plan();
    let day = plan.days_with_work().next().unwrap();
    let (portfolio, _, _) = day.steps_in_order().next().unwrap();
    let failing = (Cell::new(day.day, portfolio), Phase::Risk);
    let failing: FailingPhases = [failing].into_iter().collect();
    let cancel = AtomicBool::new(false);
    let on_event = |event: &RunEvent<'_>| {
        if matches!(event, RunEvent::Committed { number: 1, .. }) {
            let mut writer = harness.store.writer().unwrap();
            let changed = writer.write(|writing| writing.increment_revision());
            changed.unwrap_or_else(|error: StoreError| panic!("{error}"));
        }
    };
    let observer = RunObserver {
        on_event: &on_event,
        on_computed: &|cells| failing.apply(cells),
        ..RunObserver::unobserved(&cancel)
    };
    let outcome = run_under(&harness, &nightly(), &observer).unwrap();
    assert_counts_agree(&outcome);
    assert_eq!(outcome.progress.failed, 1);
    assert_eq!(outcome.failures.len(), 1, "{:?}", outcome.failures);
    assert_eq!(outcome.certificate.failed, 1);
}

#[test]
fn a_cell_that_is_invalidated_after_its_commit_does_not_count_as_done() {
    let harness = harness_in_small_batches();
    let first = harness.plan().days_with_work().next().unwrap().day;
    let plans = std::sync::atomic::AtomicU32::new(0);
    let outcome = run_observed(&harness, &nightly(), |event, cancel| match event {
        RunEvent::Committed { number: 1, .. } => {
            invalidate_all(&harness, DayRange::single(first));
        }
        RunEvent::Planned if plans.fetch_add(1, Ordering::AcqRel) == 1 => {
            cancel.store(true, Ordering::Release);
        }
        _ => {}
    });
    let outcome = outcome.unwrap();
    assert_eq!(outcome.state, RunState::Cancelled);
    assert_counts_agree(&outcome);
    assert!(!outcome.done.contains_key(&first), "{:?}", outcome.done);
}

#[test]
fn a_plan_that_grows_before_its_survey_is_held_to_the_limit() {
    let harness = harness(JAN_8);
    let mut request = nightly();
    request.max_cells = Some(harness.plan().step_count());
    let failing = AtomicBool::new(false);
    let outcome = run_observed(&harness, &request, |event, _| match event {
        RunEvent::Started { .. } => {
            invalidate_all(&harness, range("2026-01-02", "2026-01-02"));
        }
        RunEvent::Failing => {
            // Until then, readers of the row see the run as active.
            assert_eq!(harness.run_states()[0], RunState::Running);
            failing.store(true, Ordering::Release);
        }
        _ => {}
    });
    assert!(failing.into_inner());
    assert!(matches!(outcome, Err(EngineError::TooManyCells { .. })));
    assert_eq!(harness.run_states()[0], RunState::Failed);
    assert!(Some(harness.plan().step_count()) > request.max_cells);
}
