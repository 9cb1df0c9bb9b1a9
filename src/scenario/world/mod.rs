//! Reads worlds: states of a database and clock, as TOML. `docs/worlds.md` describes the keys.
//!
//! | file | contents |
//! |---|---|
//! | `lenient` | single values: days, spans, instants, amounts, words |
//! | `names` | expands ranges of names such as `"B..L"` |
//! | `spec` | the keys of a file, with serde |
//! | `overrides` | merges a world over its fixture |
//! | `identity` | ids and names of portfolios, and `like` |
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
pub(in crate::scenario) mod lenient;
mod names;
mod overrides;
mod read;
mod resolver;
mod sources;
pub(in crate::scenario) mod spec;
mod state;
#[cfg(test)]
mod tests;
mod transactions;

pub use error::{Nearest, TransactionFault, WorldError};
pub use lenient::Span;
pub(in crate::scenario) use names::expand as names_of;
pub use names::{is_plain_name, name_range_length};
pub use sources::Sources;
pub use spec::Lease;
pub use state::{
    Close, Contents, Correction, Failure, FailureState, MarketEnd, PastRun, RunLeftRunning, World,
    WorldPortfolio,
};
