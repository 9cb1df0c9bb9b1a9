//! Plays many scenarios on several threads and returns their verdicts in the order of the files.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::Path;

use super::case::{Case, CaseError, CaseResult, GoldenMatch, Verdict, golden_text};
use super::find::ScenarioFile;
use super::golden::Golden;
use crate::parallel::map;
use crate::scenario::runner::{CheckLevel, PlayResult, UncheckedPromise};
use crate::scenario::script::NamedPolicy;

/// The use of transcripts: compared with golden files, or accepted as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accept {
    /// Transcripts are compared with the golden files.
    Nothing,
    /// A transcript without findings replaces its golden file.
    Transcripts,
}

/// The options of a suite.
#[derive(Debug, Clone)]
pub struct SuiteOptions {
    /// The number of threads to use.
    pub jobs: NonZeroUsize,
    /// The use of transcripts that differ from their golden file.
    pub accept: Accept,
    /// A policy that is played with other rules under its own name.
    pub replaced_policy: Option<NamedPolicy>,
}

/// The verdicts on all scenarios.
#[derive(Debug)]
pub struct SuiteResult {
    /// The verdict on each scenario, in the order of the files.
    pub cases: Vec<CaseResult>,
    /// The promises that the job under test was not checked for; none without a job.
    pub unchecked: Vec<UncheckedPromise>,
}

impl SuiteResult {
    /// Returns the number of scenarios that passed or were accepted.
    pub fn passed(&self) -> usize {
        self.cases
            .iter()
            .filter(|case| case.verdict.has_passed())
            .count()
    }

    /// Returns the number of scenarios that do not apply to the job that played them.
    pub fn not_applicable(&self) -> usize {
        let cases = self.cases.iter();
        let is_not_applicable =
            |case: &&CaseResult| matches!(case.verdict, Verdict::NotApplicable { .. });
        cases.filter(is_not_applicable).count()
    }

    /// Returns the number of scenarios that did not pass.
    pub fn failed(&self) -> usize {
        self.cases.len() - self.passed() - self.not_applicable()
    }
}

/// Plays scenarios and returns their verdicts; a scenario that breaks does not stop the others.
pub fn run(files: &[ScenarioFile], options: &SuiteOptions) -> SuiteResult {
    let cases = map(options.jobs, files, |file| CaseResult {
        verdict: run_case(file, options),
        file: file.clone(),
        golden: file.golden.clone(),
        output: Vec::new(),
    });
    SuiteResult {
        cases,
        unchecked: Vec::new(),
    }
}

/// Returns the names of the policies that any of the scenarios is played by.
///
/// # Errors
///
/// The first scenario that cannot be read.
pub fn policy_names(files: &[ScenarioFile]) -> Result<BTreeSet<String>, CaseError> {
    let mut names = BTreeSet::new();
    for file in files {
        let policies = Case::read(&file.path)?.scenario.policies;
        names.extend(policies.into_iter().map(|policy| policy.name));
    }
    Ok(names)
}

fn run_case(file: &ScenarioFile, options: &SuiteOptions) -> Verdict {
    let result = Case::read(&file.path).and_then(|mut case| {
        if let Some(policy) = &options.replaced_policy {
            case.replace_policy(policy);
        }
        case.play(CheckLevel::Invariants)
    });
    let compared = result.and_then(|result| {
        compare_with_golden(
            file,
            &file.golden,
            &result,
            options.accept,
            MissingGolden::Fails,
        )
    });
    compared.unwrap_or_else(Verdict::Broken)
}

/// The meaning of a golden file that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MissingGolden {
    /// The scenario fails: its transcript was never reviewed.
    Fails,
    /// The scenario passes if its expectations hold.
    Passes,
}

/// Compares the result of a scenario with a golden file, which is that of the scenario, or of the
/// scenario with a job.
pub(crate) fn compare_with_golden(
    file: &ScenarioFile,
    path: &Path,
    result: &PlayResult,
    accept: Accept,
    missing: MissingGolden,
) -> Result<Verdict, CaseError> {
    let unreadable = |source| CaseError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let transcript = golden_text(result);
    let findings = result.findings();
    let findings: Vec<_> = findings
        .map(|(policy, finding)| (policy.to_owned(), finding.clone()))
        .collect();
    let golden = Golden::read(path).map_err(unreadable)?;
    let is_needed = missing == MissingGolden::Fails || accept == Accept::Transcripts;
    let may_be_absent = golden == Golden::Absent
        && (!is_needed || !findings.is_empty() && missing == MissingGolden::Passes);
    let same = may_be_absent || golden.matches(&transcript);
    if findings.is_empty() && same {
        return Ok(Verdict::Passed);
    }
    // A transcript with findings is never accepted: it would freeze a fault.
    if findings.is_empty() && accept == Accept::Transcripts {
        let input = file.input_file();
        Golden::write(path, &input, &transcript).map_err(unreadable)?;
        return Ok(Verdict::Accepted);
    }
    Ok(Verdict::Failed {
        findings,
        golden: match golden {
            Golden::Absent => GoldenMatch::Absent { is_failure: !same },
            Golden::Present(_) if same => GoldenMatch::Same,
            Golden::Present(text) => GoldenMatch::Differs(text),
        },
        transcript,
    })
}
