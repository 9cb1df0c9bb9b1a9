//! Renders a status as text: the watermark, the cell that holds it back, the grid, and the
//! portfolios behind with their reasons.

use super::accepted_prices::accepted_sentence;
use super::concerns::push_concerns;
use super::days::minute_utc;
use super::fit::NBSP;
use super::number::{count, plural};
use super::page::Page;
use super::palette::{Palette, Tone};
use super::phrase::open_phases_text;
use super::table::{Column, Entry, Table};
use super::{grid, runs};
use crate::domain::PhaseSet;
use crate::query::{CellTotals, LeaseState, LeaseView, PortfolioStatus, Status, StatusVerdict};

/// Maximum number of portfolios with a gap that are listed.
const MAX_BEHIND: usize = 40;

/// A status as text of at most 80 columns.
pub fn status_text(status: &Status, palette: Palette) -> String {
    let mut page = Page::new(palette);
    headline(&mut page, status);
    page.blank_line();
    page.fact("target", &status.target.to_string());
    page.fact("watermark", &watermark_text(status));
    page.fact("cells", &cells_text(&status.cells));
    match &status.last_run {
        None => page.toned_fact("last run", Tone::Dim, "none yet"),
        Some(run) => page.toned_fact("last run", run.state.into(), &runs::summary(run)),
    }
    if let Some(lease) = &status.lease {
        let (tone, text) = lease_text(lease);
        page.toned_fact("lease", tone, &text);
    }
    for accepted in &status.accepted_prices {
        page.toned_fact("accepted", Tone::Warning, &accepted_sentence(accepted));
    }
    push_concerns(&mut page, &status.concerns);
    page.blank_line();
    page.push_lines(grid::grid_lines(&status.grid, palette));
    page.table(&behind_table(&status.portfolios));
    let more = status.not_shown;
    if more > 0 {
        page.blank_line();
        page.sentence(
            Tone::Dim,
            &format!("and {} not shown", plural(more, "portfolio")),
        );
    }
    page.finish()
}

fn headline(page: &mut Page, status: &Status) {
    let (active, target) = (plural(status.active, "portfolio"), status.target);
    let verdict = status.verdict();
    let text = match verdict {
        StatusVerdict::NoneActive => "no portfolio is active".to_owned(),
        StatusVerdict::NothingExpected => format!("nothing is expected up to {target}"),
        StatusVerdict::Complete => format!("all {active} complete up to {target}"),
        StatusVerdict::CompleteWithErrors => {
            let errors = status.concerns.iter().filter(|concern| concern.is_error());
            let errors = plural(errors.count() as u64, "error");
            format!("all {active} complete up to {target}, with {errors}")
        }
        StatusVerdict::Behind | StatusVerdict::BehindAndQuarantined => {
            let behind = count(status.behind);
            format!("{behind} of {active} behind the target {target}")
        }
    };
    page.headline(verdict.into(), &text);
}

fn watermark_text(status: &Status) -> String {
    let watermark = status
        .watermark
        .map_or_else(|| "none yet".to_owned(), |day| day.to_string());
    match &status.held_by {
        None => watermark,
        Some(holder) => {
            let open = open_phases_text(holder.open);
            format!(
                "{watermark}, held back by {}: {} is open{open}",
                holder.name, holder.day
            )
        }
    }
}

fn cells_text(cells: &CellTotals) -> String {
    let parts = [
        (cells.complete, "complete"),
        (cells.open, "open"),
        (cells.blocked, "blocked"),
        (cells.quarantined, "quarantined"),
    ];
    let parts = parts.map(|(cells, part)| format!("{}{NBSP}{part}", count(cells)));
    format!("{} expected = {}", count(cells.expected), parts.join(" + "))
}

fn lease_text(lease: &LeaseView) -> (Tone, String) {
    let LeaseView { run, owner, .. } = lease;
    match lease.state {
        LeaseState::Live => {
            let expires = minute_utc(lease.expires);
            (
                Tone::Normal,
                format!("{owner} is running run {run}, until {expires} or longer"),
            )
        }
        LeaseState::LeftBehind => {
            let text = format!("left behind by {owner}, run {run}: the next run takes it over");
            (Tone::Warning, text)
        }
    }
}

