//! `plimsoll job check`.

use std::path::PathBuf;

use clap::Args;

use super::broken::unchecked_text;
use super::interrupt::cancel_on_interrupt;
use super::read::read_job_file;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::job::{Job, JobCheck, TriedCommand, check_job};
use crate::report::{Palette, count_with_noun, grid_text};

/// The lines of output that are shown.
const SHOWN_LINES: usize = 12;

/// Runs the job once on a small world, and each of its other commands, and shows what was seen: the job
/// file is right, or the reason why it is not.
#[derive(Debug, Args)]
#[command(after_help = "\
Example: plimsoll job check job.toml

The world has A and B, which are complete up to 2026-01-07 and need 2026-01-08.")]
pub(super) struct CheckArgs {
    /// Job file of the program under test
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn execute(context: &Context, args: &CheckArgs) -> Result<Exit, CliError> {
    let job = read_job_file(&args.file)?;
    let check = check_job(&job, cancel_on_interrupt())?;
    context.show(
        &serde_json::to_value(&check).map_err(std::io::Error::from)?,
        || as_text(&job, &check),
    )?;
    Ok(Exit::complete_if(check.problem.is_none()))
}

fn as_text(job: &Job, check: &JobCheck) -> String {
    let mut text = format!(
        "{}: {} of {} done cells are read back, {} writes were seen, in {} ms\n\n",
        job.name(),
        check.done_before,
        check.expected_before,
        check.writes,
        check.elapsed.as_millis()
    );
    text += &grid_text(&check.run.grid, Palette::Colour);
    let lines: Vec<&str> = check.output.lines().collect();
    let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
    if !shown.is_empty() {
        text += "\noutput of the command:\n";
        text.extend(shown.iter().map(|line| format!("  | {line}\n")));
    }
    for tried in &check.commands {
        let TriedCommand {
            command, writes, ..
        } = tried;
        text += &format!("\n{command}: {}", count_with_noun(*writes as u64, "write"));
    }
    if !check.commands.is_empty() {
        text.push('\n');
    }
    text += &unchecked_text(&check.unchecked);
    text += &match &check.problem {
        None => "\nthe job file is right\n".to_owned(),
        Some(problem) => format!("\nproblem: {problem}\n"),
    };
    text
}
