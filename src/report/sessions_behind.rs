//! Renders a check as text: its verdict, the concerns, and the portfolios that are further behind
//! than allowed.

use super::concerns::{concern_text, push_concerns};
use super::number::plural;
use super::page::Page;
use super::palette::{Palette, Tone};
use super::runs;
use super::status::behind_table;
use crate::query::Lag;

/// The lag of a scope as text of at most 80 columns.
pub fn sessions_behind_text(lag: &Lag, palette: Palette) -> String {
    let mut page = Page::new(palette);
    let first_error = lag.concerns.iter().find(|concern| concern.is_error());
    match first_error {
        Some(error) => page.headline(Tone::Bad, &concern_text(error)),
        None if lag.is_empty() => page.headline(Tone::Bad, &verdict(lag)),
        None => page.headline(Tone::Good, &verdict(lag)),
    }
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
    let others = lag.concerns.iter();
    push_concerns(
        &mut page,
        others.filter(|concern| Some(*concern) != first_error),
    );
    page.table(&behind_table(&lag.late));
    page.finish()
}

/// The headline of a check that found no error.
fn verdict(lag: &Lag) -> String {
    match (lag.active, lag.first_inception) {
        (0, _) => "no active portfolio, as allowed".to_owned(),
        (active, Some(first)) => format!(
            "nothing to check{}: the first of {} begins on {first}",
            if lag.allows_empty { ", as allowed" } else { "" },
            plural(active, "portfolio"),
        ),
        (active, None) => format!(
            "all {} at most {} behind {}",
            plural(active, "portfolio"),
            plural(lag.max_lag as u64, "session"),
            lag.target
        ),
    }
}
