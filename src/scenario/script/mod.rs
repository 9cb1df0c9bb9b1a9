//! Reads scenarios: a world, the steps that run on it, and the results that are expected.
//! `docs/scenario-format.md` describes the keys.
//!
//! | file | contents |
//! |---|---|
//! | `values` | points of a run, durations, ends of a run |
//! | `spec`, `expectation_spec`, `file_import` | the keys of a file, with serde |
//! | `expected_values` | amounts, kinds of prices and reasons that expectations name |
//! | `cell_status` | the statuses of cells that expectations name |
//! | `cell_days` | the days that expectations can be about |
//! | `parse` | parses a text, so that each value keeps its place |
//! | `read` | resolves names and fills in defaults |
//! | `steps`, `expectations`, `settings` | the same for the parts of a scenario |
//! | `resolver` | names of policies and portfolios |
//! | `model` | the scenario that was read |
//! | `old_names` | finds keys and values under old names, for warnings |
//! | `error`, `location` | errors, and their places in the text |

mod cell_days;
mod cell_status;
mod error;
pub(crate) mod expectation_spec;
mod expectations;
mod expected_values;
pub(crate) mod file_import;
mod location;
mod model;
mod old_names;
mod parse;
mod read;
mod resolver;
mod settings;
pub(crate) mod spec;
mod steps;
#[cfg(test)]
mod tests;
mod values;

pub use cell_status::CellStatus;
pub use error::{ExpectationError, FixtureError, ScenarioError, StepError};
pub use expected_values::{Amount, ExpectedQuality, ReasonKind};
pub use model::{
    Action, Crash, Expectation, Fault, FileImport, Invalidation, NamedPolicy, Run, Scenario, Step,
};
#[cfg(test)]
pub(in crate::scenario) use old_names::OLD_WIDEN_TO_ALL;
pub use old_names::{OldName, old_names};
pub use parse::{FindFixture, SCENARIO_KEYS, known_keys};
pub use values::{DurationError, Point, PointError, Power, ProcessStatus, RunEnd, SignedDuration};
