//! What is proven done: for each phase and session, the set of subjects.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;

use super::{Day, Phase, PortfolioId};

/// A set of subjects of one phase: portfolio ids, or security ids for the phase `securities`.
pub type IdSet = RoaringBitmap;

/// The content of the ledger: for each phase and session the subjects that are done and valid.
/// What is absent is not done; an empty set is never held.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Coverage {
    days: BTreeMap<(Day, Phase), IdSet>,
}

impl Coverage {
    /// Nothing done.
    pub fn new() -> Self {
        Self::default()
    }

    /// The subjects done, if any are.
    pub fn get(&self, day: Day, phase: Phase) -> Option<&IdSet> {
        self.days.get(&(day, phase))
    }

    /// Whether one portfolio's phase is done on a day.
    pub fn contains(&self, day: Day, phase: Phase, portfolio: PortfolioId) -> bool {
        self.get(day, phase)
            .is_some_and(|done| done.contains(portfolio.0))
    }

    /// Sets what is done, replacing what was said before.
    pub fn set(&mut self, day: Day, phase: Phase, subjects: IdSet) {
        if subjects.is_empty() {
            self.days.remove(&(day, phase));
        } else {
            self.days.insert((day, phase), subjects);
        }
    }

    /// Adds one subject.
    pub fn insert(&mut self, day: Day, phase: Phase, subject: u32) {
        self.days.entry((day, phase)).or_default().insert(subject);
    }

    /// Takes out one subject.
    pub fn remove(&mut self, day: Day, phase: Phase, subject: u32) {
        if let Some(subjects) = self.days.get_mut(&(day, phase)) {
            subjects.remove(subject);
            if subjects.is_empty() {
                self.days.remove(&(day, phase));
            }
        }
    }

    /// All that is done, by day and then phase.
    pub fn iter(&self) -> impl Iterator<Item = (Day, Phase, &IdSet)> {
        self.days
            .iter()
            .map(|((day, phase), subjects)| (*day, *phase, subjects))
    }
}
