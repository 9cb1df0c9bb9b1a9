//! Small scenarios, their runs, and a fault for the tests of this folder.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use plimsoll::disk::SimulatedDisk;
use plimsoll::domain::Phase;
use plimsoll::engine::RunEvent;
use plimsoll::scenario::script::{FixtureError, Scenario};
use plimsoll::sim::{Crashes, ExploreOptions, ExploreReport, RunUnderTest, Sampling, explore};
use plimsoll::store::{Store, StoreError};

/// Three cells of one portfolio, each in a transaction of its own.
pub(crate) const THREE_CELLS: &str = r#"
now = 2026-01-08T18:00:00-05:00

[portfolios]
A = { complete = "..2026-01-05" }

[[step]]
run = {}
"#;

pub(crate) fn parse_scenario(text: &str) -> Scenario {
    let none = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    Scenario::read("test", text, &none).unwrap()
}

pub(crate) fn runs_under_test(scenario: &Scenario) -> Vec<RunUnderTest> {
    plimsoll::sim::runs_under_test(Path::new("test.toml"), scenario).unwrap()
}

pub(crate) fn explore_options(exhaustive: u16, samples: u16, jobs: usize) -> ExploreOptions {
    ExploreOptions {
        seed: 1,
        extent: Sampling {
            exhaustive,
            samples,
        },
        crashes: Crashes::Once,
        jobs: NonZeroUsize::new(jobs).unwrap(),
    }
}

/// Explores the last run of a scenario.
pub(crate) fn explore_last_run(scenario: &Scenario, options: &ExploreOptions) -> ExploreReport {
    explore(runs_under_test(scenario).last().unwrap(), options).unwrap()
}

/// Formats the findings, one a line.
pub(crate) fn finding_lines(report: &ExploreReport) -> Vec<String> {
    let findings = report.findings.iter();
    findings
        .map(|finding| format!("{}: {}", finding.token, finding.violation))
        .collect()
}

/// Marks the last session of all portfolios as done when a run has planned, before any output is
/// stored: the run under test looks like a program that writes its ledger first.
pub(crate) fn with_ledger_first(run: RunUnderTest) -> RunUnderTest {
    run.with_observer(Arc::new(|disk, event| {
        if *event == RunEvent::Planned {
            // The disk may be made to fail here.
            drop(mark_last_session(disk));
        }
    }))
}

fn mark_last_session(disk: &SimulatedDisk) -> Result<(), StoreError> {
    let last = "2026-01-08".parse().expect("a day");
    Store::open(disk)?.writer()?.write(|writing| {
        let portfolios = writing.portfolios().all()?;
        let ids = portfolios.iter().map(|portfolio| portfolio.id.0).collect();
        for phase in Phase::CELL_PHASES {
            writing.ledger().mark_done(last, phase, &ids)?;
        }
        Ok(())
    })
}
