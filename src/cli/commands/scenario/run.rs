//! `plimsoll scenario run`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::default_paths::or_default_paths;
use super::diff::{self, DiffLayout};
use super::junit;
use super::old_names::warn_about_old_names;
use super::unknown::unknown_policy;
use crate::cli::commands::job::{cancel_on_interrupt, read_job_file, unchecked_text};
use crate::cli::diagnostics::explain;
use crate::cli::{context::Context, error::CliError, exit::Exit};
use crate::domain::nearest;
use crate::job::run_with_job;
use crate::parallel::available_threads;
use crate::plan::{PolicyName, UnknownPolicy};
use crate::report::count_with_noun;
use crate::scenario::script::NamedPolicy;
use crate::scenario::suite::{
    self, Accept, CaseResult, GoldenMatch, ScenarioFile, StepOutput, SuiteOptions, SuiteResult,
    Verdict, find_scenarios, orphaned_goldens,
};

/// The lines of a job's output that a failed scenario shows of each step.
const SHOWN_LINES: usize = 6;

/// Runs scenarios, each on a database of its own: checks their expectations and the invariants, and
/// compares the transcript with the golden one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll scenario run                        all of ./scenarios
  plimsoll scenario run scenarios/incident     a folder
  plimsoll scenario run mine.toml --accept     accept its transcript as golden
  plimsoll scenario run --junit results.xml    results for a build server
  plimsoll scenario run --job job.toml         play them with your own job

The exit code is 0 if all passed, else 1.")]
pub(super) struct RunArgs {
    /// Files or folders; ./scenarios by default
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Accept the transcripts as golden where nothing else failed
    #[arg(long)]
    accept: bool,

    /// Only scenarios whose name contains this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,

    /// Replace a policy by another one, to check that a scenario notices
    #[arg(long, value_name = "NAME=POLICY", value_parser = parse_swap, conflicts_with = "accept")]
    swap: Option<NamedPolicy>,

    /// Number of scenarios to run at once; all processors by default
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    /// Play them with the job of this job file instead of Plimsoll's engine, and check its promises
    #[arg(long, value_name = "FILE", conflicts_with = "swap")]
    job: Option<PathBuf>,

