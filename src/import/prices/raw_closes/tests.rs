//! Tests of raw closes and jumps.

use super::*;

const SIGNS: CloseSigns = CloseSigns::NotNegative;

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
    let found = find_jumps(&points, SIGNS, |_, _| Some((Decimal::ONE, Decimal::ONE)));
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
fn zeros_up_to_the_end_are_no_jump_and_a_single_zero_is() {
    assert!(jump_indices(&[10, 5, 1, 0, 0]).is_empty());
    assert_eq!(jump_indices(&[10, 5, 1, 0]), [3]);
    assert_eq!(jump_indices(&[10, 0, 10, 11]), [1]);
    assert_eq!(jump_indices(&[10, 0, 0, 10]), [1, 3]);
}

#[test]
fn a_close_below_zero_has_no_factor() {
    let point = |at: i32, close: &str| Point {
        day: Day::MIN.saturating_add(at),
        close: close.parse().unwrap(),
        origin: Origin::File(at as usize),
    };
    let oil = [
        point(0, "18.27"),
        point(1, "-37.63"),
        point(2, "10.01"),
        point(3, "1001"),
    ];
    let jumps = find_jumps(&oil, CloseSigns::Any, |_, _| {
        Some((Decimal::ONE, Decimal::ONE))
    });
    assert_eq!(jumps.iter().map(|jump| jump.index).collect::<Vec<_>>(), [3]);
}

#[test]
fn computed_closes_keep_eight_significant_digits() {
    let kept = |text: &str| kept_decimals(text.parse().unwrap());
    assert_eq!(kept("185.63999938964844"), 8);
    assert_eq!(kept("0.1"), 8);
    assert_eq!(kept("-0.05"), 9);
    assert_eq!(kept("0.0000000123"), 15);
    assert_eq!(kept("0"), 18);
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
    assert!(find_jumps(&points, SIGNS, split).is_empty());
    assert_eq!(
        find_jumps(&points, SIGNS, |_, _| Some((Decimal::ONE, Decimal::ONE))).len(),
        1
    );
}
