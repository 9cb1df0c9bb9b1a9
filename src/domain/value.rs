//! The value of a quantity at a price: formed exactly and rounded once to money, half to even.

use super::amount::Money;
use super::division::{divide_half_even, divide_size_half_even};
use super::exchange_rate::ExchangeRate;
use super::fine_amount::{Price, Quantity};
use super::wide::product_ratio;

/// Divisor from compact units of a quantity × those of a price to units of money: ten to the power
/// of 8 + 8 − 4.
const QUANTITY_PRICE_TO_MONEY: u64 = 1_000_000_000_000;

/// Largest power of ten in 64 bits.
const MAX_POWER: u32 = 19;

impl Price {
    /// Returns the value of `quantity` at this price, half to even, or `None` if it does not fit.
    // Inlined, without the other forms: the inner loop of books.
    #[inline(always)]
    pub fn value_of(self, quantity: Quantity) -> Option<Money> {
        match (self.compact(), quantity.compact()) {
            (Some(price), Some(quantity)) => {
                let product = i128::from(price) * i128::from(quantity);
                div_trillion_half_even(product).map(Money::from_units)
            }
            _ => self.converted_value(quantity, Quantity::whole(1), ExchangeRate::ONE),
        }
    }

    /// Returns `quantity` × `multiplier` × this price × `rate`, rounded once, half to even. `None`
    /// if it does not fit.
    #[cold]
    pub fn converted_value(
        self,
        quantity: Quantity,
        multiplier: Quantity,
        rate: ExchangeRate,
    ) -> Option<Money> {
        let quantity = Factor::new(quantity.compact(), quantity.fine_units());
        let multiplier = Factor::new(multiplier.compact(), multiplier.fine_units());
        let price = Factor::new(self.compact(), self.fine_units());
        let decimals = quantity.decimals + multiplier.decimals + price.decimals - Money::DECIMALS;
        let factors = [quantity.size, multiplier.size, price.size, rate.numerator()];
        let size = divide_product(factors, decimals, rate.denominator())?;
        let size = i128::try_from(size).ok()?;
        let is_negative = quantity.is_negative ^ multiplier.is_negative ^ price.is_negative;
        let units = i64::try_from(if is_negative { -size } else { size }).ok()?;
        Some(Money::from_units(units))
    }
}

/// An amount as a whole number and its decimals.
struct Factor {
    size: u128,
    is_negative: bool,
    decimals: u32,
}

impl Factor {
    fn new(compact: Option<i64>, fine_units: i128) -> Self {
        let (units, decimals) = match compact {
            Some(units) => (units.into(), Price::COMPACT_DECIMALS),
            None => (fine_units, Price::DECIMALS),
        };
        Self {
            size: units.unsigned_abs(),
            is_negative: units < 0,
            decimals,
        }
    }
}

/// Returns the product of the factors ÷ 10^`decimals` ÷ `denominator`, half to even.
fn divide_product(factors: [u128; 4], decimals: u32, denominator: u128) -> Option<u128> {
    let product = factors
        .iter()
        .try_fold(1_u128, |product, factor| product.checked_mul(*factor));
    let divisor = 10_u128
        .checked_pow(decimals)
        .and_then(|power| power.checked_mul(denominator));
    if let (Some(product), Some(divisor)) = (product, divisor) {
        return Some(divide_size_half_even(product, divisor));
    }
    // Powers of ten that fit in 64 bits divide faster than one larger power.
    let power = |at: u32| {
        let exponent = decimals.saturating_sub(at * MAX_POWER).min(MAX_POWER);
        10_u128.pow(exponent)
    };
    product_ratio(&factors, &[power(0), power(1), power(2), denominator])
}

/// Divides by 10¹², half to even. `None` if the quotient does not fit in 64 bits.
///
/// Almost every value of a holding takes the first branch, which divides in 64 bits:
/// 10¹² = 2¹² × 5¹², so shifting first leaves room for values up to 7.5 million, and dividing by a
/// constant compiles to a multiplication. Such a quotient is below 2³⁷.
#[inline]
fn div_trillion_half_even(product: i128) -> Option<i64> {
    const FIVES: u64 = 5_u64.pow(12);
    // Half the divisor is added first, so a remainder of zero marks an exact half.
    let raised = product.unsigned_abs() + u128::from(QUANTITY_PRICE_TO_MONEY / 2);
    let Ok(shifted) = u64::try_from(raised >> 12) else {
        return div_trillion_half_even_wide(product);
    };
    let quotient = shifted / FIVES;
    // The 12 bits that were shifted out belong to the remainder.
    let rest = (shifted - quotient * FIVES) | (raised as u64 & 0xfff);
    let even = quotient & !u64::from(rest == 0);
    Some(if product < 0 {
        -(even as i64)
    } else {
        even as i64
    })
}

