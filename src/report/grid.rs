//! The grid as text: a row for each portfolio, a column for each session, and below it what the
//! marks mean.

use std::collections::BTreeMap;

use super::days::short;
use super::fit::{PAGE, fit, pad, width};
use super::number::plural;
use super::page::Page;
use super::palette::{Palette, Tone};
use crate::query::{Grid, GridRow, Mark};

/// More rows than these are folded: portfolios with the same marks share one.
const MOST_ROWS: usize = 40;
/// Columns that a session takes, and how many sessions long names leave room for at the least: a
/// name that is cut may be another's too.
const SESSION: usize = "  01-08".len();
const LEAST_SESSIONS: usize = 6;

/// The grid in at most 80 columns. Where the sessions don't fit, the last ones are kept, and
/// how many are left out is said.
pub fn grid_text(grid: &Grid, palette: Palette) -> String {
    let mut page = Page::new(palette);
    for line in lines(grid, palette) {
        page.line(line);
    }
    page.finish()
}

/// The lines of the grid; none where it has no session or no row.
pub(super) fn lines(grid: &Grid, palette: Palette) -> Vec<String> {
    if grid.days.is_empty() || grid.rows.is_empty() {
        return Vec::new();
    }
    let rows = folded(&grid.rows);
    let longest = rows.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let names = longest.min(PAGE - SESSION * grid.days.len().min(LEAST_SESSIONS));
    let left_out = grid.days.len().saturating_sub((PAGE - names) / SESSION);

    let headings = grid.days[left_out..].iter();
    let headings: String = headings.map(|day| format!("  {}", short(*day))).collect();
    let headings = format!("{}{headings}", pad("", names));
    let mut lines = vec![palette.paint(Tone::Dim, &headings)];
    for (name, marks) in rows.iter().take(MOST_ROWS) {
        let mut line = pad(&fit(name, names), names);
        for mark in &marks[left_out..] {
            let symbol = palette.paint(tone(*mark), &mark.symbol().to_string());
            line.push_str(&format!("    {symbol}  "));
        }
        lines.push(line.trim_end().to_owned());
    }
    if rows.len() > MOST_ROWS {
        let more = format!("… {} more rows", rows.len() - MOST_ROWS);
        lines.push(palette.paint(Tone::Dim, &more));
    }
    lines.push(String::new());
    lines.extend(legend(grid, left_out, palette));
    lines
}

/// What the marks that occur mean, and how many sessions there is no room for.
fn legend(grid: &Grid, left_out: usize, palette: Palette) -> Vec<String> {
    let mut words: Vec<_> = grid
        .marks()
        .into_iter()
        .map(|mark| (mark_words(mark), tone(mark)))
        .collect();
    if left_out > 0 {
        let earlier = plural(left_out as u64, "earlier session");
        words.push((format!("({earlier} not shown)"), Tone::Dim));
    }
    let mut lines: Vec<String> = Vec::new();
    let mut used = PAGE;
    for (word, tone) in words {
        let wide = width(&word);
        if used + 3 + wide > PAGE {
            lines.push(String::new());
            used = 0;
        }
        let line = lines.last_mut().expect("the first word starts a line");
        if used > 0 {
            line.push_str("   ");
            used += 3;
        }
        line.push_str(&palette.paint(tone, &word));
        used += wide;
    }
    lines
}

fn mark_words(mark: Mark) -> String {
    format!("{} {}", mark.symbol(), mark.legend())
}

/// The rows, or, where they are too many, one for each different sequence of marks.
fn folded(rows: &[GridRow]) -> Vec<(String, &[Mark])> {
    if rows.len() <= MOST_ROWS {
        return rows
            .iter()
            .map(|row| (row.name.clone(), row.marks.as_slice()))
            .collect();
    }
    let mut alike: BTreeMap<&[Mark], (usize, u64)> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        alike.entry(&row.marks).or_insert((at, 0)).1 += 1;
    }
    let mut alike: Vec<_> = alike.into_iter().collect();
    alike.sort_by_key(|(_, (first, _))| *first);
    let name = |first: usize, count: u64| match count {
        1 => rows[first].name.clone(),
        _ => {
            let portfolios = plural(count, "portfolio");
            format!("{} … ({portfolios})", fit(&rows[first].name, 20))
        }
    };
    alike
        .into_iter()
        .map(|(marks, (first, count))| (name(first, count), marks))
        .collect()
}

fn tone(mark: Mark) -> Tone {
    match mark {
        Mark::DoneBefore => Tone::Normal,
        Mark::Processed => Tone::Good,
        Mark::Redundant | Mark::Partial | Mark::Open | Mark::Blocked | Mark::Deferred => {
            Tone::Waiting
        }
        Mark::Failed | Mark::LeftBehind | Mark::Quarantined => Tone::Bad,
        Mark::NotDue => Tone::Dim,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::PolicyName;
    use crate::report::fixture::{day, incident, long_names, names, night, planned};

    #[test]
    fn the_incident_is_a_picture() {
        let (plan, _) = planned(&incident(), PolicyName::GlobalMax);
        let grid = Grid::from_plan(&plan, names().known(), 10);
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

        = had it   # processed   ? left behind
        ");
    }

    #[test]
    fn a_night_with_a_failure_is_a_picture_too() {
        let grid = Grid::from_outcome(&night(), names().known(), 10);
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

        = had it   # processed   ! failed   b blocked
        ");
    }

    #[test]
    fn many_portfolios_fold_into_those_that_are_alike() {
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

        = had it   # processed   ! failed
        ");
    }

    #[test]
    fn the_last_sessions_are_kept_where_not_all_fit() {
        let days: Vec<_> = (1..=30)
            .map(|n| day("2026-01-01").saturating_add(n))
            .collect();
        let names = long_names();
        let rows = names.known().values().map(|name| GridRow {
            name: name.clone(),
            marks: vec![Mark::Processed; 30],
        });
        let grid = Grid {
            days,
            rows: rows.collect(),
        };
        let text = grid_text(&grid, Palette::Plain);
        assert!(text.lines().all(|line| width(line) <= PAGE), "{text}");
        assert!(text.lines().next().unwrap().ends_with("01-31"));
        assert!(text.contains("(24 earlier sessions not shown)"), "{text}");
    }
}
