//! How simulations are told: seed and version first and last, and what was found in between.

use std::time::Duration;

use crate::report::{count_with_noun, number, wrapped};
use crate::sim::Finding;

/// How many findings of a run are told; the others are counted.
const MOST_FINDINGS: usize = 5;

/// Everything that it takes to get the same again.
pub(super) fn seed_and_version(seed: u64) -> String {
    format!("seed {seed}, {}", version())
}

/// Which program it was.
pub(super) fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("plimsoll {version}, commit {}", commit())
}

/// The commit that the program was built from, as the build said it.
pub(super) fn commit() -> &'static str {
    option_env!("PLIMSOLL_COMMIT").unwrap_or("unknown")
}

/// What is said of a run, in as many lines as it takes.
pub(super) fn paragraph(text: &str) -> String {
    let lines = wrapped(text, 76).into_iter();
    lines.map(|line| format!("    {line}\n")).collect()
}

/// What does not hold of a run.
pub(super) fn findings_text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings.iter().take(MOST_FINDINGS) {
        text += &format!("    {}\n", finding.token);
        for line in wrapped(&finding.message, 72) {
            text += &format!("      {line}\n");
        }
    }
    if findings.len() > MOST_FINDINGS {
        let more = findings.len() - MOST_FINDINGS;
        text += &format!("    and {}\n", count_with_noun(more as u64, "more finding"));
    }
    text
}

/// How long it took, and how many of something that makes a second.
pub(super) fn rate(count: usize, of: &str, took: Duration) -> String {
    let seconds = took.as_secs_f64();
    let rate = (count as f64 / seconds.max(1e-9)) as u64;
    format!(
        "{seconds:.1} s, {} {} a second",
        number::count(rate),
        number::pluralize(rate, of)
    )
}
