//! `plimsoll scenario show`.

use std::io;
use std::path::PathBuf;

use clap::Args;

use super::unknown::unknown_policy;
use crate::cli::output::{Format, print, print_json};
use crate::cli::{CliError, Context, Exit};
use crate::report::{Palette, with_old_keys};
use crate::scenario::runner::{CheckLevel, PlayResult};
use crate::scenario::suite::play_file;
use crate::scenario::transcript::{Detail, transcript};

/// Plays a scenario and prints its transcript, step by step, with the reason of each cell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll scenario show scenarios/incident/the_bug.toml
  plimsoll scenario show mine.toml --policy global-max
  plimsoll scenario show mine.toml --json")]
pub(super) struct ShowArgs {
    /// The scenario
    #[arg(value_name = "PATH")]
    path: PathBuf,

    /// Only what comes of it under this policy; repeat it for more
    #[arg(long = "policy", value_name = "NAME")]
    policies: Vec<String>,

    /// What a golden file would hold: without the reason of each cell
    #[arg(long)]
    golden: bool,
}

pub(super) fn execute(context: &Context, args: &ShowArgs) -> Result<Exit, CliError> {
    let mut told = play_file(&args.path, CheckLevel::Invariants)?;
    if let Some(unknown) =
        (args.policies.iter()).find(|name| !told.policies.iter().any(|one| one.policy == **name))
    {
        let known = told.policies.iter().map(|one| one.policy.as_str());
        return Err(unknown_policy(
            "the scenario does not have the policy",
            unknown,
            known,
        ));
    }
    if !args.policies.is_empty() {
        told.policies
            .retain(|one| args.policies.contains(&one.policy));
    }
    let detail = if args.golden {
        Detail::Golden
    } else {
        Detail::Reasons
    };
    match context.format() {
        Format::Json => print_json(&as_json(&told)?)?,
        Format::Text => print(&transcript(&told, detail, Palette::Colour))?,
    }
    Ok(if told.findings().next().is_none() {
        Exit::Complete
    } else {
        Exit::Incomplete
    })
}

/// Keys of steps, runs and findings that were renamed, each with its old name.
const OLD_KEYS: [(&str, &str); 6] = [
    ("steps", "acts"),
    ("description", "what"),
    ("outcome", "came"),
    ("messages", "says"),
    ("message", "says"),
    ("redundant", "in-vain"),
];

fn as_json(result: &PlayResult) -> Result<serde_json::Value, CliError> {
    let mut json = serde_json::to_value(result).map_err(io::Error::from)?;
    // The `description` of the scenario itself always had this name.
    if let Some(policies) = json.get_mut("policies") {
        *policies = with_old_keys(policies.take(), &OLD_KEYS);
    }
    Ok(json)
}
