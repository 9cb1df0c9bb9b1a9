//! The scenarios that people are shown: those of `docs/scenario-format.md` and the one that a
//! new file starts from. Each is played, and comes out as it says.

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
    let told = play(&scenario, CheckLevel::Invariants).unwrap();
    let wrong: Vec<_> = told.findings().collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{text}");
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
