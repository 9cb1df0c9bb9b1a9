//! Renders a certificate as text: the sum and the verdict.

use super::fit::NBSP;
use super::number::count;
use super::page::Page;
use super::palette::Tone;
use crate::engine::{Certificate, Verdict};

/// Adds the sum as a fact, with the verdict below it.
pub(super) fn certificate_facts(page: &mut Page, certificate: &Certificate) {
    page.fact("certificate", &sum(certificate));
    let (tone, verdict) = verdict(certificate.verdict);
    page.toned_fact("", tone, verdict);
}

/// `780 expected = 744 done before + 36 done now + 0 failed + 0 blocked + 0 deferred`. All five
/// parts are always shown, since a zero is a result too.
fn sum(certificate: &Certificate) -> String {
    let terms = certificate.terms();
    let sum = terms
        .map(|(name, cells)| format!("{} {name}", count(cells)).replace(' ', &NBSP.to_string()));
    format!(
        "{} expected = {}",
        count(certificate.expected),
        sum.join(" + ")
    )
}

fn verdict(verdict: Verdict) -> (Tone, &'static str) {
    match verdict {
        Verdict::Holds => (
            Tone::Good,
            "✓ holds: it adds up, and the ledger says the same",
        ),
        Verdict::DoesNotAddUp => (Tone::Bad, "✗ does not hold: the parts do not add up"),
        Verdict::LedgerDisagrees => (Tone::Bad, "✗ does not hold: the ledger says otherwise"),
    }
}
