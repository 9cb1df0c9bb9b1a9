//! Defines the cell, the unit of work: one portfolio on one trading day.

use std::collections::BTreeMap;
use std::fmt;

use super::coverage::IdSet;
use super::day::Day;
use super::ids::PortfolioId;

/// One portfolio on one session. Ordered by day, then portfolio, as outputs are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// The session, a trading day.
    pub day: Day,
    /// The portfolio whose books are computed.
    pub portfolio: PortfolioId,
}

impl Cell {
    /// Creates the cell of `portfolio` on `day`.
    pub const fn new(day: Day, portfolio: PortfolioId) -> Self {
        Self { day, portfolio }
    }

    /// Returns the key under which a cell's outputs are stored: the day's number in the high
    /// 32 bits and the portfolio's id in the low 32, so that a run's rows append in plan order.
    pub const fn key(self) -> i64 {
        ((self.day.number() as i64) << 32) | self.portfolio.0 as i64
    }

    /// Returns the cell of a stored key, or `None` if its day is outside the supported range.
    pub fn from_key(key: i64) -> Option<Self> {
        let day = Day::from_number((key >> 32) as i32)?;
        Some(Self::new(day, PortfolioId((key & 0xffff_ffff) as u32)))
    }

    /// Groups cells by day, as sets of portfolio ids.
    pub fn by_day(cells: impl Iterator<Item = Self>) -> BTreeMap<Day, IdSet> {
        let mut days: BTreeMap<Day, IdSet> = BTreeMap::new();
        for cell in cells {
            days.entry(cell.day).or_default().insert(cell.portfolio.0);
        }
        days
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "portfolio {} on {}", self.portfolio.0, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_like_cells_and_round_trip() {
        let mut cells = Vec::new();
        for day in [
            Day::MIN,
            Day::from_number(-1).unwrap(),
            Day::from_number(20_000).unwrap(),
        ] {
            for id in [1, 2, u32::MAX] {
                cells.push(Cell::new(day, PortfolioId(id)));
            }
        }
        assert!(cells.is_sorted_by_key(|cell| cell.key()));
        for cell in cells {
            assert_eq!(Cell::from_key(cell.key()), Some(cell));
        }
    }
}
