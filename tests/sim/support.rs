//! Small scenarios, their runs, and a fault for the tests of this folder.

use std::num::NonZeroUsize;
use std::path::Path;

use plimsoll::engine::InjectedFault;
use plimsoll::scenario::script::{FixtureError, Scenario};
use plimsoll::sim::{Crashes, ExploreOptions, ExploreReport, RunUnderTest, Sampling, explore};
use plimsoll::store::{Batch, PackedCells, StoreError, Writer};

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

/// Marks cells as done in a transaction before the one that writes their output.
#[derive(Debug)]
pub(crate) struct LedgerFirst;

impl InjectedFault for LedgerFirst {
    fn before_commit(&self, writer: &mut Writer, batch: &Batch) -> Result<(), StoreError> {
        writer.write(|writing| {
            for (cell, phases) in batch.cells.iter().flat_map(PackedCells::cells) {
                let portfolio = [cell.portfolio.0].into_iter().collect();
                for phase in phases.iter() {
                    writing.ledger().mark_done(cell.day, phase, &portfolio)?;
                }
            }
            Ok(())
        })
    }
}
