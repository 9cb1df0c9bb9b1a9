//! A world: a state of the database and clock, as TOML. `docs/worlds.md` tells its keys.
//!
//! | file | says |
//! |---|---|
//! | `said` | how single values are written: days, spans, instants, amounts, words |
//! | `names` | which portfolios `"B..L"` names |
//! | `written` | the file as it is written, key by key |
//! | `read` | what a file means, or why it can't be |
//! | `later` | what happens to it after its beginning |
//! | `overlay` | one world laid over another |
//! | `life` | what is done of one portfolio's days |
//! | `listed` | its securities and prices: symbols become ids |
//! | `transactions` | the transactions that the file lists itself |
//! | `state` | the world itself |
//! | `sources` | closes, splits and transactions of a world, made up or given |
//! | `error` | why a text is no world |

#[cfg(test)]
mod claims;
mod error;
#[cfg(test)]
mod examples;
mod later;
mod life;
mod listed;
mod names;
mod overlay;
mod read;
pub(in crate::scenario) mod said;
mod sources;
mod state;
mod transactions;
pub(in crate::scenario) mod written;

pub use error::{Nearest, TransactionFault, WorldError};
pub(in crate::scenario) use names::expand as names_of;
pub use said::Span;
pub use sources::Sources;
pub use state::{
    Close, Contents, Correction, Failure, FailureState, LeftRunning, MarketEnd, World,
    WorldPortfolio,
};
pub use written::Lease;
