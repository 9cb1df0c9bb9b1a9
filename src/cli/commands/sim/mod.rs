//! `plimsoll sim`: simulates runs that crash, fail and meet others, on a simulated disk.

mod command;
mod explore;
mod faults;
mod fuzz;
mod generated;
mod histories;
mod pair;
mod replay;
mod run_selection;
mod shrink;
mod simulate;
mod text;

pub(in crate::cli) use command::{SimArgs, execute};
