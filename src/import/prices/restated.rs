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
use crate::import::restatement::{MAX_GAP, Restatement, SplitJump, SplitRatio};

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
/// The same over a long gap: every move of at least [`MIN_MOVE`] is near the factor of a split.
const MAX_GAP_MOVE: Decimal = Decimal::from_parts(12, 0, 0, false, 2);
/// Smallest factor of a split that is refused. Markets move by smaller ones.
const MIN_MOVE: Decimal = Decimal::from_parts(18, 0, 0, false, 1);
/// Largest such factor. Larger moves are jumps.
const MAX_FACTOR: Decimal = Decimal::from_parts(20, 0, 0, false, 0);
/// Smallest factor of a split that a move between two days may stand for: that of 5:4, less the move of
/// a market.
const MIN_SMALL_MOVE: Decimal = Decimal::from_parts(122, 0, 0, false, 2);
/// Largest distance of a move from the factor of a small split, as a share: markets move by that much
/// too, so that it is less than for larger ones.
const MAX_SMALL_MOVE: Decimal = Decimal::from_parts(2, 0, 0, false, 2);
/// The split of a close that doubles. Such splits are rare, and closes that double are not.
const DOUBLING: SplitRatio = SplitRatio { new: 1, old: 2 };

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

/// Returns true if the security has or had a class whose units are split.
fn may_split(security: &Security) -> bool {
    let mut classes = security.classes();
    classes.any(|class| matches!(class, AssetClass::Equity | AssetClass::Fund))
}

/// A move that is about the factor of a split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SplitLikeMove {
    /// One that a market hardly makes.
    Refused(SplitJump),
    /// One that a market makes too: by a small factor, over a long gap, or a doubling that stays.
    Warned(SplitJump),
}

/// Iterates over the moves between consecutive closes, at least one of them of the file, that are
/// about the factor of a split. `units` returns the combined ratio (units after, units before) of the
/// known splits between two days, the first exclusive.
pub(super) fn split_like_moves<'p>(
    security: &'p Security,
    points: &'p BTreeMap<Day, Point>,
    units: impl Fn(Day, Day) -> Option<(Decimal, Decimal)> + 'p,
) -> impl Iterator<Item = SplitLikeMove> + 'p {
    let closes = move || points.values().filter(move |_| may_split(security));
    let pairs = closes().zip(closes().skip(1));
    // After the last close there is none that shows whether a move stays.
    let following = closes().skip(2).map(Some).chain([None]);
    let of_file = |(before, after): &(&Point, &Point)| {
        before.origin != Origin::Books || after.origin != Origin::Books
    };
    let moves = pairs.zip(following).filter(move |(pair, _)| of_file(pair));
    moves.filter_map(move |((before, after), next)| {
        let factor = split_free_factor(before, after, &units)?;
        let fold = fold(factor)?;
        let is_gap = after.day.number() - before.day.number() > MAX_GAP;
        let tolerance = match (fold >= MIN_MOVE, is_gap) {
            _ if !(MIN_SMALL_MOVE..=MAX_FACTOR).contains(&fold) => return None,
            (false, _) => MAX_SMALL_MOVE,
            (true, false) => MAX_MOVE,
            (true, true) => MAX_GAP_MOVE,
        };
        let split = SplitRatio::near(factor, tolerance)?;
        let is_plausible = || {
            split == DOUBLING
                && next.is_some_and(|next| stays(before, after, next, &units) == Some(true))
        };
        let jump = SplitJump {
            symbol: security.symbol.clone(),
            before_day: before.day,
            before: before.close,
            day: after.day,
            close: after.close,
            split,
        };
        Some(match fold < MIN_MOVE || is_gap || is_plausible() {
            true => SplitLikeMove::Warned(jump),
            false => SplitLikeMove::Refused(jump),
        })
    })
}

/// Returns the close before divided by the close after, in the units after the known splits between
/// them.
fn split_free_factor(
    before: &Point,
    after: &Point,
    units: impl Fn(Day, Day) -> Option<(Decimal, Decimal)>,
) -> Option<Decimal> {
    let (new, old) = units(before.day, after.day)?;
    let was = before.close.decimal().checked_mul(old)?;
    let now = after.close.decimal().checked_mul(new)?;
    was.checked_div(now)
}

/// Returns whether the close after a move is a new level: the next close is nearer to it than to the
/// close before.
///
/// It is not if another cause is known: a split of any later day, by which closes of the file were
/// multiplied; or stored closes after those of the file, which may be adjusted for a later split.
fn stays(
    before: &Point,
    after: &Point,
    next: &Point,
    units: impl Fn(Day, Day) -> Option<(Decimal, Decimal)>,
) -> Option<bool> {
    let (new, old) = units(before.day, Day::MAX)?;
    if new != old || (before.origin != Origin::Books && after.origin == Origin::Books) {
        return Some(false);
    }
    let (was, now) = (before.close.decimal(), after.close.decimal());
    let then = next.close.decimal();
    Some(fold(then.checked_div(now)?)? < fold(then.checked_div(was)?)?)
}

