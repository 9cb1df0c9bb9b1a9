//! Finds the closes before and after given days: a new close is compared with them, and a changed
//! close affects days up to the next one.
//!
//! Closes are stored by day and then security, the order in which they arrive. A security's nearest
//! close is found by walking the days that have any close and looking up the securities that are
//! still pending: mostly on a single day.

use std::collections::BTreeMap;
use std::ops::Bound;

use rusqlite::{OptionalExtension, params};

use super::prices::ReadCloses;
use crate::domain::{Day, DayRange, Price, SecurityId};
use crate::store::error::StoreError;

/// With more securities than this, all closes of the interval are read; with fewer, those of each
/// security are looked up.
const MAX_LOOKUPS: usize = 64;

/// A stored close of a security.
pub(super) type CloseRow = (SecurityId, Day, Price);

/// Direction of the walk over days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Backward,
    Forward,
}

impl ReadCloses<'_> {
    /// Returns for each security its closes on the days of its range, the last one before the range
    /// and the first one after it, where there are any. The order is unspecified.
    pub(crate) fn around(
        &self,
        ranges: &BTreeMap<SecurityId, DayRange>,
    ) -> Result<Vec<CloseRow>, StoreError> {
        let first = ranges.values().map(|range| range.first()).min();
        let last = ranges.values().map(|range| range.last()).max();
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        if ranges.len() > MAX_LOOKUPS {
            let interval = DayRange::new(first, last)
                .expect("the first of all ranges starts before the last of them ends");
            self.for_each(interval, |security, day, price| {
                let range = ranges.get(&security);
                if range.is_some_and(|range| range.contains(day)) {
                    found.push((security, day, price));
                }
            })?;
        } else {
            for (security, range) in ranges {
                let days = (0..=range.last().number() - range.first().number())
                    .map(|after| range.first().saturating_add(after));
                self.for_each_of([*security], days, |security, day, price| {
                    found.push((security, day, price));
                })?;
            }
        }
        let before = ranges.iter().map(|(id, range)| (range.first(), *id));
        found.extend(self.nearest(before, Direction::Backward)?);
        let after = ranges.iter().map(|(id, range)| (range.last(), *id));
        found.extend(self.nearest(after, Direction::Forward)?);
        Ok(found)
    }

    /// Returns the first of `days` on which a security has a close.
    pub(crate) fn first_on(
        &self,
        security: SecurityId,
        days: &[Day],
    ) -> Result<Option<Day>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT 1 FROM price WHERE day = ?1 AND security = ?2")?;
        for day in days {
            if statement.exists(params![day, security])? {
                return Ok(Some(*day));
            }
        }
        Ok(None)
    }

    /// Returns the last close of a security before `day`.
    pub(crate) fn last_before(
        &self,
        security: SecurityId,
        day: Day,
    ) -> Result<Option<(Day, Price)>, StoreError> {
        let found = self.nearest([(day, security)].into_iter(), Direction::Backward)?;
        Ok(found.first().map(|(_, day, close)| (*day, *close)))
    }

    /// Returns for each security the close nearest to its day, before or after it but not on it.
    fn nearest(
        &self,
        starts: impl Iterator<Item = (Day, SecurityId)>,
        direction: Direction,
    ) -> Result<Vec<CloseRow>, StoreError> {
        let mut starts: BTreeMap<Day, Vec<SecurityId>> =
            starts.fold(BTreeMap::new(), |mut days, (day, security)| {
                days.entry(day).or_default().push(security);
                days
            });
        let mut pending: Vec<SecurityId> = Vec::new();
        let mut found = Vec::new();
        let mut select_close = self
            .connection
            .prepare_cached("SELECT close FROM price WHERE day = ?1 AND security = ?2")?;
        let mut reached = None;
        loop {
            let from = match reached.filter(|_| !pending.is_empty()) {
                Some(day) => day,
                // No security is pending: skip to the day where the next ones start.
                None => match join(&mut starts, &mut pending, direction) {
                    Some(day) => day,
                    None => return Ok(found),
                },
            };
            let Some(day) = self.nearest_priced_day(from, direction)? else {
                return Ok(found);
            };
            // Securities that start between `from` and `day` have no close in between either, since
            // no security has one there.
            join_passed(&mut starts, &mut pending, day, direction);
            let mut unfound = Vec::new();
            for security in pending {
                let close = select_close.query_row(params![day, security], |row| row.get(0));
                match close.optional()? {
                    Some(close) => found.push((security, day, close)),
                    None => unfound.push(security),
                }
            }
            pending = unfound;
            reached = Some(day);
        }
    }

    /// Returns the nearest day with any close, before or after `day`.
    fn nearest_priced_day(
        &self,
        day: Day,
        direction: Direction,
    ) -> Result<Option<Day>, StoreError> {
        let mut statement = self.connection.prepare_cached(match direction {
            Direction::Backward => "SELECT max(day) FROM price WHERE day < ?1",
            Direction::Forward => "SELECT min(day) FROM price WHERE day > ?1",
        })?;
        Ok(statement.query_row([day], |row| row.get(0))?)
    }
}

