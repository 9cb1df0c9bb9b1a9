//! Mutants: faults planted in planner and engine on purpose, each of which some scenario must
//! find. Compiled with the feature `mutants` alone, and never released.
//!
//! | file | holds |
//! |---|---|
//! | `mutant` | what a mutant is, and where it is planted |
//! | `rules` | faults in the rules by which work is chosen |
//! | `facts` | faults in what is read before planning |
//! | `plans` | faults in the plan |
//! | `work` | faults in computing, committing and closing |
//! | `hunt` | which scenario finds which |

mod detection;
mod execution;
mod mutant;
mod plans;
mod rules;
mod survey;

pub use detection::{DetectionError, DetectionReport, MutantResult, Thoroughness, detect};
pub(crate) use execution::batch_coverage;
pub(crate) use mutant::Change;
pub use mutant::{Mutant, all_mutants};
