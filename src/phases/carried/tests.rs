//! Tests of the lots that transfers carry.

use super::*;
use crate::domain::{
    ActionKind, Delivery, LotFraction, Money, Price, Quantity, Transaction, TransactionKind,
};
use crate::phases::fixture::{MarketBuilder, action, buy, day, portfolio, security, transaction};

use TransactionKind::{TransferIn, TransferOut};

fn market() -> Market {
    builder().build()
}

fn builder() -> MarketBuilder {
    let mut builder = MarketBuilder::with_session_count(5).with_shares([6, 7]);
    builder.add_close(7, 0, "10");
    builder
}

fn history(id: u32, transactions: Vec<Transaction>) -> History {
    let mut owner = portfolio();
    owner.id = PortfolioId(id);
    let owned = transactions.into_iter().map(|mut transaction| {
        transaction.portfolio = owner.id;
        transaction
    });
    History::new(&owner, owned.collect())
}

fn transfer(kind: TransactionKind, on: i32, quantity: &str, counterpart: u32) -> Transaction {
    let mut transfer = transaction(on, kind, Some(7), quantity);
    transfer.counterpart = Some(PortfolioId(counterpart));
    transfer
}

fn found(histories: &[(u32, History)]) -> BTreeMap<(PortfolioId, u32), Carried> {
    let histories = histories
        .iter()
        .map(|(id, known)| (PortfolioId(*id), known));
    let market = market();
    carried_lots(|_| &market, &histories.collect())
}

#[test]
fn lots_are_carried_on_with_their_cost_and_day() {
    let first = vec![
        buy(0, 7, "4", "5"),
        buy(1, 7, "4", "8"),
        transfer(TransferOut, 2, "6", 2),
    ];
    let second = vec![
        transfer(TransferIn, 2, "6", 1),
        transfer(TransferOut, 2, "5", 3),
    ];
    let third = vec![transfer(TransferIn, 2, "5", 2)];
    let histories = [
        (1, history(1, first)),
        (2, history(2, second)),
        (3, history(3, third)),
    ];
    let found = found(&histories);
    let lot = |quantity, cost, on| CarriedLot {
        quantity: Quantity::whole(quantity),
        fraction: LotFraction::ZERO,
        cost: Money::whole(cost),
        day: day(on),
    };
    assert_eq!(
        found[&(PortfolioId(2), 0)],
        Ok(vec![lot(4, 20, 0), lot(2, 16, 1)])
    );
    assert_eq!(
        found[&(PortfolioId(3), 0)],
        Ok(vec![lot(4, 20, 0), lot(1, 8, 1)])
    );
}

#[test]
fn actions_before_the_transfer_change_the_carried_cost() {
    let mut builder = builder();
    builder.sources.actions.extend([
        CorporateAction {
            cash: Some(Price::whole(1)),
            ..action(1, 6, ActionKind::ReturnOfCapital)
        },
        CorporateAction {
            received: Some(Delivery {
                security: SecurityId(7),
                new: 2,
                old: 1,
            }),
            ..action(2, 6, ActionKind::Merger)
        },
    ]);
    let giver = vec![buy(0, 6, "3", "10"), transfer(TransferOut, 3, "6", 2)];
    let (giver, taker) = (
        history(1, giver),
        history(2, vec![transfer(TransferIn, 3, "6", 1)]),
    );
    let histories = BTreeMap::from([(PortfolioId(1), &giver), (PortfolioId(2), &taker)]);
    let market = builder.build();
    let found = carried_lots(|_| &market, &histories);
    let lot = CarriedLot {
        quantity: Quantity::whole(6),
        fraction: LotFraction::ZERO,
        cost: Money::whole(30 - 3),
        day: day(0),
    };
    assert_eq!(found[&(PortfolioId(2), 0)], Ok(vec![lot]));
}

#[test]
fn lots_carried_are_those_of_the_transfer() {
    let mut builder = builder();
    builder.add_split(7, 1, 1, 3);
    let giver = vec![
        buy(0, 7, "1", "10"),
        buy(0, 7, "1", "20"),
        transfer(TransferOut, 2, "0.66666666", 2),
    ];
    let taker = vec![transfer(TransferIn, 2, "0.66666666", 1)];
    let (giver, taker) = (history(1, giver), history(2, taker));
    let histories = BTreeMap::from([(PortfolioId(1), &giver), (PortfolioId(2), &taker)]);
    let market = builder.build();
    let found = carried_lots(|_| &market, &histories);
    let lots = found[&(PortfolioId(2), 0)].as_ref().unwrap();
    let carried: Vec<_> = (lots.iter())
        .map(|lot| (lot.quantity.to_string(), lot.cost))
        .collect();
    let expected = [("0.33333333", 10), ("0.33333334", 20)];
    let expected = expected.map(|(units, cost)| (units.to_owned(), Money::whole(cost)));
    assert_eq!(carried, expected);
    assert!(lots.iter().all(|lot| !lot.fraction.is_zero()), "two thirds");
}

