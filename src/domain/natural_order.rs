//! Compares texts as people number things: `t2` comes before `t10`.

use std::cmp::Ordering;

/// Compares two texts, each run of ASCII digits as a number. Equal only if the texts are equal.
pub(super) fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    while let (Some(first), Some(second)) = (left.first(), right.first()) {
        let order = if first.is_ascii_digit() && second.is_ascii_digit() {
            let (number, other) = (take_digits(&mut left), take_digits(&mut right));
            // Without leading zeros the longer number is the larger one.
            (number.len().cmp(&other.len())).then_with(|| number.cmp(other))
        } else {
            (left, right) = (&left[1..], &right[1..]);
            first.cmp(second)
        };
        if order.is_ne() {
            return order;
        }
    }
    // `01` and `1` are the same number and not the same text.
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// Takes the digits at the start of `text` and returns them without leading zeros.
fn take_digits<'t>(text: &mut &'t [u8]) -> &'t [u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    let (digits, rest) = text.split_at(end.unwrap_or(text.len()));
    *text = rest;
    let first = digits.iter().position(|digit| *digit != b'0');
    &digits[first.unwrap_or(digits.len())..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_inside_texts_are_compared_as_numbers() {
        let ascending = [
            "", "0", "1", "2", "10", "a", "a2", "a2b", "a10", "a10-9", "a10-10", "b1", "é",
        ];
        for (at, text) in ascending.iter().enumerate() {
            for (other_at, other) in ascending.iter().enumerate() {
                let expected = at.cmp(&other_at);
                assert_eq!(natural_order(text, other), expected, "{text} and {other}");
            }
        }
        let large = "184467440737095516160";
        assert_eq!(natural_order(large, "9"), Ordering::Greater);
    }

    proptest! {
        #[test]
        fn the_order_is_total(a in "[a01]{0,5}", b in "[a01]{0,5}", c in "[a01]{0,5}") {
            let (ab, bc, ac) = (natural_order(&a, &b), natural_order(&b, &c), natural_order(&a, &c));
            prop_assert_eq!(ab, natural_order(&b, &a).reverse());
            prop_assert_eq!(ab.is_eq(), a == b);
            if ab == bc {
                prop_assert_eq!(ac, ab);
            }
        }
    }
}