/// Returns whether a close of the file is so near to a stored one that a move by the factor of a split
/// would show.
pub(super) fn has_stored_neighbour(points: &BTreeMap<Day, Point>) -> bool {
    let mut pairs = points.values().zip(points.values().skip(1));
    pairs.any(|(before, after)| {
        let is_near = after.day.number() - before.day.number() <= MAX_GAP;
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

    /// Returns the splits of the refused and the warned moves, without known splits.
    fn moves(points: &[(Day, Point)]) -> (Vec<String>, Vec<String>) {
        moves_with(points, |_, _| Some((Decimal::ONE, Decimal::ONE)))
    }

    fn moves_with(
        points: &[(Day, Point)],
        units: impl Fn(Day, Day) -> Option<(Decimal, Decimal)>,
    ) -> (Vec<String>, Vec<String>) {
        let security = sample::security(1, "X");
        let points = points.iter().copied().collect();
        let (mut refused, mut warned) = (Vec::new(), Vec::new());
        for found in split_like_moves(&security, &points, units) {
            match found {
                SplitLikeMove::Refused(jump) => refused.push(jump.split.to_string()),
                SplitLikeMove::Warned(jump) => warned.push(jump.split.to_string()),
            }
        }
        (refused, warned)
    }

    const BOOKS: Origin = Origin::Books;
    const FILE: Origin = Origin::File(0);

    /// Returns closes of a file on consecutive days after a known one.
    fn after_known(known: i32, file: &[i32]) -> Vec<(Day, Point)> {
        let file = (1..).zip(file).map(|(at, close)| point(at, *close, FILE));
        [point(0, known, BOOKS)].into_iter().chain(file).collect()
    }

    fn found(refused: &[&str], warned: &[&str]) -> (Vec<String>, Vec<String>) {
        let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        (owned(refused), owned(warned))
    }

    #[test]
    fn a_move_by_the_factor_of_a_split_is_found_only_beside_closes_of_the_file() {
        assert_eq!(moves(&after_known(499, &[129])), found(&["4:1"], &[]));
        let rise = [point(0, 100, FILE), point(1, 1_000, BOOKS)];
        assert_eq!(moves(&rise), found(&["1:10"], &[]));
        let known = [point(0, 499, BOOKS), point(1, 129, BOOKS)];
        assert_eq!(moves(&known), found(&[], &[]));
        assert_eq!(moves(&after_known(100, &[70])), found(&[], &[]));
    }

    #[test]
    fn a_move_by_the_factor_of_a_small_split_is_a_warning_in_both_directions() {
        for (closes, split) in [
            ((150, 101), "3:2"),
            ((100, 80), "5:4"),
            ((100, 75), "4:3"),
            ((100, 60), "5:3"),
            ((100, 150), "2:3"),
            ((80, 100), "4:5"),
            ((75, 100), "3:4"),
            ((60, 100), "3:5"),
        ] {
            let moves = moves(&after_known(closes.0, &[closes.1]));
            assert_eq!(moves, found(&[], &[split]), "{closes:?}");
        }
        for closes in [(100, 70), (100, 85), (100, 120), (100, 180)] {
            let moves = moves(&after_known(closes.0, &[closes.1]));
            assert_eq!(moves, found(&[], &[]), "{closes:?}");
        }
    }

    #[test]
    fn a_move_over_a_long_gap_is_a_warning() {
        let over = |days, now| moves(&[point(0, 100, BOOKS), point(days, now, FILE)]);
        for (now, split) in [
            (50, "2:1"),
            (44, "5:2"),
            (30, "7:2"),
            (200, "1:2"),
            (67, "3:2"),
        ] {
            assert_eq!(over(11, now), found(&[], &[split]), "{now}");
        }
        assert_eq!(over(10, 50), found(&["2:1"], &[]));
        assert_eq!(over(400, 50), found(&[], &["2:1"]));
        assert_eq!(over(11, 90), found(&[], &[]));
    }

    #[test]
    fn a_doubling_that_stays_is_a_warning_and_each_other_large_move_is_refused() {
        assert_eq!(moves(&after_known(50, &[100, 101])), found(&[], &["1:2"]));
        let in_file = [point(0, 50, FILE), point(1, 100, FILE), point(2, 98, FILE)];
        assert_eq!(moves(&in_file), found(&[], &["1:2"]));
        // Nothing shows yet that it stays.
        assert_eq!(moves(&after_known(50, &[100])), found(&["1:2"], &[]));
        let one_day = moves(&after_known(50, &[100, 50]));
        assert_eq!(one_day, found(&["1:2", "2:1"], &[]));
        assert_eq!(
            moves(&after_known(50, &[100, 60])),
            found(&["1:2"], &["5:3"])
        );
        assert_eq!(moves(&after_known(100, &[50, 50])), found(&["2:1"], &[]));
        assert_eq!(moves(&after_known(50, &[150, 150])), found(&["1:3"], &[]));
        assert_eq!(moves(&after_known(40, &[100, 100])), found(&["2:5"], &[]));
    }

    #[test]
    fn a_doubling_that_a_split_or_another_basis_explains_is_refused() {
        let doubling = after_known(50, &[100, 100]);
        let later_split = |_, upto| match upto {
            Day::MAX => Some((Decimal::TWO, Decimal::ONE)),
            _ => Some((Decimal::ONE, Decimal::ONE)),
        };
        assert_eq!(moves_with(&doubling, later_split), found(&["1:2"], &[]));
        let before_books = [
            point(0, 50, FILE),
            point(1, 100, BOOKS),
            point(2, 100, BOOKS),
        ];
        assert_eq!(moves(&before_books), found(&["1:2"], &[]));
    }
}
