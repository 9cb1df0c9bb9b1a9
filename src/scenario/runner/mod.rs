//! Plays a scenario: loads its world into a database, applies its steps, and returns the results as
//! plain values.
//!
//! | file | does |
//! |---|---|
//! | `play` | plays every policy on a database of its own, step after step |
//! | `harness` | holds one database, its clock and its processes |
//! | `run` | makes a run with the steps that happen inside it, or plans one |
//! | `pending_steps` | plays the steps, cancellations and crashes inside a run, each at its point |
//! | `committed_cells` | finds the cells that a run completed |
//! | `prepared` | a run that is about to start, for the simulator |
//! | `changes` | plays the steps that are not runs |
//! | `cell_books` | the books of a cell, computed or mapped |
//! | `inspect` | reads the state of a database between steps |
//! | `finding` | unmet expectations and violated invariants |
//! | `promise` | the promises of a nightly job, in findings of a job under test |
//! | `error` | the error that ends a play |
//! | `result` | holds the results of steps, policies and scenarios |
//! | `run_result` | holds the result of a run |
//! | `reasons` | groups the cells of a run by reason |
//! | `failing_phases` | makes phases of a run fail |
//! | `failure_counts` | counts how often phases failed |
//! | `step_number` | numbers of steps |
//! | `invariants` | checks what must hold after every step |
//! | `check`, `check_books` | compares expectations with results, with stored books |
//! | `describe` | describes steps in a few words |

mod cell_books;
mod changes;
mod check;
mod check_books;
mod committed_cells;
mod describe;
mod error;
mod failing_phases;
mod failure_counts;
mod finding;
mod harness;
mod inspect;
mod invariants;
mod old_inputs;
mod own_calendar;
mod pending_steps;
mod play;
mod prepared;
mod promise;
mod reasons;
mod result;
mod run;
mod run_result;
mod step_number;
mod withdraw;

pub use cell_books::CellBooks;
pub(crate) use describe::describe;
pub use error::PlayError;
pub use failing_phases::FailingPhases;
pub use finding::{BrokenClaim, Finding, Mismatch, Problem, Violation};
pub use harness::CheckLevel;
pub(crate) use inspect::end_state;
pub use inspect::{BooksByDay, EndState, PhasesByDay};
pub(in crate::scenario) use play::play_until;
pub use play::{play, prepare_runs};
pub use prepared::PreparedRun;
pub use promise::{Promise, UncheckedPromise};
pub use reasons::{Reason, ReasonGroup};
pub use result::{PlayResult, PlayedStep, PolicyResult, StepOutcome};
pub(crate) use run_result::names_by_day;
pub use run_result::{RunResult, run_end, run_error};
pub use step_number::StepNumber;
