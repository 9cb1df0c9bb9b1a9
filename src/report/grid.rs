//! Renders a grid as text: a row for each portfolio, a column for each session, and a legend of
//! the marks.

use std::collections::BTreeMap;

use super::days::month_day;
use super::fit::{PAGE_WIDTH, pad, truncate, width};
use super::number::plural;
use super::page::Page;
use super::palette::{Palette, Tone};
use crate::query::{Grid, GridRow, Mark};

/// Above this number of rows, portfolios with the same marks share one.
const MAX_ROWS: usize = 40;
/// Terminal columns of one session.
const SESSION_WIDTH: usize = "  01-08".len();
/// Long names are cut to leave room for this number of sessions, and no more: cut names can become
/// equal.
const MIN_SESSIONS: usize = 6;

/// The grid as text of at most 80 columns. Where not all sessions fit, the last ones are shown and
/// the others counted.
pub fn grid_text(grid: &Grid, palette: Palette) -> String {
    let mut page = Page::new(palette);
    page.push_lines(grid_lines(grid, palette));
    page.finish()
}

/// The lines of the grid; empty where it has no session or no row.
pub(super) fn grid_lines(grid: &Grid, palette: Palette) -> Vec<String> {
    if grid.days.is_empty() || grid.rows.is_empty() {
        return Vec::new();
    }
    let rows = fold_rows(&grid.rows);
    let longest = rows.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let names = longest.min(PAGE_WIDTH - SESSION_WIDTH * grid.days.len().min(MIN_SESSIONS));
    let left_out = grid
        .days
        .len()
        .saturating_sub((PAGE_WIDTH - names) / SESSION_WIDTH);

    let headings = grid.days[left_out..].iter();
    let headings: String = headings
        .map(|day| format!("  {}", month_day(*day)))
        .collect();
    let headings = format!("{}{headings}", pad("", names));
    let mut lines = vec![palette.paint(Tone::Dim, &headings)];
    for (name, marks) in rows.iter().take(MAX_ROWS) {
        let mut line = pad(&truncate(name, names), names);
        for mark in &marks[left_out..] {
            let symbol = palette.paint(tone(*mark), &mark.symbol().to_string());
            line.push_str(&format!("    {symbol}  "));
        }
        lines.push(line.trim_end().to_owned());
    }
    if rows.len() > MAX_ROWS {
        let more = format!("… {} more rows", rows.len() - MAX_ROWS);
        lines.push(palette.paint(Tone::Dim, &more));
    }
    lines.push(String::new());
    lines.extend(legend(grid, left_out, palette));
    lines
}

/// The meaning of the marks that occur, and the number of sessions without room.
fn legend(grid: &Grid, left_out: usize, palette: Palette) -> Vec<String> {
    let mut entries: Vec<_> = grid
        .marks()
        .into_iter()
        .map(|mark| (mark_text(mark), tone(mark)))
        .collect();
    if left_out > 0 {
        let earlier = plural(left_out as u64, "earlier session");
        entries.push((format!("({earlier} not shown)"), Tone::Dim));
    }
    let mut lines: Vec<String> = Vec::new();
    let mut used = PAGE_WIDTH;
    for (entry, tone) in entries {
        let wide = width(&entry);
        if used + 3 + wide > PAGE_WIDTH {
            lines.push(String::new());
            used = 0;
        }
        let line = lines.last_mut().expect("the first entry starts a line");
        if used > 0 {
            line.push_str("   ");
            used += 3;
        }
        line.push_str(&palette.paint(tone, &entry));
        used += wide;
    }
    lines
}

fn mark_text(mark: Mark) -> String {
    format!("{} {}", mark.symbol(), mark.legend())
}

/// The rows or, where there are too many, one row for each different sequence of marks.
fn fold_rows(rows: &[GridRow]) -> Vec<(String, &[Mark])> {
    if rows.len() <= MAX_ROWS {
        return rows
            .iter()
            .map(|row| (row.name.clone(), row.marks.as_slice()))
            .collect();
    }
    // By marks: the index of the first row, and the number of rows.
    let mut groups: BTreeMap<&[Mark], (usize, u64)> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        groups.entry(&row.marks).or_insert((at, 0)).1 += 1;
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, (first, _))| *first);
    let name = |first: usize, count: u64| match count {
        1 => rows[first].name.clone(),
        _ => {
            let portfolios = plural(count, "portfolio");
            format!("{} … ({portfolios})", truncate(&rows[first].name, 20))
        }
    };
    groups
        .into_iter()
        .map(|(marks, (first, count))| (name(first, count), marks))
        .collect()
}

