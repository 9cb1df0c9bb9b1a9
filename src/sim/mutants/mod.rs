//! Faults injected into store and engine, each of which a simulation must find. Compiled with the
//! feature `mutants` only and never released.
//!
//! | file | holds |
//! |---|---|
//! | `mutant` | a mutant, and how it is injected into a run |
//! | `catalogue` | all mutants |
//! | `detection` | which simulation detects which mutant |

mod catalogue;
mod detection;
mod mutant;

pub use catalogue::{CANARY, all_mutants};
pub use detection::{KilledBy, MutantResult, detect};
pub use mutant::Mutant;
