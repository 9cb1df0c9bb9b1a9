//! How simulations are told: seed and version first and last, and what was found in between.

use crate::report::{counted, wrapped};
use crate::sim::Finding;

/// How many findings of a run are told; the others are counted.
const MOST_FINDINGS: usize = 5;

/// Everything that it takes to get the same again.
pub(super) fn identity(seed: u64) -> String {
    format!(
        "seed {seed}, plimsoll {}, commit {}",
        env!("CARGO_PKG_VERSION"),
        commit()
    )
}

/// The commit that the program was built from, as the build said it.
pub(super) fn commit() -> &'static str {
    option_env!("PLIMSOLL_COMMIT").unwrap_or("unknown")
}

/// What does not hold of a run.
pub(super) fn findings(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings.iter().take(MOST_FINDINGS) {
        text += &format!("    {}\n", finding.token);
        for line in wrapped(&finding.says, 72) {
            text += &format!("      {line}\n");
        }
    }
    if findings.len() > MOST_FINDINGS {
        let more = findings.len() - MOST_FINDINGS;
        text += &format!("    and {}\n", counted(more as u64, "more finding"));
    }
    text
}
