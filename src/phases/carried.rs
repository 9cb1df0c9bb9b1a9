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
    CarriedLot, ClosedLot, CorporateAction, Day, PortfolioId, SecurityId, Split, equal_transfer_out,
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
        let out = equal_transfer_out(
            transfer,
            history.transactions()[..index].iter(),
            given.transactions().iter(),
        );
        let out = out.ok_or(missing)?;
        // The receiver never counts the transfer before the events that it depends on.
        let market = (self.market_of)(receiver);
        let last = market
            .sessions()
            .get(market.session_on_or_after(transfer.day));
        let last = last.copied().unwrap_or(transfer.day);
        let closed = self.closed_by(giver, given, security, out, last)?;
        Ok(CarriedLot::of_closed(closed))
    }

    /// Books the giver's movements of a security, and of those that turn into it by corporate
    /// actions, up to its transfer out. No event counts on a session after `last`. Returns the lots
    /// that the transfer closed.
    fn closed_by(
        &mut self,
        giver: PortfolioId,
        history: &History,
        security: SecurityId,
        out: usize,
        last: Day,
    ) -> Result<Vec<ClosedLot>, BookingError> {
        let market = (self.market_of)(giver);
        let unbookable = |error: PhaseError| match error {
            PhaseError::Unbookable {
                reason: BookingError::CircularTransfer,
                ..
            } => BookingError::CircularTransfer,
            _ => BookingError::CounterpartUnbookable,
        };
        let transferred = history.transactions()[out].day;
        // The giver's own calendar may have no session between the transfer and `last`.
        let sessions = market.sessions();
        let last_session = sessions.partition_point(|session| *session <= last);
        if sessions.is_empty() {
            return Err(BookingError::CounterpartUnbookable);
        }
        let account = Account::new(history.currency(), history.cost_basis());
        let mut account = account.ending_on(last_session.saturating_sub(1));
        let securities = predecessors(market, security, transferred);
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

#[cfg(test)]
mod tests;
