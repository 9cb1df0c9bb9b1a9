//! The heat-map: portfolios by sessions, a mark for each cell that leads to its reason.
//!
//! Where there are few, each cell is a square of its own. Otherwise a row is a drawing in which
//! neighbours of the same mark are one stretch, so that a thousand portfolios over a year stay a
//! page of a few hundred kilobytes.

use crate::domain::Day;
use crate::query::{Mark, PortfolioStatus, Status};

use super::labels;

/// Portfolios by sessions.
#[derive(Debug)]
pub(super) struct HeatMap {
    pub(super) months: Vec<(String, usize)>,
    pub(super) days: Vec<DayHeader>,
    pub(super) rows: Vec<MapRow>,
    /// Look, symbol and words of each mark that occurs.
    pub(super) legend: Vec<(&'static str, char, &'static str)>,
    pub(super) shape: CellShape,
}

/// How the cells of a row are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellShape {
    /// Each by itself.
    Squares,
    /// Neighbours of the same mark together.
    Intervals,
}

/// A session at the head of the map.
#[derive(Debug)]
pub(super) struct DayHeader {
    pub(super) number: String,
    pub(super) full_date: String,
}

/// A portfolio.
#[derive(Debug)]
pub(super) struct MapRow {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) behind: usize,
    pub(super) intervals: Vec<Interval>,
}

/// Neighbours of the same mark; a single cell where cells are drawn by themselves.
#[derive(Debug)]
pub(super) struct Interval {
    pub(super) from: usize,
    pub(super) length: usize,
    pub(super) class: &'static str,
    /// What stands in it beside its colour.
    pub(super) symbol: char,
    pub(super) first: Day,
    pub(super) label: String,
}

impl HeatMap {
    /// The map of a status; those most behind first.
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

/// Each month with its number of sessions.
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
    let mut stretches: Vec<(usize, usize, Mark)> = Vec::new();
    for (at, mark) in marks.iter().enumerate() {
        match stretches.last_mut() {
            Some((_, length, last)) if shape == CellShape::Intervals && last == mark => {
                *length += 1
            }
            _ => stretches.push((at, 1, *mark)),
        }
    }
    let stretches = stretches.into_iter();
    MapRow {
        key: portfolio.key.to_string(),
        name: portfolio.name.clone(),
        behind: portfolio.sessions_behind,
        intervals: stretches
            .map(|(from, length, mark)| interval(days, from, length, mark))
            .collect(),
    }
}

/// What stands in a cell beside its colour; nothing where nobody has to look.
const fn symbol(mark: Mark) -> char {
    match mark {
        Mark::DoneBefore | Mark::NotDue => ' ',
        other => other.symbol(),
    }
}

impl Interval {
    /// Whether nobody has to look, so that a keyboard need not stop there.
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
