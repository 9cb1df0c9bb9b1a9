//! Checks that the outputs are the same bytes, however the work is split, stopped or repeated.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use plimsoll::domain::{Day, DayRange, IdSet, Phase, PhaseSet, Scope};
use plimsoll::engine::{self, Outcome, RunObserver, RunRequest};
use proptest::prelude::*;

use crate::harness::{Harness, day, harness, nightly};
use crate::world::{RunCase, SESSIONS, run_cases};

/// Returns the outputs of a single run without interruption.
fn undisturbed_books(case: &RunCase) -> Vec<String> {
    let harness = harness(&case.world);
    harness.run(&nightly());
    harness.output_rows()
}

/// Creates the database of a world in which no session is unpriced. Which sessions are depends on
/// the active portfolios: without a deleted one, another may rightly complete a session that waited.
fn harness_without_unpriced_sessions(world: &str) -> Harness {
    let mut harness = harness(world);
    harness.settings.price_wait.max_unpriced_share = 1.0;
    harness
}

const NO_CHANGES: [String; 0] = [];

/// Returns the rows that only one of two outputs has, cut to 80 characters for messages.
fn changes(before: &[String], after: &[String]) -> Vec<String> {
    let only_in = |sign: &str, rows: &[String], others: &[String]| -> Vec<String> {
        let others: BTreeSet<_> = others.iter().collect();
        let rows = rows.iter().filter(|row| !others.contains(row));
        rows.map(|row| format!("{sign}{row:.80}")).collect()
    };
    let mut changed = only_in("-", before, after);
    changed.extend(only_in("+", after, before));
    changed
}

/// Returns the nightly request for some portfolios.
fn request_for(harness: &Harness, names: &[String]) -> RunRequest {
    let mut request = nightly();
    let ids = names.iter().map(|name| harness.portfolio(name).id);
    request.request.scope = Scope::from_ids(ids).unwrap();
    request
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn running_two_halves_of_a_scope_equals_running_all(case in run_cases()) {
        let harness = harness(&case.world);
        harness.run(&request_for(&harness, &case.subset));
        let rest: Vec<_> = case.names.iter().filter(|name| !case.subset.contains(name)).cloned().collect();
        if !rest.is_empty() {
            harness.run(&request_for(&harness, &rest));
        }
        prop_assert_eq!(changes(&undisturbed_books(&case), &harness.output_rows()), NO_CHANGES);
    }

    #[test]
    fn the_next_run_completes_a_stopped_run(case in run_cases()) {
        let books = undisturbed_books(&case);
        let mut harness = harness(&case.world);
        harness.settings.batch_cells = NonZeroUsize::MIN;
        let deferred = run_and_stop_after(&harness, case.batches).certificate.deferred;
        prop_assert_eq!(harness.plan().step_count(), deferred);
        prop_assert_eq!(changes(&books, &harness.output_rows()).is_empty(), deferred == 0);
        harness.run(&nightly());
        prop_assert_eq!(changes(&books, &harness.output_rows()), NO_CHANGES);
    }

    #[test]
    fn deleting_and_restoring_changes_only_timestamps(case in run_cases()) {
        let undisturbed = harness_without_unpriced_sessions(&case.world);
        undisturbed.run(&nightly());
        let books = undisturbed.output_rows();
        let harness = harness_without_unpriced_sessions(&case.world);
        let active = |name: &&String| harness.portfolio(name).lifecycle.is_active();
        let names: Vec<_> = case.subset.iter().filter(active).collect();
        let lifecycle = |name: &&String| harness.portfolio(name).lifecycle;
        let lifecycles: Vec<_> = names.iter().map(lifecycle).collect();
        for (name, lifecycle) in names.iter().zip(&lifecycles) {
            let now = harness.environment.clock.now();
            harness.change_lifecycle(name, lifecycle.with_deleted_at(Some(now)));
        }
        harness.run(&nightly());
        for (name, lifecycle) in names.iter().zip(&lifecycles) {
            harness.change_lifecycle(name, *lifecycle);
        }
        harness.run(&nightly());
        prop_assert_eq!(changes(&books, &harness.output_rows()), NO_CHANGES);
    }

    #[test]
    fn forcing_repeats_the_work_and_changes_no_byte(case in run_cases()) {
        let harness = harness(&case.world);
        harness.run(&nightly());
        let books = harness.output_rows();
        let active = |name: &&String| harness.portfolio(name).lifecycle.is_active();
        let names: Vec<String> = case.subset.iter().filter(active).cloned().collect();
        prop_assume!(!names.is_empty());
        let mut request = request_for(&harness, &names);
        let from = day(SESSIONS[case.session]);
        request.force = Some(DayRange::new(from, day("2026-01-08")).unwrap());
        let outcome = harness.run(&request);
        prop_assert!(outcome.certificate.is_valid());
        prop_assert_eq!(outcome.progress.done, outcome.progress.planned);
        prop_assert_eq!(outcome.certificate.done_before, cells_before(&harness, &names, from));
        // A forced cell that lacks prices is blocked: it leaves the ledger, and its rows stay.
        let any_blocked = outcome.certificate.blocked > 0;
        let changed = changes(&books, &harness.output_rows());
        let is_expected = |row: &String| any_blocked && row[1..].starts_with("ledger");
        prop_assert!(changed.iter().all(is_expected), "{:?}", changed);
    }
}

/// Counts the completed cells of some portfolios on the days before `before`.
fn cells_before(harness: &Harness, names: &[String], before: Day) -> u64 {
    let ids: IdSet = names
        .iter()
        .map(|name| harness.portfolio(name).id.0)
        .collect();
    let snapshots = PhaseSet::from_phase(Phase::Snapshot);
    let read = harness
        .store
        .read(|r| r.ledger().coverage(DayRange::ALL, snapshots));
    let covered = read.unwrap();
    let days = covered.iter().filter(|(day, _, _)| *day < before);
    days.map(|(_, _, done)| (done & &ids).len()).sum()
}

/// Starts a run and cancels it after `batches` transactions.
fn run_and_stop_after(harness: &Harness, batches: usize) -> Outcome {
    let (cancel, committed) = (AtomicBool::new(batches == 0), AtomicUsize::new(0));
    let observer = RunObserver {
        on_progress: &|_| {
            if committed.fetch_add(1, Ordering::SeqCst) + 1 >= batches {
                cancel.store(true, Ordering::SeqCst);
            }
        },
        ..RunObserver::unobserved(&cancel)
    };
    let Harness {
        store,
        settings,
        environment,
        ..
    } = harness;
    let outcome = engine::run(store, &nightly(), settings, environment, &observer).unwrap();
    assert!(
        committed.load(Ordering::SeqCst) <= batches,
        "the run went on after it was cancelled"
    );
    assert!(outcome.certificate.is_valid(), "{:?}", outcome.certificate);
    outcome
}
