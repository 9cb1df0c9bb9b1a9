//! The next plain run recomputes everything that was broken, invalidated or cut off.

use plimsoll::domain::{CellSelection, Day, PhaseSet, Scope};
use plimsoll::invalidation::invalidate;
use plimsoll::store::RunState;

use crate::harness::{JAN_8, day, day_counts, done_counts, harness, nightly, range};

#[test]
fn a_run_that_died_after_its_snapshots_heals_by_itself() {
    let harness = harness(
        "description = \"Jan 8 has snapshots and nothing else\"\nnow = 2026-01-08T18:00:00-05:00\n\
         [portfolios]\n\"A..C\" = { complete = \"..2026-01-07\", phases = { 2026-01-08 = [\"snapshot\"] } }\n",
    );
    let outcome = harness.run(&nightly());
    assert_eq!(done_counts(&outcome), day_counts(&[("2026-01-08", 3)]));
    let step = outcome.plan.days.last().unwrap().steps[0].phases;
    assert_eq!(step.to_string(), "positions, exposures, risk");
    assert!(outcome.certificate.is_valid());
}

#[test]
fn a_forced_range_is_recomputed_to_the_same_books() {
    let harness = harness(JAN_8);
    harness.run(&nightly());
    let books = harness.output_rows();
    let mut request = nightly();
    request.force = Some(range("2026-01-05", "2026-01-06"));
    request.request.scope = Scope::from_ids([harness.portfolio("Individual").id]).unwrap();
    let outcome = harness.run(&request);
    assert_eq!(
        done_counts(&outcome),
        day_counts(&[("2026-01-05", 1), ("2026-01-06", 1)])
    );
    assert_eq!(harness.output_rows(), books);
}

#[test]
fn next_plain_run_completes_an_interrupted_forced_run() {
    let harness = harness(JAN_8);
    harness.run(&nightly());
    let books = harness.output_rows();
    let mut request = nightly();
    request.force = Some(range("2026-01-05", "2026-01-08"));
    request.request.limit = plimsoll::plan::Limit::Cells(5);
    assert_eq!(harness.run(&request).progress.done, 5);
    let outcome = harness.run(&nightly());
    assert_eq!(outcome.progress.done, 4 * 13 - 5);
    let reasons = outcome.plan.steps_by_kind();
    assert_eq!(
        reasons.keys().map(ToString::to_string).collect::<Vec<_>>(),
        ["forced"]
    );
    assert_eq!(harness.output_rows(), books);
    assert!(
        harness
            .store
            .read(|r| r.invalidations().open())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn an_invalidated_phase_is_recomputed_alone() {
    let harness = harness(JAN_8);
    harness.run(&nightly());
    let risk = PhaseSet::from_phase(plimsoll::domain::Phase::Risk);
    let invalidated = harness
        .store
        .writer()
        .unwrap()
        .write(|writing| {
            let selection = CellSelection {
                scope: &Scope::AllActive,
                phases: risk,
                range: range("2026-01-07", "2026-01-07"),
            };
            let (calendar, now) = (&harness.settings.calendar, harness.environment.clock.now());
            invalidate(writing, calendar, &selection, "new betas", now)
        })
        .unwrap();
    assert_eq!(invalidated.values().map(|ids| ids.len()).sum::<u64>(), 13);
    let outcome = harness.run(&nightly());
    let steps: Vec<_> = outcome
        .plan
        .days_with_work()
        .flat_map(|day| &day.steps)
        .collect();
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].phases, risk);
    assert_eq!(outcome.progress.done, 13);
}

#[test]
fn forced_run_sees_a_close_changed_directly_in_the_database() {
    let harness = harness(JAN_8);
    harness.run(&nightly());
    let books = harness.output_rows();
    let last: Day = day("2026-01-08");
    harness.execute_sql(&format!(
        "UPDATE price SET close = close + 100000000 WHERE day = {}",
        last.number()
    ));
    let mut request = nightly();
    request.force = Some(range("2026-01-08", "2026-01-08"));
    let outcome = harness.run(&request);
    assert_eq!(outcome.state, RunState::Complete);
    assert_ne!(harness.output_rows(), books);
}

