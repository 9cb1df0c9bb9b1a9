//! The use cases that the command line, the server and scenarios share.
//!
//! ```text
//! words of a surface → RunSpec → one read transaction → RunRequest → preview, or
//! inbox → missing prices → run → notifications
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `run_spec` | the words that select a run, and their checks |
//! | `context` | the database and settings that a command or server works with |
//! | `preview` | the plan of a run, without the run |
//! | `run` | the inbox, the run and its notifications |
//! | `prices` | the command that fetches missing closes |
//! | `damage` | the record of verifications and of damage |
//! | `repair` | verifying, and putting right what follows from the sources |
//! | `error` | the errors of use cases |
//!
//! Surfaces name their own parameters and word the results. Nothing here prints or knows a
//! parameter's name.

mod context;
mod damage;
mod error;
mod preview;
mod prices;
mod repair;
mod run;
mod run_spec;

pub use context::{AppContext, BooksWithCell};
pub use damage::{note_damage, record_verification};
pub use error::AppError;
pub use preview::Preview;
pub use prices::{
    FailedAnswer, FetchOutcome, FetchedPrices, PriceFailure, PriceFeed, REQUEST_PAUSE,
    RequestedCloses,
};
pub use repair::{Repair, repair};
pub use run::RunSurface;
pub use run_spec::{Force, ResolvedRun, RunSpec};
