//! `plimsoll scenario show`.

use std::io;
use std::path::PathBuf;

use clap::Args;

use super::unknown::unknown_policy;
use crate::cli::{context::Context, error::CliError, exit::Exit};
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
    /// Scenario file to play
    #[arg(value_name = "PATH")]
    path: PathBuf,

    /// Only the transcript of this policy; repeatable
    #[arg(long = "policy", value_name = "NAME")]
    policies: Vec<String>,

    /// Print the text of a golden file: no reasons of cells
    #[arg(long)]
    golden: bool,
}

pub(super) fn execute(context: &Context, args: &ShowArgs) -> Result<Exit, CliError> {
    let mut result = play_file(&args.path, CheckLevel::Invariants)?;
    if let Some(unknown) =
        (args.policies.iter()).find(|name| !result.policies.iter().any(|run| run.policy == **name))
    {
        let known = result.policies.iter().map(|run| run.policy.as_str());
        return Err(unknown_policy(
            "the scenario does not have the policy",
            unknown,
            known,
        ));
    }
    if !args.policies.is_empty() {
        result
            .policies
            .retain(|run| args.policies.contains(&run.policy));
    }
    let detail = if args.golden {
        Detail::Golden
    } else {
        Detail::Reasons
    };
    context.show(&as_json(&result)?, || {
        transcript(&result, detail, Palette::Colour)
    })?;
    Ok(Exit::complete_if(result.findings().next().is_none()))
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
