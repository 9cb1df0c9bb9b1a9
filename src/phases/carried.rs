//! Finds the lots that transfers between portfolios carry: those that the equal transfer out of the
//! giver closed. Only the movements of the transferred security are booked again, up to the transfer.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::vec::IntoIter;

use super::account::{Account, Booking};
use super::error::{BookingError, PhaseError};
use super::history::History;
use super::market::Market;
use crate::domain::{
    CarriedLot, ClosedLot, CorporateAction, Day, Money, PortfolioId, SecurityId, Split,
    Transaction, TransactionKind,
};

/// The lots of a transfer in, or the reason that they are not known.
type Carried = Result<Vec<CarriedLot>, BookingError>;

/// Returns the lots that each transfer in from another portfolio carries, by portfolio and index of
/// the transaction. `histories` must hold the givers too, and theirs; `market_of` returns the market
/// of a portfolio.
pub fn carried_lots<'a>(
    market_of: impl Fn(PortfolioId) -> &'a Market,
    histories: &BTreeMap<PortfolioId, &History>,
) -> BTreeMap<(PortfolioId, u32), Result<Vec<CarriedLot>, BookingError>> {
    let mut search = Search {
        market_of: &market_of,
        histories,
        found: BTreeMap::new(),
        open: BTreeSet::new(),
    };
    for (receiver, history) in histories {
        let last = market_of(*receiver).sessions().last();
        for index in history.transfers_from_counterparts() {
            // Later transactions are not booked in this market.
            let day = history.transactions()[*index as usize].day;
            if last.is_some_and(|last| day <= *last) {
                let _ = search.lots(*receiver, *index);
            }
        }
    }
    search.found
}

struct Search<'s, 'a> {
    market_of: &'s dyn Fn(PortfolioId) -> &'a Market,
    histories: &'s BTreeMap<PortfolioId, &'s History>,
    found: BTreeMap<(PortfolioId, u32), Carried>,
    /// The transfers whose lots are being searched, to find circles.
    open: BTreeSet<(PortfolioId, u32)>,
}

impl Search<'_, '_> {
    fn lots(&mut self, receiver: PortfolioId, index: u32) -> Carried {
        let key = (receiver, index);
        if let Some(found) = self.found.get(&key) {
            return found.clone();
        }
        if !self.open.insert(key) {
            return Err(BookingError::CircularTransfer);
        }
        let found = self.lots_of_giver(receiver, index);
        self.open.remove(&key);
        self.found.insert(key, found.clone());
        found
    }

    fn lots_of_giver(&mut self, receiver: PortfolioId, index: u32) -> Carried {
        let histories = self.histories;
        let missing = BookingError::NoTransferOfCounterpart;
        let history = histories.get(&receiver).ok_or(missing)?;
        let index = index as usize;
        let transfer = &history.transactions()[index];
        let giver = transfer.counterpart.ok_or(missing)?;
        let security = transfer.security.ok_or(missing)?;
        let given = histories.get(&giver).ok_or(missing)?;
        if given.currency() != history.currency() {
            return Err(BookingError::CurrencyOfCounterpart);
        }
        // Of several equal transfers the first out belongs to the first in.
        let is_equal = |other: &Transaction, kind, counterpart| {
            (other.kind, other.counterpart) == (kind, Some(counterpart))
                && (other.day, other.security, other.quantity)
                    == (transfer.day, transfer.security, transfer.quantity)
        };
        let earlier = history.transactions()[..index].iter();
        let rank = earlier
            .filter(|other| is_equal(other, TransactionKind::TransferIn, giver))
            .count();
        let out = (given.transactions().iter().enumerate())
            .filter(|(_, other)| is_equal(other, TransactionKind::TransferOut, receiver))
            .nth(rank);
        let (out, _) = out.ok_or(missing)?;
        let closed = self.closed_by(giver, given, security, out)?;
        carried(&closed).ok_or(BookingError::CounterpartUnbookable)
    }

