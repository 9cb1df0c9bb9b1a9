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
use crate::cli::diagnostics::explain;
use crate::cli::output::{Format, print, print_json};
use crate::cli::{CliError, Context, Exit};
use crate::domain::nearest;
use crate::plan::{PolicyName, UnknownPolicy};
use crate::report::count_with_noun;
use crate::scenario::script::NamedPolicy;
use crate::scenario::suite::{
    self, Accept, CaseResult, Golden, ScenarioFile, SuiteOptions, SuiteResult, Verdict,
    find_scenarios, orphaned_goldens,
};

/// Runs scenarios, each on a database of its own: checks what they expect and what must hold
/// always, and holds the transcript against the golden one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll scenario run                        all of ./scenarios
  plimsoll scenario run scenarios/incident     a folder
  plimsoll scenario run mine.toml --accept     take its transcript as golden
  plimsoll scenario run --junit results.xml    for a build server

Exit code 0 when all passed, 1 when not.")]
pub(super) struct RunArgs {
    /// Files or folders; ./scenarios where none is named
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Take the transcripts as golden, where nothing else is wrong
    #[arg(long)]
    accept: bool,

    /// Only scenarios whose name holds these letters
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,

    /// Play one policy by the rules of another, to see that a scenario tells them apart
    #[arg(long, value_name = "NAME=POLICY", value_parser = parse_swap, conflicts_with = "accept")]
    swap: Option<NamedPolicy>,

    /// How many run at once; all processors where not given
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    /// Write the results as JUnit's XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

fn parse_swap(text: &str) -> Result<NamedPolicy, String> {
    let (name, by) = text
        .split_once('=')
        .ok_or("expected two policies, as in per-cell=global-max")?;
    let by: PolicyName = by.parse().map_err(|error: UnknownPolicy| {
        let known = PolicyName::ALL.map(PolicyName::name);
        match nearest(by, known) {
            Some(name) => format!("{error}; did you mean `{name}`?"),
            None => error.to_string(),
        }
    })?;
    Ok(NamedPolicy {
        name: name.to_owned(),
        policy: by.policy(),
    })
}

/// Refuses a swap of a policy that none of the scenarios has: it would change nothing, and so
/// prove nothing. A scenario that cannot be read fails the suite anyway, with more to say.
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
    if let Some(letters) = &args.filter {
        found.retain(|one| one.name.contains(letters.as_str()));
        if found.is_empty() {
            let none = format!("no scenario has `{letters}` in its name");
            return Err(CliError::Usage(none));
        }
    }
    if let Some(swap) = &args.swap {
        check_swap(swap, &found)?;
    }
    warn_about_old_names(&found);
    let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let terms = SuiteOptions {
        jobs: args.jobs.unwrap_or(processors),
        accept: if args.accept {
            Accept::Transcripts
        } else {
            Accept::Nothing
        },
        replaced_policy: args.swap.clone(),
    };
    let all = found.len();
    let suite = suite::run(&found, &terms);
    let unneeded = find_orphaned_goldens(paths, args)?;
    if let Some(path) = &args.junit {
        junit::write(path, &suite)?;
    }
    match context.format() {
        Format::Json => print_json(&as_json(&suite, &unneeded))?,
        Format::Text => print(&as_text(&suite, &unneeded, all))?,
    }
    Ok(if suite.failed() + unneeded.len() > 0 {
        Exit::Incomplete
    } else {
        Exit::Complete
    })
}

/// The golden files that no scenario needs any more; looked for where a whole folder `scenarios`
/// is run.
fn find_orphaned_goldens(paths: &[PathBuf], args: &RunArgs) -> Result<Vec<PathBuf>, CliError> {
    let mut unneeded = Vec::new();
    if args.filter.is_some() {
        return Ok(unneeded);
    }
    for path in paths.iter().filter(|path| path.is_dir()) {
        if path.file_name().is_some_and(|name| name == "scenarios") {
            let folder = path.parent().unwrap_or(Path::new("")).join("snapshots");
            let found = orphaned_goldens(&folder).map_err(|source| CliError::File {
                path: folder.clone(),
                source,
            })?;
            unneeded.extend(found);
        }
    }
    Ok(unneeded)
}

