//! Tests of corporate actions.

use super::*;
use crate::domain::{Transaction, TransactionKind};
use crate::phases::books::Books;
use crate::phases::fixture::{MarketBuilder, action, amount, buy, cash, day, history};
use crate::phases::valuation::Valuation;

const PARENT: u32 = 2;
const CHILD: u32 = 1;

fn child(new: u32, old: u32) -> Option<Delivery> {
    Some(Delivery {
        security: SecurityId(CHILD),
        new,
        old,
    })
}

/// Returns the books of three sessions: units of the parent are bought at 20, which closes at 20
/// and then at `later`; the child closes at 5 from the second session on.
fn books(
    quantity: &str,
    later: &str,
    actions: impl IntoIterator<Item = CorporateAction>,
    more: impl IntoIterator<Item = Transaction>,
) -> Vec<Valuation> {
    let mut builder = MarketBuilder::with_session_count(3).with_shares([CHILD, PARENT]);
    builder.add_close(PARENT, 0, "20");
    builder.add_close(PARENT, 1, later);
    builder.add_close(CHILD, 1, "5");
    builder.sources.actions.extend(actions);
    let mut trades = vec![
        cash(0, TransactionKind::Deposit, "10000"),
        buy(0, PARENT, quantity, "20"),
    ];
    trades.extend(more);
    let (market, history) = (builder.build(), history(&trades));
    let mut books = Books::open(&history);
    let sessions = 0..3;
    let sum = Books::realized_lots(&market, &history).unwrap();
    let sum = sum
        .iter()
        .fold(0, |sum, lot| sum + lot.gain().unwrap().units());
    let days: Vec<_> = sessions
        .map(|session| books.value_on(&market, &history, session).unwrap())
        .collect();
    assert_eq!(sum, days[2].snapshot.realized.units(), "by lot");
    days
}

#[test]
fn a_spin_off_is_no_flow_and_no_return() {
    let spin_off = CorporateAction {
        received: child(1, 1),
        cost_share: Some("0.25".parse().unwrap()),
        ..action(1, PARENT, ActionKind::SpinOff)
    };
    let days = books("100", "15", [spin_off], []);
    let (totals, held) = (&days[1].snapshot, &days[1].positions);
    assert_eq!(totals.session_return.value(), Some(0.0));
    assert_eq!(totals.flow, Money::ZERO);
    assert_eq!(held[0].cost, Money::whole(500));
    assert_eq!(held[1].cost, Money::whole(1500));
    assert_eq!(held[0].quantity, Quantity::whole(100));
}

/// ConocoPhillips, Form 8937 of 2012: one share of Phillips 66 for two, and 77.09 % of the basis
/// stays with ConocoPhillips.
#[test]
fn a_published_spin_off_with_cash_for_the_fraction() {
    let spin_off = CorporateAction {
        received: child(1, 2),
        cost_share: Some("0.2291".parse().unwrap()),
        ..action(1, PARENT, ActionKind::SpinOff)
    };
    let payout = CorporateAction {
        cash: Some(amount("33")),
        ..action(1, CHILD, ActionKind::CashInLieu)
    };
    let days = books("101", "15", [payout, spin_off], []);
    let (totals, held) = (&days[1].snapshot, &days[1].positions);
    assert_eq!(held[0].quantity, Quantity::whole(50));
    assert_eq!(held[1].cost, amount("1557.218"));
    // Half a share of 50.5 costs 462.782 / 101, and is paid at 33 a share.
    assert_eq!(held[0].cost, amount("458.2"));
    assert_eq!(totals.realized, amount("11.918"));
    assert_eq!(totals.cash, amount("7996.5"));
}

#[test]
fn returned_capital_is_cash_and_no_profit_up_to_the_cost() {
    let returned = CorporateAction {
        cash: Some(amount("1")),
        ..action(1, PARENT, ActionKind::ReturnOfCapital)
    };
    let days = books("100", "19", [returned], []);
    let totals = &days[1].snapshot;
    assert_eq!(totals.cash, Money::whole(8100));
    assert_eq!(
        (totals.unrealized, totals.realized),
        (Money::ZERO, Money::ZERO)
    );
    assert_eq!(totals.session_return.value(), Some(0.0));
    let all = CorporateAction {
        cash: Some(amount("25")),
        ..returned
    };
    assert_eq!(
        books("100", "19", [all], [])[2].snapshot.realized,
        Money::whole(500)
    );
}

