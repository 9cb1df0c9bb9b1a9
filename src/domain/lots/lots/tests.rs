//! Tests of lots: trades, splits, and the published values of each method.

mod rounding;

use super::*;
use crate::domain::Day;
use proptest::prelude::*;

/// The origin of all lots whose origin does not matter.
const ORIGIN: LotOrigin = LotOrigin {
    day: Day::MIN,
    transaction: 0,
};

fn trade(lots: &mut Lots, quantity: Quantity, cost: Money) -> Option<Money> {
    Some(lots.trade(quantity, cost, ORIGIN)?.realized)
}

fn lots(trades: &[(i32, i32)]) -> (Lots, Money) {
    let (mut lots, mut realized) = (Lots::default(), Money::ZERO);
    for &(quantity, cost) in trades {
        let gain = trade(&mut lots, Quantity::whole(quantity), Money::whole(cost));
        realized = realized.plus(gain.unwrap()).unwrap();
    }
    (lots, realized)
}

#[test]
fn the_oldest_lot_goes_first() {
    let (mut lots, realized) = lots(&[(10, 100), (10, 200), (10, 400), (-15, -300)]);
    assert_eq!(realized, Money::whole(300 - 100 - 100));
    assert_eq!(lots.quantity(), Quantity::whole(15));
    assert_eq!(lots.cost(), Money::whole(100 + 400));
    let next = trade(&mut lots, Quantity::whole(-5), Money::ZERO);
    assert_eq!(next, Some(Money::whole(-100)));
}

#[test]
fn selling_through_zero_opens_a_short() {
    let (mut lots, realized) = lots(&[(10, 100), (-30, -600)]);
    assert_eq!(realized, Money::whole(100));
    assert_eq!(lots.quantity(), Quantity::whole(-20));
    assert_eq!(lots.cost(), Money::whole(-400));
    let covered = trade(&mut lots, Quantity::whole(5), Money::whole(50));
    assert_eq!(covered, Some(Money::whole(50)));
    assert_eq!(lots.cost(), Money::whole(-300));
}

#[test]
fn selling_in_thirds_loses_no_cost() {
    let (mut lots, mut proceeds) = (Lots::default(), Money::ZERO);
    trade(&mut lots, Quantity::whole(3), Money::from_units(100));
    for _ in 0..3 {
        let gain = trade(&mut lots, Quantity::whole(-1), Money::ZERO).unwrap();
        proceeds = proceeds.plus(gain).unwrap();
    }
    assert_eq!(proceeds, Money::from_units(-100));
    assert_eq!(lots, Lots::default());
}

#[test]
fn a_split_changes_quantities_and_no_cost() {
    let (mut lots, _) = lots(&[(-3, -30), (-1, -50)]);
    assert_eq!(lots.split(1, 2), Some(ClosedLots::new()));
    assert_eq!(lots.quantity(), Quantity::whole(-2));
    assert_eq!(lots.cost(), Money::whole(-80));
}

#[test]
fn a_lot_that_a_split_rounds_away_is_a_realized_loss() {
    let mut lots = Lots::default();
    trade(&mut lots, Quantity::from_units(1), Money::whole(5));
    let closed = lots.split(1, 1000).unwrap();
    assert_eq!(closed[0].cost, Money::whole(5));
    assert_eq!(lots, Lots::default());
}

#[test]
fn the_total_of_a_split_is_rounded_once() {
    let (mut lots, _) = lots(&[(1, 2), (1, 2), (1, 2)]);
    assert_eq!(lots.split(1, 3), Some(ClosedLots::new()));
    assert_eq!(lots.quantity(), Quantity::whole(1));
    let sold = trade(&mut lots, Quantity::whole(-1), Money::whole(-6));
    assert_eq!(sold, Some(Money::ZERO));
    assert_eq!(lots, Lots::default(), "no lot and no fraction is left");
}

#[test]
fn a_split_back_restores_the_quantity() {
    let (mut lots, _) = lots(&[(119, 119)]);
    lots.split(1, 3).unwrap();
    assert_eq!(lots.quantity(), Quantity::from_units(3_966_666_667));
    lots.split(3, 1).unwrap();
    assert_eq!(lots.quantity(), Quantity::whole(119));
}

