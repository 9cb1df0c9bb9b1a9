//! Tests that the scenarios of `docs/scenario-format.md` and the template of `scenario new` pass.

use std::path::Path;

use crate::scenario::runner::{CheckLevel, play};
use crate::scenario::script::Scenario;
use crate::scenario::suite::find_fixture;

const PAGE: &str = include_str!("../../../docs/scenario-format.md");
const NEW: &str = include_str!("../../cli/commands/scenario/new.toml");

fn assert_passes(name: &str, text: &str) {
    let at = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/example.toml");
    let scenario = Scenario::read(name, text, &|name| find_fixture(&at, name));
    let scenario = scenario.unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    assert!(!scenario.steps.is_empty(), "{text}");
    let result = play(&scenario, CheckLevel::Invariants).unwrap();
    let findings: Vec<_> = result.findings().collect();
    assert!(findings.is_empty(), "{findings:?}\n{text}");
}

#[test]
fn every_documented_example_passes() {
    let examples: Vec<&str> = PAGE
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(examples.len() >= 5);
    for text in examples {
        assert_passes("an_example", text);
    }
}

#[test]
fn the_new_scenario_template_passes() {
    assert_passes("new", NEW);
}
