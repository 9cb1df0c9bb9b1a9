//! Reads worlds: states of a database and clock, as TOML. `docs/worlds.md` describes the keys.
//!
//! | file | contents |
//! |---|---|
//! | `values` | instants, spans of days, phases, causes, closes, failure counts |
//! | `spec` | the keys of a file, with serde |
//! | `merge` | merges a world over its fixture; expands and folds portfolios |
//! | `read` | resolves names and fills in defaults |
//! | `portfolio`, `coverage` | identity, lifecycle, contents and days of a portfolio |
//! | `instruments` | securities, closes, splits, transactions: symbols become ids |
//! | `state` | the world that was read; finds its portfolios |
//! | `sources` | closes, splits and transactions, generated or given, up to any day |
//! | `error` | errors of reading a world |

mod coverage;
mod error;
#[cfg(test)]
mod examples;
pub(crate) mod former_attributes;
mod instruments;
pub(crate) mod merge;
mod portfolio;
mod read;
mod sources;
pub(crate) mod spec;
mod state;
#[cfg(test)]
mod tests;
pub(crate) mod values;

pub use error::{TransactionFault, WorldError};
pub use sources::Sources;
pub use spec::Lease;
pub use state::{
    Close, Contents, Correction, Failure, FailureState, MarketEnd, PastRun, RunLeftRunning, World,
    WorldPortfolio,
};
pub use values::Span;
