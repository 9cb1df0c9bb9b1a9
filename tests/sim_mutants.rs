//! Every fault that is planted in store or engine is found by a simulation, and the canary before
//! all of them.

use plimsoll::parallel::available_threads;
use plimsoll::sim::mutants::{CANARY, KilledBy, all_mutants, detect};

#[test]
fn simulations_find_every_mutant() {
    let mut mutants = all_mutants();
    assert!(mutants.len() >= 25, "{}", mutants.len());
    mutants.insert(0, CANARY);
    std::panic::set_hook(Box::new(|_| {}));
    let hunted = detect(&mutants, available_threads());
    drop(std::panic::take_hook());
    let survivors = hunted.iter().filter(|one| one.killed_by.is_none());
    let survivors: Vec<_> = survivors.map(|one| one.name).collect();
    assert!(survivors.is_empty(), "nothing finds {survivors:?}");
    let panicked = hunted
        .iter()
        .filter(|one| one.killed_by == Some(KilledBy::Panic));
    let panicked: Vec<_> = panicked.map(|one| (one.name, &one.message)).collect();
    assert!(panicked.is_empty(), "a panic is no finding: {panicked:?}");
}
