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

mod changes;
mod check;
mod harness;
mod inspect;
mod invariants;
#[expect(
    clippy::module_inception,
    reason = "the file is named for what it does"
)]
mod play;
mod prepared;
mod result;
mod run;
mod run_result;

pub use inspect::EndState;
pub use play::{CheckLevel, PlayError, play};
pub use prepared::{PreparedRun, prepare_runs};
pub use result::{Finding, FindingKind, PlayResult, PlayedStep, PolicyResult, StepOutcome};
pub use run_result::{ReasonGroup, RunResult, error_with_causes, run_end};