/// The portfolios with a gap, each with the reason for its first one.
pub(super) fn behind_table(portfolios: &[PortfolioStatus]) -> Table {
    let mut table = Table::new([
        Column::elastic("behind"),
        Column::text("watermark"),
        Column::number("sessions"),
        Column::text("open from"),
        Column::elastic("reason"),
    ]);
    let behind: Vec<_> = (portfolios.iter())
        .filter(|portfolio| portfolio.held_back_by.is_some())
        .collect();
    for portfolio in behind.iter().take(MAX_BEHIND) {
        table.add_row(behind_row(portfolio));
    }
    if behind.len() > MAX_BEHIND {
        let more = format!("… {} more", behind.len() - MAX_BEHIND);
        let blank = std::iter::repeat_n(Entry::default(), 4);
        table.add_row(std::iter::once(Entry::toned(Tone::Dim, more)).chain(blank));
    }
    table
}

/// The row of one portfolio. Open phases are named only where not all of them are open.
fn behind_row(portfolio: &PortfolioStatus) -> [Entry; 5] {
    let open = portfolio.open_phases;
    let reason = portfolio.reason.as_ref().map(|reason| match open {
        PhaseSet::CELL_PHASES => reason.to_string(),
        some => format!("{some} {reason}"),
    });
    let first = portfolio.held_back_by.map(|day| day.to_string());
    let watermark = portfolio.watermark.map(|day| day.to_string());
    [
        portfolio.name.as_str().into(),
        watermark.unwrap_or_else(|| "none".to_owned()).into(),
        count(portfolio.sessions_behind as u64).into(),
        first.unwrap_or_default().into(),
        Entry::toned(Tone::Warning, reason.unwrap_or_default()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::names;
    use crate::report::query_samples;

    #[test]
    fn status_lists_portfolios_behind_with_reasons() {
        insta::assert_snapshot!(status_text(&query_samples::status(&names()), Palette::Plain), @r"
        13 of 13 portfolios behind the target 2026-01-08

        target       2026-01-08
        watermark    2026-01-05, held back by A: 2026-01-06 is open
        cells        52 expected = 15 complete + 35 open + 2 blocked + 0 quarantined
        last run     incomplete: 34 of 35 cells done in 1.4 s, 1 failed, 2 blocked,
                     2026-01-08 22:00 UTC (run 01924fa0)
        lease        left behind by process 4711 on host books, run
                     00000000-0000-0000-0000-000000000007: the next run takes it over
        error        13 of 13 portfolios more than 1 session behind 2026-01-08
                     next: plimsoll run

           01-05  01-06  01-07  01-08
        A    =      -      =      -
        B    =      =      -      -
        C    =      -      -      -
        D    =      -      -      -
        E    =      -      -      -
        F    =      -      -      -
        G    =      -      -      -
        H    =      -      -      -
        I    =      -      -      -
        J    =      -      -      -
        K    =      -      -      -
        L    =      ~      -      b
        M    =      -      -      b

        = done before   ~ partial   - open   b blocked

        behind  watermark   sessions  open from   reason
        A       2026-01-05         2  2026-01-06  stale: close of AAPL on 2026-01-06 co…
        M       2026-01-07         2  2026-01-08  blocked: no price of AAPL, MSFT; 41.2…

        and 1,191 portfolios not shown
        ");
    }

    #[test]
    fn complete_status_is_stated_in_first_line() {
        let mut status = query_samples::status(&names());
        status.behind = 0;
        status.portfolios.clear();
        status.concerns.clear();
        let text = status_text(&status, Palette::Plain);
        assert!(
            text.starts_with("all 13 portfolios complete up to 2026-01-08\n"),
            "{text}"
        );
        assert!(!text.contains("sessions  open from"));
    }
}
