//! Keeps the balance of cash in a foreign currency, with its average cost.

use super::amount::Money;

/// Cash in a foreign currency and its cost in the portfolio's currency. A negative balance is
/// borrowed; its cost is negative too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CashBalance {
    amount: Money,
    cost: Money,
}

impl CashBalance {
    /// Returns the balance in its own currency.
    pub const fn amount(&self) -> Money {
        self.amount
    }

    /// Returns the cost of the balance in the portfolio's currency.
    pub const fn cost(&self) -> Money {
        self.cost
    }

    /// Adds `amount` (negative: pays it) that is worth `value`. What reduces the balance takes its
    /// average cost. Returns the gain realized by that, or `None` if a number does not fit.
    pub fn add(&mut self, amount: Money, value: Money) -> Option<Money> {
        let is_opposite = self.amount.is_negative() != amount.is_negative();
        if self.amount.is_zero() || amount.is_zero() || !is_opposite {
            self.amount = self.amount.plus(amount)?;
            self.cost = self.cost.plus(value)?;
            return Some(Money::ZERO);
        }
        if self.amount.units().unsigned_abs() >= amount.units().unsigned_abs() {
            let taken = self
                .cost
                .times_ratio(amount.negated()?.units(), self.amount.units())?;
            self.amount = self.amount.plus(amount)?;
            self.cost = self.cost.minus(taken)?;
            return value.negated()?.minus(taken);
        }
        // The part of the value that closes the balance; the rest opens one of the other sign.
        let closing = value.times_ratio(self.amount.negated()?.units(), amount.units())?;
        let realized = closing.negated()?.minus(self.cost)?;
        self.amount = self.amount.plus(amount)?;
        self.cost = value.minus(closing)?;
        Some(realized)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    /// Adds amounts with their values; returns the balance, its cost and what each realized.
    fn after(moves: &[(&str, &str)]) -> (Money, Money, Vec<Money>) {
        let mut balance = CashBalance::default();
        let realized = moves
            .iter()
            .map(|(amount, value)| balance.add(money(amount), money(value)).unwrap());
        let realized = realized.collect();
        (balance.amount, balance.cost, realized)
    }

    fn amounts(texts: &[&str]) -> Vec<Money> {
        texts.iter().map(|text| money(text)).collect()
    }

    #[test]
    fn payments_take_the_average_cost() {
        let (amount, cost, realized) = after(&[("100", "110"), ("300", "390"), ("-100", "-140")]);
        assert_eq!((amount, cost), (money("300"), money("375")));
        assert_eq!(realized, amounts(&["0", "0", "15"]));
    }

    #[test]
    fn a_borrowed_balance_gains_when_its_currency_falls() {
        let (amount, cost, realized) = after(&[("-100", "-120"), ("40", "44")]);
        assert_eq!((amount, cost), (money("-60"), money("-72")));
        assert_eq!(realized, amounts(&["0", "4"]));
    }

    #[test]
    fn a_payment_beyond_the_balance_opens_one_of_the_other_sign() {
        let (amount, cost, realized) = after(&[("100", "110"), ("-300", "-360"), ("250", "310")]);
        assert_eq!((amount, cost), (money("50"), money("62")));
        assert_eq!(realized, amounts(&["0", "10", "-8"]));
    }

    proptest! {
        #[test]
        fn cost_is_the_sum_of_values_and_gains(
            moves in proptest::collection::vec((-1_000_000_i64..1_000_000, 1_i64..30_000), 1..20),
        ) {
            let mut balance = CashBalance::default();
            let (mut amount, mut sum) = (0, 0);
            for (units, rate) in moves {
                let value = units * rate / 10_000;
                let gain = balance.add(Money::from_units(units), Money::from_units(value)).unwrap();
                amount += units;
                sum += value + gain.units();
                prop_assert_eq!(balance.amount.units(), amount);
                prop_assert_eq!(balance.cost.units(), sum);
                if amount == 0 {
                    prop_assert_eq!(balance.cost.units(), 0);
                }
            }
        }
    }
}
