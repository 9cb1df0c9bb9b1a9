//! Executes a plan: takes the lease, computes in parallel, commits in order, certifies the outcome.
//!
//! ```text
//! survey → plan → load → (for each chunk of cells: compute ∥ commit the one before) → certify
//! ```
//!
//! | file | does |
//! |---|---|
//! | `survey`, `readiness`, `conversions` | read the facts for planning, and find cells that wait for prices or rates |
//! | `late_inputs`, `first_rates` | the late closes of a cell, and rates before their first close |
//! | `missing_closes` | the closes that due cells could use, for the command that fetches prices |
//! | `session_prices`, `security_holders` | find unpriced sessions, on which all cells wait |
//! | `unpriced_cells` | takes the cells of sessions that became unpriced out of the ledger |
//! | `accepted_prices` | ends the wait of unpriced sessions by decision |
//! | `calendar_import`, `own_calendars` | put a calendar in force by decision, without a run; register others |
//! | `load`, `inputs`, `portfolio_state`, `givers` | load sources and histories |
//! | `compute` | computes the cells of one session |
//! | `batches`, `execute` | cut results into transactions and commit them in order |
//! | `run_request`, `settings` | the request for a run, and its settings |
//! | `run`, `active_run` | one run, from taking its lease to releasing it |
//! | `run_event` | the events that an observer of a run gets |
//! | `outcome`, `certificate`, `record` | the result of a run, its proof, and its stored form |
//! | `world_history`, `recompute` | compute the past of a world, and recompute cells for `verify` |
//! | `markets`, `measure` | the market of each calendar, and the statistics of the securities held in it |
//! | `realized` | books a portfolio again to list the lots that it closed |

mod accepted_prices;
mod active_run;
mod batches;
mod calendar_import;
mod calendar_uses;
mod certificate;
mod compute;
mod computing_error;
mod conversions;
mod error;
mod execute;
mod first_rates;
mod givers;
mod inputs;
mod late_inputs;
mod load;
mod markets;
mod measure;
mod missing_closes;
mod outcome;
mod own_calendars;
mod portfolio_state;
mod readiness;
mod realized;
mod recompute;
mod record;
mod run;
mod run_event;
mod run_request;
mod security_holders;
mod session_prices;
mod settings;
mod survey;
mod unpriced_cells;
mod world_history;

pub use accepted_prices::{accept_prices, revoke_accepted_prices};
pub use calendar_import::{CalendarEffect, put_calendar_in_force};
pub use calendar_uses::{CalendarUses, OwnCalendarError};
pub use certificate::{Certificate, Verdict};
pub use compute::PhaseTimes;
pub(crate) use computing_error::computing_error;
pub(crate) use conversions::Conversions;
pub use error::EngineError;
pub use execute::RunObserver;
pub(crate) use late_inputs::sessions_held;
pub use missing_closes::missing_closes;
pub use outcome::{Outcome, Times, Warning};
pub use own_calendars::{Registration, register_own_calendar, remove_own_calendar};
pub(crate) use realized::closed_positions;
pub(crate) use recompute::Recomputation;
pub use record::{RecordedFailure, RunRecord, StageTimes};
pub use run::run;
pub use run_event::RunEvent;
pub use run_request::RunRequest;
pub use settings::{CommitGrain, PriceWait, Settings};
pub use survey::{
    SurveyResult, ledger_survey, pending_invalidations, preview, survey, survey_and_plan, today,
};
pub(crate) use unpriced_cells::unpriced_cells_from;
pub(crate) use world_history::is_world_history;
pub use world_history::{WORLD_HISTORY_SCOPE, fill_world_history};
