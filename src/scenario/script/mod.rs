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

#[cfg(test)]
mod claims;
mod error;
#[cfg(test)]
mod examples;
mod expectations;
mod parts;
mod place;
mod read;
mod settings;
mod state;
mod steps;
mod words;
mod written;

pub use error::{FixtureError, ScenarioError, StepFlaw};
pub use parts::{OF_SCENARIO, known_keys};
pub use read::FindFixture;
pub use state::{
    Action, Crash, Expectation, Fault, Invalidation, NamedPolicy, Run, Scenario, Step, Which,
};
pub use words::{End, Length, LengthError, Point, PointError, Power, Seen};
