//! Faults planted in store and engine on purpose, each of which a simulation must find. Compiled
//! with the feature `mutants` alone, and never released.
//!
//! | file | holds |
//! |---|---|
//! | `mutant` | what a mutant is, and how it is planted in a run |
//! | `planted` | all of them |
//! | `hunt` | which simulation finds which |

mod catalogue;
mod detection;
mod mutant;

pub use catalogue::{CANARY, all_mutants};
pub use detection::{KilledBy, MutantResult, detect};
pub use mutant::Mutant;
