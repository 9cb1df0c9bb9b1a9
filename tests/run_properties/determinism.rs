//! However the work is cut, disturbed or repeated, the books are the same bytes.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use plimsoll::domain::{Day, DayRange, IdSet, Phase, PhaseSet, Scope};
use plimsoll::engine::{self, Outcome, RunObserver, RunRequest};
use proptest::prelude::*;

use crate::harness::{Harness, day, harness, nightly};
use crate::world::{RunCase, SESSIONS, run_cases};

/// The books after one undisturbed night.
fn undisturbed_books(case: &RunCase) -> Vec<String> {
    let harness = harness(&case.world);
    harness.run(&nightly());
    harness.output_rows()
}

const NO_CHANGES: [String; 0] = [];

/// The rows that only one of two books has, cut to what tells them apart at a glance.
fn changes(before: &[String], after: &[String]) -> Vec<String> {
    let only = |sign: &str, these: &[String], those: &[String]| -> Vec<String> {
        let those: BTreeSet<_> = those.iter().collect();
        let rows = these.iter().filter(|row| !those.contains(row));
        rows.map(|row| format!("{sign}{row:.80}")).collect()
    };
    let mut changed = only("-", before, after);
    changed.extend(only("+", after, before));
    changed
}

/// The night of some portfolios.
fn request_for(harness: &Harness, names: &[String]) -> RunRequest {
    let mut asked = nightly();
    let ids = names.iter().map(|name| harness.portfolio(name).id);
    asked.request.scope = Scope::from_ids(ids).unwrap();
    asked
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
        let left = run_and_stop_after(&harness, case.batches).certificate.deferred;
        prop_assert_eq!(harness.plan().step_count(), left);
        prop_assert_eq!(changes(&books, &harness.output_rows()).is_empty(), left == 0);
        harness.run(&nightly());
        prop_assert_eq!(changes(&books, &harness.output_rows()), NO_CHANGES);
    }

    #[test]
    fn deleting_and_restoring_changes_only_timestamps(case in run_cases()) {
        let books = undisturbed_books(&case);
        let harness = harness(&case.world);
        let active = |name: &&String| harness.portfolio(name).lifecycle.is_active();
        let gone: Vec<_> = case.subset.iter().filter(active).collect();
        let lives: Vec<_> = gone.iter().map(|name| harness.portfolio(name).lifecycle).collect();
        for (name, life) in gone.iter().zip(&lives) {
            harness.change_lifecycle(name, life.with_deleted_at(Some(harness.environment.clock.now())));
        }
        harness.run(&nightly());
        for (name, life) in gone.iter().zip(&lives) {
            harness.change_lifecycle(name, *life);
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
        let who: Vec<String> = case.subset.iter().filter(active).cloned().collect();
        prop_assume!(!who.is_empty());
        let mut asked = request_for(&harness, &who);
        let from = day(SESSIONS[case.session]);
        asked.force = Some(DayRange::new(from, day("2026-01-08")).unwrap());
        let outcome = harness.run(&asked);
        prop_assert!(outcome.certificate.is_valid());
        prop_assert_eq!(outcome.progress.done, outcome.progress.planned);
        prop_assert_eq!(outcome.certificate.done_before, cells_before(&harness, &who, from));
        // What was done while prices were there, and lacks them now, waits; its rows stand.
        let waits = !outcome.blocked.is_empty();
        let changed = changes(&books, &harness.output_rows());
        let unforeseen = changed.iter().filter(|row| !waits || !row[1..].starts_with("ledger"));
        prop_assert_eq!(unforeseen.count(), 0, "{:?}", changed);
    }
}

/// How many cells of some portfolios are done on the days before one.
fn cells_before(harness: &Harness, names: &[String], before: Day) -> u64 {
    let who: IdSet = names
        .iter()
        .map(|name| harness.portfolio(name).id.0)
        .collect();
    let snapshots = PhaseSet::from_phase(Phase::Snapshot);
    let read = harness.store.read(|r| r.coverage(DayRange::ALL, snapshots));
    let covered = read.unwrap();
    let days = covered.iter().filter(|(day, _, _)| *day < before);
    days.map(|(_, _, done)| (done & &who).len()).sum()
}

/// A night that a person stops after `batches` transactions, counted from the first.
fn run_and_stop_after(harness: &Harness, batches: usize) -> Outcome {
    let (cancel, committed) = (AtomicBool::new(batches == 0), AtomicUsize::new(0));
    let watch = RunObserver {
        cancel: &cancel,
        on_progress: &|_| {
            if committed.fetch_add(1, Ordering::SeqCst) + 1 >= batches {
                cancel.store(true, Ordering::SeqCst);
            }
        },
        on_event: &|_| {},
    };
    let Harness {
        store,
        settings,
        environment,
        ..
    } = harness;
    let outcome = engine::run(store, &nightly(), settings, environment, &watch).unwrap();
    assert!(
        committed.load(Ordering::SeqCst) <= batches,
        "it went on after it was stopped"
    );
    assert!(outcome.certificate.is_valid(), "{:?}", outcome.certificate);
    outcome
}
