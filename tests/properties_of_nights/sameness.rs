//! However the work is cut, disturbed or repeated, the books are the same bytes.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use plimsoll::domain::{Day, DayRange, IdSet, Phase, PhaseSet, Scope};
use plimsoll::engine::{self, Outcome, RunObserver, RunRequest};
use proptest::prelude::*;

use crate::stage::{Stage, day, nightly, stage};
use crate::world::{Night, SESSIONS, night};

/// The books after one undisturbed night.
fn clean(night: &Night) -> Vec<String> {
    let stage = stage(&night.world);
    stage.run(&nightly());
    stage.books()
}

const NOTHING: [String; 0] = [];

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
fn of(stage: &Stage, names: &[String]) -> RunRequest {
    let mut asked = nightly();
    let ids = names.iter().map(|name| stage.portfolio(name).id);
    asked.request.scope = Scope::from_ids(ids).unwrap();
    asked
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn two_halves_of_a_scope_are_the_whole(night in night()) {
        let stage = stage(&night.world);
        stage.run(&of(&stage, &night.some));
        let rest: Vec<_> = night.names.iter().filter(|name| !night.some.contains(name)).cloned().collect();
        if !rest.is_empty() {
            stage.run(&of(&stage, &rest));
        }
        prop_assert_eq!(changes(&clean(&night), &stage.books()), NOTHING);
    }

    #[test]
    fn a_night_that_was_stopped_is_finished_by_the_next(night in night()) {
        let books = clean(&night);
        let mut stage = stage(&night.world);
        stage.settings.batch_cells = NonZeroUsize::MIN;
        let left = run_and_stop_after(&stage, night.batches).certificate.deferred;
        prop_assert_eq!(stage.plan().step_count(), left);
        prop_assert_eq!(changes(&books, &stage.books()).is_empty(), left == 0);
        stage.run(&nightly());
        prop_assert_eq!(changes(&books, &stage.books()), NOTHING);
    }

    #[test]
    fn deleting_and_restoring_changes_nothing_but_when(night in night()) {
        let books = clean(&night);
        let stage = stage(&night.world);
        let active = |name: &&String| stage.portfolio(name).lifecycle.is_active();
        let gone: Vec<_> = night.some.iter().filter(active).collect();
        let lives: Vec<_> = gone.iter().map(|name| stage.portfolio(name).lifecycle).collect();
        for (name, life) in gone.iter().zip(&lives) {
            stage.change_life(name, life.with_deleted_at(Some(stage.environment.clock.now())));
        }
        stage.run(&nightly());
        for (name, life) in gone.iter().zip(&lives) {
            stage.change_life(name, *life);
        }
        stage.run(&nightly());
        prop_assert_eq!(changes(&books, &stage.books()), NOTHING);
    }

    #[test]
    fn forcing_does_the_work_again_and_changes_no_byte(night in night()) {
        let stage = stage(&night.world);
        stage.run(&nightly());
        let books = stage.books();
        let active = |name: &&String| stage.portfolio(name).lifecycle.is_active();
        let who: Vec<String> = night.some.iter().filter(active).cloned().collect();
        prop_assume!(!who.is_empty());
        let mut asked = of(&stage, &who);
        let from = day(SESSIONS[night.session]);
        asked.force = Some(DayRange::new(from, day("2026-01-08")).unwrap());
        let outcome = stage.run(&asked);
        prop_assert!(outcome.certificate.is_valid());
        prop_assert_eq!(outcome.progress.done, outcome.progress.planned);
        prop_assert_eq!(outcome.certificate.done_before, cells_before(&stage, &who, from));
        // What was done while prices were there, and lacks them now, waits; its rows stand.
        let waits = !outcome.blocked.is_empty();
        let changed = changes(&books, &stage.books());
        let unforeseen = changed.iter().filter(|row| !waits || !row[1..].starts_with("ledger"));
        prop_assert_eq!(unforeseen.count(), 0, "{:?}", changed);
    }
}

/// How many cells of some portfolios are done on the days before one.
fn cells_before(stage: &Stage, names: &[String], before: Day) -> u64 {
    let who: IdSet = names
        .iter()
        .map(|name| stage.portfolio(name).id.0)
        .collect();
    let snapshots = PhaseSet::from_phase(Phase::Snapshot);
    let read = stage.store.read(|r| r.coverage(DayRange::ALL, snapshots));
    let covered = read.unwrap();
    let days = covered.iter().filter(|(day, _, _)| *day < before);
    days.map(|(_, _, done)| (done & &who).len()).sum()
}

/// A night that a person stops after `batches` transactions, counted from the first.
fn run_and_stop_after(stage: &Stage, batches: usize) -> Outcome {
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
    let Stage {
        store,
        settings,
        environment,
        ..
    } = stage;
    let outcome = engine::run(store, &nightly(), settings, environment, &watch).unwrap();
    assert!(
        committed.load(Ordering::SeqCst) <= batches,
        "it went on after it was stopped"
    );
    assert!(outcome.certificate.is_valid(), "{:?}", outcome.certificate);
    outcome
}
