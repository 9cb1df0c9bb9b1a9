//! Mutants: faults injected into planner and engine, each of which some scenario must detect.
//! Compiled with the feature `mutants` only and never released.
//!
//! | file | holds |
//! |---|---|
//! | `mutant` | a mutant and the places where it can be injected |
//! | `rules` | faults in the rules by which work is chosen |
//! | `survey` | faults in the survey that the planner gets |
//! | `plans` | faults in the plan |
//! | `execution` | faults in computing, committing and closing |
//! | `detection` | which scenarios detect which mutants |

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
