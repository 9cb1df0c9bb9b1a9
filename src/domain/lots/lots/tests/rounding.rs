//! Tests of movements that differ from a holding by the rounding of splits.

use super::*;

/// Returns lots of one unit each, bought at 10, 20, 30 and so on, after a split of one for three.
fn thirds(method: LotMethod, count: u32) -> Lots {
    let mut lots = Lots::new(method);
    for at in 1..=count {
        let origin = LotOrigin {
            day: Day::MIN,
            transaction: at,
        };
        let cost = Money::whole(10 * at as i32);
        lots.trade(Quantity::whole(1), cost, origin).unwrap();
    }
    lots.split(1, 3).unwrap();
    lots
}

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

#[test]
fn a_sale_within_the_rounding_of_its_lots_closes_them() {
    for method in LotMethod::ALL {
        for sold in ["-0.66666665", "-0.66666666", "-0.66666667", "-0.66666669"] {
            let mut lots = thirds(method, 2);
            let realized = trade(&mut lots, quantity(sold), Money::ZERO);
            assert_eq!(realized, Some(Money::whole(-30)), "{method} {sold}");
            assert_eq!(lots, Lots::new(method), "{method} {sold}");
        }
        let mut lots = thirds(method, 2);
        trade(&mut lots, quantity("-0.66666664"), Money::ZERO).unwrap();
        assert_eq!(lots.quantity(), quantity("0.00000003"));
        let mut lots = thirds(method, 2);
        trade(&mut lots, quantity("-0.66666670"), Money::ZERO).unwrap();
        assert_eq!(lots.quantity(), quantity("-0.00000003"));
    }
}

/// Returns lots of these units, each acquired by a transaction of its own.
fn acquired(method: LotMethod, units: &[i32]) -> Lots {
    let mut lots = Lots::new(method);
    for (at, units) in (0..).zip(units) {
        let origin = LotOrigin {
            day: Day::MIN,
            transaction: at,
        };
        (lots.trade(Quantity::whole(*units), Money::ZERO, origin)).unwrap();
    }
    lots
}

#[test]
fn the_rounding_of_a_sale_does_not_depend_on_the_lots_that_went_before() {
    for method in LotMethod::ALL {
        let mut lots = acquired(method, &[10, 1, 1]);
        trade(&mut lots, Quantity::whole(-10), Money::ZERO).unwrap();
        lots.split(1, 3).unwrap();
        let mut rest = lots.clone();
        trade(&mut lots, quantity("-0.66666664"), Money::ZERO).unwrap();
        assert_eq!(lots, Lots::new(method), "{method}");
        trade(&mut rest, quantity("-0.66666663"), Money::ZERO).unwrap();
        assert_eq!(rest.quantity(), quantity("0.00000004"), "{method}");
    }
}

proptest! {
    #[test]
    fn each_method_ends_a_holding_by_the_same_sale(
        moves in proptest::collection::vec(-4..6_i32, 1..14),
        (new, old) in (1..5_u32, 1..8_u32),
        beyond in -12..12_i64,
    ) {
        let left = LotMethod::ALL.map(|method| {
            let mut lots = Lots::new(method);
            for (at, units) in (0..).zip(&moves) {
                let origin = LotOrigin { day: Day::MIN, transaction: at };
                (lots.trade(Quantity::whole(*units), Money::ZERO, origin)).unwrap();
            }
            lots.split(new, old).unwrap();
            let all = lots.quantity().negated().unwrap();
            let sold = all.plus(Quantity::from_units(beyond)).unwrap();
            trade(&mut lots, sold, Money::ZERO).unwrap();
            lots.quantity()
        });
        prop_assert!(left.iter().all(|other| *other == left[0]), "{left:?}");
    }
}

#[test]
fn acquisitions_are_counted_from_the_last_empty_holding_and_once_a_transaction() {
    let sold = |mut lots: Lots| {
        lots.split(1, 3).unwrap();
        trade(&mut lots, quantity("-0.66666665"), Money::ZERO).unwrap();
        lots.quantity()
    };
    let mut emptied = acquired(LotMethod::Fifo, &[1, 1, 1]);
    trade(&mut emptied, Quantity::whole(-3), Money::ZERO).unwrap();
    trade(&mut emptied, Quantity::whole(2), Money::ZERO).unwrap();
    assert_eq!(sold(emptied), quantity("0.00000002"));
    // All lots that a transfer carries have its number.
    let (carried, _) = lots(&[(1, 0), (1, 0)]);
    assert_eq!(sold(carried), quantity("0.00000002"));
    assert_eq!(sold(acquired(LotMethod::Fifo, &[1, 1])), Quantity::ZERO);
}

#[test]
fn a_split_counts_as_rounding_if_it_can_round_until_splits_come_out_even() {
    let left = |splits: &[(u32, u32)], sold: &str| {
        let mut lots = acquired(LotMethod::Fifo, &[1, 2]);
        for (new, old) in splits {
            lots.split(*new, *old).unwrap();
        }
        trade(&mut lots, quantity(sold), Money::ZERO).unwrap();
        lots.quantity()
    };
    assert_eq!(left(&[(2, 1)], "-5.99999998"), quantity("0.00000002"));
    // Together the lots are one unit, and each of them is rounded.
    assert_eq!(left(&[(1, 3)], "-0.99999998"), Quantity::ZERO);
    assert_eq!(left(&[(1, 3), (2, 1)], "-1.99999998"), Quantity::ZERO);
    assert_eq!(
        left(&[(1, 3), (3, 1)], "-2.99999998"),
        quantity("0.00000002")
    );
    assert_eq!(
        left(&[(2, 1), (1, 2)], "-2.99999998"),
        quantity("0.00000002")
    );
}

#[test]
fn lots_sold_one_by_one_as_a_broker_rounds_them_leave_nothing() {
    for count in [3, 100] {
        let mut lots = thirds(LotMethod::Fifo, count);
        for _ in 0..count {
            trade(&mut lots, quantity("-0.33333333"), Money::ZERO).unwrap();
        }
        assert_eq!(lots, Lots::default(), "{count} lots");
    }
}

#[test]
fn a_short_is_covered_within_its_rounding() {
    let (mut short, _) = lots(&[(-1, -10), (-1, -20)]);
    short.split(1, 3).unwrap();
    let covered = trade(&mut short, quantity("0.66666666"), Money::ZERO);
    assert_eq!(covered, Some(Money::whole(30)));
    assert_eq!(short, Lots::default());
}

#[test]
fn a_chosen_lot_closes_within_its_rounding() {
    for chosen in ["0.33333332", "0.33333333", "0.33333334"] {
        let mut lots = thirds(LotMethod::Fifo, 2);
        let chosen = ChosenLot {
            transaction: 1,
            quantity: quantity(chosen),
        };
        let closed = lots.close_chosen(&[chosen]).unwrap();
        assert_eq!(closed[0].cost, Money::whole(10));
        assert_eq!(lots.cost(), Money::whole(20));
    }
    let mut lots = thirds(LotMethod::Fifo, 2);
    let chosen = ChosenLot {
        transaction: 1,
        quantity: quantity("0.33333336"),
    };
    assert_eq!(lots.close_chosen(&[chosen]), None);
}

#[test]
fn a_split_that_comes_out_even_leaves_no_room_for_rounding() {
    let mut lots = thirds(LotMethod::Fifo, 3);
    lots.split(3, 1).unwrap();
    trade(&mut lots, quantity("-2.99999999"), Money::ZERO).unwrap();
    assert_eq!(lots.quantity(), quantity("0.00000001"));
}
