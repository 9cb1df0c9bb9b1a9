//! Renders the decisions to do without the closes of unpriced sessions.

use super::days::minute_utc;
use super::page::Page;
use super::palette::{Palette, Tone};
use crate::query::AcceptedPricesView;

/// The decisions as text of at most 80 columns.
pub fn accepted_prices_text(accepted: &[AcceptedPricesView], palette: Palette) -> String {
    let mut page = Page::new(palette);
    if accepted.is_empty() {
        page.headline(Tone::Normal, "no prices were accepted");
        return page.finish();
    }
    for decision in accepted {
        let tone = match decision.revoked_at {
            None => Tone::Warning,
            Some(_) => Tone::Dim,
        };
        page.sentence(tone, &accepted_sentence(decision));
    }
    page.finish()
}

/// Describes a decision, such as `1: 2026-01-09..2026-01-12, by anna at 2026-01-13 08:00 UTC: the
/// exchange was closed`.
pub(super) fn accepted_sentence(decision: &AcceptedPricesView) -> String {
    let AcceptedPricesView {
        id,
        from,
        to,
        by,
        reason,
        at,
        revoked_at,
    } = decision;
    let at = minute_utc(*at);
    let revoked = revoked_at.map_or(String::new(), |at| {
        format!("; revoked at {}", minute_utc(at))
    });
    format!("{id}: {from}..{to}, by {by} at {at}: {reason}{revoked}")
}
