//! Draws a series in the terminal with braille dots, with values and days on its axes.

use super::fit::{PAGE_WIDTH, width};
use super::number::plural;
use crate::domain::Day;

/// Bits of the dots of a braille character above U+2800, by column and row.
const BRAILLE_BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// A chart of one series of values.
#[derive(Debug)]
pub(super) struct Chart<'c> {
    /// The days of the values, ascending.
    pub(super) days: &'c [Day],
    /// A finite value for each day.
    pub(super) values: &'c [f64],
    /// Height in lines, two or more.
    pub(super) height: usize,
    /// The way in which the values are drawn.
    pub(super) shape: Shape,
    /// Width of the labels of the value axis, in terminal columns.
    pub(super) margin: usize,
}

/// The way in which a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A line from value to value.
    Line,
    /// An area between the values and zero at the top.
    Area,
}

impl Chart<'_> {
    /// Returns the lines: values at the top, middle and bottom of the axis, and days below. Empty for
    /// a series of fewer than two values.
    pub(super) fn lines(&self, label: impl Fn(f64) -> String) -> Vec<String> {
        if self.values.len() < 2 || self.values.len() != self.days.len() {
            return Vec::new();
        }
        let (low, high) = self.range();
        let canvas = self.canvas(low, high);
        let bottom = self.height - 1;
        let mut lines: Vec<_> = canvas
            .iter()
            .enumerate()
            .map(|(row, dots)| {
                let marked = row == 0 || row == bottom || (self.height > 4 && row == bottom / 2);
                let share = row as f64 / bottom as f64;
                let value = if marked {
                    label(high - (high - low) * share)
                } else {
                    String::new()
                };
                let tick = if marked { '┤' } else { '│' };
                let blank = self.margin.saturating_sub(width(&value));
                let dots: String = dots.iter().map(|dots| braille(*dots)).collect();
                format!("{:blank$}{value} {tick}{dots}", "")
                    .trim_end()
                    .to_owned()
            })
            .collect();
        lines.push(format!(
            "{:1$} └{2}",
            "",
            self.margin,
            "─".repeat(self.columns())
        ));
        lines.push(self.date_axis());
        lines
    }

    /// Width of the drawing in terminal columns.
    fn columns(&self) -> usize {
        PAGE_WIDTH.saturating_sub(self.margin + 2).max(20)
    }

    /// The lowest and the highest value of the axis. A flat line gets room above and below.
    fn range(&self) -> (f64, f64) {
        let low = self.values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self
            .values
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        match self.shape {
            Shape::Area => (low.min(-1e-4), 0.0),
            Shape::Line if high > low => (low, high),
            Shape::Line => {
                let room = (high.abs() * 0.01).max(1.0);
                (low - room, high + room)
            }
        }
    }

    /// The dots of each character: a straight line from each value to the next.
    fn canvas(&self, low: f64, high: f64) -> Vec<Vec<u8>> {
        let (columns, rows) = (self.columns(), self.height);
        let mut canvas = vec![vec![0_u8; columns]; rows];
        let (wide, tall) = ((columns * 2 - 1) as f64, (rows * 4 - 1) as f64);
        let last = (self.values.len() - 1) as f64;
        let place = |at: usize| {
            let height = (self.values[at] - low) / (high - low);
            (at as f64 / last * wide, (1.0 - height) * tall)
        };
        for at in 1..self.values.len() {
            let ((x0, y0), (x1, y1)) = (place(at - 1), place(at));
            let steps = (x1 - x0).abs().max((y1 - y0).abs()).ceil().max(1.0) as usize;
            for step in 0..=steps {
                let share = step as f64 / steps as f64;
                let x = (x0 + (x1 - x0) * share).round() as usize;
                let y = (y0 + (y1 - y0) * share).round() as usize;
                let from = if self.shape == Shape::Area { 0 } else { y };
                for y in from..=y {
                    canvas[y / 4][x / 2] |= BRAILLE_BITS[x % 2][y % 4];
                }
            }
        }
        canvas
    }

    /// The first day at the left, the last at the right, and the number of sessions between them.
    fn date_axis(&self) -> String {
        let (first, last) = (self.days[0], self.days[self.days.len() - 1]);
        let sessions = plural(self.days.len() as u64, "session");
        let taken = 2 * "2026-01-08".len() + width(&sessions);
        let spare = self.columns().saturating_sub(taken);
        let (left, right) = (spare / 2, spare - spare / 2);
        let margin = self.margin + 2;
        format!("{0:margin$}{first}{0:left$}{sessions}{0:right$}{last}", "")
    }
}

