//! `plimsoll shrink SCENARIO`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::{CliError, Context, Exit};
use crate::report::count_with_noun;
use crate::scenario::script::FindFixture;
use crate::scenario::shrink::{Condition, ShrinkResult, shrink};
use crate::scenario::suite::find_fixture;

/// Makes a scenario as small as it can be while a condition still holds of it, in the same way:
/// fewer portfolios, days, steps and keys, and names from the beginning of the alphabet.
#[derive(Debug, Args)]
#[command(after_help = "\
Conditions:
  policies-differ        two policies process other cells, or leave others behind
  left-behind            cells are left behind after the last run
  invariant-fails        something does not hold that must hold always
  differs-from:GOLDEN    the transcript is not the one in a golden file
  command:WORDS          a command, given the file, ends with another code than 0

Examples:
  plimsoll shrink jan_8.toml --while policies-differ -o small.toml
  plimsoll shrink night.toml --while 'command:./still_wrong.sh' -o small.toml")]
pub struct ShrinkArgs {
    /// The scenario, or a world: that is played with one ordinary run under every policy
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,

    /// What must go on holding
    #[arg(long = "while", value_name = "CONDITION")]
    condition: Condition,

    /// Where the small one is written; to standard output where not given
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
    let text = with_default_run(text);
    let scratch = tempfile::tempdir().map_err(file)?;
    let fixtures: &FindFixture<'_> = &|name| find_fixture(path, name);
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let small = shrink(
        &name,
        &text,
        fixtures,
        &args.condition,
        scratch.path(),
        &|_, _| {},
    )?;
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

/// Writes a file, and the folder that it lies in where that is not there.
pub(super) fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

/// A world says nothing of what happens: it is played with one run under every policy.
fn with_default_run(mut text: String) -> String {
    let known: Result<toml::Table, _> = toml::from_str(&text);
    let Ok(known) = known else {
        return text;
    };
    if !known.contains_key("policies") {
        let policies =
            "policies = [\"global-max\", \"min-of-max\", \"target-only\", \"per-cell\"]\n";
        text.insert_str(0, policies);
    }
    if !known.contains_key("step") {
        text += "\n[[step]]\nrun = {}\n";
    }
    text
}

fn report(context: &Context, args: &ShrinkArgs, small: &ShrinkResult) -> Result<(), CliError> {
    let (left, of) = small.portfolios;
    if context.format() == Format::Json {
        return print_json(&serde_json::json!({
            "condition": args.condition.to_string(),
            "portfolios": left,
            "of": of,
            "tried": small.tried,
            "scenario": small.text,
        }));
    }
    let said = format!(
        "{} of {}, {} of TOML, after {}",
        left,
        count_with_noun(of as u64, "portfolio"),
        count_with_noun(small.lines() as u64, "line"),
        count_with_noun(small.tried as u64, "trial"),
    );
    match &args.output {
        Some(path) => print(&format!("{} is written: {said}", path.display())),
        None => {
            print_stderr(&said);
            Ok(())
        }
    }
}