#[test]
fn a_merger_carries_cost_and_acquisition_to_the_new_shares() {
    let merger = CorporateAction {
        received: child(4, 1),
        ..action(1, PARENT, ActionKind::Merger)
    };
    let days = books("100", "20", [merger], []);
    let held = &days[1].positions;
    assert_eq!(held.len(), 1);
    assert_eq!(
        (held[0].quantity, held[0].cost),
        (Quantity::whole(400), Money::whole(2000))
    );
    assert_eq!(days[1].snapshot.session_return.value(), Some(0.0));
    let both = CorporateAction {
        received: child(1, 1),
        cash: Some(amount("15")),
        ..merger
    };
    let days = books("100", "20", [both], []);
    assert_eq!(days[1].positions[0].cost, Money::whole(500));
    assert_eq!(days[1].snapshot.realized, Money::ZERO);
    let shared = CorporateAction {
        cost_share: Some("0.5".parse().unwrap()),
        ..both
    };
    let days = books("100", "20", [shared], []);
    assert_eq!(days[1].positions[0].cost, Money::whole(1000));
    assert_eq!(days[1].snapshot.realized, Money::whole(500));
}

/// A security that became worthless counts as sold for nothing (IRS Publication 550, worthless
/// securities); one that is bought out, as sold at the cash, as Twitter at 54.20 on 2022-10-27.
#[test]
fn a_delisting_and_a_cash_merger_end_the_holding() {
    let worthless = CorporateAction {
        cash: Some(amount("0")),
        ..action(1, PARENT, ActionKind::Delisting)
    };
    let days = books("100", "20", [worthless], []);
    assert!(days[1].positions.is_empty());
    assert_eq!(days[1].snapshot.realized, Money::whole(-2000));
    assert_eq!(days[1].snapshot.pnl, Money::whole(-2000));
    let bought_out = CorporateAction {
        cash: Some(amount("54.20")),
        ..action(1, PARENT, ActionKind::Merger)
    };
    let days = books("100", "20", [bought_out], []);
    assert_eq!(days[1].snapshot.realized, Money::whole(3420));
    assert_eq!(days[1].snapshot.cash, Money::whole(13_420));
}

#[test]
fn rights_cost_nothing_and_actions_come_before_trades() {
    let rights = CorporateAction {
        received: child(1, 10),
        ..action(1, PARENT, ActionKind::Rights)
    };
    let days = books("100", "20", [rights], [buy(1, PARENT, "50", "20")]);
    let held = &days[1].positions[0];
    assert_eq!(
        (held.quantity, held.cost),
        (Quantity::whole(10), Money::ZERO)
    );
}

#[test]
fn only_units_held_before_the_day_count() {
    let spin_off = CorporateAction {
        received: child(1, 1),
        cost_share: Some("0.25".parse().unwrap()),
        ..action(0, PARENT, ActionKind::SpinOff)
    };
    assert_eq!(books("100", "15", [spin_off], [])[1].positions.len(), 1);
}

/// ITT Corporation distributed Exelis and Xylem on one day (Form 8-K of 2011-10-31). Here with even
/// figures: a half and a quarter of 2000.
#[test]
fn spin_offs_of_one_day_share_the_original_cost() {
    const THIRD: u32 = 3;
    let spin_off = |received: u32, share: &str| CorporateAction {
        received: Some(Delivery {
            security: SecurityId(received),
            new: 1,
            old: 1,
        }),
        cost_share: Some(share.parse().unwrap()),
        ..action(1, PARENT, ActionKind::SpinOff)
    };
    let shares = [spin_off(CHILD, "0.5"), spin_off(THIRD, "0.25")];
    for actions in [shares, [shares[1], shares[0]]] {
        let mut builder = MarketBuilder::with_session_count(2).with_shares([CHILD, PARENT, THIRD]);
        builder.add_close(PARENT, 0, "20");
        builder.sources.actions.extend(actions);
        let trades = history(&[buy(0, PARENT, "100", "20")]);
        let day = Books::open(&trades)
            .value_on(&builder.build(), &trades, 1)
            .unwrap();
        let costs: Vec<_> = day.positions.iter().map(|position| position.cost).collect();
        assert_eq!(costs, [1000, 500, 500].map(Money::whole));
    }
}

