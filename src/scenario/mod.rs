//! States as files: a database and a clock that anybody can write, keep and replay, what happens
//! to them, and what must come of it.
//!
//! | module | is |
//! |---|---|
//! | [`world`] | what a file says of a state |
//! | [`market`] | what it leaves out, made up from a seed |
//! | [`load()`] | a database made of a world |
//! | [`script`] | a scenario: a world, steps, expectations |
//! | [`runner`] | a scenario played, and what came of it |
//! | [`transcript`] | that as text, which a golden file holds |
//! | [`suite`] | scenarios in folders, with their golden files |
//! | [`schema`] | what a scenario may say, for editors |
//! | [`synthetic`] | databases of any size, to be measured on |
//! | [`mod@shrink`] | the smallest scenario on which a condition holds |
//! | [`compare`] | the same under every policy |
//! | `mutants` | faults planted on purpose, which scenarios must find |

pub mod compare;
mod load;
pub mod market;
#[cfg(feature = "mutants")]
pub mod mutants;
mod name_list;
pub mod runner;
pub mod schema;
pub mod script;
pub mod shrink;
pub mod suite;
pub mod synthetic;
pub mod transcript;
pub mod world;

pub use load::{LoadError, load};
