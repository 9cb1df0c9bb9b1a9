//! `plimsoll scenario mutants`: compiled with the feature `mutants` alone.

use std::path::PathBuf;

use clap::Args;

use super::default_paths::or_default_paths;
use crate::cli::output::{Format, print, print_json};
use crate::cli::{CliError, Context, Exit};
use crate::report::{Column, Entry, Palette, Table, Tone, count_with_noun};
use crate::scenario::mutants::{DetectionReport, Thoroughness, all_mutants, detect};
use crate::scenario::suite::find_scenarios;

/// Plants one fault after the other in planner and engine, and tells which scenario finds it. A
/// fault that none finds is a hole in the suite.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll scenario mutants                      who finds what, in ./scenarios
  plimsoll scenario mutants --first scenarios    stop at the first that finds it")]
pub(super) struct MutantsArgs {
    /// Files or folders; ./scenarios where none is named
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Only faults whose name holds these letters
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,

    /// Go on to the next fault as soon as one scenario has found it
    #[arg(long)]
    first: bool,
}

pub(super) fn execute(context: &Context, args: &MutantsArgs) -> Result<Exit, CliError> {
    let paths = &or_default_paths(&args.paths);
    let found = find_scenarios(paths)?;
    let mut mutants = all_mutants();
    if let Some(letters) = &args.filter {
        mutants.retain(|mutant| mutant.name.contains(letters.as_str()));
        if mutants.is_empty() {
            let none = format!("no mutant has `{letters}` in its name");
            return Err(CliError::Usage(none));
        }
    }
    let thoroughness = if args.first {
        Thoroughness::FirstKill
    } else {
        Thoroughness::AllScenarios
    };
    // A fault may well end in a panic: that is a find, and no news.
    std::panic::set_hook(Box::new(|_| {}));
    let hunted = detect(&mutants, &found, thoroughness);
    drop(std::panic::take_hook());
    let hunted = hunted?;
    match context.format() {
        Format::Json => print_json(&hunted)?,
        Format::Text => print(&as_text(&hunted, found.len()))?,
    }
    Ok(if hunted.survivors().next().is_none() {
        Exit::Complete
    } else {
        Exit::Incomplete
    })
}

fn as_text(hunted: &DetectionReport, scenarios: usize) -> String {
    let mut table = Table::new([
        Column::text("mutant"),
        Column::number("found by"),
        Column::elastic("the first of them"),
    ]);
    for one in &hunted.mutants {
        let first = one.killed_by.first_key_value();
        table.add_row([
            Entry::from(one.name),
            match one.killed_by.len() {
                0 => Entry::toned(Tone::Bad, "nobody"),
                count => Entry::from(count.to_string()),
            },
            first.map_or_else(
                || Entry::toned(Tone::Bad, one.fault),
                |(name, _)| name.clone().into(),
            ),
        ]);
    }
    let mut text = table.lines(Palette::Colour).join("\n");
    let survivors = hunted.survivors().count();
    let mutants = count_with_noun(hunted.mutants.len() as u64, "mutant");
    let scenarios = count_with_noun(scenarios as u64, "scenario");
    text += &match survivors {
        0 => format!("\n\nall of {mutants} found by {scenarios}\n"),
        some => format!("\n\n{some} of {mutants} not found by {scenarios}\n"),
    };
    text
}
