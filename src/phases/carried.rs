//! Finds the lots that transfers between portfolios carry: those that the equal transfer out of the
//! giver closed. Only the movements of the transferred security are booked again, up to the transfer.

use std::collections::{BTreeMap, BTreeSet};

use super::account::{Account, Booking};
use super::error::{BookingError, PhaseError};
use super::history::History;
use super::market::Market;
use crate::domain::{
    CarriedLot, ClosedLot, Money, PortfolioId, SecurityId, Transaction, TransactionKind,
};

/// The lots of a transfer in, or the reason that they are not known.
type Carried = Result<Vec<CarriedLot>, BookingError>;

/// Returns the lots that each transfer in from another portfolio carries, by portfolio and index of
/// the transaction. `histories` must hold the givers too, and theirs.
pub fn carried_lots(
    market: &Market,
    histories: &BTreeMap<PortfolioId, &History>,
) -> BTreeMap<(PortfolioId, u32), Result<Vec<CarriedLot>, BookingError>> {
    let mut search = Search {
        market,
        histories,
        found: BTreeMap::new(),
        open: BTreeSet::new(),
    };
    let last = market.sessions().last();
    for (receiver, history) in histories {
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

struct Search<'a> {
    market: &'a Market,
    histories: &'a BTreeMap<PortfolioId, &'a History>,
    found: BTreeMap<(PortfolioId, u32), Carried>,
    /// The transfers whose lots are being searched, to find circles.
    open: BTreeSet<(PortfolioId, u32)>,
}

impl Search<'_> {
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

    /// Books the movements of one security of the giver up to its transfer out, and returns the lots
    /// that the transfer closed.
    fn closed_by(
        &mut self,
        giver: PortfolioId,
        history: &History,
        security: SecurityId,
        out: usize,
    ) -> Result<Vec<ClosedLot>, BookingError> {
        let market = self.market;
        let unbookable = |error: PhaseError| match error {
            PhaseError::Unbookable {
                reason: BookingError::CircularTransfer,
                ..
            } => BookingError::CircularTransfer,
            _ => BookingError::CounterpartUnbookable,
        };
        let mut account = Account::new(history.currency(), history.cost_basis());
        let mut splits = market
            .splits()
            .iter()
            .filter(|split| split.security == security)
            .peekable();
        for (index, transaction) in (0_u32..).zip(&history.transactions()[..=out]) {
            if transaction.security != Some(security) || !transaction.kind.is_movement() {
                continue;
            }
            while let Some(split) = splits.next_if(|split| split.day <= transaction.day) {
                account.split(split).map_err(unbookable)?;
            }
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
