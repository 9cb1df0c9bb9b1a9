//! Applies corporate actions to the lots of a holding: cash reduces their cost, and a share of it, or
//! all of it, goes to the lots of another security.

use super::{CarriedLot, ClosedLots, Fractions, LotOrigin, Lots, Trade};
use crate::domain::amount::Money;
use crate::domain::corporate_action::CostShare;
use crate::domain::fine_amount::Quantity;
use crate::domain::lots::cost_basis::LotMethod;
use crate::domain::lots::fractions::LotFraction;
use crate::domain::lots::lot::ClosedLot;
use crate::domain::lots::split_ratio::round_together;

impl Lots {
    /// Reduces the cost of the lots by `cash`, in proportion to their quantities, and no lot's
    /// below zero. A holding at average cost is one pool, so only its whole cost is the limit.
    /// Returns what exceeds their cost as profit of lots with a quantity of zero; `None` if a
    /// number does not fit. Of a short holding cash and cost are negative.
    pub fn return_capital(&mut self, cash: Money) -> Option<Trade> {
        let mut exceeded = ClosedLots::new();
        // Nothing can exceed the cost then, and zero has no sign to compare a short's cost with.
        if cash.is_zero() {
            return Trade::new(exceeded, Money::ZERO);
        }
        if self.method == LotMethod::Average {
            return self.return_capital_to_pool(cash);
        }
        let (mut held, mut paid) = (Quantity::ZERO, Money::ZERO);
        for lot in &mut self.lots {
            // The difference of rounded sums, so that the parts add up to the whole.
            held = held.plus(lot.quantity)?;
            let sum = cash.share(held, self.quantity)?;
            let part = sum.minus(paid)?;
            paid = sum;
            let rest = lot.cost.minus(part)?;
            let is_beyond_cost = !rest.is_zero() && rest.is_negative() != cash.is_negative();
            let kept = if is_beyond_cost { Money::ZERO } else { rest };
            if is_beyond_cost {
                exceeded.push(ClosedLot {
                    quantity: Quantity::ZERO,
                    fraction: LotFraction::ZERO,
                    cost: rest,
                    origin: lot.origin,
                });
            }
            self.cost = self.cost.minus(lot.cost)?.plus(kept)?;
            lot.cost = kept;
        }
        Trade::new(exceeded, Money::ZERO)
    }

    /// Reduces the cost of the pool by `cash`. What exceeds it is profit of the oldest lot.
    fn return_capital_to_pool(&mut self, cash: Money) -> Option<Trade> {
        let rest = self.cost.minus(cash)?;
        let mut exceeded = ClosedLots::new();
        self.cost = rest;
        if !rest.is_zero() && rest.is_negative() != cash.is_negative() {
            let origin = self.lots.first().map(|lot| lot.origin);
            exceeded.extend(origin.map(|origin| ClosedLot {
                quantity: Quantity::ZERO,
                fraction: LotFraction::ZERO,
                cost: rest,
                origin,
            }));
            self.cost = Money::ZERO;
        }
        self.spread_average()?;
        Trade::new(exceeded, Money::ZERO)
    }

    /// Moves a share of each lot's cost to new lots, `new` units for each `old`, which are returned
    /// with those that rounding closes. `None` if a number does not fit.
    pub fn spin_off(&mut self, share: CostShare, new: u32, old: u32) -> Option<(Self, Trade)> {
        let original = self.clone();
        self.spin_off_of(&original, CostShare::ZERO, share, (new, old))
    }

    /// Moves a share of the cost that each lot had in `original` to new lots, as [`Self::spin_off`]
    /// does. Spin-offs of the same day moved the share `before` of it already; quantities are those
    /// of `original`. `None` also if the shares exceed the whole cost.
    pub fn spin_off_of(
        &mut self,
        original: &Self,
        before: CostShare,
        share: CostShare,
        (new, old): (u32, u32),
    ) -> Option<(Self, Trade)> {
        let up_to = before.plus(share)?;
        let part =
            |cost: Money, share: CostShare| cost.times_ratio(share.parts(), CostShare::SCALE);
        let mut received = self.clone();
        let (mut cost, mut taken) = (Money::ZERO, Money::ZERO);
        let lots = self.lots.iter_mut().zip(&mut received.lots);
        for ((lot, other), original) in lots.zip(&original.lots) {
            cost = cost.plus(original.cost)?;
            // The difference of rounded sums, so that all shares add up to that of their sum.
            let sum = part(cost, up_to)?.minus(part(cost, before)?)?;
            other.cost = sum.minus(taken)?;
            lot.cost = lot.cost.minus(other.cost)?;
            taken = sum;
        }
        self.cost = self.cost.minus(taken)?;
        received.cost = taken;
        let closed = received.split(new, old)?;
        Some((received, Trade::new(closed, Money::ZERO)?))
    }

