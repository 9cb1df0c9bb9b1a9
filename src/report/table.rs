//! Renders tables without borders: dim headings, two spaces between columns, numbers to the right,
//! never wider than the page.

use comfy_table::{Cell, CellAlignment, ColumnConstraint, Row, TableStyle, Width, presets};

use super::fit::{PAGE_WIDTH, truncate, width};
use super::palette::{Palette, Tone};

/// Number of spaces between two columns.
const COLUMN_GAP: usize = 2;
/// Minimum width to which an elastic column shrinks.
const MIN_ELASTIC_WIDTH: usize = 8;

/// A table: columns, and rows with one entry for each column.
#[derive(Debug, Clone)]
pub struct Table {
    indent: usize,
    columns: Vec<Column>,
    rows: Vec<Vec<Entry>>,
}

/// A column with its heading, its alignment and its behaviour on a narrow page.
#[derive(Debug, Clone)]
pub struct Column {
    heading: String,
    kind: ColumnKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ColumnKind {
    /// Left-aligned, as wide as its content.
    Text,
    /// Left-aligned, and cut where the page is too narrow.
    Elastic,
    /// Right-aligned, as wide as its content.
    Number,
    /// Right-aligned, and left out where the page is too narrow.
    Extra,
}

/// The content of one row and column.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    text: String,
    tone: Tone,
}

impl Column {
    /// A column of text, left-aligned.
    pub fn text(heading: impl Into<String>) -> Self {
        Self::new(heading, ColumnKind::Text)
    }

    /// A column of text that may be long and is cut to fit, left-aligned.
    pub fn elastic(heading: impl Into<String>) -> Self {
        Self::new(heading, ColumnKind::Elastic)
    }

    /// A column of numbers, right-aligned.
    pub fn number(heading: impl Into<String>) -> Self {
        Self::new(heading, ColumnKind::Number)
    }

    /// A column of numbers that is left out where there is no room, the rightmost first.
    pub fn extra(heading: impl Into<String>) -> Self {
        Self::new(heading, ColumnKind::Extra)
    }

    fn new(heading: impl Into<String>, kind: ColumnKind) -> Self {
        Self {
            heading: heading.into(),
            kind,
        }
    }
}

impl Entry {
    /// An entry with text in the look of `tone`.
    pub fn toned(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }
}

impl<T: Into<String>> From<T> for Entry {
    fn from(text: T) -> Self {
        Self::toned(Tone::Normal, text)
    }
}

impl Table {
    /// Makes a table of these columns without rows.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            indent: 0,
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Moves the table to the right by `indent` spaces.
    pub fn indented(self, indent: usize) -> Self {
        Self { indent, ..self }
    }

    /// Adds a row. It must have one entry for each column.
    pub fn add_row(&mut self, entries: impl IntoIterator<Item = Entry>) {
        let entries: Vec<_> = entries.into_iter().collect();
        debug_assert_eq!(
            entries.len(),
            self.columns.len(),
            "a row has one entry for each column"
        );
        self.rows.push(entries);
    }

    /// Returns whether the table has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the lines: the headings, where any column has one, and then one for each row.
    pub fn lines(&self, palette: Palette) -> Vec<String> {
        let headed = self.columns.iter().any(|column| !column.heading.is_empty());
        // Without a heading and a row, the table below has no columns to configure.
        if self.rows.is_empty() && !headed {
            return Vec::new();
        }
        let columns = self.column_widths();
        let mut table = comfy_table::Table::new();
        table.load_style(TableStyle { ..presets::NOTHING });
        if palette == Palette::Colour {
            table.enforce_styling().style_text_only();
        } else {
            table.force_no_tty();
        }
        if headed {
            let headings = self.columns.iter();
            let headings: Vec<_> = headings
                .map(|column| Entry::toned(Tone::Dim, column.heading.as_str()))
                .collect();
            table.set_header(self.render_row(&headings, &columns, palette));
        }
        for row in &self.rows {
            table.add_row(self.render_row(row, &columns, palette));
        }
        for (nth, (_, wide)) in columns.iter().enumerate() {
            let column = table.column_mut(nth).expect("each column has an entry");
            let before = if nth == 0 { self.indent } else { COLUMN_GAP };
            column.set_padding((before as u16, 0));
            let wide = Width::Fixed((wide + before) as u16);
            column.set_constraint(ColumnConstraint::Absolute(wide));
        }
        table
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    }