    /// Write the results to this file as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

fn parse_swap(text: &str) -> Result<NamedPolicy, String> {
    let (name, replacement) = text
        .split_once('=')
        .ok_or("expected two policies, as in per-cell=global-max")?;
    let policy: PolicyName = replacement.parse().map_err(|error: UnknownPolicy| {
        let known = PolicyName::ALL.map(PolicyName::name);
        match nearest(replacement, known) {
            Some(name) => format!("{error}; did you mean `{name}`?"),
            None => error.to_string(),
        }
    })?;
    Ok(NamedPolicy {
        name: name.to_owned(),
        policy: policy.policy(),
    })
}

/// Refuses a swap of a policy that none of the scenarios has, since it would test nothing. A scenario
/// that cannot be read is ignored here: it fails the suite, with its own error.
fn check_swap(swap: &NamedPolicy, found: &[ScenarioFile]) -> Result<(), CliError> {
    match suite::policy_names(found) {
        Ok(known) if !known.contains(&swap.name) => Err(unknown_policy(
            "no scenario has the policy",
            &swap.name,
            known.iter().map(String::as_str),
        )),
        _ => Ok(()),
    }
}

pub(super) fn execute(context: &Context, args: &RunArgs) -> Result<Exit, CliError> {
    let paths = &or_default_paths(&args.paths);
    let mut found = find_scenarios(paths)?;
    if let Some(filter) = &args.filter {
        found.retain(|file| file.name.contains(filter.as_str()));
        if found.is_empty() {
            let none = format!("no scenario has `{filter}` in its name");
            return Err(CliError::Usage(none));
        }
    }
    if let Some(swap) = &args.swap {
        check_swap(swap, &found)?;
    }
    warn_about_old_names(&found);
    let options = SuiteOptions {
        jobs: args.jobs.unwrap_or_else(available_threads),
        accept: if args.accept {
            Accept::Transcripts
        } else {
            Accept::Nothing
        },
        replaced_policy: args.swap.clone(),
    };
    let suite = match &args.job {
        None => suite::run(&found, &options),
        Some(path) => run_with_job(
            &read_job_file(path)?,
            &found,
            &options,
            cancel_on_interrupt(),
        )?,
    };
    let orphaned = find_orphaned_goldens(paths, args)?;
    if let Some(path) = &args.junit {
        junit::write(path, &suite)?;
    }
    context.show(&as_json(&suite, &orphaned), || {
        as_text(&suite, &orphaned, found.len())
    })?;
    // Scenarios that do not apply were not looked at, so they alone are no success.
    let has_looked = suite.passed() + suite.failed() > 0;
    Ok(Exit::complete_if(
        has_looked && suite.failed() + orphaned.len() == 0,
    ))
}

/// Returns the golden files without a scenario. Only a complete folder `scenarios` shows which are
/// orphaned, so other paths and a filter find none.
fn find_orphaned_goldens(paths: &[PathBuf], args: &RunArgs) -> Result<Vec<PathBuf>, CliError> {
    let mut orphaned = Vec::new();
    if args.filter.is_some() {
        return Ok(orphaned);
    }
    for path in paths.iter().filter(|path| path.is_dir()) {
        if path.file_name().is_some_and(|name| name == "scenarios") {
            let folder = path.parent().unwrap_or(Path::new("")).join("snapshots");
            let found = orphaned_goldens(&folder).map_err(|source| CliError::File {
                path: folder.clone(),
                source,
            })?;
            orphaned.extend(found);
        }
    }
    Ok(orphaned)
}

fn as_text(suite: &SuiteResult, orphaned: &[PathBuf], scenarios: usize) -> String {
    let mut text = String::new();
    for case in &suite.cases {
        text += &case_text(case);
    }
    for path in orphaned {
        text += &format!("orphaned  {}: its scenario is gone\n", path.display());
    }
    text += &unchecked_text(&suite.unchecked);
    let accepted = (suite.cases.iter())
        .filter(|case| matches!(case.verdict, Verdict::Accepted))
        .count();
    let mut line = format!(
        "{} of {} passed",
        suite.passed(),
        count_with_noun(scenarios as u64, "scenario")
    );
    if accepted > 0 {
        line += &format!(", {accepted} of them accepted");
    }
    let not_applicable = suite.not_applicable();
    if not_applicable > 0 {
        line += &format!(", {not_applicable} not applicable");
    }
    if !orphaned.is_empty() {
        let files = count_with_noun(orphaned.len() as u64, "golden file");
        line += &format!(", {files} orphaned");
    }
    text + &line + "\n"
}

fn case_text(case: &CaseResult) -> String {
    let name = &case.file.name;
    match &case.verdict {
        Verdict::Passed => format!("passed    {name}\n"),
        Verdict::Accepted => format!("accepted  {name}\n"),
        Verdict::NotApplicable { reason } => {
            format!("skipped   {name}\n  not applicable: {reason}\n")
        }
        Verdict::Broken(error) => format!("broken    {name}\n{}\n", explain(error)),
        Verdict::Failed {
            findings,
            golden,
            transcript,
        } => {
            let mut text = format!("FAILED    {name}\n");
            for (policy, finding) in findings {
                let at = finding
                    .step
                    .as_ref()
                    .map_or("in the end".to_owned(), |step| format!("step {step}"));
                text += &format!("  {policy}, {at}: {}\n", finding.problem);
            }
            text += &output_text(case);
            let path = case.golden.display();
            match golden {
                GoldenMatch::Same | GoldenMatch::Absent { is_failure: false } => {}
                GoldenMatch::Absent { is_failure: true } => {
                    text += &format!("  there is no golden transcript yet: {path}\n");
                    text += match findings.is_empty() {
                        true => {
                            "  check it with `plimsoll scenario show`, then accept it with --accept\n"
                        }
                        false => "  --accept writes it once nothing else fails\n",
                    };
                }
                GoldenMatch::Differs(golden) => {
                    text += &format!("  the transcript differs from {path}:\n\n");
                    text += &diff::diff_text(golden, transcript, DiffLayout::for_terminal());
                }
            }
            text + "\n"
        }
    }
}

/// Returns the last lines that the job printed in each step.
fn output_text(case: &CaseResult) -> String {
    let mut text = String::new();
    for StepOutput { step, lines } in &case.output {
        text += &format!("  output of step {step}:\n");
        let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
        text.extend(shown.iter().map(|line| format!("    | {}\n", line)));
    }
    text
}

fn output_json(output: &[StepOutput]) -> serde_json::Value {
    let steps = output.iter();
    steps
        .map(|output| json!({ "step": output.step, "lines": output.lines }))
        .collect()
}

fn as_json(suite: &SuiteResult, orphaned: &[PathBuf]) -> serde_json::Value {
    let case_json = |case: &CaseResult| {
        let verdict = match &case.verdict {
            Verdict::Passed => json!({ "verdict": "passed" }),
            Verdict::Accepted => json!({ "verdict": "accepted" }),
            Verdict::NotApplicable { reason } => {
                json!({ "verdict": "not-applicable", "reason": reason })
            }
            Verdict::Broken(error) => json!({
                "verdict": "broken",
                "error": error.to_string(),
                "explained": explain(error),
            }),
            Verdict::Failed {
                findings,
                golden,
                transcript,
            } => json!({
                "verdict": "failed",
                "findings": findings.iter().map(|(policy, finding)| json!({
                    "policy": policy, "step": finding.step,
                    "kind": finding.problem.kind(), "says": finding.problem.to_string(),
                })).collect::<Vec<_>>(),
                "golden": match golden {
                    GoldenMatch::Same => "same",
                    GoldenMatch::Absent { .. } => "absent",
                    GoldenMatch::Differs(_) => "differs",
                },
                "transcript": transcript,
            }),
        };
        let mut json = json!({ "name": case.file.name, "path": case.file.path });
        if let (Some(json), serde_json::Value::Object(verdict)) = (json.as_object_mut(), verdict) {
            json.extend(verdict);
            if !case.output.is_empty() {
                json.insert("output".to_owned(), output_json(&case.output));
            }
        }
        json
    };
    json!({
        "passed": suite.passed(),
        "failed": suite.failed(),
        "not-applicable": suite.not_applicable(),
        "unneeded": orphaned,
        "unchecked": suite.unchecked,
        "scenarios": suite.cases.iter().map(case_json).collect::<Vec<_>>(),
    })
}