#[test]
fn the_rounded_quantity_of_a_lot_closes_it() {
    let (mut lots, _) = lots(&[(1, 10), (1, 20), (1, 40)]);
    lots.split(1, 3).unwrap();
    let oldest = trade(&mut lots, Quantity::from_units(-33_333_333), Money::ZERO);
    assert_eq!(oldest, Some(Money::whole(-10)));
    lots.split(3, 1).unwrap();
    assert_eq!(lots.quantity(), Quantity::whole(2));
    assert_eq!(lots.cost(), Money::whole(60));
}

#[test]
fn a_lot_without_a_quantity_of_its_own_keeps_its_cost() {
    let mut lots = Lots::default();
    for _ in 0..3 {
        trade(&mut lots, Quantity::from_units(1), Money::whole(5)).unwrap();
    }
    assert_eq!(lots.split(1, 3), Some(ClosedLots::new()));
    assert_eq!(lots.quantity(), Quantity::from_units(1));
    assert_eq!(lots.cost(), Money::whole(15));
    let sold = trade(&mut lots, Quantity::from_units(-1), Money::ZERO);
    assert_eq!(sold, Some(Money::whole(-15)));
    assert_eq!(lots, Lots::default());
}

#[test]
fn a_split_that_does_not_fit_changes_nothing() {
    let (mut lots, _) = lots(&[(1, 10)]);
    trade(
        &mut lots,
        Quantity::MAX.times_ratio(1, 2).unwrap(),
        Money::ZERO,
    );
    let before = lots.clone();
    assert_eq!(lots.split(3, 1), None);
    assert_eq!(lots, before);
}

#[test]
fn overflow_is_none() {
    let mut lots = Lots::default();
    assert!(trade(&mut lots, Quantity::MAX, Money::MAX).is_some());
    assert_eq!(trade(&mut lots, Quantity::MAX, Money::ZERO), None);
}

proptest! {
    #[test]
    fn cost_is_what_was_paid_and_realized(
        trades in prop::collection::vec((-500_i64..500, 1_i64..100_000), 1..30)
    ) {
        let (mut lots, mut held, mut paid, mut realized) = (Lots::default(), 0, 0, 0);
        for (quantity, price) in trades {
            let cost = quantity * price;
            let gain = trade(&mut lots, Quantity::from_units(quantity), Money::from_units(cost));
            realized += gain.unwrap().units();
            held += quantity;
            paid += cost;
            prop_assert_eq!(lots.quantity().compact(), Some(held));
            prop_assert_eq!(lots.cost().units(), paid + realized);
            prop_assert!(lots.lots.iter().all(|lot| lot.quantity.is_negative() == (held < 0)));
            prop_assert_eq!(lots.lots.iter().map(|lot| lot.cost.units()).sum::<i64>(), lots.cost.units());
            if held == 0 {
                prop_assert_eq!(&lots, &Lots::default());
            }
        }
    }

    #[test]
    fn a_chain_of_splits_and_its_inverse_change_nothing(
        trades in prop::collection::vec(1_i64..1_000_000, 1..6),
        ratios in prop::collection::vec((1_u32..30, 1_u32..30), 1..5),
    ) {
        let mut lots = Lots::default();
        for quantity in trades {
            trade(&mut lots, Quantity::from_units(quantity * 1_000_000), Money::whole(1)).unwrap();
        }
        let (before, mut exact) = (lots.clone(), Ratio::from(lots.quantity().compact().unwrap()));
        for (new, old) in &ratios {
            lots.split(*new, *old).unwrap();
            exact = exact.times(*new, *old);
            prop_assert_eq!(i128::from(lots.quantity().compact().unwrap()), exact.rounded());
            let shown: i64 = lots.lots.iter().map(|lot| lot.quantity.compact().unwrap()).sum();
            prop_assert_eq!(Some(shown), lots.quantity().compact());
        }
        for (new, old) in ratios.iter().rev() {
            lots.split(*old, *new).unwrap();
        }
        prop_assert_eq!(lots, before);
    }
}

/// A fraction as in arithmetic books, to compare with.
struct Ratio(i128, i128);

impl Ratio {
    fn from(units: i64) -> Self {
        Self(i128::from(units), 1)
    }

    fn times(self, new: u32, old: u32) -> Self {
        Self(self.0 * i128::from(new), self.1 * i128::from(old))
    }