/// The giver's calendar has no session on the day of the transfer, which is the last one there is.
#[test]
fn a_giver_whose_market_is_closed_gives_its_lots() {
    let giver = vec![buy(0, 7, "4", "5"), transfer(TransferOut, 4, "4", 2)];
    let taker = vec![transfer(TransferIn, 4, "4", 1)];
    let (giver, taker) = (history(1, giver), history(2, taker));
    let histories = BTreeMap::from([(PortfolioId(1), &giver), (PortfolioId(2), &taker)]);
    let mut of_giver = MarketBuilder::with_session_count(4).with_shares([6, 7]);
    of_giver.add_close(7, 0, "10");
    let (of_giver, of_taker) = (of_giver.build(), market());
    let market_of = |id| {
        if id == PortfolioId(1) {
            &of_giver
        } else {
            &of_taker
        }
    };
    let lots = carried_lots(market_of, &histories);
    let lot = CarriedLot {
        quantity: Quantity::whole(4),
        fraction: LotFraction::ZERO,
        cost: Money::whole(20),
        day: day(0),
    };
    assert_eq!(lots[&(PortfolioId(2), 0)], Ok(vec![lot]));
}

/// The day of the capital and of the transfer is no session, so both are converted by the next rate.
#[test]
fn events_between_sessions_count_on_the_next_session() {
    let mut builder = MarketBuilder::with_session_days(vec![0, 1, 3, 4]);
    let mut share = security(7);
    share.currency = "EUR".parse().unwrap();
    let mut euro = security(8);
    euro.symbol = "EURUSD".to_owned();
    builder.sources.securities.extend([share, euro]);
    for (id, on, price) in [(7, 0, "10"), (8, 0, "1"), (8, 1, "1.2"), (8, 3, "1.5")] {
        builder.add_close(id, on, price);
    }
    builder.sources.actions.push(CorporateAction {
        cash: Some(Price::whole(1)),
        ..action(2, 7, ActionKind::ReturnOfCapital)
    });
    let giver = vec![buy(0, 7, "4", "10"), transfer(TransferOut, 2, "4", 2)];
    let taker = vec![transfer(TransferIn, 2, "4", 1)];
    let (giver, taker) = (history(1, giver), history(2, taker));
    let histories = BTreeMap::from([(PortfolioId(1), &giver), (PortfolioId(2), &taker)]);
    let market = builder.build();
    let lots = carried_lots(|_| &market, &histories);
    let lot = CarriedLot {
        quantity: Quantity::whole(4),
        fraction: LotFraction::ZERO,
        cost: Money::whole(40 - 6),
        day: day(0),
    };
    assert_eq!(lots[&(PortfolioId(2), 0)], Ok(vec![lot]));
}

#[test]
fn lots_that_nothing_gives_are_errors() {
    let lone = [(2, history(2, vec![transfer(TransferIn, 2, "6", 1)]))];
    let missing = Err(BookingError::NoTransferOfCounterpart);
    assert_eq!(found(&lone)[&(PortfolioId(2), 0)], missing);
    let short = [
        (1, history(1, vec![transfer(TransferOut, 2, "6", 2)])),
        (2, history(2, vec![transfer(TransferIn, 2, "6", 1)])),
    ];
    let unbookable = Err(BookingError::CounterpartUnbookable);
    assert_eq!(found(&short)[&(PortfolioId(2), 0)], unbookable);
}

#[test]
fn a_circle_of_transfers_is_an_error_for_each_of_them() {
    let of = |other| {
        vec![
            transfer(TransferIn, 2, "6", other),
            transfer(TransferOut, 2, "6", other),
        ]
    };
    let mut one = of(2);
    one[1].time = Some("10:00".parse().unwrap());
    let mut two = of(1);
    two[1].time = Some("10:00".parse().unwrap());
    let found = found(&[(1, history(1, one)), (2, history(2, two))]);
    let lots: Vec<_> = found.values().cloned().collect();
    let circular = Err(BookingError::CircularTransfer);
    assert_eq!(lots, [circular.clone(), circular]);
}
