//! Renders missing closes: for people, and as the request to the command that fetches prices.

use super::days::{day_range, minute_utc};
use super::number::count_with_noun;
use super::page::Page;
use super::palette::{Palette, Tone};
use crate::query::{MissingCloses, MissingPrices, RefusedCloses};

/// The request to the command: one JSON object a line, which ends.
pub fn price_request_lines(requested: &[MissingCloses]) -> String {
    let lines = requested.iter().map(|closes| {
        // A struct of texts and days always serializes.
        let line = serde_json::to_string(closes).unwrap_or_default();
        line + "\n"
    });
    lines.collect()
}

/// The missing closes as text of at most 80 columns.
pub fn missing_prices_text(missing: &MissingPrices, palette: Palette) -> String {
    let mut page = Page::new(palette);
    let MissingPrices {
        target,
        requested,
        refused,
    } = missing;
    if requested.is_empty() && refused.is_empty() {
        page.headline(Tone::Good, &format!("no close is missing up to {target}"));
        return page.finish();
    }
    if !requested.is_empty() {
        let closes = count_with_noun(missing.requested_closes() as u64, "close");
        let headline = format!("{closes} missing up to {target}");
        page.headline(Tone::Warning, &headline);
    }
    for closes in requested {
        page.item(Tone::Normal, &closes_text(closes));
    }
    if !refused.is_empty() {
        page.heading("Without an answer lately, so not requested");
    }
    for RefusedCloses { closes, until } in refused {
        let text = format!("{}; again from {}", closes_text(closes), minute_utc(*until));
        page.item(Tone::Dim, &text);
    }
    page.finish()
}

fn closes_text(closes: &MissingCloses) -> String {
    let MissingCloses {
        symbol,
        currency,
        days,
        ..
    } = closes;
    format!("{symbol} ({currency}): {}", day_range(days))
}
