//! `plimsoll scenario mutants`, only with the feature `mutants`.

use std::path::PathBuf;

use clap::Args;

use super::default_paths::or_default_paths;
use crate::cli::output::{Format, print, print_json};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::report::{Column, Entry, Palette, Table, Tone, count_with_noun};
use crate::scenario::mutants::{DetectionReport, Thoroughness, all_mutants, detect};
use crate::scenario::suite::find_scenarios;

/// Injects one fault after the other into planner and engine, and lists the scenarios that find it. A
/// fault that no scenario finds is a hole in the suite.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll scenario mutants                      all scenarios of ./scenarios
  plimsoll scenario mutants --first scenarios    stop at the first one per fault")]
pub(super) struct MutantsArgs {
    /// Files or folders; ./scenarios by default
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Only faults whose name contains this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,

    /// Continue with the next fault as soon as one scenario has found it
    #[arg(long)]
    first: bool,
}

pub(super) fn execute(context: &Context, args: &MutantsArgs) -> Result<Exit, CliError> {
    let paths = &or_default_paths(&args.paths);
    let found = find_scenarios(paths)?;
    let mut mutants = all_mutants();
    if let Some(filter) = &args.filter {
        mutants.retain(|mutant| mutant.name.contains(filter.as_str()));
        if mutants.is_empty() {
            let none = format!("no mutant has `{filter}` in its name");
            return Err(CliError::Usage(none));
        }
    }
    let thoroughness = if args.first {
        Thoroughness::FirstKill
    } else {
        Thoroughness::AllScenarios
    };
    // A fault may end in a panic, which counts as found: its message would only be noise.
    std::panic::set_hook(Box::new(|_| {}));
    let report = detect(&mutants, &found, thoroughness);
    drop(std::panic::take_hook());
    let report = report?;
    match context.format() {
        Format::Json => print_json(&report)?,
        Format::Text => print(&as_text(&report, found.len()))?,
    }
    Ok(if report.survivors().next().is_none() {
        Exit::Complete
    } else {
        Exit::Incomplete
    })
}

fn as_text(report: &DetectionReport, scenarios: usize) -> String {
    let mut table = Table::new([
        Column::text("mutant"),
        Column::number("killed by"),
        Column::elastic("first scenario"),
    ]);
    for mutant in &report.mutants {
        let first = mutant.killed_by.first_key_value();
        table.add_row([
            Entry::from(mutant.name),
            match mutant.killed_by.len() {
                0 => Entry::toned(Tone::Bad, "none"),
                count => Entry::from(count.to_string()),
            },
            first.map_or_else(
                || Entry::toned(Tone::Bad, mutant.fault),
                |(name, _)| name.clone().into(),
            ),
        ]);
    }
    let mut text = table.lines(Palette::Colour).join("\n");
    let survivors = report.survivors().count();
    let mutants = count_with_noun(report.mutants.len() as u64, "mutant");
    let scenarios = count_with_noun(scenarios as u64, "scenario");
    text += &match survivors {
        0 => format!("\n\nall of {mutants} killed by {scenarios}\n"),
        some => format!("\n\n{some} of {mutants} not killed by {scenarios}\n"),
    };
    text
}
