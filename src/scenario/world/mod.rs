//! Reads worlds: states of a database and clock, as TOML. `docs/worlds.md` describes the keys.
//!
//! | file | contents |
//! |---|---|
//! | `lenient` | reads and writes values of one word, bare or quoted, one or a list |
//! | `values` | instants, spans of days, phases, causes, closes, failure counts |
//! | `spec` | the keys of a file, with serde |
//! | `names` | expands ranges of names such as `"B..L"`, finds portfolios |
//! | `merge` | merges a world over its fixture; expands and folds portfolios |
//! | `read` | resolves names and fills in defaults |
//! | `portfolio`, `coverage` | identity, lifecycle, contents and days of a portfolio |
//! | `limits` | bounds of the counts in a world |
//! | `instruments` | securities, closes, splits, transactions: symbols become ids |
//! | `state` | the world that was read |
//! | `sources` | closes, splits and transactions, generated or given, up to any day |
//! | `error` | errors of reading a world |

mod coverage;
mod error;
#[cfg(test)]
mod examples;
mod instruments;
pub(crate) mod lenient;
mod limits;
pub(crate) mod merge;
pub(crate) mod names;
mod portfolio;
mod read;
mod sources;
pub(crate) mod spec;
mod state;
#[cfg(test)]
mod tests;
pub(crate) mod values;

pub use error::{Nearest, TransactionFault, WorldError};
pub use limits::{Counted, TooMany};
pub use sources::Sources;
pub use spec::Lease;
pub use state::{
    Close, Contents, Correction, Failure, FailureState, MarketEnd, PastRun, RunLeftRunning, World,
    WorldPortfolio,
};
pub use values::Span;
