//! Every fault injected into planner or engine is found by a shipped scenario.

use std::path::Path;

use plimsoll::scenario::mutants::{Thoroughness, all_mutants, detect};
use plimsoll::scenario::suite::find_scenarios;

#[test]
fn every_mutant_is_found_by_a_scenario() {
    std::panic::set_hook(Box::new(|_| {}));
    let found = find_scenarios(&[Path::new("scenarios").to_owned()]);
    let report = found.map(|found| detect(&all_mutants(), &found, Thoroughness::FirstKill));
    drop(std::panic::take_hook());
    let report = report.unwrap().unwrap();
    assert!(report.mutants.len() >= 30);
    let survivors: Vec<&str> = report.survivors().map(|mutant| mutant.name).collect();
    assert!(survivors.is_empty(), "nothing finds {survivors:?}");
}