fn tone(mark: Mark) -> Tone {
    match mark {
        Mark::DoneBefore => Tone::Normal,
        Mark::Processed => Tone::Good,
        Mark::Redundant | Mark::Partial | Mark::Open | Mark::Blocked | Mark::Deferred => {
            Tone::Warning
        }
        Mark::OldInputs
        | Mark::Damaged
        | Mark::Unpriced
        | Mark::Failed
        | Mark::LeftBehind
        | Mark::Quarantined => Tone::Bad,
        Mark::NotDue => Tone::Dim,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::PolicyName;
    use crate::report::fixture::{day, incident, long_names, names, outcome, plan_for};

    #[test]
    fn grid_shows_incident() {
        let (plan, _) = plan_for(&incident(), PolicyName::GlobalMax);
        let grid = Grid::from_plan(&plan, names().portfolio_names(), 10);
        insta::assert_snapshot!(grid_text(&grid, Palette::Plain), @r"
           01-05  01-06  01-07  01-08
        A    =      =      =      #
        B    =      =      ?      #
        C    =      ?      ?      #
        D    =      ?      ?      #
        E    =      ?      ?      #
        F    =      ?      ?      #
        G    =      ?      ?      #
        H    =      ?      ?      #
        I    =      ?      ?      #
        J    =      ?      ?      #
        K    =      ?      ?      #
        L    =      ?      ?      #
        M    =      ?      ?      #

        = done before   # processed   ? left behind
        ");
    }

    #[test]
    fn grid_shows_failed_run() {
        let grid = Grid::from_outcome(&outcome(), names().portfolio_names(), 10);
        insta::assert_snapshot!(grid_text(&grid, Palette::Plain), @r"
           01-05  01-06  01-07  01-08
        A    =      #      =      #
        B    =      =      !      #
        C    =      #      #      #
        D    =      #      #      #
        E    =      #      #      #
        F    =      #      #      #
        G    =      #      #      #
        H    =      #      #      #
        I    =      #      #      #
        J    =      #      #      #
        K    =      #      #      #
        L    =      #      #      b
        M    =      #      #      b

        = done before   # processed   ! failed   b blocked
        ");
    }

    #[test]
    fn portfolios_with_equal_marks_share_a_row() {
        let marks = |n: usize| match n {
            0..=49 => vec![Mark::DoneBefore, Mark::DoneBefore],
            50 => vec![Mark::DoneBefore, Mark::Failed],
            _ => vec![Mark::DoneBefore, Mark::Processed],
        };
        let rows = (0..1_204).map(|n| GridRow {
            name: format!("P{n}"),
            marks: marks(n),
        });
        let days = vec![day("2026-01-07"), day("2026-01-08")];
        let grid = Grid {
            days,
            rows: rows.collect(),
        };
        insta::assert_snapshot!(grid_text(&grid, Palette::Plain), @r"
                                  01-07  01-08
        P0 … (50 portfolios)        =      =
        P50                         =      !
        P51 … (1,153 portfolios)    =      #

        = done before   # processed   ! failed
        ");
    }

    #[test]
    fn latest_sessions_are_kept_when_too_many() {
        let days: Vec<_> = (1..=30)
            .map(|n| day("2026-01-01").saturating_add(n))
            .collect();
        let names = long_names();
        let rows = names.portfolio_names().values().map(|name| GridRow {
            name: name.clone(),
            marks: vec![Mark::Processed; 30],
        });
        let grid = Grid {
            days,
            rows: rows.collect(),
        };
        let text = grid_text(&grid, Palette::Plain);
        assert!(text.lines().all(|line| width(line) <= PAGE_WIDTH), "{text}");
        assert!(text.lines().next().unwrap().ends_with("01-31"));
        assert!(text.contains("(24 earlier sessions not shown)"), "{text}");
    }
}