    /// Returns the lots that a transfer brings from another portfolio, as one acquisition. `None` if a
    /// number does not fit.
    pub fn carried(method: LotMethod, lots: &[CarriedLot], transaction: u32) -> Option<Self> {
        let mut carried = Self::new(method);
        for lot in lots {
            let origin = LotOrigin {
                day: lot.day,
                transaction,
            };
            carried.open_exact(lot.quantity, lot.fraction, lot.cost, origin)?;
        }
        carried.order_and_round()?;
        Some(carried)
    }

    /// Adds the lots of another holding in the same security. Returns the lots that each of them
    /// closes if the holdings have opposite signs; `None` if a number does not fit.
    pub fn add_all(&mut self, other: Self) -> Option<Vec<Trade>> {
        if self.quantity.is_zero() {
            *self = other;
            return Some(Vec::new());
        }
        if other.quantity.is_zero() {
            return Some(Vec::new());
        }
        if self.quantity.is_negative() != other.quantity.is_negative() {
            let trades = (other.lots.iter().enumerate())
                .map(|(at, lot)| self.trade_exact(*lot, other.fraction(at)))
                .collect::<Option<Vec<_>>>()?;
            self.order_and_round()?;
            return Some(trades);
        }
        let mut fractions = self.lot_fractions();
        fractions.extend(other.lot_fractions());
        self.cost = self.cost.plus(other.cost)?;
        self.granularity = self.granularity.with(other.granularity);
        self.acquisitions = self.acquisitions.saturating_add(other.acquisitions);
        self.rounded = self.rounded.saturating_add(other.rounded);
        self.lots.extend(other.lots);
        self.set_fractions(Fractions::of(&fractions));
        self.order_and_round()?;
        self.spread_average()?;
        Some(Vec::new())
    }

