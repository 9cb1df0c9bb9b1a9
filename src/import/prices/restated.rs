//! Finds closes of a file that contradict the stored closes by one ratio, and closes that move by the
//! factor of a split that is not known.
//!
//! A vendor divides its whole history by the ratio of a new split. Before the split is known here,
//! such a file would correct every stored close. A file that was saved before a split and imported
//! after it does the opposite.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::raw_closes::{Origin, Point};
use crate::domain::{AssetClass, Day, Price, Security};
use crate::import::restatement::{Restatement, SplitJump, SplitRatio};

/// Largest difference between ratios that count as equal, as a share.
const SAME_RATIO: Decimal = Decimal::from_parts(5, 0, 0, false, 3);
/// A ratio and one that counts as equal differ by at most one of this many parts of its distance to 1.
const RATIO_STEPS: Decimal = Decimal::from_parts(20, 0, 0, false, 0);
/// Number of closes from which a ratio that no split has is not a coincidence.
const MIN_CLOSES: usize = 3;
/// Smallest factor of a split by which a single close is doubtful.
const MIN_FACTOR: Decimal = Decimal::from_parts(15, 0, 0, false, 1);
/// Largest distance from the factor of a split of a move between two days, as a share.
const MAX_MOVE: Decimal = Decimal::from_parts(6, 0, 0, false, 2);
/// Smallest factor of a split that a move between two days may stand for. Smaller moves happen.
const MIN_MOVE: Decimal = Decimal::from_parts(18, 0, 0, false, 1);
/// Largest such factor. Larger moves are jumps.
const MAX_FACTOR: Decimal = Decimal::from_parts(20, 0, 0, false, 0);
/// Smallest factor of a split that a fall between two days may stand for: that of 5:4, less the move of
/// a market.
const MIN_FALL: Decimal = Decimal::from_parts(122, 0, 0, false, 2);
/// Largest distance from the factor of a small split of a fall, as a share: markets fall by that much
/// too, so that it is less than for larger ones.
const MAX_FALL_MOVE: Decimal = Decimal::from_parts(2, 0, 0, false, 2);
/// Largest number of days between closes whose move is compared.
const MAX_DAYS: i32 = 10;

/// A day with a stored close and one of the file, both raw.
#[derive(Debug, Clone, Copy)]
pub(super) struct Overlap {
    pub(super) day: Day,
    pub(super) stored: Price,
    pub(super) file: Price,
    /// True if both count as equal.
    pub(super) is_same: bool,
}

/// Consecutive days of the overlap that differ by one ratio.
struct RatioRun {
    first: Day,
    last: Day,
    closes: usize,
    factor: Decimal,
}

/// Returns the latest run of stored closes that differ from the file by one ratio. `overlap` must be
/// in day order; `days` are all days with a close in the file or in the database. Of a security that
/// does not split, a single close may differ by any ratio.
pub(super) fn find_restatement(
    security: &Security,
    overlap: &[Overlap],
    days: &BTreeMap<Day, Point>,
) -> Option<Restatement> {
    let mut runs: Vec<RatioRun> = Vec::new();
    let mut is_open = false;
    for point in overlap {
        let factor = point.stored.decimal().checked_div(point.file.decimal());
        let Some(factor) = factor.filter(|_| !point.is_same) else {
            is_open = false;
            continue;
        };
        match runs.last_mut() {
            Some(run) if is_open && is_same_ratio(run.factor, factor) => {
                run.last = point.day;
                run.closes += 1;
            }
            _ => runs.push(RatioRun {
                first: point.day,
                last: point.day,
                closes: 1,
                factor,
            }),
        }
        is_open = true;
    }
    runs.into_iter().rev().find_map(|run| {
        let split = SplitRatio::near(run.factor, SAME_RATIO).filter(|_| may_split(security));
        let is_doubtful = run.closes >= MIN_CLOSES
            || (split.is_some() && fold(run.factor).is_some_and(|fold| fold >= MIN_FACTOR));
        is_doubtful.then(|| Restatement {
            symbol: security.symbol.clone(),
            closes: run.closes,
            days: (run.first, run.last),
            next: days.range(run.last.next()..).next().map(|(day, _)| *day),
            factor: run.factor.round_dp(4).normalize(),
            split,
        })
    })
}

