//! Colours of reports. Colour only repeats what the text says, so that nothing is lost without it.

use anstyle::{AnsiColor, Style};
use comfy_table::{Attribute, Cell, Color};

/// Plain or coloured output of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Palette {
    /// Plain text without escape codes.
    #[default]
    Plain,
    /// Text with the colours of the terminal's own palette.
    Colour,
}

/// The meaning of a piece of text, which determines its look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Ordinary text without any style.
    #[default]
    Normal,
    /// A heading or key number: bold.
    Strong,
    /// Done, or proven: green.
    Good,
    /// Waiting, or partly done: yellow.
    Warning,
    /// Failed, or left behind: red.
    Bad,
    /// Not due, or of minor interest: dim.
    Dim,
}

impl Palette {
    /// Returns `text` in the look of `tone`. Empty text stays empty.
    pub(super) fn paint(self, tone: Tone, text: &str) -> String {
        match self {
            Self::Colour if tone != Tone::Normal && !text.is_empty() => {
                let style = tone.style();
                format!("{style}{text}{style:#}")
            }
            Self::Colour | Self::Plain => text.to_owned(),
        }
    }

    /// Returns the table cell in the look of `tone`.
    pub(super) fn paint_cell(self, tone: Tone, cell: Cell) -> Cell {
        match self {
            Self::Plain => cell,
            Self::Colour => match tone {
                Tone::Normal => cell,
                Tone::Strong => cell.add_attribute(Attribute::Bold),
                Tone::Good => cell.fg(Color::DarkGreen),
                Tone::Warning => cell.fg(Color::DarkYellow),
                Tone::Bad => cell.fg(Color::DarkRed),
                Tone::Dim => cell.add_attribute(Attribute::Dim),
            },
        }
    }
}

impl Tone {
    const fn style(self) -> Style {
        let style = Style::new();
        match self {
            Self::Normal => style,
            Self::Strong => style.bold(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default(),
            Self::Dim => style.dimmed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colour_palette_adds_escape_codes() {
        assert_eq!(Palette::Plain.paint(Tone::Bad, "failed"), "failed");
        let painted = Palette::Colour.paint(Tone::Bad, "failed");
        assert_eq!(painted, "\u{1b}[31mfailed\u{1b}[0m");
        assert_eq!(Palette::Colour.paint(Tone::Normal, "as it is"), "as it is");
    }
}
