//! Runs that put another configuration in force: a calendar, a risk model, or rules of waiting.

use std::num::NonZeroUsize;

use plimsoll::domain::RiskModel;
use plimsoll::engine::Settings;
use plimsoll::sim::{ExploreReport, FaultOptions, RunUnderTest, explore, inject_faults};

use crate::support::{explore_options, finding_lines, parse_scenario, runs_under_test};

/// Two portfolios with one open session, and another one that waits for its close.
const WAITING: &str = r#"
now = 2026-01-08T18:00:00-05:00
[portfolios]
"A..B" = { inception = 2026-01-05, cash = 1_000, holdings = { ACME = 10 }, complete = "..2026-01-06" }
[prices]
ACME = { 2026-01-05 = 10, 2026-01-06 = 10, 2026-01-07 = 11 }
[[step]]
run = {}
"#;

type Change = fn(&mut Settings);

const CHANGES: [(&str, Change); 3] = [
    ("calendar", |settings| {
        let amendments = toml::from_str("closed = [2026-01-06]").unwrap();
        settings.calendar = settings.calendar.with_amendments(&amendments).unwrap();
    }),
    ("risk model", |settings| {
        settings.model = Some(RiskModel {
            benchmark: Some("ACME".to_owned()),
            ..RiskModel::default()
        });
    }),
    ("rules of waiting", |settings| {
        settings.price_wait.min_priced_share = 0.0;
        settings.price_wait.max_unpriced_share = 1.0;
    }),
];

fn changed(change: Change) -> RunUnderTest {
    let run = runs_under_test(&parse_scenario(WAITING)).remove(0);
    run.with_settings(change)
}

fn explored(change: Change) -> ExploreReport {
    explore(&changed(change), &explore_options(3, 2, 2)).unwrap()
}

#[test]
fn a_crash_of_a_run_under_another_configuration_loses_nothing() {
    let unchanged = explored(|_| {});
    for (name, change) in CHANGES {
        let report = explored(change);
        assert_eq!(finding_lines(&report), [] as [String; 0], "{name}");
        // It changes rows that the run without it does not change.
        assert_ne!(report.operations, unchanged.operations, "{name}");
    }
}

#[test]
fn a_fault_in_a_run_under_another_configuration_loses_nothing() {
    let options = FaultOptions {
        step: NonZeroUsize::new(7).unwrap(),
        jobs: NonZeroUsize::new(2).unwrap(),
    };
    for (name, change) in CHANGES {
        let report = inject_faults(&changed(change), &options).unwrap();
        let found = report.findings.iter();
        let found: Vec<_> = found.map(|finding| finding.violation.to_string()).collect();
        assert_eq!(found, [] as [String; 0], "{name}");
    }
}
