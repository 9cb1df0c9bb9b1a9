//! Formats the differences between two transcripts line by line, in colour, and in two columns on a
//! wide terminal.

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

/// The minimum width of a terminal for two columns, in characters.
const MIN_SIDE_BY_SIDE_WIDTH: usize = 2 * COLUMN_WIDTH + 3;
/// The width of the left column, in characters. Longer lines are not cut.
const COLUMN_WIDTH: usize = 80;
/// The number of equal lines shown before and after a change.
const CONTEXT_LINES: usize = 3;

/// The arrangement of changed lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DiffLayout {
    /// One column: removed lines are marked with `-`, added lines with `+`.
    Unified,
    /// The golden transcript on the left, the new one on the right.
    SideBySide,
}

impl DiffLayout {
    /// Returns the layout for the width of the terminal; [`Self::Unified`] if there is no terminal.
    pub(super) fn for_terminal() -> Self {
        let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        match width {
            Some(width) if width >= MIN_SIDE_BY_SIDE_WIDTH => Self::SideBySide,
            _ => Self::Unified,
        }
    }
}

/// Returns the changed lines, with [`CONTEXT_LINES`] equal ones before and after each change.
pub(super) fn diff_text(golden: &str, new: &str, layout: DiffLayout) -> String {
    let (golden, new) = (golden.trim_end(), new.trim_end());
    let difference = TextDiff::from_lines(golden, new);
    let mut text = match layout {
        DiffLayout::Unified => "  - golden   + now\n".to_owned(),
        DiffLayout::SideBySide => format!("{:COLUMN_WIDTH$} │ now\n", "golden"),
    };
    for (nth, group) in difference.grouped_ops(CONTEXT_LINES).iter().enumerate() {
        if nth > 0 {
            text += "  ⋮\n";
        }
        let changes = group.iter().flat_map(|op| difference.iter_changes(op));
        let changes: Vec<(ChangeTag, &str)> = changes
            .map(|change| (change.tag(), change.value().trim_end_matches('\n')))
            .collect();
        text += &match layout {
            DiffLayout::Unified => unified(&changes),
            DiffLayout::SideBySide => two_columns(&changes),
        };
    }
    text
}

fn unified(changes: &[(ChangeTag, &str)]) -> String {
    let line = |(tag, line): &(ChangeTag, &str)| match tag {
        ChangeTag::Equal => format!("    {line}\n"),
        ChangeTag::Delete => paint(REMOVED, &format!("  - {line}")) + "\n",
        ChangeTag::Insert => paint(ADDED, &format!("  + {line}")) + "\n",
    };
    changes.iter().map(line).collect()
}

fn two_columns(changes: &[(ChangeTag, &str)]) -> String {
    let mut text = String::new();
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for (tag, line) in changes {
        match tag {
            ChangeTag::Delete => left.push(*line),
            ChangeTag::Insert => right.push(*line),
            ChangeTag::Equal => {
                push_rows(&mut left, &mut right, &mut text);
                text += &row(line, line, (Style::new(), Style::new()));
            }
        }
    }
    push_rows(&mut left, &mut right, &mut text);
    text
}

/// Writes the removed and the added lines of one change beside each other, and clears both lists.
fn push_rows(left: &mut Vec<&str>, right: &mut Vec<&str>, text: &mut String) {
    for at in 0..left.len().max(right.len()) {
        let side = |lines: &[&str]| lines.get(at).copied().unwrap_or_default().to_owned();
        *text += &row(&side(left), &side(right), (REMOVED, ADDED));
    }
    left.clear();
    right.clear();
}

fn row(left: &str, right: &str, (of_left, of_right): (Style, Style)) -> String {
    let missing = COLUMN_WIDTH.saturating_sub(left.chars().count());
    format!(
        "{}{:missing$} │ {}\n",
        paint(of_left, left),
        "",
        paint(of_right, right)
    )
}

const REMOVED: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();

fn paint(style: Style, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    const GOLDEN: &str = "A  =\nB  ?\nended incomplete\n";
    const TRANSCRIPT: &str = "A  =\nB  #\nended complete\n";

    #[test]
    fn changes_are_marked_without_colour() {
        insta::assert_snapshot!(plain(&diff_text(GOLDEN, TRANSCRIPT, DiffLayout::Unified)), @r"
          - golden   + now
            A  =
          - B  ?
          - ended incomplete
          + B  #
          + ended complete
        ");
    }

    #[test]
    fn a_wide_terminal_shows_transcripts_two_columns() {
        let text = plain(&diff_text(GOLDEN, TRANSCRIPT, DiffLayout::SideBySide));
        let lines: Vec<(&str, &str)> = text
            .lines()
            .filter_map(|line| line.split_once('│'))
            .map(|(left, right)| (left.trim_end(), right.trim()))
            .collect();
        let expected = [
            ("golden", "now"),
            ("A  =", "A  ="),
            ("B  ?", "B  #"),
            ("ended incomplete", "ended complete"),
        ];
        assert_eq!(lines, expected);
    }
}
