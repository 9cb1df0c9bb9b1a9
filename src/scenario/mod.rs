//! Scenarios: files that describe a database and a clock, the steps that run on them, and the
//! results that are expected.
//!
//! | module | contents |
//! |---|---|
//! | [`world`] | reads the state that a file describes |
//! | [`market`] | generates prices and transactions from a seed |
//! | `format` | reads and writes values of one word; writes worlds and scenarios as TOML |
//! | `names` | several portfolio names as one text, such as `B..L` |
//! | `limits` | bounds of the counts in a world or scenario |
//! | [`load()`] | makes a database from a world |
//! | [`script`] | reads a scenario: a world, steps, expectations |
//! | [`runner`] | runs a scenario and checks its expectations |
//! | [`transcript`] | writes the result as text, which a golden file holds |
//! | [`suite`] | runs the scenarios of folders against their golden files |
//! | [`schema`] | JSON Schemas of scenarios and fixtures, for editors |
//! | [`synthetic`] | databases of any size, for benchmarks |
//! | [`mod@shrink`] | reduces a scenario to the smallest one on which a condition holds |
//! | [`compare`] | runs a scenario under every policy |

pub mod compare;
pub(crate) mod format;
pub(crate) mod limits;
mod load;
pub mod market;
pub(crate) mod names;
pub mod runner;
pub mod schema;
pub mod script;
pub mod shrink;
pub mod suite;
pub mod synthetic;
pub mod transcript;
pub mod world;

pub use limits::{Counted, TooMany};
pub use load::{LoadError, load};
