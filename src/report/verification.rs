//! Renders a verification as text: each claim proven or broken, with its findings.

use super::number::{count, plural};
use super::page::Page;
use super::palette::{Palette, Tone};
use crate::query::{Verdict, Verification};

/// A verification as text of at most 80 columns.
pub fn verification_text(verification: &Verification, program: &str, palette: Palette) -> String {
    let mut page = Page::new(palette);
    let broken = verification
        .checks
        .iter()
        .filter(|check| is_broken(&check.verdict))
        .count();
    let claims = plural(verification.checks.len() as u64, "claim");
    let (tone, text) = match broken {
        0 => (Tone::Good, format!("all {claims} proven")),
        broken => (Tone::Bad, format!("{broken} of {claims} broken")),
    };
    page.headline(tone, &text);
    page.blank_line();
    let sessions = plural(verification.sessions as u64, "session");
    page.fact(
        "on file",
        &format!("{} on {sessions}", plural(verification.cells, "cell")),
    );
    page.fact("recomputed", &plural(verification.recomputed, "cell"));
    if verification.stale_outputs > 0 {
        let outputs = plural(verification.stale_outputs, "output");
        page.fact("kept", &format!("{outputs} not valid, to be replaced"));
    }
    page.blank_line();
    for check in &verification.checks {
        let claim = check.claim.sentence();
        match &check.verdict {
            Verdict::Proven { count: places } => {
                page.item(
                    Tone::Good,
                    &format!("✓ proven: {claim} ({})", count(*places)),
                );
            }
            Verdict::Broken { findings, total } => {
                page.item(Tone::Bad, &format!("✗ broken: {claim} ({})", count(*total)));
                for finding in findings {
                    page.detail(finding);
                }
                let more = total.saturating_sub(findings.len() as u64);
                if more > 0 {
                    page.detail(&format!("and {} more", count(more)));
                }
            }
        }
    }
    if !verification.next.is_empty() {
        page.heading("next");
    }
    for command in &verification.next {
        page.command(&command.line(program));
    }
    page.finish()
}

fn is_broken(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Broken { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::query_samples;

    #[test]
    fn broken_claims_list_their_findings() {
        insta::assert_snapshot!(verification_text(&query_samples::verification(), "plimsoll", Palette::Plain), @r"
        1 of 2 claims broken

        on file      3,276 cells on 252 sessions
        recomputed   100 cells
        kept         4 outputs not valid, to be replaced

          ✓ proven: the lifecycle index matches the portfolios (1,204)
          ✗ broken: the books add up (2)
              portfolio 2 on 2026-01-07, snapshot: NAV is 1204.50, and cash, long and
              short give 1204.51
              and 1 more

        next
          plimsoll repair
          plimsoll run
        ");
    }

    #[test]
    fn proven_claims_are_counted() {
        let mut verification = query_samples::verification();
        verification.checks.truncate(1);
        let text = verification_text(&verification, "plimsoll", Palette::Plain);
        assert!(text.starts_with("all 1 claim proven\n"), "{text}");
    }
}
