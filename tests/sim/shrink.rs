//! Shrinking the scenario of a simulated finding.

use std::num::NonZeroUsize;
use std::sync::Arc;

use plimsoll::scenario::script::FixtureError;
use plimsoll::sim::{FaultOptions, Finding, InjectFault, explore, inject_faults, shrink_finding};

use crate::support::{explore_options, parse_scenario, runs_under_test, with_ledger_first};

const FIVE_BY_TWO: &str = r#"
now = 2026-01-08T18:00:00-05:00

[market]
shares = 3
from = 2025-12-22

[portfolios]
"A..D" = { inception = 2026-01-02, complete = "..2026-01-06" }
E = { inception = 2026-01-05 }

[[step]]
transaction = { portfolio = "C", day = 2026-01-05, kind = "deposit", amount = 100 }

[[step]]
run = { portfolios = ["A", "B"] }

[[step]]
run = {}
"#;

/// Shrinks a scenario and returns it, after checking that it is small.
fn shrink_text(text: &str, finding: &Finding) -> String {
    let none = |name: &str| Err(FixtureError::Absent(name.to_owned()));
    let scratch = tempfile::tempdir().unwrap();
    let inject: InjectFault = Arc::new(with_ledger_first);
    let small = shrink_finding(text, &none, finding, &inject, scratch.path()).unwrap();
    let lines = small.text.lines().filter(|line| !line.is_empty()).count();
    assert!(small.portfolios.0 <= 3 && lines <= 15, "{}", small.text);
    small.text
}

fn ledger_finding(findings: Vec<Finding>) -> Finding {
    let mut findings = findings.into_iter();
    let found = findings.find(|finding| finding.violation.to_string().contains("the ledger"));
    found.expect("a ledger that is written first is found")
}

#[test]
fn a_crash_is_shrunk() {
    let run = with_ledger_first(runs_under_test(&parse_scenario(FIVE_BY_TWO)).remove(1));
    let finding = ledger_finding(explore(&run, &explore_options(2, 2, 2)).unwrap().findings);
    insta::assert_snapshot!(shrink_text(FIVE_BY_TWO, &finding), @r#"
    description = "smallest case found in `shrunk`: it does not hold that each phase that the ledger proves done has its output"
    now = 2026-01-08T18:00:00-05:00

    [portfolios]
    C = { inception = 2026-01-07, complete = "..2026-01-07" }

    [[step]]
    run = {}
    "#);
}

#[test]
fn a_fault_is_shrunk() {
    let text = FIVE_BY_TWO.replace("complete = \"..2026-01-06\"", "complete = \"..2026-01-07\"");
    let text = text
        .replace("A..D", "A..B")
        .replace("portfolio = \"C\"", "portfolio = \"B\"");
    let run = with_ledger_first(runs_under_test(&parse_scenario(&text)).remove(1));
    let options = FaultOptions {
        step: NonZeroUsize::new(7).unwrap(),
        jobs: NonZeroUsize::new(2).unwrap(),
    };
    let finding = ledger_finding(inject_faults(&run, &options).unwrap().findings);
    shrink_text(&text, &finding);
}
