//! Writes the results of a suite as JUnit XML, which build servers read.

use std::path::Path;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::diff::{DiffLayout, diff_text};
use crate::cli::diagnostics::explain;
use crate::cli::error::CliError;
use crate::durable::{self, Access};
use crate::job::UncheckedPromise;
use crate::scenario::suite::{GoldenMatch, SuiteResult, Verdict};

/// Writes the file: one test case per scenario, with the topic as class and the claim as name.
pub(super) fn write(path: &Path, suite: &SuiteResult) -> Result<(), CliError> {
    let mut cases = TestSuite::new("scenarios");
    for judged in &suite.cases {
        let status = match &judged.verdict {
            Verdict::Passed | Verdict::Accepted => TestCaseStatus::success(),
            Verdict::NotApplicable { reason } => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(reason.clone());
                status
            }
            Verdict::Broken(error) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
                status.set_message(error.to_string());
                status.set_description(explain(error));
                status
            }
            Verdict::Failed {
                findings,
                golden,
                transcript,
            } => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                let messages = findings
                    .iter()
                    .map(|(policy, finding)| format!("{policy}: {}", finding.problem));
                let messages: Vec<String> = messages.collect();
                status.set_message(if messages.is_empty() {
                    "the transcript differs from the golden one".to_owned()
                } else {
                    messages.join("; ")
                });
                let mut description = String::new();
                if let GoldenMatch::Differs(golden) = golden {
                    let difference = diff_text(golden, transcript, DiffLayout::Unified);
                    // Build servers show colours as control characters.
                    description += &anstream::adapter::strip_str(&difference).to_string();
                    description.push('\n');
                }
                status.set_description(description + transcript);
                status
            }
        };
        let name = &judged.file.name;
        let (topic, claim) = name.rsplit_once('/').unwrap_or(("scenarios", name));
        let mut case = TestCase::new(claim, status);
        case.set_classname(topic);
        let output = judged.output.iter().map(|output| {
            let lines = output.lines.iter().map(|line| format!("{line}\n"));
            format!("step {}:\n{}", output.step, lines.collect::<String>())
        });
        let output: String = output.collect();
        if !output.is_empty() {
            case.set_system_out(output);
        }
        cases.add_test_case(case);
    }
    for UncheckedPromise { promise, reason } in &suite.unchecked {
        cases.add_property((format!("not checked: {promise}").as_str(), *reason));
    }
    let mut report = Report::new("plimsoll scenario run");
    report.add_test_suite(cases);
    let file = |source| CliError::File {
        path: path.to_owned(),
        source,
    };
    let text = report
        .to_string()
        .map_err(|error| file(std::io::Error::other(error)))?;
    durable::replace(path, text.as_bytes(), Access::Unchanged).map_err(file)
}
