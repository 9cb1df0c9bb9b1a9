//! Finds closes that are implausibly far from their neighbours.
//!
//! A close in cents instead of dollars, or of a wrong symbol, is often off by a factor that markets
//! rarely reach in a day without a split. A close is a jump if it is more than 20-fold away from
//! both the previous close and the last accepted close. So a single bad close is reported once, and
//! a shift of the whole level only on its first day.

use rust_decimal::Decimal;

use crate::domain::{Day, Price};

/// Largest factor between neighbouring closes that is not a jump.
const MAX_FOLD: Decimal = Decimal::from_parts(20, 0, 0, false, 0);

/// A raw close, and its origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) day: Day,
    pub(super) close: Price,
    pub(super) origin: Origin,
}

/// Origin of a close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The database; such a close is never reported.
    Books,
    /// The price with this index in the file.
    File(usize),
}

/// A refused close of the file, and the close it is too far from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Jump {
    pub(super) index: usize,
    pub(super) close: Price,
    pub(super) neighbour: Point,
}

/// Returns the jumps among the closes of one security, which must be in day order. `units` returns
/// the combined split ratio (units after, units before) between two days, the first exclusive.
pub(super) fn find_jumps(
    points: &[Point],
    units: impl Fn(Day, Day) -> Option<(Decimal, Decimal)>,
) -> Vec<Jump> {
    let far = |a: &Point, b: &Point| units(a.day, b.day).is_none_or(|units| is_far(a, b, units));
    let mut jumps = Vec::new();
    let mut points_after = points.iter();
    let Some(mut before) = points_after.next() else {
        return jumps;
    };
    let mut accepted = before;
    // Before the first stored close, the file itself may start at the wrong level. The first stored
    // close then shows that the accepted close of the file is the jump.
    let mut anchored = before.origin == Origin::Books;
    for point in points_after {
        let is_jump = far(before, point) && far(accepted, point);
        match (point.origin, accepted.origin) {
            (Origin::File(index), _) if is_jump => jumps.push(Jump {
                index,
                close: point.close,
                neighbour: *accepted,
            }),
            (Origin::Books, Origin::File(index)) if is_jump && !anchored => {
                jumps.push(Jump {
                    index,
                    close: accepted.close,
                    neighbour: *point,
                });
                accepted = point;
            }
            _ => accepted = point,
        }
        anchored |= point.origin == Origin::Books;
        before = point;
    }
    jumps
}

fn is_far(a: &Point, b: &Point, (new, old): (Decimal, Decimal)) -> bool {
    let was = a.close.decimal().checked_mul(old);
    let now = b.close.decimal().checked_mul(new);
    // Only absurd closes or ratios overflow, so an overflow counts as a jump.
    let Some((was, now)) = was.zip(now) else {
        return true;
    };
    let exceeds =
        |low: Decimal, high: Decimal| low.checked_mul(MAX_FOLD).is_some_and(|limit| high > limit);
    exceeds(was, now) || exceeds(now, was)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the indices of the jumps among closes on consecutive days; a negative number stands
    /// for a stored close.
    fn jump_indices(closes: &[i32]) -> Vec<usize> {
        let point = |(at, close): (usize, &i32)| Point {
            day: Day::MIN.saturating_add(at as i32),
            close: Price::whole(close.abs()),
            origin: if *close < 0 {
                Origin::Books
            } else {
                Origin::File(at)
            },
        };
        let points: Vec<Point> = closes.iter().enumerate().map(point).collect();
        let found = find_jumps(&points, |_, _| Some((Decimal::ONE, Decimal::ONE)));
        found.iter().map(|jump| jump.index).collect()
    }

    #[test]
    fn a_single_bad_close_is_reported_once() {
        assert_eq!(jump_indices(&[100, 100_000, 101, 102]), [1]);
        assert_eq!(jump_indices(&[100, 1, 101, 102]), [1]);
        assert_eq!(jump_indices(&[-100, 100_000, -101]), [1]);
    }

    #[test]
    fn a_level_shift_is_reported_on_its_first_day() {
        assert_eq!(jump_indices(&[100, 4_000, 4_001, 4_002]), [1]);
        assert_eq!(jump_indices(&[-100, 4_000, 4_001]), [1]);
    }

    #[test]
    fn exactly_twentyfold_is_not_a_jump() {
        assert!(jump_indices(&[100, 2_000, 100, 5]).is_empty());
        assert_eq!(jump_indices(&[100, 2_001]), [1]);
    }

    #[test]
    fn stored_closes_are_never_reported() {
        assert!(jump_indices(&[-100, -4_000, 4_001]).is_empty());
        assert!(jump_indices(&[-100, 101, -4_000]).is_empty());
        assert_eq!(jump_indices(&[4_000, 4_001, -100]), [1]);
    }

    #[test]
    fn a_split_explains_a_jump() {
        let at = |at: i32, close: i32| Point {
            day: Day::MIN.saturating_add(at),
            close: Price::whole(close),
            origin: Origin::File(at as usize),
        };
        let points = [at(0, 5_000), at(1, 100)];
        let split = |_, _| Some((Decimal::from(50), Decimal::ONE));
        assert!(find_jumps(&points, split).is_empty());
        assert_eq!(
            find_jumps(&points, |_, _| Some((Decimal::ONE, Decimal::ONE))).len(),
            1
        );
    }
}
