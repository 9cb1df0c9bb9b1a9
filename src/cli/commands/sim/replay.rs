//! `plimsoll sim replay`.

use clap::Args;

use super::looks::{findings, identity};
use crate::cli::output::{Format, print, print_json};
use crate::cli::{CliError, Context, Exit};
use crate::report::counted;
use crate::scenario::suite::Case;
use crate::sim::{Left, Replayed, SimError, Token, replay, subjects};

/// Sees one crash again: what the run had done to its disk, what of it was pending, what of that
/// was left, and what does not hold.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim replay explore:1:2:117:power-cut@scenarios/mine.toml")]
pub(super) struct ReplayArgs {
    /// The token, as a finding has it
    #[arg(value_name = "TOKEN")]
    token: Token,
}

pub(super) fn execute(context: &Context, args: &ReplayArgs) -> Result<Exit, CliError> {
    let token = &args.token;
    let case = Case::read(&token.scenario)?;
    let runs = subjects(&token.scenario, &case.scenario)?;
    let run = runs.iter().find(|run| run.number() == token.step);
    let run = run.ok_or_else(|| SimError::NoStep(token.step.clone()))?;
    let replayed = replay(run, token)?;
    match context.format() {
        Format::Json => print_json(&replayed)?,
        Format::Text => print(&as_text(&replayed, token))?,
    }
    Ok(if replayed.findings.is_empty() {
        Exit::Complete
    } else {
        Exit::Incomplete
    })
}

fn as_text(replayed: &Replayed, token: &Token) -> String {
    let mut text = format!("{}\n\n", identity(token.seed));
    text += &format!("step {}: {}\n", replayed.step, replayed.what);
    text += &format!(
        "crash after {} of {}, {}\n",
        token.point,
        counted(replayed.operations as u64, "operation"),
        token.image,
    );
    if let Some(last) = &replayed.last {
        text += &format!("last: {last}\n");
    }
    if !replayed.pending.is_empty() {
        text += "\nnot yet synced\n";
    }
    for one in &replayed.pending {
        let left = match one.left {
            Left::Whole => "left",
            Left::Torn => "torn",
            Left::Nothing => "gone",
        };
        text += &format!("  {left}  {}\n", one.operation);
    }
    text += "\n";
    if replayed.findings.is_empty() {
        text += "everything held\n";
    } else {
        text += &counted(replayed.findings.len() as u64, "finding");
        text += "\n";
        text += &findings(&replayed.findings);
    }
    text + &identity(token.seed) + "\n"
}
