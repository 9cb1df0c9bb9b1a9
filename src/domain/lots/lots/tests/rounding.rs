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

/// Pays the fraction of 119 shares after one for three, 39 and two thirds, and splits what is left.
fn paid_out(mut lots: Lots, (new, old): (u32, u32)) -> Quantity {
    lots.close_fraction().unwrap();
    lots.split(new, old).unwrap();
    lots.quantity()
}

#[test]
fn cash_for_a_fraction_leaves_exactly_whole_units() {
    for method in LotMethod::ALL {
        for units in [&[119][..], &[118, 1], &[1, 117, 1], &[40, 40, 39]] {
            let mut lots = acquired(method, units);
            lots.split(1, 3).unwrap();
            assert_eq!(paid_out(lots.clone(), (10, 1)), Quantity::whole(390));
            assert_eq!(paid_out(lots, (1, 3)), Quantity::whole(13));
            let mut lots = acquired(method, units);
            lots.split(1, 7).unwrap();
            assert_eq!(paid_out(lots, (2, 1)), Quantity::whole(34));
        }
        let mut short = acquired(method, &[-100]);
        short.split(1, 7).unwrap();
        assert_eq!(paid_out(short, (2, 1)), Quantity::whole(-28));
    }
}

#[test]
fn a_fraction_that_shows_nothing_is_settled_too() {
    let mut lots = acquired(LotMethod::Fifo, &[1]);
    // A third of the last decimal more than one.
    lots.split(300_000_001, 300_000_000).unwrap();
    assert_eq!(lots.quantity(), Quantity::whole(1));
    let closed = lots.close_fraction().unwrap();
    assert_eq!(closed, ClosedLots::new());
    lots.split(90_000, 1).unwrap();
    assert_eq!(lots.quantity(), Quantity::whole(90_000));
}

#[test]
fn a_trade_of_the_fraction_leaves_exactly_whole_units() {
    for (moved, left) in [
        ("-0.66666667", 39),
        ("-0.66666666", 39),
        ("-5.66666667", 34),
        ("-40.66666667", -1),
        ("0.33333333", 40),
        ("0.33333334", 40),
    ] {
        for method in LotMethod::ALL {
            let mut lots = acquired(method, &[119]);
            lots.split(1, 3).unwrap();
            trade(&mut lots, quantity(moved), Money::ZERO).unwrap();
            assert_eq!(lots.quantity(), Quantity::whole(left), "{moved}");
            lots.split(30_000, 1).unwrap();
            assert_eq!(lots.quantity(), Quantity::whole(left * 30_000), "{moved}");
        }
    }
}

#[test]
fn a_trade_of_whole_units_keeps_the_exact_fraction() {
    for (moved, left) in [(-1, 116), (-40, -1), (5, 134)] {
        let mut lots = acquired(LotMethod::Fifo, &[119]);
        lots.split(1, 3).unwrap();
        trade(&mut lots, Quantity::whole(moved), Money::ZERO).unwrap();
        lots.split(3, 1).unwrap();
        assert_eq!(lots.quantity(), Quantity::whole(left), "{moved}");
    }
}

#[test]
fn a_sale_within_the_rounding_of_some_lots_closes_them() {
    for (sold, left) in [("0.33333334", 2), ("0.66666666", 1), ("0.66666667", 1)] {
        for method in LotMethod::ALL {
            let mut lots = acquired(method, &[1, 1, 1]);
            lots.split(1, 3).unwrap();
            trade(&mut lots, quantity(sold).negated().unwrap(), Money::ZERO).unwrap();
            lots.split(3, 1).unwrap();
            assert_eq!(lots.quantity(), Quantity::whole(left), "{method} {sold}");
        }
    }
    // The second lot is exact, so only one unit is rounding.
    let mut lots = acquired(LotMethod::Fifo, &[1, 3, 1]);
    lots.split(1, 3).unwrap();
    trade(&mut lots, quantity("-1.33333331"), Money::ZERO).unwrap();
    assert_eq!(lots.quantity(), quantity("0.33333336"));
}

/// Returns the lots that a movement closed, as another portfolio takes them over.
fn moved(lots: &mut Lots, out: &str) -> Lots {
    let out = lots.within_rounding(quantity(out).negated().unwrap());
    let carried = CarriedLot::of_closed(lots.close(out).unwrap());
    Lots::carried(LotMethod::Fifo, &carried, 9).unwrap()
}

