//! `plimsoll bench`: measures nightly runs on generated books of a given size. Hidden from the help,
//! since it is for people who change the program.
//!
//! | file | holds |
//! |---|---|
//! | `command` | arguments and order of work |
//! | `measurement` | one measured night, and its floor |
//! | `report` | results as text and JSON |

mod command;
mod measurement;
mod report;

pub(crate) use command::BenchArgs;
pub(super) use command::execute;
