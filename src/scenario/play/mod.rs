//! A scenario played: its world becomes a database, its steps happen on it, and what came of each
//! is told as plain values.
//!
//! | file | does |
//! |---|---|
//! | `play` | every policy on a database of its own, step after step |
//! | `stage` | one database, its clock and its processes |
//! | `run` | a run, and what happens while it is at work |
//! | `prepared` | the runs of a scenario, each as it is about to start |
//! | `change` | every other step |
//! | `look` | what a database says of itself between steps |
//! | `told` | what came of a step |
//! | `ran` | what came of a run |
//! | `invariants` | what must hold after every step, whatever is expected |
//! | `judge` | what is expected, held against what came of it |

mod change;
mod invariants;
mod judge;
mod look;
#[expect(
    clippy::module_inception,
    reason = "the file is named for what it does"
)]
mod play;
mod prepared;
mod ran;
mod run;
mod stage;
mod told;

pub use look::EndState;
pub use play::{Pace, PlayError, play};
pub use prepared::{Prepared, prepare};
pub use ran::{Ran, Reasons, ending, with_causes};
pub use told::{Act, Came, Finding, FindingKind, Told, ToldPolicy};
