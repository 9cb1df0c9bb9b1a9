//! Divides integers: half to even, and by their greatest common divisor.

/// Divides, half to even.
pub(super) fn divide_half_even(number: i128, divisor: u128) -> i128 {
    let quotient = divide_size_half_even(number.unsigned_abs(), divisor) as i128;
    if number < 0 { -quotient } else { quotient }
}

/// Divides a number without a sign, half to even.
pub(super) fn divide_size_half_even(size: u128, divisor: u128) -> u128 {
    let (quotient, rest) = (size / divisor, size % divisor);
    // `rest` is compared with the other part of the divisor: doubling it could overflow.
    let up = rest > divisor - rest || (rest == divisor - rest && quotient % 2 == 1);
    quotient + u128::from(up)
}

/// Returns the greatest common divisor, above zero if one of the numbers is.
pub(crate) fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
