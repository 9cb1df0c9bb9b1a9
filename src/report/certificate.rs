//! A certificate in words: the sum, and whether it holds.

use super::fit::NBSP;
use super::number::count;
use super::page::Page;
use super::palette::Tone;
use crate::engine::{Certificate, Verdict};

/// The sum as a fact, and the verdict below it.
pub(super) fn certificate_facts(page: &mut Page, certificate: &Certificate) {
    page.fact("certificate", &sum(certificate));
    let (tone, verdict) = verdict(certificate.verdict);
    page.toned_fact("", tone, verdict);
}

/// `780 expected = 744 done before + 36 done now + 0 failed + 0 blocked + 0 deferred`. All five
/// places are always said: a zero is an answer too.
fn sum(certificate: &Certificate) -> String {
    let places = [
        (certificate.done_before, "done before"),
        (certificate.done_now, "done now"),
        (certificate.failed, "failed"),
        (certificate.blocked, "blocked"),
        (certificate.deferred, "deferred"),
    ];
    let places = places.map(|(cells, place)| format!("{} {place}", count(cells)));
    let sum = places.map(|place| place.replace(' ', &NBSP.to_string()));
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
        Verdict::DoesNotAddUp => (Tone::Bad, "✗ does not hold: the places do not add up"),
        Verdict::LedgerDisagrees => (Tone::Bad, "✗ does not hold: the ledger says otherwise"),
    }
}
