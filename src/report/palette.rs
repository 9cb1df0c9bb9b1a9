//! Colour, used sparingly: it repeats what the words say and is never the only one to say it.

use anstyle::{AnsiColor, Style};
use comfy_table::{Attribute, Cell, Color};

/// Whether a report is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Palette {
    /// Text alone, without one escape byte.
    #[default]
    Plain,
    /// With the colours of the terminal's own palette.
    Colour,
}

/// What a piece of text stands for, and so how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Text as it is.
    #[default]
    Normal,
    /// A heading.
    Strong,
    /// Done, or proven: green.
    Good,
    /// Waiting, or done in part: yellow.
    Warning,
    /// Failed, or left behind: red.
    Bad,
    /// Not due, or beside the point: dim.
    Dim,
}

impl Palette {
    /// `text` in the look of `tone`; empty text stays empty.
    pub(super) fn paint(self, tone: Tone, text: &str) -> String {
        match self {
            Self::Colour if tone != Tone::Normal && !text.is_empty() => {
                let style = tone.style();
                format!("{style}{text}{style:#}")
            }
            Self::Colour | Self::Plain => text.to_owned(),
        }
    }

    /// A table's cell in the look of `tone`.
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