#[test]
fn a_missing_price_blocks_its_holders_only() {
    let harness = harness(
        "description = \"no close for one share\"\nnow = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
         A = { complete = \"..2026-01-07\", cash = 1000, holdings = { ONE = 100 } }\n\
         B = { complete = \"..2026-01-07\", cash = 1000, holdings = { TWO = 100 } }\n\
         [prices.ONE]\n2025-12-01 = 10\n2026-01-07 = 11\n[prices.TWO]\n2025-12-01 = 10\n2026-01-07 = 12\n2026-01-08 = 12\n",
    );
    let outcome = harness.run(&nightly());
    assert_eq!(
        outcome.blocked.values().map(Vec::len).sum::<usize>(),
        1,
        "{:?}",
        outcome.blocked
    );
    assert_eq!(done_counts(&outcome), day_counts(&[("2026-01-08", 1)]));
    assert_eq!(outcome.state, RunState::Incomplete);
    assert_eq!(outcome.certificate.blocked, 1);
    assert!(outcome.certificate.is_valid());
}

#[test]
fn model_change_counts_toward_max_cells() {
    let mut harness = harness(JAN_8);
    harness.run(&nightly());
    let (books, runs) = (harness.output_rows(), harness.run_states().len());
    harness.settings.model = Some(plimsoll::domain::RiskModel::default());
    let mut request = nightly();
    request.max_cells = Some(0);
    let refusal = harness.try_run(&request).unwrap_err();
    // Every covered cell, because risk depends on the model.
    assert!(refusal.to_string().contains("638 cells"), "{refusal}");
    assert_eq!(
        (harness.output_rows(), harness.run_states().len()),
        (books, runs)
    );
    request.max_cells = None;
    assert_eq!(harness.run(&request).progress.done, 638);
}

#[test]
fn a_late_closure_recomputes_from_the_session_after_it() {
    let mut harness = harness(JAN_8);
    harness.run(&nightly());
    let closed = plimsoll::domain::calendar::Amendments {
        closed: vec![day("2026-01-06")],
        ..Default::default()
    };
    harness.settings.calendar = harness.settings.calendar.with_amendments(&closed).unwrap();
    let outcome = harness.run(&nightly());
    assert_eq!(
        done_counts(&outcome),
        day_counts(&[("2026-01-07", 13), ("2026-01-08", 13)])
    );
    assert!(outcome.certificate.is_valid());
    assert!(harness.run(&nightly()).plan.is_empty());
}

#[test]
fn forcing_ignores_the_cells_of_a_deleted_portfolio() {
    let harness = harness(
        "description = \"C is deleted\"\nnow = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
         A = { complete = \"..2026-01-08\" }\n\
         C = { complete = \"..2026-01-02\", deleted-at = 2026-01-03T12:00:00-05:00 }\n",
    );
    let ids = ["A", "C"].map(|name| harness.portfolio(name).id);
    let mut request = nightly();
    request.request.scope = Scope::from_ids(ids).unwrap();
    request.force = Some(range("2026-01-02", "2026-01-08"));
    let outcome = harness.run(&request);
    assert_eq!(outcome.progress.done, 5);
    assert!(
        harness
            .store
            .read(|r| r.invalidations().open())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn late_price_correction_recomputes_only_affected_cells() {
    let harness = harness(
        "description = \"a close of Jan 6 was corrected\"\nnow = 2026-01-08T18:00:00-05:00\n[portfolios]\n\
         A = { complete = \"..2026-01-08\", cash = 1000, holdings = { ONE = 100 } }\n\
         B = { complete = \"..2026-01-08\", cash = 1000 }\n\
         [prices.ONE]\n2025-12-01 = 10\n2026-01-05 = 11\n2026-01-06 = 12\n2026-01-07 = 12\n2026-01-08 = 12\n\
         [[correction]]\nsymbol = \"ONE\"\nday = 2026-01-06\nclose = 11.5\n",
    );
    let outcome = harness.run(&nightly());
    let days = [("2026-01-06", 1), ("2026-01-07", 1), ("2026-01-08", 1)];
    assert_eq!(done_counts(&outcome), day_counts(&days));
    let phases: Vec<_> = outcome
        .plan
        .days_with_work()
        .map(|day| day.steps[0].phases.to_string())
        .collect();
    assert_eq!(
        phases,
        [
            "snapshot, positions, exposures, risk",
            "snapshot, risk",
            "risk"
        ]
    );
    assert!(harness.run(&nightly()).plan.is_empty());
}
