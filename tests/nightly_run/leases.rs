//! At most one run is active; the lease of a dead run is taken over.

use plimsoll::domain::{InvalidationCause, NewInvalidation};
use plimsoll::engine::{EngineError, Warning};
use plimsoll::invalidation::remove_cells;
use plimsoll::store::{RunState, StoreError};

use crate::harness::{harness, nightly};

fn left_running(lease: &str) -> String {
    format!(
        "description = \"a run was left running\"\nnow = 2026-01-08T18:00:00-05:00\n\
         [portfolios]\n\"A..C\" = {{ complete = \"..2026-01-07\" }}\n\
         [run-left-running]\nlease = \"{lease}\"\n"
    )
}

#[test]
fn a_live_lease_refuses_a_second_run() {
    let harness = harness(&left_running("live"));
    let books = harness.output_rows();
    let refusal = harness.try_run(&nightly()).unwrap_err();
    assert!(
        matches!(refusal, EngineError::Store(StoreError::LeaseHeld { .. })),
        "{refusal}"
    );
    assert_eq!(harness.output_rows(), books);
}

#[test]
fn an_expired_lease_is_taken_over_and_its_run_is_abandoned() {
    let harness = harness(&left_running("expired"));
    let outcome = harness.run(&nightly());
    assert!(matches!(
        outcome.warnings[..],
        [Warning::LeaseTakenOver { .. }]
    ));
    assert_eq!(outcome.progress.done, 3);
    let states: Vec<_> = harness
        .store
        .read(|r| r.runs().latest(10))
        .unwrap()
        .iter()
        .map(|run| run.state)
        .collect();
    assert!(
        states.contains(&RunState::Abandoned) && !states.contains(&RunState::Running),
        "{states:?}"
    );
    assert!(
        harness
            .store
            .read(|r| r.lease().holder())
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_run_that_lost_its_lease_writes_nothing() {
    let harness = harness(&left_running("expired"));
    let mut writer = harness.store.writer().unwrap();
    let lost = writer.write(|writing| {
        writing.lease().check(&plimsoll::store::Lease {
            run: plimsoll::store::RunNumber(1),
            token: "not the token".to_owned(),
        })
    });
    assert!(matches!(lost, Err(StoreError::LeaseLost)));
}

#[test]
fn empty_invalidation_changes_nothing() {
    let harness = harness(&left_running("expired"));
    let mut writer = harness.store.writer().unwrap();
    let before = harness.store.read(|r| r.revision()).unwrap();
    let nothing = NewInvalidation {
        cause: InvalidationCause::Request,
        reason: "nothing".to_owned(),
        cells: Default::default(),
    };
    writer
        .write(|w| remove_cells(w, [Ok(nothing)], harness.environment.clock.now()))
        .unwrap();
    assert_eq!(harness.store.read(|r| r.revision()).unwrap(), before);
}