    /// Rounds half to even by the definition.
    fn rounded(&self) -> i128 {
        let below = self.0.div_euclid(self.1);
        match (2 * self.0.rem_euclid(self.1)).cmp(&self.1) {
            std::cmp::Ordering::Less => below,
            std::cmp::Ordering::Greater => below + 1,
            std::cmp::Ordering::Equal => below + below % 2,
        }
    }
}

/// The purchases and sales of an inventory for which all four methods are published: J. Wild,
/// "Financial and Managerial Accounting", problem "Warnerwoods Company", perpetual system.
fn textbook(method: LotMethod) -> (Lots, [Money; 2]) {
    let mut lots = Lots::new(method);
    let buy = |lots: &mut Lots, at, quantity, price| {
        let origin = LotOrigin {
            day: Day::MIN,
            transaction: at,
        };
        let cost = Money::whole(quantity * price);
        lots.trade(Quantity::whole(quantity), cost, origin).unwrap();
    };
    let sell = |lots: &mut Lots, quantity: i32| {
        let sold = lots.trade(Quantity::whole(-quantity), Money::ZERO, ORIGIN);
        sold.unwrap().realized.negated().unwrap()
    };
    buy(&mut lots, 1, 100, 50);
    buy(&mut lots, 2, 400, 55);
    let first = sell(&mut lots, 420);
    buy(&mut lots, 3, 120, 60);
    buy(&mut lots, 4, 200, 62);
    let second = sell(&mut lots, 160);
    (lots, [first, second])
}

#[test]
fn first_in_first_out_is_as_published() {
    let (lots, sold) = textbook(LotMethod::Fifo);
    assert_eq!(sold, [Money::whole(22_600), Money::whole(9_200)]);
    assert_eq!(lots.cost(), Money::whole(14_800));
}

#[test]
fn last_in_first_out_is_as_published() {
    let (lots, sold) = textbook(LotMethod::Lifo);
    assert_eq!(sold, [Money::whole(23_000), Money::whole(9_920)]);
    assert_eq!(lots.cost(), Money::whole(13_680));
}

#[test]
fn average_cost_is_as_published() {
    let (lots, sold) = textbook(LotMethod::Average);
    assert_eq!(sold, [Money::whole(22_680), Money::whole(9_568)]);
    assert_eq!(lots.cost(), Money::whole(14_352));
}

#[test]
fn chosen_lots_are_as_published() {
    let (mut lots, _) = lots(&[]);
    let buy = |lots: &mut Lots, transaction, quantity, price| {
        let origin = LotOrigin {
            day: Day::MIN,
            transaction,
        };
        let cost = Money::whole(quantity * price);
        lots.open(Quantity::whole(quantity), cost, origin).unwrap();
    };
    let chosen = |choices: &[(u32, i32)]| -> Vec<ChosenLot> {
        let choices = choices.iter().map(|&(transaction, quantity)| ChosenLot {
            transaction,
            quantity: Quantity::whole(quantity),
        });
        choices.collect()
    };
    buy(&mut lots, 1, 100, 50);
    buy(&mut lots, 2, 400, 55);
    lots.close_chosen(&chosen(&[(1, 80), (2, 340)])).unwrap();
    buy(&mut lots, 3, 120, 60);
    buy(&mut lots, 4, 200, 62);
    let before = lots.clone();
    assert_eq!(lots.close_chosen(&chosen(&[(1, 21)])), None);
    assert_eq!(lots, before);
    let closed = lots.close_chosen(&chosen(&[(3, 40), (4, 120)])).unwrap();
    let cost = closed.iter().map(|lot| lot.cost).collect::<Vec<_>>();
    assert_eq!(cost, [Money::whole(40 * 60), Money::whole(120 * 62)]);
    assert_eq!(lots.cost(), Money::whole(14_060));
}

#[test]
fn an_average_loses_no_cost() {
    let mut lots = Lots::new(LotMethod::Average);
    for cost in [100, 101] {
        trade(&mut lots, Quantity::whole(1), Money::from_units(cost)).unwrap();
    }
    let sold = trade(&mut lots, Quantity::whole(-1), Money::ZERO);
    assert_eq!(sold, Some(Money::from_units(-100)), "half to even of 100.5");
    let sold = trade(&mut lots, Quantity::whole(-1), Money::ZERO);
    assert_eq!(sold, Some(Money::from_units(-101)));
}