#[cold]
fn div_trillion_half_even_wide(product: i128) -> Option<i64> {
    i64::try_from(divide_half_even(product, QUANTITY_PRICE_TO_MONEY.into())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigInt;
    use proptest::prelude::*;

    fn quantity(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn halves_round_to_even() {
        let half_a_unit = Price::from_units(5_000);
        assert_eq!(half_a_unit.value_of(Quantity::whole(1)), Some(Money::ZERO));
        assert_eq!(
            half_a_unit.value_of(Quantity::whole(3)),
            Some(Money::from_units(2))
        );
        assert_eq!(
            half_a_unit.value_of(Quantity::whole(-3)),
            Some(Money::from_units(-2))
        );
        let half = price("0.000000000000000005");
        assert_eq!(half.value_of(quantity("1e13")), Some(Money::ZERO));
        assert_eq!(
            half.value_of(quantity("-3e13")),
            Some(Money::from_units(-2))
        );
        assert_eq!(Price::MAX.value_of(Quantity::MAX), None);
    }

    #[test]
    fn tiny_prices_and_fine_quantities_lose_nothing() {
        let coins = quantity("10000000000");
        assert_eq!(price("0.0000000123").value_of(coins), Some(money("123")));
        // 3.8716831644 exactly.
        let ether = quantity("0.0012905610548");
        assert_eq!(price("3000").value_of(ether), Some(money("3.8717")));
        // The whole supply of Shiba Inu, and 1.5 times its worth at more digits.
        let supply = quantity("589000000000000");
        assert_eq!(
            price("0.000008").value_of(supply),
            Some(money("4712000000"))
        );
        let fine = quantity("589000000000000.000000000000000001");
        assert_eq!(price("0.000012").value_of(fine), Some(money("7068000000")));
    }

    #[test]
    fn multiplier_and_rate_are_not_rounded_on_the_way() {
        let rate = |text| ExchangeRate::from_price(price(text)).unwrap();
        let value = price("0.00000003").converted_value(
            quantity("1000000"),
            quantity("0.01"),
            ExchangeRate::ONE,
        );
        assert_eq!(value, Some(money("0.0003")));
        let dong = price("1").converted_value(
            quantity("10000000000"),
            Quantity::whole(1),
            rate("26345").inverted(),
        );
        assert_eq!(dong, Some(money("379578.6677")));
        // A third of 0.0001 euros in dong, which money of euros could not hold.
        let small = price("0.00003333").converted_value(
            Quantity::whole(1),
            Quantity::whole(1),
            rate("30000"),
        );
        assert_eq!(small, Some(money("0.9999")));
    }

    /// Amounts of both forms and all sizes.
    fn amounts() -> impl Strategy<Value = Quantity> {
        let fine = (i128::MIN / 32..i128::MAX / 32, 0_u32..124);
        let fine = fine.prop_map(|(units, shift)| {
            Quantity::from_fine_units(units >> shift).unwrap_or(Quantity::MAX)
        });
        let compact = (any::<i64>(), 0_u32..60);
        let compact = compact.prop_map(|(units, shift)| Quantity::from_units(units >> shift));
        prop_oneof![fine, compact]
    }

    proptest! {
        #[test]
        fn fast_division_equals_wide_division(price: i64, quantity: i64, shift in 0_u32..48) {
            let product = i128::from(price >> shift) * i128::from(quantity >> (shift / 2));
            prop_assert_eq!(div_trillion_half_even(product), div_trillion_half_even_wide(product));
        }

        #[test]
        fn a_value_is_the_exact_product_rounded_once(
            quantity in amounts(),
            multiplier in amounts(),
            price in amounts(),
            rate in amounts(),
            is_inverse: bool,
        ) {
            let price = Price::from_fine_units(price.fine_units()).unwrap();
            let rate = Price::from_fine_units(rate.abs().fine_units()).unwrap();
            prop_assume!(!rate.is_zero());
            let scale = BigInt::from(10_u64.pow(18));
            let mut number = BigInt::from(quantity.fine_units())
                * multiplier.fine_units()
                * price.fine_units()
                * 10_u32.pow(Money::DECIMALS);
            let mut divisor = scale.pow(3);
            let (up, down) = if is_inverse { (scale, rate.fine_units().into()) } else { (rate.fine_units().into(), scale) };
            number *= up;
            divisor *= down;
            let expected = half_even(&number, &divisor).try_into().ok().map(Money::from_units);
            let exact = ExchangeRate::from_price(rate).unwrap();
            let exact = if is_inverse { exact.inverted() } else { exact };
            prop_assert_eq!(price.converted_value(quantity, multiplier, exact), expected);
        }

        #[test]
        fn both_ways_to_value_agree(quantity: i64, price: i64, shift in 0_u32..60) {
            let quantity = Quantity::from_units(quantity >> shift);
            let price = Price::from_units(price >> (shift / 2));
            let general = price.converted_value(quantity, Quantity::whole(1), ExchangeRate::ONE);
            prop_assert_eq!(price.value_of(quantity), general);
        }
    }

    fn half_even(number: &BigInt, divisor: &BigInt) -> BigInt {
        let sign: i32 = if *number < BigInt::ZERO { -1 } else { 1 };
        let size: BigInt = number * sign;
        let (floor, rest): (BigInt, BigInt) = (&size / divisor, &size % divisor);
        let is_up = match (rest * BigInt::from(2)).cmp(divisor) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => floor.bit(0),
            std::cmp::Ordering::Greater => true,
        };
        (floor + i32::from(is_up)) * sign
    }
}
