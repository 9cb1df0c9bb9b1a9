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
mod campaign;
mod generator;
mod reference_model;

pub(super) use campaign::check_scenario;
#[cfg(feature = "mutants")]
pub(super) use campaign::parse_generated;
pub use campaign::{FuzzOptions, FuzzReport, SeedResult, check_generated, fuzz};
pub use generator::generate_scenario;
