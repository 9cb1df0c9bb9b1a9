//! `plimsoll sim shrink`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::generated::Generated;
use super::run_selection::find_run;
use crate::cli::commands::shrink::write;
use crate::cli::output::{Format, print, print_json, print_stderr};
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::report::count_with_noun;
use crate::scenario::script::FindFixture;
use crate::scenario::shrink::ShrinkResult;
use crate::scenario::suite::find_fixture;
use crate::sim::{Finding, ReplayToken, replay, shrink_finding};

/// Shrink the scenario of a finding to fewer portfolios, days, steps and keys that still give the
/// same finding. Keep the file under scenarios/regressions.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll sim shrink fuzz:1000017 -o scenarios/regressions/small.toml
  plimsoll sim shrink fault:1:243:full:always@scenarios/mine.toml")]
pub(super) struct ShrinkArgs {
    /// Token of the finding
    #[arg(value_name = "TOKEN")]
    token: ReplayToken,

    /// Write the small scenario to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn execute(context: &Context, args: &ShrinkArgs) -> Result<Exit, CliError> {
    let token = &args.token;
    let (text, findings) = reproduce(token)?;
    let Some(finding) = findings.into_iter().next() else {
        print_stderr("nothing to shrink: the token has no findings");
        return Ok(Exit::Complete);
    };
    let scratch = tempfile::tempdir().map_err(|source| CliError::File {
        path: std::env::temp_dir(),
        source,
    })?;
    let fixtures: &FindFixture<'_> = &|name| find_fixture(&token.scenario, name);
    // Mutants inject a fault here; a finding of the program itself needs none.
    let unchanged = Arc::new(|run_under_test| run_under_test);
    let small = shrink_finding(&text, fixtures, &finding, &(unchanged as _), scratch.path())?;
    if let Some(path) = &args.output {
        write(path, &small.text).map_err(|source| CliError::File {
            path: path.clone(),
            source,
        })?;
    }
    report(context, args, &finding, &small)?;
    Ok(Exit::Incomplete)
}

/// Repeats the simulation of a token. Returns its scenario as TOML, and its findings.
fn reproduce(token: &ReplayToken) -> Result<(String, Vec<Finding>), CliError> {
    if let Some(generated) = Generated::of(token.disturbance)? {
        let violations = generated.violations.into_iter();
        let findings = violations.map(|violation| Finding {
            token: token.clone(),
            violation,
        });
        return Ok((generated.text, findings.collect()));
    }
    let (case, run) = find_run(token)?;
    Ok((case.text, replay(&run, token)?.findings))
}

fn report(
    context: &Context,
    args: &ShrinkArgs,
    finding: &Finding,
    small: &ShrinkResult,
) -> Result<(), CliError> {
    if context.format() == Format::Json {
        return print_json(&serde_json::json!({
            "token": args.token,
            "says": finding.violation,
            "tried": small.tried,
            "scenario": small.text,
        }));
    }
    let summary = format!(
        "{}, {} of TOML, after {}",
        count_with_noun(small.portfolios.0 as u64, "portfolio"),
        count_with_noun(small.lines() as u64, "line"),
        count_with_noun(small.tried as u64, "trial"),
    );
    match &args.output {
        Some(path) => print(&format!("{} is written: {summary}", path.display())),
        None => {
            print_stderr(&summary);
            print(&small.text)
        }
    }
}
