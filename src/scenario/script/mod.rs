//! A scenario: a world, what happens to it, and what must come of it. `docs/scenario-format.md`
//! tells its keys.
//!
//! | file | says |
//! |---|---|
//! | `words` | points of a run, lengths of time, how a run ended |
//! | `written` | the file as it is written, key by key |
//! | `parts` | the text taken apart: its world, its steps, what is expected |
//! | `read` | what a file means, or why it can't be |
//! | `steps`, `expectations`, `settings` | the same of its parts |
//! | `state` | the scenario itself |
//! | `error`, `place` | why a text is no scenario, and where that shows |

mod error;
#[cfg(test)]
mod examples;
mod expectations;
mod location;
mod model;
mod parts;
mod read;
mod settings;
mod spec;
mod steps;
#[cfg(test)]
mod tests;
mod values;

pub use error::{FixtureError, ScenarioError, StepError};
pub use model::{
    Action, CellStatus, Crash, Expectation, Fault, Invalidation, NamedPolicy, Run, Scenario, Step,
};
pub use parts::{SCENARIO_KEYS, known_keys};
pub use read::FindFixture;
pub use values::{DurationError, Point, PointError, Power, ProcessStatus, RunEnd, SignedDuration};
