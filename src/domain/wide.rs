//! Multiplies and divides whole numbers whose product needs more than 128 bits.
//!
//! The slow path of amounts and exchange rates: exact, without allocation, for up to four factors
//! of 128 bits each.

/// A number of up to 576 bits, lowest limb first: four factors of 128 bits, doubled.
struct Wide([u64; 9]);

impl Wide {
    fn product(factors: &[u128]) -> Self {
        debug_assert!(factors.len() <= 4, "the limbs hold four factors");
        let mut product = Self([1, 0, 0, 0, 0, 0, 0, 0, 0]);
        for factor in factors {
            product.multiply(*factor);
        }
        product
    }

    fn multiply(&mut self, factor: u128) {
        let mut product = [0; 9];
        for (shift, part) in [factor as u64, (factor >> 64) as u64]
            .into_iter()
            .enumerate()
        {
            let mut carry = 0_u128;
            for (place, limb) in product[shift..].iter_mut().zip(self.0) {
                let sum = u128::from(limb) * u128::from(part) + u128::from(*place) + carry;
                (*place, carry) = (sum as u64, sum >> 64);
            }
        }
        self.0 = product;
    }

    /// Divides, rounding down, and returns the remainder. The divisor is below 2¹²⁷.
    fn divide(&mut self, divisor: u128) -> u128 {
        let mut rest = 0_u128;
        for limb in self.0.iter_mut().rev() {
            if divisor >> 64 == 0 {
                let number = rest << 64 | u128::from(*limb);
                (*limb, rest) = ((number / divisor) as u64, number % divisor);
            } else {
                let mut quotient = 0;
                for bit in (0..u64::BITS).rev() {
                    rest = rest << 1 | u128::from(*limb >> bit & 1);
                    let fits = rest >= divisor;
                    rest -= u128::from(fits) * divisor;
                    quotient = quotient << 1 | u64::from(fits);
                }
                *limb = quotient;
            }
        }
        rest
    }

    fn to_u128(&self) -> Option<u128> {
        let [low, high, more @ ..] = self.0;
        let is_small = more.iter().all(|limb| *limb == 0);
        is_small.then_some(u128::from(high) << 64 | u128::from(low))
    }
}

/// Returns the product of up to four `factors` ÷ the product of `divisors`, rounded once, half to
/// even. The divisors are above zero and below 2¹²⁷. `None` if the result does not fit.
#[cold]
pub(super) fn product_ratio(factors: &[u128], divisors: &[u128]) -> Option<u128> {
    let mut number = Wide::product(factors);
    // The last bit of twice the quotient and the remainders tell on which side of a half it is.
    number.multiply(2);
    let mut is_exact = true;
    for divisor in divisors {
        is_exact &= number.divide(*divisor) == 0;
    }
    let doubled = number.to_u128()?;
    let (quotient, is_half) = (doubled >> 1, doubled & 1 == 1);
    let up = is_half && (!is_exact || quotient & 1 == 1);
    Some(quotient + u128::from(up))
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigUint;
    use proptest::prelude::*;

    #[test]
    fn halves_round_to_even() {
        assert_eq!(product_ratio(&[1], &[2]), Some(0));
        assert_eq!(product_ratio(&[3], &[2]), Some(2));
        assert_eq!(product_ratio(&[5], &[2]), Some(2));
        assert_eq!(product_ratio(&[3, 7], &[2, 4]), Some(3));
        assert_eq!(product_ratio(&[u128::MAX, 2], &[1]), None);
    }

    proptest! {
        #[test]
        fn agrees_with_big_integers(
            factors: [u128; 4],
            divisors: [u128; 2],
            shifts: [u8; 6],
        ) {
            let shifted = |number: u128, shift: u8| number >> (shift % 128);
            let factors = [0, 1, 2, 3].map(|at| shifted(factors[at], shifts[at]));
            let divisors = [0, 1].map(|at| (shifted(divisors[at], shifts[4 + at]) >> 1).max(1));
            let product: BigUint = factors.iter().map(|factor| BigUint::from(*factor)).product();
            let divisor: BigUint = divisors.iter().map(|divisor| BigUint::from(*divisor)).product();
            let (floor, rest) = (&product / &divisor, &product % &divisor);
            let twice = rest * 2_u8;
            let is_odd = floor.bit(0);
            let rounded = match twice.cmp(&divisor) {
                std::cmp::Ordering::Less => floor,
                std::cmp::Ordering::Equal if !is_odd => floor,
                _ => floor + 1_u8,
            };
            let expected = u128::try_from(rounded).ok();
            let found = product_ratio(&factors, &divisors);
            // Twice the quotient has to fit too.
            prop_assert!(found == expected || (found.is_none() && expected >= Some(u128::MAX >> 1)));
        }
    }
}
