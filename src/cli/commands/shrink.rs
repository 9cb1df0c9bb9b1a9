//! `plimsoll shrink SCENARIO`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::cli::commands::job::{cancel_on_interrupt, check_output, read_job_file};
use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::durable::{self, Access};
use crate::job::shrink_with_job;
use crate::report::count_with_noun;
use crate::scenario::script::FindFixture;
use crate::scenario::shrink::{Condition, ShrinkResult, shrink};
use crate::scenario::suite::find_fixture;

/// Shrink a scenario as far as a condition keeps holding for the same reason: fewer portfolios,
/// days, steps and keys, and names from the beginning of the alphabet.
#[derive(Debug, Args)]
#[command(after_help = "\
Conditions:
  policies-differ        one policy has a problem that another has not
  left-behind            cells are left behind after the last run
  invariant-fails        an invariant is violated
  differs-from:GOLDEN    the transcript differs from the golden file
  command:COMMAND        a command fails, with the file as its last argument

Examples:
  plimsoll shrink jan_8.toml --while policies-differ -o small.toml
  plimsoll shrink night.toml --while 'command:./still_wrong.sh' -o small.toml
  plimsoll shrink jan_8.toml --job job.toml -o small.toml")]
pub(crate) struct ShrinkArgs {
    /// Scenario, or a world, which gets one ordinary run under every policy
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,

    /// Condition that must keep holding, as listed below
    #[arg(
        long = "while",
        value_name = "CONDITION",
        required_unless_present = "job",
        conflicts_with = "job"
    )]
    condition: Option<Condition>,

    /// Keep the failure of the job of this job file: its first broken promise, or else its first
    /// expectation that is not met
    #[arg(long, value_name = "FILE")]
    job: Option<PathBuf>,

    /// File of the small scenario; standard output by default
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn execute(context: &Context, args: &ShrinkArgs) -> Result<Exit, CliError> {
    let path = &args.scenario;
    let file = |source| CliError::File {
        path: path.clone(),
        source,
    };
    let text = std::fs::read_to_string(path).map_err(file)?;
    let text = with_default_run(text, args.job.is_none());
    let scratch = tempfile::tempdir().map_err(file)?;
    let fixtures: &FindFixture<'_> = &|name| find_fixture(path, name);
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let small = match (&args.job, &args.condition) {
        (Some(job), _) => {
            if let Some(output) = &args.output {
                check_output(output, job)?;
            }
            let job = Arc::new(read_job_file(job)?);
            shrink_with_job(&job, (&name, &text), fixtures, cancel_on_interrupt())?
        }
        (None, Some(condition)) => {
            let folder = scratch.path();
            shrink(&name, &text, fixtures, condition, folder, &|_, _| {})?
        }
        (None, None) => return Err(CliError::Usage("give `--while` or `--job`".to_owned())),
    };
    match &args.output {
        Some(path) => write(path, &small.text).map_err(|source| CliError::File {
            path: path.clone(),
            source,
        })?,
        None if context.format() == Format::Text => print(&small.text)?,
        None => {}
    }
    report(context, args, &small)?;
    Ok(Exit::Complete)
}

/// Writes a file, and creates its folder if absent.
pub(super) fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        durable::create_folders(folder)?;
    }
    durable::replace(path, text.as_bytes(), Access::Unchanged)
}

/// Adds a step where the text has none, so that a world becomes a scenario with one run; and policies,
/// under which it runs, unless a job does.
fn with_default_run(mut text: String, has_policies: bool) -> String {
    let table: Result<toml::Table, _> = toml::from_str(&text);
    // Invalid text stays as it is: its error is reported when the scenario is read.
    let Ok(table) = table else {
        return text;
    };
    if has_policies && !table.contains_key("policies") {
        let policies =
            "policies = [\"global-max\", \"min-of-max\", \"target-only\", \"per-cell\"]\n";
        text.insert_str(0, policies);
    }
    if !table.contains_key("step") {
        text += "\n[[step]]\nrun = {}\n";
    }
    text
}

fn report(context: &Context, args: &ShrinkArgs, small: &ShrinkResult) -> Result<(), CliError> {
    let (left, of) = small.portfolios;
    if context.format() == Format::Json {
        return print_json(&serde_json::json!({
            "condition": match &args.condition {
                Some(condition) => condition.to_string(),
                None => small.kind.to_string(),
            },
            "portfolios": left,
            "of": of,
            "tried": small.tried,
            "scenario": small.text,
        }));
    }
    let summary = format!(
        "{} of {}, {} of TOML, after {}",
        left,
        count_with_noun(of as u64, "portfolio"),
        count_with_noun(small.lines() as u64, "line"),
        count_with_noun(small.tried as u64, "trial"),
    );
    match &args.output {
        Some(path) => print(&format!("{} is written: {summary}", path.display())),
        None => {
            print_stderr(&summary);
            Ok(())
        }
    }
}
