//! Looks for the mutant in force with the explorations of writers.

use std::panic::catch_unwind;

use crate::explorations::backup::crash_backup;
use crate::explorations::busy::checkpoint_beside_a_reader;
use crate::explorations::damage::damage_outputs;
use crate::explorations::migration::crash_migrations;
use crate::explorations::restore::crash_restore;

/// Explores a part of the writers, and returns what it finds first.
type Exploration = fn() -> Result<(), String>;

const EXPLORATIONS: [(&str, Exploration); 5] = [
    ("busy", checkpoint_beside_a_reader),
    ("damage", damage_outputs),
    ("backup", || crash_backup(1)),
    ("restore", || crash_restore(13)),
    ("migration", || crash_migrations(9, 3)),
];

/// Returns the first exploration that finds something; `first` is tried first. A panic counts as
/// found, since a fault may violate what the engine relies on.
pub(crate) fn find_by_writers(first: &str) -> Option<String> {
    std::panic::set_hook(Box::new(|_| {}));
    let mut explorations = EXPLORATIONS;
    explorations.sort_by_key(|(name, _)| *name != first);
    let finds = |explore: Exploration| catch_unwind(explore).map_or(true, |found| found.is_err());
    let found = explorations
        .into_iter()
        .find(|(_, explore)| finds(*explore));
    found.map(|(name, _)| name.to_owned())
}
