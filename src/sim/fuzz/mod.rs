//! Generates worlds, steps, crashes, faults and second runs from a seed, and checks them.
//!
//! | file | does |
//! |---|---|
//! | `generator` | generates a scenario from a seed |
//! | `reference_model` | counts the required cells day by day, by the simplest rules |
//! | `campaign` | plays and disturbs scenarios, and compares them with the model |

mod campaign;
mod generator;
mod reference_model;

pub(super) use campaign::check_scenario;
pub(super) use campaign::parse_generated;
pub use campaign::{FuzzOptions, FuzzReport, SeedResult, check_generated, fuzz};
pub use generator::generate_scenario;
