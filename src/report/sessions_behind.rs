//! Renders the portfolios that are further behind than allowed as text.

use super::number::plural;
use super::page::Page;
use super::palette::{Palette, Tone};
use super::runs;
use super::status::behind_table;
use crate::query::Lag;

/// The lag of a scope as text of at most 80 columns.
pub fn sessions_behind_text(lag: &Lag, palette: Palette) -> String {
    let mut page = Page::new(palette);
    let (active, allowed) = (
        plural(lag.active, "portfolio"),
        plural(lag.max_lag as u64, "session"),
    );
    let (tone, text) = match lag.late.len() as u64 {
        0 if lag.active == 0 => (Tone::Good, "no active portfolios".to_owned()),
        0 => (
            Tone::Good,
            format!("all {active} at most {allowed} behind {}", lag.target),
        ),
        late => (
            Tone::Bad,
            format!(
                "{late} of {active} more than {allowed} behind {}",
                lag.target
            ),
        ),
    };
    page.headline(tone, &text);
    page.blank_line();
    page.fact("target", &lag.target.to_string());
    page.fact(
        "worst",
        &format!("{} behind", plural(lag.worst as u64, "session")),
    );
    match &lag.last_run {
        None => page.toned_fact("last run", Tone::Dim, "none yet"),
        Some(run) => page.toned_fact("last run", run.state.into(), &runs::summary(run)),
    }
    if !lag.is_within() {
        page.blank_line();
        page.table(&behind_table(&lag.late));
    }
    page.finish()
}