fn as_text(suite: &SuiteResult, unneeded: &[PathBuf], all: usize) -> String {
    let mut text = String::new();
    for judged in &suite.cases {
        text += &case_text(judged);
    }
    for path in unneeded {
        text += &format!("unneeded  {}: its scenario is gone\n", path.display());
    }
    let accepted = (suite.cases.iter())
        .filter(|case| matches!(case.verdict, Verdict::Accepted))
        .count();
    let mut line = format!(
        "{} of {} passed",
        suite.passed(),
        count_with_noun(all as u64, "scenario")
    );
    if accepted > 0 {
        line += &format!(", {accepted} of them accepted");
    }
    if !unneeded.is_empty() {
        line += &format!(
            ", {}",
            count_with_noun(unneeded.len() as u64, "golden file")
        );
        line += " unneeded";
    }
    text + &line + "\n"
}

fn case_text(judged: &CaseResult) -> String {
    let name = &judged.file.name;
    match &judged.verdict {
        Verdict::Passed => format!("passed    {name}\n"),
        Verdict::Accepted => format!("accepted  {name}\n"),
        Verdict::Broken(error) => format!("broken    {name}\n{}\n", explain(error)),
        Verdict::Failed {
            findings,
            differs,
            transcript,
        } => {
            let mut text = format!("FAILED    {name}\n");
            for (policy, found) in findings {
                let at = found
                    .step
                    .as_ref()
                    .map_or("in the end".to_owned(), |act| format!("step {act}"));
                text += &format!("  {policy}, {at}: {}\n", found.message);
            }
            match differs {
                None => {}
                Some(Golden::Absent) => {
                    text += &format!(
                        "  there is no golden transcript yet: {}\n",
                        judged.file.golden.display()
                    );
                    text +=
                        "  look at it with `plimsoll scenario show`, and keep it with --accept\n";
                }
                Some(Golden::Present(golden)) => {
                    text += &format!(
                        "  the transcript is not that of {}:\n\n",
                        judged.file.golden.display()
                    );
                    text += &diff::diff_text(golden, transcript, DiffLayout::for_terminal());
                }
            }
            text + "\n"
        }
    }
}

fn as_json(suite: &SuiteResult, unneeded: &[PathBuf]) -> serde_json::Value {
    let case = |judged: &CaseResult| {
        let verdict = match &judged.verdict {
            Verdict::Passed => json!({ "verdict": "passed" }),
            Verdict::Accepted => json!({ "verdict": "accepted" }),
            Verdict::Broken(error) => json!({
                "verdict": "broken",
                "error": error.to_string(),
                "explained": explain(error),
            }),
            Verdict::Failed {
                findings,
                differs,
                transcript,
            } => json!({
                "verdict": "failed",
                "findings": findings.iter().map(|(policy, found)| json!({
                    "policy": policy, "step": found.step, "kind": found.kind, "says": found.message,
                })).collect::<Vec<_>>(),
                "golden": match differs {
                    None => "same",
                    Some(Golden::Absent) => "absent",
                    Some(Golden::Present(_)) => "differs",
                },
                "transcript": transcript,
            }),
        };
        let mut case = json!({ "name": judged.file.name, "path": judged.file.path });
        if let (Some(case), serde_json::Value::Object(verdict)) = (case.as_object_mut(), verdict) {
            case.extend(verdict);
        }
        case
    };
    json!({
        "passed": suite.passed(),
        "failed": suite.failed(),
        "unneeded": unneeded,
        "scenarios": suite.cases.iter().map(case).collect::<Vec<_>>(),
    })
}
