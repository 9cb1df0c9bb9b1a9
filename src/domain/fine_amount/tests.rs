//! Tests of quantities and prices of both forms.

use super::*;
use proptest::prelude::*;

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

/// Amounts of both forms and all sizes.
fn fine_units() -> impl Strategy<Value = i128> {
    (-MAX_UNITS..=MAX_UNITS, 0_u32..124).prop_map(|(units, shift)| units >> shift)
}

#[test]
fn reads_and_writes_eighteen_decimals() {
    for text in [
        "0.0012905610548",
        "0.000000000000000001",
        "-0.000000000000000001",
        "589000000000000",
        "-9999999999999999999.999999999999999999",
        "92233720368.54775808",
    ] {
        assert_eq!(quantity(text).to_string(), text);
    }
    assert_eq!(
        Price::MAX.to_string(),
        "9999999999999999999.999999999999999999"
    );
    assert_eq!(format!("{:.2}", quantity("0.0000000123")), "0.00");
    assert_eq!(format!("{:.9}", quantity("-0.0000000123")), "-0.000000012");
}

#[test]
fn more_decimals_and_larger_numbers_are_refused() {
    let text = "0.0000000000000000001";
    let too_many = AmountError::TooManyDecimals {
        text: text.to_owned(),
        decimals: 18,
    };
    assert_eq!(text.parse::<Price>(), Err(too_many));
    for text in ["1e19", "-10000000000000000000"] {
        assert_eq!(text.parse::<Price>(), Err(Price::too_large(text)));
    }
}

#[test]
fn the_compact_form_has_eight_decimals_and_fits_64_bits() {
    assert_eq!(quantity("-0.00000001").compact(), Some(-1));
    assert_eq!(quantity("92233720368.54775807").compact(), Some(i64::MAX));
    assert_eq!(quantity("92233720368.54775808").compact(), None);
    assert_eq!(quantity("0.000000001").compact(), None);
}

#[test]
fn sums_change_form_where_they_must() {
    let sum = quantity("0.000000005").plus(quantity("0.000000005"));
    assert_eq!(sum.and_then(Quantity::compact), Some(1));
    let sum = Quantity::from_units(i64::MAX).plus(Quantity::from_units(1));
    assert_eq!(sum, Some(quantity("92233720368.54775808")));
    assert_eq!(Quantity::MAX.plus(quantity("1e-18")), None);
    let lowest = Quantity::from_units(i64::MIN);
    assert_eq!(lowest.negated(), Some(quantity("92233720368.54775808")));
}

#[test]
fn a_ratio_is_rounded_to_the_decimals_of_its_form() {
    let third = |text| quantity(text).times_ratio(1, 3).unwrap().to_string();
    assert_eq!(third("1"), "0.33333333");
    assert_eq!(third("1.000000001"), "0.333333333666666667");
    let large = quantity("9000000000000000000").times_ratio(7, 7);
    assert_eq!(large, Some(quantity("9000000000000000000")));
    assert_eq!(quantity("1").times_ratio(1, 0), None);
    assert_eq!(Quantity::MAX.times_ratio(2, 1), None);
}

#[test]
fn a_share_of_money_is_rounded_once() {
    let share = |part, whole| Money::whole(100).share(quantity(part), quantity(whole));
    assert_eq!(share("1", "3"), Some(Money::from_units(333_333)));
    assert_eq!(
        share("-0.000000001", "0.000000003"),
        Some(Money::from_units(-333_333))
    );
    assert_eq!(share("1", "0"), None);
}

proptest! {
    #[test]
    fn amounts_are_their_fine_units(a in fine_units(), b in fine_units()) {
        let [first, second] = [a, b].map(|units| Quantity::from_fine_units(units).unwrap());
        prop_assert_eq!(first.fine_units(), a);
        prop_assert_eq!(first.cmp(&second), a.cmp(&b));
        prop_assert_eq!(first == second, a == b);
        prop_assert_eq!(first.is_negative(), a < 0);
        prop_assert_eq!(first.negated().map(Quantity::fine_units), Some(-a));
        prop_assert_eq!(first.plus(second), Quantity::from_fine_units(a + b));
        prop_assert_eq!(first.minus(second), Quantity::from_fine_units(a - b));
        prop_assert_eq!(first.to_string().parse(), Ok(first));
        let decimal = first.decimal();
        let rounded = Quantity::from_decimal(decimal).unwrap();
        prop_assert!((rounded.fine_units() - a).unsigned_abs() <= a.unsigned_abs() / 10_u128.pow(27));
    }
}
