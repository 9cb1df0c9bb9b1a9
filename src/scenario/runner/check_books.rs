//! Compares expected amounts, kinds of prices and done phases with those of the database.

use super::cell_books::CellBooks;
use super::finding::Mismatch;
use super::inspect::{BooksByDay, PhasesByDay};
use crate::domain::{Day, PhaseSet};
use crate::scenario::script::Expectation;

/// Returns a mismatch for each amount and each kind of price that differs.
pub(super) fn check_books(books: &BooksByDay, expected: &Expectation) -> Vec<Mismatch> {
    let of = |name: &str, day: Day| -> Option<&CellBooks> { books.get(name)?.get(&day) };
    let mut problems = Vec::new();
    for ((amount, name, day), expected) in &expected.amounts {
        let found = of(name, *day).and_then(|books| books.amount(*amount));
        problems.extend((found != *expected).then(|| Mismatch::Amount {
            amount: *amount,
            portfolio: name.clone(),
            day: *day,
            expected: *expected,
            found,
        }));
    }
    for ((name, day), expected) in &expected.quality {
        let found = of(name, *day).and_then(CellBooks::quality);
        let is_met = found.is_some_and(|found| expected.is_met_by(found));
        problems.extend((!is_met).then(|| Mismatch::Quality {
            portfolio: name.clone(),
            day: *day,
            expected: *expected,
            found,
        }));
    }
    problems
}

/// Returns a mismatch for each cell of which other phases are done.
pub(super) fn check_phases(phases: &PhasesByDay, expected: &Expectation) -> Vec<Mismatch> {
    let mut problems = Vec::new();
    for ((name, day), expected) in &expected.phases {
        let found = phases.get(name).and_then(|days| days.get(day)).copied();
        let found: PhaseSet = found.unwrap_or_default();
        problems.extend((found != *expected).then(|| Mismatch::Phases {
            portfolio: name.clone(),
            day: *day,
            expected: *expected,
            found,
        }));
    }
    problems
}