/// Returns true if two ratios count as equal. The closer they are to 1, the less they may differ, so
/// that small corrections of neighbouring days are not one ratio.
fn is_same_ratio(a: Decimal, b: Decimal) -> bool {
    let distance = (a - Decimal::ONE).abs() / RATIO_STEPS;
    (a - b).abs() <= (a * SAME_RATIO).min(distance)
}

/// Returns true for classes whose units are split.
const fn may_split(security: &Security) -> bool {
    matches!(security.class, AssetClass::Equity | AssetClass::Fund)
}

/// Returns the first move between neighbouring days, at least one of them with a close of the file,
/// that is about the factor of a split. `units` returns the combined ratio (units after, units
/// before) of the known splits between two days, the first exclusive.
pub(super) fn find_split_jump(
    security: &Security,
    points: &BTreeMap<Day, Point>,
    units: impl Fn(Day, Day) -> Option<(Decimal, Decimal)>,
) -> Option<SplitJump> {
    find_move(security, points, units, |factor| {
        let is_large = fold(factor).is_some_and(|fold| (MIN_MOVE..=MAX_FACTOR).contains(&fold));
        SplitRatio::near(factor, MAX_MOVE).filter(|_| is_large)
    })
}

/// Returns the first fall between neighbouring days, at least one of them with a close of the file,
/// that is about the factor of a split that is too small for [`find_split_jump`].
pub(super) fn find_split_like_fall(
    security: &Security,
    points: &BTreeMap<Day, Point>,
    units: impl Fn(Day, Day) -> Option<(Decimal, Decimal)>,
) -> Option<SplitJump> {
    find_move(security, points, units, |factor| {
        let is_small = (MIN_FALL..MIN_MOVE).contains(&factor);
        SplitRatio::near(factor, MAX_FALL_MOVE).filter(|_| is_small)
    })
}

/// Returns the first move between neighbouring days whose factor, after the known splits, is that of a
/// split by `ratio`.
fn find_move(
    security: &Security,
    points: &BTreeMap<Day, Point>,
    units: impl Fn(Day, Day) -> Option<(Decimal, Decimal)>,
    ratio: impl Fn(Decimal) -> Option<SplitRatio>,
) -> Option<SplitJump> {
    if !may_split(security) {
        return None;
    }
    let pairs = points.values().zip(points.values().skip(1));
    for (before, after) in pairs {
        let is_stored = before.origin == Origin::Books && after.origin == Origin::Books;
        if is_stored || after.day.number() - before.day.number() > MAX_DAYS {
            continue;
        }
        let factor = units(before.day, after.day).and_then(|(new, old)| {
            let was = before.close.decimal().checked_mul(old)?;
            let now = after.close.decimal().checked_mul(new)?;
            was.checked_div(now)
        });
        if let Some(split) = factor.and_then(&ratio) {
            return Some(SplitJump {
                symbol: security.symbol.clone(),
                before_day: before.day,
                before: before.close,
                day: after.day,
                close: after.close,
                split,
            });
        }
    }
    None
}

/// Returns whether a close of the file is so near to a stored one that a move by the factor of a split
/// would show.
pub(super) fn has_stored_neighbour(points: &BTreeMap<Day, Point>) -> bool {
    let mut pairs = points.values().zip(points.values().skip(1));
    pairs.any(|(before, after)| {
        let is_near = after.day.number() - before.day.number() <= MAX_DAYS;
        is_near && (before.origin == Origin::Books) != (after.origin == Origin::Books)
    })
}