    /// Books the giver's movements of a security, and of those that turn into it by corporate
    /// actions, up to its transfer out. Returns the lots that the transfer closed.
    fn closed_by(
        &mut self,
        giver: PortfolioId,
        history: &History,
        security: SecurityId,
        out: usize,
    ) -> Result<Vec<ClosedLot>, BookingError> {
        let market = (self.market_of)(giver);
        let unbookable = |error: PhaseError| match error {
            PhaseError::Unbookable {
                reason: BookingError::CircularTransfer,
                ..
            } => BookingError::CircularTransfer,
            _ => BookingError::CounterpartUnbookable,
        };
        let mut account = Account::new(history.currency(), history.cost_basis());
        let last = history.transactions()[out].day;
        let securities = predecessors(market, security, last);
        let mut events = Events::new(market, &securities);
        for (index, transaction) in (0_u32..).zip(&history.transactions()[..=out]) {
            let moves = transaction
                .security
                .filter(|moved| securities.contains(moved));
            if moves.is_none() || !transaction.kind.is_movement() {
                continue;
            }
            events
                .book_until(market, &mut account, transaction.day)
                .map_err(unbookable)?;
            let lots = transaction
                .carries_lots_in()
                .then(|| self.lots(giver, index));
            let booking = Booking {
                history,
                transaction,
                index,
                carried: lots.as_ref().map(|lots| match lots {
                    Ok(lots) => Ok(&lots[..]),
                    Err(error) => Err(*error),
                }),
            };
            account.book(market, &booking).map_err(unbookable)?;
        }
        Ok(account.delivered().to_vec())
    }
}

/// Returns a security and those whose units turn into it, directly or not, up to a day.
fn predecessors(market: &Market, security: SecurityId, last: Day) -> BTreeSet<SecurityId> {
    let mut found = BTreeSet::from([security]);
    let actions = market.actions();
    let actions = &actions[..actions.partition_point(|action| action.day <= last)];
    // A later action may deliver what an earlier one delivered from, so the last comes first.
    for action in actions.iter().rev() {
        if action
            .received
            .is_some_and(|received| found.contains(&received.security))
        {
            found.insert(action.security);
        }
    }
    found
}

/// The splits and other actions of some securities that are not booked yet, ascending by day.
struct Events {
    splits: Peekable<IntoIter<Split>>,
    actions: Vec<CorporateAction>,
    next_action: usize,
}

impl Events {
    fn new(market: &Market, securities: &BTreeSet<SecurityId>) -> Self {
        let splits = market.splits().iter().copied();
        let splits: Vec<_> = splits
            .filter(|split| securities.contains(&split.security))
            .collect();
        let actions = market.actions().iter().copied();
        Self {
            splits: splits.into_iter().peekable(),
            actions: actions
                .filter(|action| securities.contains(&action.security))
                .collect(),
            next_action: 0,
        }
    }

    /// Books the events up to a day. On the same day splits come first.
    fn book_until(
        &mut self,
        market: &Market,
        account: &mut Account,
        day: Day,
    ) -> Result<(), PhaseError> {
        loop {
            let split = self.splits.peek().map(|split| split.day);
            let later = &self.actions[self.next_action..];
            let action = later.first().map(|action| action.day);
            let Some(on) = split
                .into_iter()
                .chain(action)
                .min()
                .filter(|on| *on <= day)
            else {
                return Ok(());
            };
            if let Some(split) = self.splits.next_if(|split| split.day == on) {
                account.split(market, &split)?;
                continue;
            }
            let actions = &later[..later.partition_point(|action| action.day <= on)];
            account.act(market, actions)?;
            self.next_action += actions.len();
        }
    }
}

/// Returns the lots to open, without those that show no quantity: their cost goes to the lot before.
fn carried(closed: &[ClosedLot]) -> Option<Vec<CarriedLot>> {
    let mut lots: Vec<CarriedLot> = Vec::with_capacity(closed.len());
    let mut before = Money::ZERO;
    for lot in closed {
        match lots.last_mut() {
            Some(last) if lot.quantity.is_zero() => last.cost = last.cost.plus(lot.cost)?,
            None if lot.quantity.is_zero() => before = before.plus(lot.cost)?,
            _ => {
                lots.push(CarriedLot {
                    quantity: lot.quantity,
                    cost: lot.cost.plus(before)?,
                    day: lot.origin.day,
                });
                before = Money::ZERO;
            }
        }
    }
    Some(lots)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ActionKind, Delivery, Price, Quantity};
    use crate::phases::fixture::{MarketBuilder, buy, day, portfolio, transaction};

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
        let action = |on, security, kind| CorporateAction {
            security: SecurityId(security),
            day: day(on),
            kind,
            received: None,
            cash: None,
            cost_share: None,
        };
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
            cost: Money::whole(30 - 3),
            day: day(0),
        };
        assert_eq!(found[&(PortfolioId(2), 0)], Ok(vec![lot]));
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
}
