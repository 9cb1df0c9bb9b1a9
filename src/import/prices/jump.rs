//! Finds closes that are absurd beside their neighbours.
//!
//! A digit too many or a wrong symbol moves a price by a factor that a market seldom does in a
//! day and a split explains otherwise. A close is absurd when it is more than 20-fold away from
//! the close before it and from the last one that was not absurd: so a single slip is named once,
//! and of a whole level that shifts only its first day.

use rust_decimal::Decimal;

use crate::domain::{Day, Price};

/// How many fold a close may move.
const MAX_FOLD: Decimal = Decimal::from_parts(20, 0, 0, false, 0);

/// A raw close, and where it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) day: Day,
    pub(super) close: Price,
    pub(super) origin: Origin,
}

/// Where a close is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The books: it is not in question.
    Books,
    /// The file's price with this index.
    File(usize),
}

/// An absurd close of the file, and the close it is too far from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Jump {
    pub(super) index: usize,
    pub(super) close: Price,
    pub(super) neighbour: Point,
}

/// The absurd closes among the points of one security in the order of their days. `units` gives
/// the units after and before the splits that lie after one day, up to another.
pub(super) fn find_jumps(
    points: &[Point],
    units: impl Fn(Day, Day) -> Option<(Decimal, Decimal)>,
) -> Vec<Jump> {
    let far = |a: &Point, b: &Point| units(a.day, b.day).is_none_or(|units| is_far(a, b, units));
    let mut jumps = Vec::new();
    let mut steps = points.iter();
    let Some(mut before) = steps.next() else {
        return jumps;
    };
    let mut sound = before;
    // Until the books have had their word, it may be the file that starts at the wrong level.
    let mut anchored = before.origin == Origin::Books;
    for point in steps {
        let absurd = far(before, point) && far(sound, point);
        match (point.origin, sound.origin) {
            (Origin::File(index), _) if absurd => jumps.push(Jump {
                index,
                close: point.close,
                neighbour: *sound,
            }),
            (Origin::Books, Origin::File(index)) if absurd && !anchored => {
                jumps.push(Jump {
                    index,
                    close: sound.close,
                    neighbour: *point,
                });
                sound = point;
            }
            _ => sound = point,
        }
        anchored |= point.origin == Origin::Books;
        before = point;
    }
    jumps
}

fn is_far(a: &Point, b: &Point, (new, old): (Decimal, Decimal)) -> bool {
    let was = a.close.decimal().checked_mul(old);
    let now = b.close.decimal().checked_mul(new);
    let Some((was, now)) = was.zip(now) else {
        return true;
    };
    let over =
        |low: Decimal, high: Decimal| low.checked_mul(MAX_FOLD).is_some_and(|most| high > most);
    over(was, now) || over(now, was)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Indices of the absurd ones among closes on days in a row; those below zero stand for the
    /// books' own.
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