#[test]
fn lots_that_move_keep_their_exact_quantity() {
    // Thirds and what the giver keeps of them, before three for one.
    for (units, out, given, kept) in [
        (&[119][..], "39.66666667", 119, 0),
        (&[119][..], "39.66666666", 119, 0),
        (&[119][..], "0.66666667", 2, 117),
        (&[119][..], "2", 6, 113),
        (&[1, 1, 1][..], "0.33333333", 1, 2),
        (&[1, 1, 1][..], "0.66666666", 2, 1),
    ] {
        let mut lots = acquired(LotMethod::Fifo, units);
        lots.split(1, 3).unwrap();
        let mut taken = moved(&mut lots, out);
        taken.split(3, 1).unwrap();
        lots.split(3, 1).unwrap();
        assert_eq!(taken.quantity(), Quantity::whole(given), "{units:?} {out}");
        assert_eq!(lots.quantity(), Quantity::whole(kept), "{units:?} {out}");
    }
}

#[test]
fn lots_of_two_holdings_keep_their_exact_quantities_together() {
    for (held, splits, together) in [
        (1, (3, 1), 122),
        (-1, (3, 1), 116),
        (-40, (3, 1), -1),
        (40, (3, 1), 239),
    ] {
        let mut lots = acquired(LotMethod::Fifo, &[held]);
        let mut other = acquired(LotMethod::Fifo, &[118, 1]);
        other.split(1, 3).unwrap();
        lots.add_all(other).unwrap();
        lots.split(splits.0, splits.1).unwrap();
        assert_eq!(lots.quantity(), Quantity::whole(together), "{held}");
    }
    let mut sevenths = acquired(LotMethod::Fifo, &[1]);
    let mut thirds = sevenths.clone();
    sevenths.split(1, 7).unwrap();
    thirds.split(1, 3).unwrap();
    thirds.add_all(sevenths).unwrap();
    assert_eq!(
        thirds.quantity(),
        quantity("0.47619048"),
        "10 / 21, rounded once"
    );
    thirds.split(21, 1).unwrap();
    assert_eq!(thirds.quantity(), Quantity::whole(10));
}

proptest! {
    /// The exact quantity is whole after a payout, so any later splits multiply a whole number.
    #[test]
    fn whole_units_are_exact_after_a_payout(
        units in proptest::collection::vec(1_i64..3_000_000_000, 1..6),
        (new, old) in (1..8_u32, 1..30_u32),
        after in proptest::collection::vec((1_u32..30, 1_u32..8), 1..4),
        method in 0..3_usize,
    ) {
        let mut lots = Lots::new(LotMethod::ALL[method]);
        for (at, units) in (0..).zip(&units) {
            let origin = LotOrigin { day: Day::MIN, transaction: at };
            lots.trade(Quantity::from_units(*units), Money::whole(1), origin).unwrap();
        }
        lots.split(new, old).unwrap();
        let shown = lots.quantity();
        let fraction = shown.fraction();
        lots.close_fraction().unwrap();
        prop_assert_eq!(lots.quantity(), shown.minus(fraction).unwrap());
        let mut exact = Ratio::from(lots.quantity().compact().unwrap());
        for (new, old) in after {
            lots.split(new, old).unwrap();
            exact = exact.times(new, old);
            prop_assert_eq!(i128::from(lots.quantity().compact().unwrap()), exact.rounded());
        }
    }

    /// Whatever moves to another portfolio, both together are split as the whole.
    #[test]
    fn a_move_loses_nothing(
        units in proptest::collection::vec(1_i32..50, 1..6),
        (new, old) in (1..8_u32, 1..30_u32),
        part in 1..100_i64,
        method in 0..3_usize,
    ) {
        let mut lots = acquired(LotMethod::ALL[method], &units);
        lots.split(new, old).unwrap();
        let out = lots.quantity().times_ratio(part, 100).unwrap();
        prop_assume!(!out.is_zero());
        let mut taken = moved(&mut lots, &out.to_string());
        let fraction = |of: &Lots| of.fraction_of_all().unwrap_or(LotFraction::ZERO);
        let kept = fraction(&lots);
        taken.add_all(lots).unwrap();
        taken.split(old, new).unwrap();
        prop_assert_eq!(taken.quantity(), Quantity::whole(units.iter().sum()), "{:?}", kept);
    }
}

#[test]
fn a_split_that_comes_out_even_leaves_no_room_for_rounding() {
    let mut lots = thirds(LotMethod::Fifo, 3);
    lots.split(3, 1).unwrap();
    trade(&mut lots, quantity("-2.99999999"), Money::ZERO).unwrap();
    assert_eq!(lots.quantity(), quantity("0.00000001"));
}
