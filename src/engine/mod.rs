//! Executes a plan: computes in parallel, commits in order, holds the lease, tells the outcome.
//!
//! ```text
//! survey → plan → load → (for each session: compute ∥ commit the one before) → certify
//! ```
//!
//! | file | does |
//! |---|---|
//! | `survey`, `readiness` | reads the facts that planning looks at |
//! | `sources`, `forced` | takes out of the ledger what is not valid any more |
//! | `inputs`, `workers`, `compute` | sources in columns, each portfolio's history, and the cells of one session |
//! | `side_by_side` | the same for many things, on all threads where that pays |
//! | `batches`, `execute` | cuts results into transactions and commits them in order |
//! | `asked`, `run`, `night` | one run: what is asked for, and from the lease to its return |
//! | `moment`, `faults`, `seams` | when others are told, and what is made to fail on purpose |
//! | `outcome`, `certificate`, `record` | what it came to |
//! | `reproduce`, `recompute` | the past of a world, and single cells, from the sources |

mod active_run;
mod batches;
mod certificate;
mod compute;
mod config_sync;
mod error;
mod execute;
mod failing_phases;
mod fault_hooks;
mod force;
mod inputs;
mod outcome;
mod parallel;
mod portfolio_state;
mod readiness;
mod recompute;
mod record;
mod run;
mod run_event;
mod run_request;
mod settings;
mod survey;
mod world_history;

pub use certificate::{Certificate, Verdict};
pub use compute::PhaseTimes;
pub use error::EngineError;
pub use execute::RunObserver;
pub use failing_phases::FailingPhases;
pub use fault_hooks::{FaultHooks, InjectedFault, RequiredAction};
pub use force::invalidate;
pub use outcome::{Outcome, Times, Warning};
pub(crate) use recompute::Recomputation;
pub use record::{RecordedFailure, RunRecord, StageTimes};
pub use run::run;
pub use run_event::RunEvent;
pub use run_request::{RunRequest, preview_plan};
pub use settings::{CommitGrain, PriceWait, Settings};
pub use survey::{SurveyResult, ledger_survey, survey, survey_and_plan, today};
pub use world_history::{WORLD_HISTORY_SCOPE, fill_world_history};
