//! `plimsoll scenario`: states as files, played under any policy, with golden transcripts.

mod check;
mod compare;
mod difference;
mod junit;
mod load;
#[cfg(feature = "mutants")]
mod mutants;
mod new;
mod run;
mod schema;
mod show;
mod unknown;
mod usual;
mod verbs;

pub(in crate::cli) use usual::or_usual;
pub(in crate::cli) use verbs::{ScenarioArgs, execute};
