//! Every fault injected into store or engine is found by a simulation, and so is the canary.

use plimsoll::parallel::available_threads;
use plimsoll::sim::mutants::{CANARY, KilledBy, all_mutants, detect};

#[test]
fn simulations_find_every_mutant() {
    let mut mutants = all_mutants();
    assert!(mutants.len() >= 25, "{}", mutants.len());
    mutants.insert(0, CANARY);
    std::panic::set_hook(Box::new(|_| {}));
    let results = detect(&mutants, available_threads());
    drop(std::panic::take_hook());
    let survivors = results.iter().filter(|mutant| mutant.killed_by.is_none());
    let survivors: Vec<_> = survivors.map(|mutant| mutant.name).collect();
    assert!(survivors.is_empty(), "nothing finds {survivors:?}");
    let panicked = results
        .iter()
        .filter(|mutant| mutant.killed_by == Some(KilledBy::Panic));
    let panicked: Vec<_> = panicked
        .map(|mutant| (mutant.name, &mutant.message))
        .collect();
    assert!(
        panicked.is_empty(),
        "a panic is not a finding: {panicked:?}"
    );
}
