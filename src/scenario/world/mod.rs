//! Reads worlds: states of a database and clock, as TOML. `docs/worlds.md` describes the keys.
//!
//! | file | contents |
//! |---|---|
//! | `values` | single values: days, spans, instants, amounts, words |
//! | `names` | expands ranges of names such as `"B..L"` |
//! | `spec` | the keys of a file, with serde |
//! | `merge` | merges a world over its fixture; expands and folds portfolios |
//! | `identity` | ids and names of portfolios |
//! | `read` | resolves names and fills in defaults |
//! | `coverage` | the days of a portfolio: done, failed, blocked |
//! | `blocked` | the holdings of blocked portfolios |
//! | `instruments` | securities, closes and splits: symbols become ids |
//! | `transactions` | the transactions that the file lists |
//! | `history` | invalidations and finished runs |
//! | `resolver` | finds portfolios by name or id |
//! | `state` | the world that was read |
//! | `sources` | closes, splits and transactions, generated or given |
//! | `continuation` | extends a world while a scenario runs |
//! | `error` | errors of reading a world |

mod blocked;
mod continuation;
mod coverage;
mod error;
#[cfg(test)]
mod examples;
mod history;
mod identity;
mod instruments;
pub(crate) mod merge;
pub(crate) mod names;
mod read;
mod resolver;
mod sources;
pub(crate) mod spec;
mod state;
#[cfg(test)]
mod tests;
mod transactions;
pub(crate) mod values;

pub use error::{Nearest, TransactionFault, WorldError};
pub use sources::Sources;
pub use spec::Lease;
pub use state::{
    Close, Contents, Correction, Failure, FailureState, MarketEnd, PastRun, RunLeftRunning, World,
    WorldPortfolio,
};
pub use values::Span;
