//! What changed attributes touch, and transactions.

use super::owners::place;
use super::{Owners, Touched};
use crate::domain::{Day, Phase, PhaseSet, PortfolioId, Subjects};

/// What a security's sector or class touches: weights and stress results of those who own it, on
/// every session on which they do.
pub fn of_classification(owners: &Owners<'_>) -> Touched {
    let phases = PhaseSet::of(Phase::Exposures).with(Phase::Risk);
    let mut touched = Touched::nothing();
    let mut turns = owners.turns();
    let mut held = Subjects::new();
    for (at, day) in owners.sessions.iter().enumerate() {
        if let Some(turn) = turns.remove(&at) {
            held |= turn.begin;
            held -= turn.cease;
        }
        touched.add(*day, phases, &held);
    }
    touched
}

/// What a security's multiplier or currency touches: everything of those who ever moved it, from
/// their first movement on, because it is in what they paid.
pub fn of_terms(owners: &Owners<'_>) -> Touched {
    let mut touched = Touched::nothing();
    for (at, who) in owners.first_movements() {
        let after = owners.sessions.get(at..).unwrap_or_default();
        touched.add_on(after, PhaseSet::OF_CELL, &who);
    }
    touched
}

/// What a portfolio's transactions touch that were added on `first` and later, or its currency,
/// which counts from its first day: everything of it from there on.
pub fn of_entries(portfolio: PortfolioId, first: Day, sessions: &[Day]) -> Touched {
    let mut touched = Touched::nothing();
    let after = &sessions[place(sessions, first)..];
    touched.add_on(after, PhaseSet::OF_CELL, &Subjects::from([portfolio.0]));
    touched
}
