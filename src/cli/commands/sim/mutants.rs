//! `plimsoll sim mutants`: compiled with the feature `mutants` alone.

use clap::Args;

use super::text::version;
use crate::cli::output::{Format, print, print_json};
use crate::cli::{CliError, Context, Exit};
use crate::parallel::available_threads;
use crate::report::{Column, Entry, Palette, Table, Tone, count_with_noun};
use crate::sim::mutants::{CANARY, MutantResult, all_mutants, detect};

/// Plants one fault after the other in store and engine, and tells which simulation finds it. A
/// fault that none finds is a hole in the simulations. A canary is planted first: it is always to
/// be found.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim mutants
  plimsoll sim mutants --filter lease --json")]
pub(super) struct MutantsArgs {
    /// Only faults whose name holds these letters
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

pub(super) fn execute(context: &Context, args: &MutantsArgs) -> Result<Exit, CliError> {
    let mut mutants = all_mutants();
    if let Some(letters) = &args.filter {
        mutants.retain(|mutant| mutant.name.contains(letters.as_str()));
        if mutants.is_empty() {
            let none = format!("no mutant has `{letters}` in its name");
            return Err(CliError::Usage(none));
        }
    }
    mutants.insert(0, CANARY);
    // A fault may well end in a panic: that is a find, and no news.
    std::panic::set_hook(Box::new(|_| {}));
    let hunted = detect(&mutants, available_threads());
    drop(std::panic::take_hook());
    match context.format() {
        Format::Json => print_json(&hunted)?,
        Format::Text => print(&as_text(&hunted))?,
    }
    let all_found = hunted.iter().all(|one| one.killed_by.is_some());
    Ok(if all_found {
        Exit::Complete
    } else {
        Exit::Incomplete
    })
}

fn as_text(hunted: &[MutantResult]) -> String {
    let mut table = Table::new([
        Column::text("mutant"),
        Column::text("found by"),
        Column::elastic("what it said"),
    ]);
    for one in hunted {
        table.add_row([
            Entry::from(one.name),
            match one.killed_by {
                None => Entry::toned(Tone::Bad, "nobody"),
                Some(weapon) => Entry::from(weapon.name()),
            },
            match one.killed_by {
                None => Entry::toned(Tone::Bad, one.fault),
                Some(_) => one.message.clone().into(),
            },
        ]);
    }
    let survivors = hunted.iter().filter(|one| one.killed_by.is_none()).count();
    let mutants = count_with_noun(hunted.len() as u64, "mutant");
    let summary = match survivors {
        0 => format!("all of {mutants} found"),
        some => format!("{some} of {mutants} not found"),
    };
    let lines = table.lines(Palette::Colour).join("\n");
    format!("{lines}\n\n{summary}\n{}\n", version())
}
