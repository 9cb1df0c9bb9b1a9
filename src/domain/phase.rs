//! Defines the six phases of a nightly run, and sets of phases.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One calculation. The numbers 1 to 6 are those of the incident's report; texts use the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Phase 1, once a run: imports new price files.
    Prices = 1,
    /// Phase 2, per security and session: return, volatility, betas.
    Securities = 2,
    /// Phase 3, per cell: the books.
    Snapshot = 3,
    /// Phase 4, per cell: each holding.
    Positions = 4,
    /// Phase 5, per cell: weights and concentration.
    Exposures = 5,
    /// Phase 6, per cell: volatility, beta, value at risk, stress.
    Risk = 6,
}

/// A text that is not the name of a phase.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown phase `{0}` (known: prices, securities, snapshot, positions, exposures, risk)")]
pub struct UnknownPhase(pub String);

impl Phase {
    /// All six phases, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Prices,
        Self::Securities,
        Self::Snapshot,
        Self::Positions,
        Self::Exposures,
        Self::Risk,
    ];
    /// The four phases that are computed per cell, in order.
    pub const CELL_PHASES: [Self; 4] =
        [Self::Snapshot, Self::Positions, Self::Exposures, Self::Risk];

    /// Returns the phase's number, 1 to 6.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Returns the phase with this number, or `None` outside 1 to 6.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.number() == number)
    }

    /// Returns the name, as texts and files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prices => "prices",
            Self::Securities => "securities",
            Self::Snapshot => "snapshot",
            Self::Positions => "positions",
            Self::Exposures => "exposures",
            Self::Risk => "risk",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Phase {
    type Err = UnknownPhase;

    fn from_str(text: &str) -> Result<Self, UnknownPhase> {
        Self::ALL
            .into_iter()
            .find(|phase| phase.name() == text)
            .ok_or_else(|| UnknownPhase(text.to_owned()))
    }
}

/// A set of phases, as a bit mask.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PhaseSet(u8);

impl PhaseSet {
    /// The set without any phase.
    pub const EMPTY: Self = Self(0);
    /// The four phases of a cell.
    pub const CELL_PHASES: Self = Self(0b111_1000);
    /// The set of all six phases.
    pub const ALL: Self = Self(0b111_1110);

    /// Creates the set of one phase.
    pub const fn from_phase(phase: Phase) -> Self {
        Self(1 << phase.number())
    }

    /// Returns the bit mask; bit `n` is phase `n`.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Creates the set of a bit mask; bits without a phase are dropped.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// Returns whether `phase` is in the set.
    pub const fn contains(self, phase: Phase) -> bool {
        self.0 & Self::from_phase(phase).0 != 0
    }

    /// Returns whether the set has no phase.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the number of phases in the set.
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Returns this set with `phase` added.
    #[must_use]
    pub const fn with(self, phase: Phase) -> Self {
        Self(self.0 | Self::from_phase(phase).0)
    }

    /// Returns this set with `phase` removed.
    #[must_use]
    pub const fn without(self, phase: Phase) -> Self {
        Self(self.0 & !Self::from_phase(phase).0)
    }

    /// Returns the phases in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the phases in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Iterates over the phases, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = Phase> {
        Phase::ALL
            .into_iter()
            .filter(move |phase| self.contains(*phase))
    }
}

impl FromIterator<Phase> for PhaseSet {
    fn from_iter<I: IntoIterator<Item = Phase>>(phases: I) -> Self {
        phases.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Display for PhaseSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Phase::name).collect();
        f.pad(&names.join(", "))
    }
}

impl fmt::Debug for PhaseSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_sets_match_the_phase_lists() {
        assert_eq!(
            Phase::CELL_PHASES.into_iter().collect::<PhaseSet>(),
            PhaseSet::CELL_PHASES
        );
        assert_eq!(Phase::ALL.into_iter().collect::<PhaseSet>(), PhaseSet::ALL);
    }

    #[test]
    fn numbers_and_names_round_trip() {
        for phase in Phase::ALL {
            assert_eq!(Phase::from_number(phase.number()), Some(phase));
            assert_eq!(phase.name().parse(), Ok(phase));
        }
        assert_eq!(Phase::from_number(7), None);
    }
}
