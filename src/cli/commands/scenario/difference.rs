//! How two transcripts differ: line by line, coloured, and side by side where there is room.

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

/// From this width on transcripts stand side by side.
const WIDE: usize = 2 * HALF + 3;
const HALF: usize = 80;
/// How many lines that are the same are shown around those that are not.
const AROUND: usize = 3;

/// How there is room to look at a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// One below the other, with `-` and `+`.
    Unified,
    /// The golden one at the left and the new one at the right.
    SideBySide,
}

impl Look {
    /// What the terminal has room for; a pipe has none.
    pub(super) fn of_terminal() -> Self {
        let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        match width {
            Some(width) if width >= WIDE => Self::SideBySide,
            _ => Self::Unified,
        }
    }
}

/// The lines that differ, each with some around it.
pub(super) fn text(golden: &str, new: &str, look: Look) -> String {
    let (golden, new) = (golden.trim_end(), new.trim_end());
    let difference = TextDiff::from_lines(golden, new);
    let mut text = match look {
        Look::Unified => "  - golden   + now\n".to_owned(),
        Look::SideBySide => format!("{:HALF$} │ now\n", "golden"),
    };
    for (nth, group) in difference.grouped_ops(AROUND).iter().enumerate() {
        if nth > 0 {
            text += "  ⋮\n";
        }
        let changes = group.iter().flat_map(|op| difference.iter_changes(op));
        let changes: Vec<(ChangeTag, &str)> = changes
            .map(|change| (change.tag(), change.value().trim_end_matches('\n')))
            .collect();
        text += &match look {
            Look::Unified => unified(&changes),
            Look::SideBySide => side_by_side(&changes),
        };
    }
    text
}

fn unified(changes: &[(ChangeTag, &str)]) -> String {
    let line = |(tag, line): &(ChangeTag, &str)| match tag {
        ChangeTag::Equal => format!("    {line}\n"),
        ChangeTag::Delete => painted(GONE, &format!("  - {line}")) + "\n",
        ChangeTag::Insert => painted(NEW, &format!("  + {line}")) + "\n",
    };
    changes.iter().map(line).collect()
}

fn side_by_side(changes: &[(ChangeTag, &str)]) -> String {
    let mut text = String::new();
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for (tag, line) in changes {
        match tag {
            ChangeTag::Delete => left.push(*line),
            ChangeTag::Insert => right.push(*line),
            ChangeTag::Equal => {
                beside(&mut left, &mut right, &mut text);
                text += &row(line, line, (Style::new(), Style::new()));
            }
        }
    }
    beside(&mut left, &mut right, &mut text);
    text
}

/// What went and what came instead, beside each other.
fn beside(left: &mut Vec<&str>, right: &mut Vec<&str>, text: &mut String) {
    for at in 0..left.len().max(right.len()) {
        let side = |lines: &[&str]| lines.get(at).copied().unwrap_or_default().to_owned();
        *text += &row(&side(left), &side(right), (GONE, NEW));
    }
    left.clear();
    right.clear();
}

fn row(left: &str, right: &str, (of_left, of_right): (Style, Style)) -> String {
    let missing = HALF.saturating_sub(left.chars().count());
    format!(
        "{}{:missing$} │ {}\n",
        painted(of_left, left),
        "",
        painted(of_right, right)
    )
}

const GONE: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();

fn painted(style: Style, text: &str) -> String {
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
    fn what_went_and_what_came_are_marked_without_colour_too() {
        insta::assert_snapshot!(plain(&text(GOLDEN, TRANSCRIPT, Look::Unified)), @r"
          - golden   + now
            A  =
          - B  ?
          - ended incomplete
          + B  #
          + ended complete
        ");
    }

    #[test]
    fn on_a_wide_terminal_the_two_stand_beside_each_other() {
        let text = plain(&text(GOLDEN, TRANSCRIPT, Look::SideBySide));
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
