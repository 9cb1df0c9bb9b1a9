//! Tests of the values for a monitoring system.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::domain::{DayRange, Phase, PhaseSet};
use crate::query::concerns::ConcernInputs;
use crate::query::fixture::{Fixture, filled};
use crate::query::metrics::{Metrics, metrics};

impl Fixture {
    fn metrics(&self) -> Metrics {
        metrics(
            &self.store,
            &self.settings,
            &self.environment,
            &ConcernInputs::default(),
        )
        .unwrap()
    }
}

#[test]
fn failures_of_a_deleted_portfolio_are_not_counted() {
    let fixture = filled();
    fixture.quarantine_alpha(fixture.target(), Phase::Risk);
    assert_eq!(fixture.metrics().failed_cells, 1);
    fixture.delete_alpha();
    assert_eq!(fixture.metrics().failed_cells, 0);
}

#[test]
fn all_values_are_of_one_state() {
    let fixture = filled();
    fixture.invalidate_alpha(fixture.target(), PhaseSet::from_phase(Phase::Risk));
    let finished = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !finished.load(Ordering::Acquire) {
                fixture.quarantine_alpha(fixture.target(), Phase::Risk);
                let mut writer = fixture.store.writer().unwrap();
                writer
                    .write(|writing| writing.failures().forget_range(None, DayRange::ALL))
                    .unwrap();
            }
        });
        for _ in 0..200 {
            let metrics = fixture.metrics();
            // A quarantined cell has failed, whatever the other thread does meanwhile.
            assert!(metrics.status.cells.quarantined <= metrics.failed_cells);
        }
        finished.store(true, Ordering::Release);
    });
}