/// Moves the securities that start next to the pending ones and returns their start.
fn join(
    starts: &mut BTreeMap<Day, Vec<SecurityId>>,
    pending: &mut Vec<SecurityId>,
    direction: Direction,
) -> Option<Day> {
    let (day, joining) = match direction {
        Direction::Backward => starts.pop_last()?,
        Direction::Forward => starts.pop_first()?,
    };
    pending.extend(joining);
    Some(day)
}

/// Moves the securities whose start the walk has passed at `day` to the pending ones.
fn join_passed(
    starts: &mut BTreeMap<Day, Vec<SecurityId>>,
    pending: &mut Vec<SecurityId>,
    day: Day,
    direction: Direction,
) {
    let passed = match direction {
        Direction::Backward => (Bound::Excluded(day), Bound::Unbounded),
        Direction::Forward => (Bound::Unbounded, Bound::Excluded(day)),
    };
    let days: Vec<Day> = starts.range(passed).map(|(day, _)| *day).collect();
    for day in days {
        pending.extend(starts.remove(&day).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sources::fixture::{closes, day, store_with_closes};

    /// The expected result, found by reading every close.
    fn expected(closes: &[CloseRow], ranges: &BTreeMap<SecurityId, DayRange>) -> Vec<CloseRow> {
        let mut found = Vec::new();
        for (id, range) in ranges {
            let of = || closes.iter().filter(|(security, _, _)| security == id);
            found.extend(of().filter(|(_, day, _)| range.contains(*day)));
            found.extend(of().rfind(|(_, day, _)| *day < range.first()));
            found.extend(of().find(|(_, day, _)| *day > range.last()));
        }
        found.sort();
        found
    }

    #[test]
    fn closes_around_ranges_are_found_for_few_and_many_securities() {
        let closes = closes();
        let (_folder, store) = store_with_closes(&closes);
        for count in [1, 3, 40, 100] {
            for (first, length) in [(0, 0), (4, 3), (13, 0), (10, 12), (29, 0), (31, 2)] {
                let range = |id: u32| {
                    let first = first + id % 4;
                    DayRange::new(day(first), day(first + length)).unwrap()
                };
                let ids = (0..100).rev().take(count);
                let ranges = ids.map(|id| (SecurityId(id), range(id))).collect();
                let found = store.read(|reading| reading.closes().around(&ranges));
                let mut found = found.unwrap();
                found.sort();
                assert_eq!(found, expected(&closes, &ranges), "{count} from {first}");
            }
        }
    }

    #[test]
    fn no_closes_or_no_ranges_find_nothing() {
        let (_folder, store) = store_with_closes(&[]);
        let single = [(SecurityId(1), DayRange::single(day(5)))].into();
        for ranges in [BTreeMap::new(), single] {
            let found = store.read(|reading| reading.closes().around(&ranges));
            assert!(found.unwrap().is_empty());
        }
    }

    #[test]
    fn the_first_of_some_days_with_a_close_is_found() {
        let close = (SecurityId(1), day(6), Price::whole(1));
        let (_folder, store) = store_with_closes(&[close]);
        let first_of = |days: &[Day]| {
            let first = store.read(|reading| reading.closes().first_on(SecurityId(1), days));
            first.unwrap()
        };
        assert_eq!(first_of(&[day(5), day(6), day(7)]), Some(day(6)));
        assert_eq!(first_of(&[day(7)]), None);
    }
}
