//! `plimsoll sim mutants`, only with the feature `mutants`.

use clap::Args;

use super::text::version;
use crate::cli::output::{Format, print, print_json};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::parallel::available_threads;
use crate::report::{Column, Entry, Palette, Table, Tone, count_with_noun};
use crate::sim::mutants::{CANARY, MutantResult, all_mutants, detect};

/// Injects one fault after the other into store and engine, and lists the simulation that finds it. A
/// fault that none finds is a hole in the simulations. The first fault is a canary that must always
/// be found.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim mutants
  plimsoll sim mutants --filter lease --json")]
pub(super) struct MutantsArgs {
    /// Only faults whose name contains this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

pub(super) fn execute(context: &Context, args: &MutantsArgs) -> Result<Exit, CliError> {
    let mut mutants = all_mutants();
    if let Some(filter) = &args.filter {
        mutants.retain(|mutant| mutant.name.contains(filter.as_str()));
        if mutants.is_empty() {
            let none = format!("no mutant has `{filter}` in its name");
            return Err(CliError::Usage(none));
        }
    }
    mutants.insert(0, CANARY);
    // A fault may end in a panic, which counts as found: its message would only be noise.
    std::panic::set_hook(Box::new(|_| {}));
    let results = detect(&mutants, available_threads());
    drop(std::panic::take_hook());
    match context.format() {
        Format::Json => print_json(&results)?,
        Format::Text => print(&as_text(&results))?,
    }
    let all_found = results.iter().all(|result| result.killed_by.is_some());
    Ok(if all_found {
        Exit::Complete
    } else {
        Exit::Incomplete
    })
}

fn as_text(results: &[MutantResult]) -> String {
    let mut table = Table::new([
        Column::text("mutant"),
        Column::text("killed by"),
        Column::elastic("finding, or the fault"),
    ]);
    for result in results {
        table.add_row([
            Entry::from(result.name),
            match result.killed_by {
                None => Entry::toned(Tone::Bad, "none"),
                Some(simulation) => Entry::from(simulation.name()),
            },
            match result.killed_by {
                None => Entry::toned(Tone::Bad, result.fault),
                Some(_) => result.message.clone().into(),
            },
        ]);
    }
    let survivors = results
        .iter()
        .filter(|result| result.killed_by.is_none())
        .count();
    let mutants = count_with_noun(results.len() as u64, "mutant");
    let summary = match survivors {
        0 => format!("all of {mutants} killed"),
        some => format!("{some} of {mutants} not killed"),
    };
    let lines = table.lines(Palette::Colour).join("\n");
    format!("{lines}\n\n{summary}\n{}\n", version())
}