fn braille(dots: u8) -> char {
    match dots {
        0 => ' ',
        dots => char::from_u32(0x2800 + u32::from(dots)).expect("256 patterns follow U+2800"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[f64], shape: Shape) -> String {
        let start: Day = "2026-01-01".parse().unwrap();
        let days: Vec<_> = (0..values.len() as i32)
            .map(|n| start.saturating_add(n))
            .collect();
        let chart = Chart {
            days: &days,
            values,
            height: 6,
            shape,
            margin: 6,
        };
        chart.lines(|value| format!("{value:.2}")).join("\n")
    }

    #[test]
    fn a_line_goes_from_its_first_value_to_its_last() {
        let values: Vec<_> = (0..250)
            .map(|n| f64::from(n) + 20.0 * (f64::from(n) / 12.0).sin())
            .collect();
        insta::assert_snapshot!(chart(&values, Shape::Line), @r"
        267.92 ┤                                                                 ⣀⣠⠤⠒⠒⠉⠉
               │                                               ⣀⣀⣠⠤⠤⢤⣀⣀⣀⣀⣀⣀⣀⣀⠤⠴⠒⠉⠁
        160.75 ┤                                         ⢀⣀⠤⠖⠊⠉⠁
               │                       ⣀⡠⠤⠔⠒⠒⠒⠒⠒⠒⠲⠤⠤⠤⠴⠒⠒⠉⠉
               │      ⢀⣀⣀⡀       ⣀⣀⡤⠴⠒⠉
          0.00 ┤⣀⠤⠒⠚⠉⠉⠁  ⠈⠉⠉⠉⠉⠉⠉⠉⠁
               └────────────────────────────────────────────────────────────────────────
                2026-01-01                    250 sessions                    2026-09-07
        ");
    }

    #[test]
    fn drawdown_is_filled_from_zero() {
        insta::assert_snapshot!(chart(&[0.0, -0.1, -0.05, 0.0, -0.2], Shape::Area), @r"
         0.00 ┤⠉⠛⠻⠿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⠿⠿⠿⠛⠛⠛⠉⠉⠛⢿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
              │     ⠈⠉⠙⠛⠿⢿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⠿⠿⠟⠛⠛⠋⠉⠉⠉             ⠈⠙⠿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
        -0.08 ┤            ⠉⠙⠛⠿⢿⣿⣿⣿⣿⡿⠿⠿⠟⠛⠛⠋⠉⠉⠉                            ⠈⠙⠿⣿⣿⣿⣿⣿⣿⣿⣿⣿⣿
              │                  ⠁                                           ⠈⠙⠻⣿⣿⣿⣿⣿⣿⣿
              │                                                                  ⠙⠻⣿⣿⣿⣿
        -0.20 ┤                                                                     ⠉⠻⢿
              └────────────────────────────────────────────────────────────────────────
               2026-01-01                     5 sessions                     2026-01-05
        ");
    }

    #[test]
    fn short_long_and_flat_series_are_drawn() {
        assert_eq!(chart(&[1.0], Shape::Line), "");
        for length in [2, 3, 5_000] {
            for value in [0.0, 1e15] {
                let text = chart(&vec![value; length], Shape::Line);
                assert!(
                    text.contains('⠤') || text.contains('⠒') || text.contains('⠉'),
                    "{text}"
                );
            }
        }
    }
}
