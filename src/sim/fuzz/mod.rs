//! Worlds, what happens to them, crashes, faults and meetings, all drawn from a seed.
//!
//! | file | is |
//! |---|---|
//! | `tale` | a scenario that a seed tells |
//! | `twin` | what must be done, counted day by day by the plainest rules |
//! | `fuzz` | tales played, broken and held against the twin |

#[expect(
    clippy::module_inception,
    reason = "the file is named for what it does"
)]
mod fuzz;
mod tale;
mod twin;

#[cfg(feature = "mutants")]
pub(super) use fuzz::scenario;
pub(super) use fuzz::tell_scenario;
pub use fuzz::{FuzzTerms, Fuzzed, Tried, fuzz, tell};
pub use tale::tale;
