//! Texts that all simulations print: seed and version, findings, speed.

use std::time::Duration;

use crate::domain::pluralize;
use crate::report::{count_with_noun, number, wrapped};
use crate::sim::Finding;

/// The number of findings of a run that are printed; the others are counted.
const MOST_FINDINGS: usize = 5;

/// Returns all that is needed to reproduce the findings.
pub(super) fn seed_and_version(seed: u64) -> String {
    format!("seed {seed}, {}", version())
}

/// Returns the version and commit of the program.
pub(super) fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("plimsoll {version}, commit {}", commit())
}

/// Returns the commit that a release build was made from, else "unknown".
pub(super) fn commit() -> &'static str {
    option_env!("PLIMSOLL_COMMIT").unwrap_or("unknown")
}

/// Wraps and indents a text about a run.
pub(super) fn paragraph(text: &str) -> String {
    let lines = wrapped(text, 76).into_iter();
    lines.map(|line| format!("    {line}\n")).collect()
}

/// Returns the number of findings in words.
pub(super) fn finding_count(findings: usize) -> String {
    match findings {
        0 => "no findings".to_owned(),
        some => count_with_noun(some as u64, "finding"),
    }
}

/// Lists the findings of a run, each with its token.
pub(super) fn findings_text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings.iter().take(MOST_FINDINGS) {
        text += &format!("    {}\n", finding.token);
        for line in wrapped(&finding.violation.to_string(), 72) {
            text += &format!("      {line}\n");
        }
    }
    if findings.len() > MOST_FINDINGS {
        let more = findings.len() - MOST_FINDINGS;
        text += &format!("    and {}\n", count_with_noun(more as u64, "more finding"));
    }
    text
}

/// Returns the time, and the number of items per second.
pub(super) fn rate(count: usize, of: &str, took: Duration) -> String {
    let seconds = took.as_secs_f64();
    let rate = (count as f64 / seconds.max(1e-9)) as u64;
    format!(
        "{seconds:.1} s, {} {} a second",
        number::count(rate),
        pluralize(rate, of)
    )
}
