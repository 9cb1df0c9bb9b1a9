//! A world: a state of the database and clock, as TOML. `docs/worlds.md` tells its keys.
//!
//! | file | says |
//! |---|---|
//! | `said` | how single values are written: days, spans, instants, amounts, words |
//! | `names` | which portfolios `"B..L"` names |
//! | `called` | what the portfolios of a line are called, and what it takes over from another |
//! | `written` | the file as it is written, key by key |
//! | `read` | what a file means, or why it can't be |
//! | `later` | what happens to it after its beginning |
//! | `overrides` | one world laid over another |
//! | `life` | what is done of one portfolio's days |
//! | `listed` | its securities and prices: symbols become ids |
//! | `waiting` | what portfolios hold that wait for prices |
//! | `transactions` | the transactions that the file lists itself |
//! | `past` | what was taken out of the ledger again, and how runs ended |
//! | `who` | whom a name outside of `[portfolios]` means |
//! | `state` | the world itself |
//! | `sources` | closes, splits and transactions of a world, made up or given |
//! | `error` | why a text is no world |

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
