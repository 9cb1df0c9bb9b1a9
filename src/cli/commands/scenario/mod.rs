//! `plimsoll scenario`: runs scenario files under any policy, with golden transcripts.

mod check;
mod command;
mod compare;
mod default_paths;
mod diff;
mod junit;
mod load;
mod new;
mod old_names;
mod run;
mod schema;
mod show;
mod unknown;

pub(in crate::cli) use command::{ScenarioArgs, execute};
pub(in crate::cli) use default_paths::or_default_paths;