/// Returns the factor or its inverse, the larger one; `None` for zero.
fn fold(factor: Decimal) -> Option<Decimal> {
    Some(factor.max(Decimal::ONE.checked_div(factor)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::sample;

    fn point(at: i32, close: i32, origin: Origin) -> (Day, Point) {
        let day = Day::MIN.saturating_add(at);
        let close = Price::whole(close);
        (day, Point { day, close, origin })
    }

    /// Returns closes and size of the restatement of (stored, file) closes on consecutive days.
    fn restated(closes: &[(i32, i32)]) -> Option<(usize, Option<String>)> {
        let overlap: Vec<Overlap> = closes
            .iter()
            .zip(0..)
            .map(|((stored, file), at)| Overlap {
                day: Day::MIN.saturating_add(at),
                stored: Price::whole(*stored),
                file: Price::whole(*file),
                is_same: stored == file,
            })
            .collect();
        let found = find_restatement(&sample::security(1, "X"), &overlap, &BTreeMap::new())?;
        Some((found.closes, found.split.map(|split| split.to_string())))
    }

    #[test]
    fn one_ratio_from_some_day_on_is_a_restatement() {
        assert_eq!(
            restated(&[(100, 50), (102, 51), (60, 60)]),
            Some((2, Some("2:1".into())))
        );
        assert_eq!(restated(&[(50, 100)]), Some((1, Some("1:2".into()))));
        assert_eq!(
            restated(&[(1000, 990), (2000, 1980), (3000, 2970)]),
            Some((3, None))
        );
    }

    #[test]
    fn single_corrections_are_not_restatements() {
        assert_eq!(restated(&[(100, 101), (100, 98), (102, 102)]), None);
        assert_eq!(restated(&[(100, 80), (102, 102)]), None);
        assert_eq!(
            restated(&[(10_000, 10_010), (10_100, 10_120), (10_200, 10_190)]),
            None
        );
        assert_eq!(restated(&[(100, 100)]), None);
    }

    fn jump(points: &[(Day, Point)]) -> Option<String> {
        let security = sample::security(1, "X");
        let points = points.iter().copied().collect();
        let found = find_split_jump(&security, &points, |_, _| {
            Some((Decimal::ONE, Decimal::ONE))
        });
        found.map(|jump| jump.split.to_string())
    }

    #[test]
    fn a_move_by_the_factor_of_a_split_is_found_only_beside_closes_of_the_file() {
        let (books, file) = (Origin::Books, Origin::File(0));
        assert_eq!(
            jump(&[point(0, 499, books), point(1, 129, file)]).as_deref(),
            Some("4:1")
        );
        assert_eq!(
            jump(&[point(0, 100, file), point(1, 1_000, books)]).as_deref(),
            Some("1:10")
        );
        assert_eq!(jump(&[point(0, 499, books), point(1, 129, books)]), None);
        assert_eq!(jump(&[point(0, 499, books), point(40, 129, file)]), None);
        assert_eq!(jump(&[point(0, 100, books), point(1, 70, file)]), None);
    }

    #[test]
    fn a_fall_by_the_factor_of_a_small_split_is_found_and_a_rise_is_not() {
        let security = sample::security(1, "X");
        let fall = |was: i32, now: i32| {
            let (books, file) = (Origin::Books, Origin::File(0));
            let points = [point(0, was, books), point(1, now, file)].into();
            let units = |_, _| Some((Decimal::ONE, Decimal::ONE));
            let found = find_split_like_fall(&security, &points, units);
            found.map(|jump| jump.split.to_string())
        };
        assert_eq!(fall(150, 101).as_deref(), Some("3:2"));
        assert_eq!(fall(100, 80).as_deref(), Some("5:4"));
        assert_eq!(fall(100, 75).as_deref(), Some("4:3"));
        assert_eq!(fall(100, 70), None);
        assert_eq!(fall(100, 85), None);
        assert_eq!(fall(100, 150), None);
        // Larger ones are refused.
        assert_eq!(fall(100, 50), None);
    }
}
