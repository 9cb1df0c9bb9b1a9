//! `plimsoll bench`: what a night costs on books of a given size. Hidden from the help, since it is
//! for people who change the program.
//!
//! | file | says |
//! |---|---|
//! | `command` | what is asked for |
//! | `night` | one night, measured; and the floor under it |
//! | `measured` | what nights came to, as text and JSON |

mod command;
mod measurement;
mod report;

pub(crate) use command::BenchArgs;
pub(super) use command::execute;