    fn render_row(&self, entries: &[Entry], columns: &[(usize, usize)], palette: Palette) -> Row {
        let cells = columns.iter().map(|(at, wide)| {
            let entry = &entries[*at];
            let alignment = match self.columns[*at].kind {
                ColumnKind::Text | ColumnKind::Elastic => CellAlignment::Left,
                ColumnKind::Number | ColumnKind::Extra => CellAlignment::Right,
            };
            let cell = Cell::new(truncate(&entry.text, *wide)).set_alignment(alignment);
            match entry.text.is_empty() {
                true => cell,
                false => palette.paint_cell(entry.tone, cell),
            }
        });
        Row::from(cells.collect::<Vec<_>>())
    }

    /// The columns that are shown, as index and width. Elastic columns shrink first, the widest
    /// first; then extra columns are dropped from the right.
    fn column_widths(&self) -> Vec<(usize, usize)> {
        let mut columns: Vec<_> = (0..self.columns.len())
            .map(|at| (at, self.natural_width(at)))
            .collect();
        while let Some(excess) = self.overflow(&columns) {
            let elastic = columns.iter_mut().filter(|(at, wide)| {
                self.columns[*at].kind == ColumnKind::Elastic && *wide > MIN_ELASTIC_WIDTH
            });
            if let Some((_, wide)) = elastic.max_by_key(|(_, wide)| *wide) {
                *wide = wide.saturating_sub(excess).max(MIN_ELASTIC_WIDTH);
                continue;
            }
            let mut shown = columns.iter();
            match shown.rposition(|(at, _)| self.columns[*at].kind == ColumnKind::Extra) {
                Some(last) => drop(columns.remove(last)),
                None => break,
            }
        }
        columns
    }

    fn natural_width(&self, at: usize) -> usize {
        let entries = self.rows.iter().map(|row| width(&row[at].text));
        let heading = width(&self.columns[at].heading);
        entries.fold(heading, usize::max)
    }

    /// The number of terminal columns by which the table is wider than the page, if it is.
    fn overflow(&self, columns: &[(usize, usize)]) -> Option<usize> {
        let between = COLUMN_GAP * columns.len().saturating_sub(1);
        let wide: usize = columns.iter().map(|(_, wide)| wide).sum();
        let excess = (self.indent + wide + between).saturating_sub(PAGE_WIDTH);
        (excess > 0).then_some(excess)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holdings(name: &str) -> Table {
        let columns = [
            Column::elastic("name"),
            Column::number("value"),
            Column::extra("cost"),
        ];
        let mut table = Table::new(columns);
        table.add_row([name.into(), "1,204.50".into(), "900.00".into()]);
        table.add_row(["B".into(), Entry::toned(Tone::Bad, "-3.00"), "5.00".into()]);
        table
    }

    #[test]
    fn numbers_are_right_aligned() {
        insta::assert_snapshot!(holdings("Growth").lines(Palette::Plain).join("\n"), @r"
        name       value    cost
        Growth  1,204.50  900.00
        B          -3.00    5.00
        ");
    }

    #[test]
    fn a_table_without_rows_is_its_headings_alone() {
        let columns = [Column::elastic("name"), Column::number("value")];
        assert_eq!(Table::new(columns).lines(Palette::Plain), ["name  value"]);
        let columns = [Column::elastic(""), Column::number("")];
        assert!(Table::new(columns).lines(Palette::Plain).is_empty());
    }

    #[test]
    fn long_names_are_cut() {
        let lines = holdings(&"long name ".repeat(20)).lines(Palette::Plain);
        assert!(lines.iter().all(|line| width(line) <= PAGE_WIDTH));
        assert!(lines[1].contains('…') && lines[1].ends_with("900.00"));
    }

    #[test]
    fn extra_column_is_dropped_before_numbers_are_cut() {
        let mut table = holdings("Growth");
        table.add_row(["C".into(), "9".repeat(66).into(), "1.00".into()]);
        let lines = table.lines(Palette::Plain);
        assert!(lines.iter().all(|line| width(line) <= PAGE_WIDTH));
        assert!(!lines[0].contains("cost"));
        assert!(lines[3].ends_with(&"9".repeat(66)));
    }

    #[test]
    fn colour_surrounds_the_text_and_not_the_spaces() {
        let coloured = holdings("Growth").lines(Palette::Colour);
        assert!(coloured[2].contains("\u{1b}"), "{:?}", coloured[2]);
        assert!(
            holdings("Growth")
                .lines(Palette::Plain)
                .iter()
                .all(|l| !l.contains('\u{1b}'))
        );
    }
}
