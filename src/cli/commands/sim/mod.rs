//! `plimsoll sim`: runs that crash, fail and meet others, on a disk that is simulated.

mod choice;
mod explore;
mod faults;
mod fuzz;
mod looks;
#[cfg(feature = "mutants")]
mod mutants;
mod pair;
mod replay;
mod shrink;
mod told;
mod verbs;

pub(in crate::cli) use verbs::{SimArgs, execute};
