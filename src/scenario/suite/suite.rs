//! Many scenarios, on several threads, judged in the order of their files.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use super::case::{Case, CaseError, CaseResult, Verdict, golden_text};
use super::find::ScenarioFile;
use super::golden::Golden;
use crate::parallel::map;
use crate::scenario::runner::{CheckLevel, PlayResult};
use crate::scenario::script::NamedPolicy;

/// Whether what came of scenarios is taken as golden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accept {
    /// It is held against the golden files.
    Nothing,
    /// Where nothing else is wrong, it becomes the golden file.
    Transcripts,
}

/// How a suite is run.
#[derive(Debug, Clone)]
pub struct SuiteOptions {
    /// On how many threads.
    pub jobs: NonZeroUsize,
    /// Whether transcripts become golden.
    pub accept: Accept,
    /// A policy that is played by other rules than its own.
    pub replaced_policy: Option<NamedPolicy>,
}

/// What became of a suite.
#[derive(Debug)]
pub struct SuiteResult {
    /// What became of each case, in the order of the files.
    pub cases: Vec<CaseResult>,
}

impl SuiteResult {
    /// How many cases are as they should be.
    pub fn passed(&self) -> usize {
        self.cases
            .iter()
            .filter(|case| case.verdict.has_passed())
            .count()
    }

    /// How many are not.
    pub fn failed(&self) -> usize {
        self.cases.len() - self.passed()
    }
}

/// Runs scenarios.
pub fn run(found: &[ScenarioFile], terms: &SuiteOptions) -> SuiteResult {
    let cases = map(terms.jobs, found, |one| CaseResult {
        verdict: run_case(one, terms),
        file: one.clone(),
    });
    SuiteResult { cases }
}

/// Returns the names of the policies that any of the scenarios is played by.
///
/// # Errors
///
/// The first scenario that cannot be read.
pub fn policy_names(found: &[ScenarioFile]) -> Result<BTreeSet<String>, CaseError> {
    let mut names = BTreeSet::new();
    for file in found {
        let policies = Case::read(&file.path)?.scenario.policies;
        names.extend(policies.into_iter().map(|policy| policy.name));
    }
    Ok(names)
}

fn run_case(found: &ScenarioFile, terms: &SuiteOptions) -> Verdict {
    let told = Case::read(&found.path).and_then(|mut case| {
        if let Some(swap) = &terms.replaced_policy {
            case.replace_policy(swap);
        }
        case.play(CheckLevel::Invariants)
    });
    match told.and_then(|told| compare_with_golden(found, &told, terms.accept)) {
        Ok(verdict) => verdict,
        Err(error) => Verdict::Broken(error),
    }
}

fn compare_with_golden(
    found: &ScenarioFile,
    told: &PlayResult,
    accept: Accept,
) -> Result<Verdict, CaseError> {
    let unreadable = |source| CaseError::Unreadable {
        path: found.golden.clone(),
        source,
    };
    let transcript = golden_text(told);
    let findings = told.findings();
    let findings: Vec<_> = findings
        .map(|(policy, finding)| (policy.to_owned(), finding.clone()))
        .collect();
    let golden = Golden::read(&found.golden).map_err(unreadable)?;
    let same = golden.matches(&transcript);
    if findings.is_empty() && same {
        return Ok(Verdict::Passed);
    }
    if findings.is_empty() && accept == Accept::Transcripts {
        let input = found.input_file();
        Golden::write(&found.golden, &input, &transcript).map_err(unreadable)?;
        return Ok(Verdict::Accepted);
    }
    Ok(Verdict::Failed {
        findings,
        differs: (!same).then_some(golden),
        transcript,
    })
}