#[test]
fn a_number_out_of_range_names_the_action_or_transaction() {
    let returned = CorporateAction {
        cash: Some(amount("900000000000000")),
        ..action(1, PARENT, ActionKind::ReturnOfCapital)
    };
    let failing = |actions: &[CorporateAction], trades: &[Transaction]| {
        let mut builder = MarketBuilder::with_session_count(2).with_shares([CHILD, PARENT]);
        builder.add_close(PARENT, 0, "20");
        builder.sources.actions.extend(actions);
        let (market, trades) = (builder.build(), history(trades));
        let error = Books::open(&trades).value_on(&market, &trades, 1);
        error.unwrap_err().with_symbol(&market)
    };
    let day = day(1);
    assert_eq!(
        failing(&[returned], &[buy(0, PARENT, "100", "20")]),
        format!(
            "return-of-capital of `S2`: quantity, value or cost of `S2` is out of range on `{day}`"
        )
    );
    let mut deposits = [0, 1].map(|on| cash(on, TransactionKind::Deposit, "900000000000000"));
    deposits[1].reference = "second".to_owned();
    assert_eq!(
        failing(&[], &deposits),
        format!("transaction `second`: cash or a total is out of range on `{day}`")
    );
}

/// 26 CFR 1.307-1: of 100 shares at 100, with 110 for a share and 19 for a right afterwards, 8,527.13
/// of the cost stay with the shares and 1,472.87 go to the rights.
#[test]
fn rights_with_a_share_of_cost_are_as_published() {
    let rights = CorporateAction {
        received: child(1, 1),
        cost_share: Some("0.147286821705".parse().unwrap()),
        ..action(1, PARENT, ActionKind::Rights)
    };
    // 500 units at 20 cost as much as 100 at 100.
    let held = &books("500", "20", [rights], [])[1].positions;
    let costs: Vec<_> = held.iter().map(|position| position.cost).collect();
    assert_eq!(costs, ["1472.8682", "8527.1318"].map(amount::<Money>));
}

/// H&R Block, "Nontaxable Exchanges and Taxable Fractional Shares": 301 shares become 100 and a third
/// in an exchange of three for one, and the third has the basis of one old share.
#[test]
fn a_fraction_of_a_merger_has_the_cost_of_the_shares_exchanged_for_it() {
    let actions = [
        CorporateAction {
            received: child(1, 3),
            ..action(1, PARENT, ActionKind::Merger)
        },
        CorporateAction {
            cash: Some(amount("75")),
            ..action(1, CHILD, ActionKind::CashInLieu)
        },
    ];
    let day = &books("301", "20", actions, [])[1];
    assert_eq!(day.positions[0].quantity, Quantity::whole(100));
    assert_eq!(day.positions[0].cost, Money::whole(6000));
    assert_eq!(day.snapshot.realized, Money::whole(5));
}

/// AirTouch, 1999: half a share of Vodafone AirTouch and 9 in cash for each share. The gain is the
/// lesser of the whole gain and the cash, and the basis is the old one + gain − cash (Internal Revenue
/// Code, sections 356 and 358): where the gain exceeds the cash, all cash is gain, and the units take
/// the whole cost.
#[test]
fn cash_beside_units_is_all_gain_if_the_units_take_the_whole_cost() {
    let merger = CorporateAction {
        received: child(1, 2),
        cash: Some(amount("9")),
        cost_share: Some("1".parse().unwrap()),
        ..action(1, PARENT, ActionKind::Merger)
    };
    let day = &books("100", "20", [merger], [])[1];
    assert_eq!(day.positions[0].quantity, Quantity::whole(50));
    assert_eq!(day.positions[0].cost, Money::whole(2000));
    assert_eq!(day.snapshot.realized, Money::whole(900));
}