    /// Orders the lots by the day of their acquisition, and those of one day by the order of their
    /// transactions. Rounds their total once, as a split does.
    fn order_and_round(&mut self) -> Option<()> {
        let fractions = self.lot_fractions();
        let mut lots: Vec<_> = self.lots.drain(..).zip(fractions).collect();
        lots.sort_by_key(|(lot, _)| (lot.origin.day, lot.origin.transaction));
        let fractions: Vec<_> = lots.iter().map(|(_, fraction)| *fraction).collect();
        self.lots.extend(lots.into_iter().map(|(lot, _)| lot));
        let quantities: Vec<_> = self.lots.iter().map(|lot| lot.quantity).collect();
        self.quantity = self.set_quantities(round_together(&quantities, &fractions)?)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::day::Day;

    fn origin(transaction: u32) -> LotOrigin {
        LotOrigin {
            day: Day::MIN,
            transaction,
        }
    }

    fn lots(trades: &[(i32, i32)]) -> Lots {
        traded(LotMethod::Fifo, trades)
    }

    fn pool(trades: &[(i32, i32)]) -> Lots {
        traded(LotMethod::Average, trades)
    }

    fn traded(method: LotMethod, trades: &[(i32, i32)]) -> Lots {
        let mut lots = Lots::new(method);
        for (at, &(quantity, cost)) in (0..).zip(trades) {
            let (quantity, cost) = (Quantity::whole(quantity), Money::whole(cost));
            lots.trade(quantity, cost, origin(at)).unwrap();
        }
        lots
    }

    fn sell(lots: &mut Lots, quantity: i32) -> Money {
        let sold = lots.trade(Quantity::whole(-quantity), Money::ZERO, origin(9));
        sold.unwrap().realized
    }

    fn return_capital(lots: &mut Lots, cash: i32) -> Money {
        lots.return_capital(Money::whole(cash)).unwrap().realized
    }

    /// The example of IRS Publication 550, return of capital: 100 were paid, 80 and then 30 come
    /// back, of which 10 are gain.
    #[test]
    fn returned_capital_reduces_cost_and_then_is_profit() {
        let mut held = lots(&[(100, 100)]);
        assert_eq!(return_capital(&mut held, 80), Money::ZERO);
        assert_eq!(held.cost(), Money::whole(20));
        assert_eq!(return_capital(&mut held, 30), Money::whole(10));
        assert_eq!(held.cost(), Money::ZERO);
    }

    #[test]
    fn each_lot_has_its_own_limit() {
        let mut held = lots(&[(10, 10), (30, 300)]);
        assert_eq!(return_capital(&mut held, 80), Money::whole(10));
        assert_eq!(held.cost(), Money::whole(240));
        assert_eq!(sell(&mut held, 10), Money::ZERO);
    }

    #[test]
    fn a_short_holding_pays_capital_back() {
        let mut short = lots(&[(-10, -100)]);
        assert_eq!(return_capital(&mut short, -30), Money::ZERO);
        assert_eq!(short.cost(), Money::whole(-70));
        assert_eq!(return_capital(&mut short, -90), Money::whole(-20));
    }

    /// A pool of a section 104 holding has one cost, so a distribution is a part disposal of the
    /// pool: 310 paid for 40, and 80 come back, which leave 230 (HMRC helpsheet HS284).
    #[test]
    fn a_pool_has_one_limit() {
        let mut held = pool(&[(10, 10), (30, 300)]);
        assert_eq!(return_capital(&mut held, 80), Money::ZERO);
        assert_eq!(held.cost(), Money::whole(230));
        assert_eq!(sell(&mut held, 20), Money::whole(-115));
        assert_eq!(return_capital(&mut held, 120), Money::whole(5));
    }

    #[test]
    fn closing_a_pool_closes_each_lot_once() {
        let mut held = pool(&[(10, 100), (10, 300)]);
        let closed = held.close(Quantity::whole(-20)).unwrap();
        let closed: Vec<_> = closed.iter().map(|lot| (lot.quantity, lot.cost)).collect();
        let half = (Quantity::whole(10), Money::whole(200));
        assert_eq!(closed, [half, half]);
    }

    #[test]
    fn no_cash_realizes_nothing() {
        let mut short = lots(&[(-10, -100)]);
        assert_eq!(return_capital(&mut short, 0), Money::ZERO);
        assert_eq!(short.cost(), Money::whole(-100));
    }

    #[test]
    fn a_spin_off_moves_a_share_of_each_lot() {
        let mut held = lots(&[(30, 100), (10, 101)]);
        let quarter = "0.25".parse().unwrap();
        let (mut received, closed) = held.spin_off(quarter, 1, 2).unwrap();
        assert_eq!(closed.realized, Money::ZERO);
        assert_eq!(received.quantity(), Quantity::whole(20));
        assert_eq!(received.cost(), "50.25".parse().unwrap());
        assert_eq!(held.cost(), "150.75".parse().unwrap());
        assert_eq!(sell(&mut received, 15), Money::whole(-25));
    }

    #[test]
    fn shares_of_cost_add_up() {
        let mut held = lots(&[(1, 1), (1, 1), (1, 1)]);
        let third = "0.333333333333".parse().unwrap();
        let (received, _) = held.spin_off(third, 1, 1).unwrap();
        assert_eq!(received.cost().plus(held.cost()), Some(Money::whole(3)));
        let sum = received
            .lots
            .iter()
            .map(|lot| lot.cost.units())
            .sum::<i64>();
        assert_eq!(sum, received.cost().units());
    }

    #[test]
    fn shares_of_one_day_are_of_the_original_cost() {
        let mut held = lots(&[(1, 1), (1, 1), (1, 1)]);
        let original = held.clone();
        let share = |text: &str| text.parse::<CostShare>().unwrap();
        let (half, rest) = (share("0.5"), share("0.499999999999"));
        let (first, _) = held
            .spin_off_of(&original, CostShare::ZERO, half, (1, 1))
            .unwrap();
        let (second, _) = held.spin_off_of(&original, half, rest, (1, 1)).unwrap();
        assert_eq!(first.cost(), "1.5".parse().unwrap());
        assert_eq!(second.cost(), "1.5".parse().unwrap());
        assert_eq!(held.cost(), Money::ZERO);
        let too_much = held
            .clone()
            .spin_off_of(&original, half, share("0.6"), (1, 1));
        assert_eq!(too_much, None);
    }

    #[test]
    fn carried_lots_are_closed_by_the_days_of_their_acquisition() {
        let carried = |method, lots: &[(i32, i32)]| {
            let lots: Vec<_> = (lots.iter())
                .map(|&(on, cost)| CarriedLot {
                    quantity: Quantity::whole(10),
                    fraction: LotFraction::ZERO,
                    cost: Money::whole(cost),
                    day: Day::MIN.saturating_add(on),
                })
                .collect();
            Lots::carried(method, &lots, 7).unwrap()
        };
        // The order in which a giver closes its lots does not matter.
        for lots in [[(0, 90), (1, 95)], [(1, 95), (0, 90)]] {
            assert_eq!(
                sell(&mut carried(LotMethod::Lifo, &lots), 10),
                Money::whole(-95)
            );
            assert_eq!(
                sell(&mut carried(LotMethod::Fifo, &lots), 10),
                Money::whole(-90)
            );
        }
        let mut own = Lots::default();
        let origin = LotOrigin {
            day: Day::MIN.saturating_add(2),
            transaction: 3,
        };
        (own.trade(Quantity::whole(10), Money::whole(99), origin)).unwrap();
        own.add_all(carried(LotMethod::Fifo, &[(0, 90)])).unwrap();
        assert_eq!(sell(&mut own, 10), Money::whole(-90));
    }

    #[test]
    fn received_lots_keep_their_age() {
        let mut older = lots(&[(5, 10)]);
        let mut held = Lots::default();
        held.trade(Quantity::whole(10), Money::whole(100), origin(1))
            .unwrap();
        assert_eq!(held.add_all(older.clone()), Some(Vec::new()));
        assert_eq!(held.quantity(), Quantity::whole(15));
        assert_eq!(sell(&mut held, 5), Money::whole(-10), "the oldest first");
        let mut short = lots(&[(-5, -50)]);
        older = lots(&[(5, 10)]);
        assert_eq!(short.add_all(older).unwrap()[0].realized, Money::whole(40));
    }
}
