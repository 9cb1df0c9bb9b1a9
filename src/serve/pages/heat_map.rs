//! The heat map: portfolios by sessions, with a mark for each cell that links to its page.
//!
//! Over a short range each cell is a square. Over a long range a row is an SVG in which adjacent
//! cells of the same mark form one interval, so that a thousand portfolios over a year stay a page
//! of a few hundred kilobytes.

use crate::domain::Day;
use crate::query::{Mark, PortfolioStatus, Status};

use super::labels;

/// The heat map of a status, ready for its template.
#[derive(Debug)]
pub(super) struct HeatMap {
    pub(super) months: Vec<(String, usize)>,
    pub(super) days: Vec<DayHeader>,
    pub(super) rows: Vec<MapRow>,
    /// Class, symbol and label of each mark that occurs.
    pub(super) legend: Vec<(&'static str, char, &'static str)>,
    pub(super) shape: CellShape,
}

/// The way in which the cells of a row are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellShape {
    /// Each cell as a square.
    Squares,
    /// Adjacent cells of the same mark as one rectangle.
    Intervals,
}

/// The column header of a session.
#[derive(Debug)]
pub(super) struct DayHeader {
    pub(super) number: String,
    pub(super) full_date: String,
}

/// The row of a portfolio.
#[derive(Debug)]
pub(super) struct MapRow {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) behind: usize,
    pub(super) intervals: Vec<Interval>,
}

/// Adjacent cells of the same mark; a single cell with [`CellShape::Squares`].
#[derive(Debug)]
pub(super) struct Interval {
    pub(super) from: usize,
    pub(super) length: usize,
    pub(super) class: &'static str,
    /// The symbol in the cell, so that colour is not the only sign.
    pub(super) symbol: char,
    pub(super) first: Day,
    pub(super) label: String,
}

impl HeatMap {
    /// Lays out the map of a status; the portfolios most behind come first.
    pub(super) fn new(status: &Status, shape: CellShape) -> Self {
        let grid = &status.grid;
        let mut rows: Vec<MapRow> = (status.portfolios.iter().zip(&grid.rows))
            .map(|(portfolio, row)| map_row(portfolio, &grid.days, &row.marks, shape))
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.behind));
        Self {
            months: months(&grid.days),
            days: grid.days.iter().map(|day| day_header(*day)).collect(),
            rows,
            legend: (grid.marks().into_iter())
                .map(|mark| {
                    (
                        labels::mark_class(mark),
                        symbol(mark),
                        labels::mark_label(mark),
                    )
                })
                .collect(),
            shape,
        }
    }

    pub(super) fn is_squares(&self) -> bool {
        self.shape == CellShape::Squares
    }
}

fn day_header(day: Day) -> DayHeader {
    DayHeader {
        number: day.to_date().format("%d").to_string(),
        full_date: labels::day(day),
    }
}

/// The months of a range, each with its number of sessions.
fn months(days: &[Day]) -> Vec<(String, usize)> {
    let mut months: Vec<(String, usize)> = Vec::new();
    for day in days {
        let name = day.to_date().format("%b %Y").to_string();
        match months.last_mut().filter(|(last, _)| *last == name) {
            Some((_, count)) => *count += 1,
            None => months.push((name, 1)),
        }
    }
    months
}

fn map_row(portfolio: &PortfolioStatus, days: &[Day], marks: &[Mark], shape: CellShape) -> MapRow {
    let mut intervals: Vec<(usize, usize, Mark)> = Vec::new();
    for (index, mark) in marks.iter().enumerate() {
        match intervals.last_mut() {
            Some((_, length, last)) if shape == CellShape::Intervals && last == mark => {
                *length += 1
            }
            _ => intervals.push((index, 1, *mark)),
        }
    }
    let intervals = intervals.into_iter();
    MapRow {
        key: portfolio.key.to_string(),
        name: portfolio.name.clone(),
        behind: portfolio.sessions_behind,
        intervals: intervals
            .map(|(from, length, mark)| interval(days, from, length, mark))
            .collect(),
    }
}

/// The symbol in a cell; blank for cells that need no attention.
const fn symbol(mark: Mark) -> char {
    match mark {
        Mark::DoneBefore | Mark::NotDue => ' ',
        other => other.symbol(),
    }
}

impl Interval {
    /// Returns whether the cell needs no attention, so that the tab key skips it.
    pub(super) fn is_blank(&self) -> bool {
        self.symbol == ' '
    }
}

fn interval(days: &[Day], from: usize, length: usize, mark: Mark) -> Interval {
    let (first, last) = (days[from], days[from + length - 1]);
    let when = match length {
        1 => labels::day(first),
        _ => format!("{} to {}", labels::day(first), labels::day(last)),
    };
    Interval {
        from,
        length,
        class: labels::mark_class(mark),
        symbol: symbol(mark),
        first,
        label: format!("{when}: {}", labels::mark_label(mark)),
    }
}
