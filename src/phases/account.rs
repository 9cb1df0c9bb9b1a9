//! A portfolio's cash, lots and realized profit at one moment. Books one transaction,
//! split or corporate action at a time; [`super::Books`] decides which, and in which order.

mod corporate_actions;
mod foreign_cash;
mod received_lots;
mod used_prices;

use super::aged_moves::{AgedMoves, Lasts};
use super::error::{BookingCause, BookingError, PhaseError};
use super::foreign_balance::ForeignBalance;
use super::history::History;
use super::instrument::Instrument;
use super::market::Market;
use super::movement::{Movement, booking_error};
use super::realized::{Closing, RealizedLot};
use crate::domain::{
    CarriedLot, ChosenLot, ClosedLot, ClosedLots, CostBasis, Currency, Day, LotMethod, Lots, Money,
    Quantity, SecurityId, Trade, Transaction, TransactionKind,
};

/// One security with its lots. Between two transactions the quantity is never zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holding {
    pub(super) instrument: Instrument,
    pub(super) lots: Lots,
}

/// A transaction to book.
pub(super) struct Booking<'a> {
    /// The history of the transaction.
    pub(super) history: &'a History,
    pub(super) transaction: &'a Transaction,
    /// Its index in booking order.
    pub(super) index: u32,
    /// The lots that it brings from another portfolio; `None` for any other transaction.
    pub(super) carried: Option<Result<&'a [CarriedLot], BookingError>>,
}

/// Cash, holdings and flows of a portfolio at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    currency: Currency,
    cost_basis: CostBasis,
    /// Cash in the portfolio's currency.
    pub(super) cash: Money,
    /// Cash in other currencies, by currency: of each that was ever used.
    foreign_cash: Vec<ForeignBalance>,
    /// Profit realized since inception.
    pub(super) realized: Money,
    /// Value received from outside since the previous session, zero or more.
    pub(super) inflow: Money,
    /// Value paid to the outside since the previous session, zero or more.
    pub(super) outflow: Money,
    /// In ascending order of their symbols.
    pub(super) holdings: Vec<Holding>,
    /// The lots closed so far; `None` if they are not recorded, as in a run.
    pub(super) realized_lots: Option<Vec<RealizedLot>>,
    /// The lots that the last transfer to another portfolio closed.
    delivered: ClosedLots,
    /// The aged prices and rates at which amounts were moved.
    pub(super) aged_moves: AgedMoves,
    /// The index of the last session on which events can count.
    last_session: usize,
}

impl Account {
    /// Returns an empty account in `currency`.
    pub(super) fn new(currency: Currency, cost_basis: CostBasis) -> Self {
        Self {
            currency,
            cost_basis,
            cash: Money::ZERO,
            foreign_cash: Vec::new(),
            realized: Money::ZERO,
            inflow: Money::ZERO,
            outflow: Money::ZERO,
            holdings: Vec::new(),
            realized_lots: None,
            delivered: ClosedLots::new(),
            aged_moves: AgedMoves::default(),
            last_session: usize::MAX,
        }
    }

    /// Counts events after a session on that session.
    pub(super) fn ending_on(self, session: usize) -> Self {
        Self {
            last_session: session,
            ..self
        }
    }

    /// Returns the index of the session on which the events of a day count.
    fn session_of(&self, market: &Market, day: Day) -> usize {
        market.session_on_or_after(day).min(self.last_session)
    }

    /// Returns the lots that the last transfer to another portfolio closed.
    pub(super) fn delivered(&self) -> &[ClosedLot] {
        &self.delivered
    }

    /// Starts a session: sets inflow and outflow to zero.
    pub(super) fn start_session(&mut self) {
        self.aged_moves.start_session();
        self.inflow = Money::ZERO;
        self.outflow = Money::ZERO;
    }

    /// Books a transaction. After an error the account is half booked and must not be used.
    pub(super) fn book(
        &mut self,
        market: &Market,
        booking: &Booking<'_>,
    ) -> Result<(), PhaseError> {
        self.book_transaction(market, booking).map_err(|error| {
            let reference = &booking.transaction.reference;
            error.caused_by(|| BookingCause::Transaction(reference.clone()))
        })
    }

    fn book_transaction(
        &mut self,
        market: &Market,
        booking: &Booking<'_>,
    ) -> Result<(), PhaseError> {
        let transaction = booking.transaction;
        let (kind, own, day) = (transaction.kind, self.currency, transaction.day);
        let currency = transaction.cash.currency_or(own);
        check_signs(transaction)?;
        (transaction.cash.check(kind, transaction.amount, own))
            .map_err(|reason| booking_error(transaction, BookingError::Cash(reason)))?;
        if kind.is_movement() {
            self.book_movement(market, booking)?;
        } else {
            let amount = transaction
                .amount
                .ok_or_else(|| booking_error(transaction, BookingError::NoAmount))?;
            match kind {
                TransactionKind::Deposit => {
                    let value = self.move_cash(market, currency, Some(amount), day)?;
                    add(&mut self.inflow, Some(value), day)?;
                }
                TransactionKind::Withdrawal => {
                    let value = self.move_cash(market, currency, amount.negated(), day)?;
                    add(&mut self.outflow, value.negated(), day)?;
                }
                TransactionKind::Fee | TransactionKind::Tax => {
                    self.move_cash(market, currency, amount.negated(), day)?;
                }
                TransactionKind::Exchange => self.exchange(market, transaction, amount)?,
                // Dividends and interest are profit: they reach cash without being a flow.
                _ => {
                    self.move_cash(market, currency, Some(amount), day)?;
                }
            }
        }
        // For every kind the fee is paid from cash in addition to the amount.
        let currency = transaction.cash.fee_currency_or(own);
        self.move_cash(market, currency, transaction.fee.negated(), day)?;
        Ok(())
    }

    fn book_movement(&mut self, market: &Market, booking: &Booking<'_>) -> Result<(), PhaseError> {
        let transaction = booking.transaction;
        let security = transaction
            .security
            .ok_or_else(|| booking_error(transaction, BookingError::NoSecurity))?;
        let (day, currency) = (transaction.day, transaction.cash.currency_or(self.currency));
        let instrument = Instrument::new(market, security, self.currency)?;
        let movement = Movement {
            market,
            instrument: &instrument,
            transaction,
            session: self.session_of(market, day),
            index: booking.index,
            chosen: self.chosen_lots(booking)?,
        };
        match transaction.kind {
            TransactionKind::Buy => {
                let paid = self.cash_amount(&movement)?.negated();
                let cost = self.move_cash(market, currency, paid, day)?.negated();
                let fee = self.capitalized_fee(market, transaction)?;
                let cost = cost.and_then(|cost| cost.plus(fee));
                let cost = cost.ok_or_else(|| movement.out_of_range())?;
                self.trade(&movement, transaction.quantity, cost)
            }
            TransactionKind::Sell => {
                let received = Some(self.cash_amount(&movement)?);
                // A short sale is no case of its own: lots take a negative quantity at a
                // negative cost.
                let proceeds = self.move_cash(market, currency, received, day)?;
                let cost = self.capitalized_fee(market, transaction)?.minus(proceeds);
                let out = transaction.quantity.negated();
                let (out, cost) = out.zip(cost).ok_or_else(|| movement.out_of_range())?;
                self.trade(&movement, out, cost)
            }
            TransactionKind::TransferIn if booking.carried.is_some() => {
                let lots = booking.carried.unwrap_or(Ok(&[]));
                let lots = lots.map_err(|reason| booking_error(transaction, reason))?;
                self.receive(&movement, lots)
            }
            TransactionKind::TransferIn => {
                // The flow is the market value, so that the transfer itself makes no profit. The
                // stated cost only decides the profit of the lot: unrealized now, realized later.
                let stated = self.stated_value(&movement)?;
                let lasts = stated.map_or(Lasts::Yes, |_| Lasts::No);
                let unpriced = stated.or(Some(Money::ZERO));
                let value = self.market_value(&movement, unpriced, lasts)?;
                let cost = stated.or(value).unwrap_or(Money::ZERO);
                add(&mut self.inflow, value, transaction.day)?;
                self.trade(&movement, transaction.quantity, cost)
            }
            _ => self.transfer_out(&movement),
        }
    }

    /// Returns the lots that a transaction chooses.
    fn chosen_lots(&self, booking: &Booking<'_>) -> Result<Option<Vec<ChosenLot>>, PhaseError> {
        let Some(choices) = &booking.transaction.lots else {
            return Ok(None);
        };
        let refuse = |reason| booking_error(booking.transaction, reason);
        if self.cost_basis.method == LotMethod::Average {
            return Err(refuse(BookingError::LotsAtAverageCost));
        }
        if choices.total() != Some(booking.transaction.quantity) {
            return Err(refuse(BookingError::LotsNotHeld));
        }
        let chosen = choices.iter().map(|choice| {
            let transactions = (0_u32..).zip(booking.history.transactions());
            let mut opening = transactions.filter(|(_, other)| other.reference == choice.reference);
            let (transaction, _) = opening.next()?;
            Some(ChosenLot {
                transaction,
                quantity: choice.quantity,
            })
        });
        let chosen: Option<Vec<_>> = chosen.collect();
        (chosen.map(Some)).ok_or_else(|| refuse(BookingError::LotsNotHeld))
    }

    fn trade(
        &mut self,
        movement: &Movement<'_>,
        quantity: Quantity,
        cost: Money,
    ) -> Result<(), PhaseError> {
        let at = self.holding_or_new(movement.market, movement.instrument);
        let lots = &mut self.holdings[at].lots;
        let trade = match &movement.chosen {
            None => lots.trade(quantity, cost, movement.origin()),
            Some(chosen) => {
                let closed = lots.close_chosen(chosen).ok_or_else(|| {
                    booking_error(movement.transaction, BookingError::LotsNotHeld)
                })?;
                Trade::new(closed, cost)
            }
        };
        self.realize(at, trade, movement.closing())
    }

    /// Closes lots at market value, or at their cost if there is no price.
    fn transfer_out(&mut self, movement: &Movement<'_>) -> Result<(), PhaseError> {
        let (security, quantity) = (movement.instrument.security, movement.transaction.quantity);
        let exceeds = || booking_error(movement.transaction, BookingError::ExceedsHolding);
        let at = self
            .holding_index(movement.market, security)
            .map_err(|_| exceeds())?;
        let lots = &mut self.holdings[at].lots;
        let out = quantity.negated().map(|out| lots.within_rounding(out));
        // `close` relies on this: the movement is no larger than the holding. It also refuses a
        // short holding, since the quantity of a transaction is never negative.
        let left = out.and_then(|out| lots.quantity().plus(out));
        if left.is_none_or(Quantity::is_negative) {
            return Err(exceeds());
        }
        let cost_before = lots.cost();
        let closed = match &movement.chosen {
            None => out.and_then(|out| lots.close(out)),
            Some(chosen) => {
                let not_held = booking_error(movement.transaction, BookingError::LotsNotHeld);
                Some(lots.close_chosen(chosen).ok_or(not_held)?)
            }
        };
        let cost = cost_before.minus(lots.cost());
        let (closed, cost) = (closed.zip(cost)).ok_or_else(|| movement.out_of_range())?;
        // To another portfolio only the flow is at the market.
        let is_given = movement.transaction.counterpart.is_some();
        let lasts = if is_given { Lasts::No } else { Lasts::Yes };
        let value = self.market_value(movement, Some(cost), lasts)?;
        add(&mut self.outflow, value, movement.transaction.day)?;
        if is_given {
            // The receiver carries the cost on, so nothing is realized.
            self.delivered = closed;
            self.remove_if_closed(at);
            return Ok(());
        }
        let value = value.and_then(Money::negated);
        let trade = value.and_then(|value| Trade::new(closed, value));
        self.realize(at, trade, movement.closing())
    }

    /// Adds realized profit and removes the holding if its quantity is zero. `None` means that a
    /// number did not fit.
    fn realize(
        &mut self,
        at: usize,
        trade: Option<Trade>,
        closing: Closing,
    ) -> Result<(), PhaseError> {
        let trade = trade.ok_or_else(|| closing.out_of_range())?;
        self.remove_if_closed(at);
        self.record(&trade, closing)
    }

    /// Adds realized profit, and the closed lots where they are recorded.
    fn record(&mut self, trade: &Trade, closing: Closing) -> Result<(), PhaseError> {
        if let Some(recorded) = &mut self.realized_lots {
            let lots = closing.realized_lots(trade);
            recorded.extend(lots.ok_or_else(|| closing.out_of_range())?);
        }
        add(&mut self.realized, Some(trade.realized), closing.day)
    }

    fn remove_if_closed(&mut self, at: usize) {
        if self.holdings[at].lots.quantity().is_zero() {
            self.holdings.remove(at);
        }
    }

    fn holding_index(&self, market: &Market, security: SecurityId) -> Result<usize, usize> {
        let rank = |security| market.slot(security).map(|slot| market.symbol_rank(slot));
        self.holdings
            .binary_search_by_key(&rank(security), |holding| rank(holding.instrument.security))
    }
}

fn check_signs(transaction: &Transaction) -> Result<(), PhaseError> {
    let amount = transaction.amount.unwrap_or(Money::ZERO);
    let is_reversed = amount.is_negative() && !transaction.kind.can_be_reversed();
    if transaction.quantity.is_negative() || is_reversed {
        return Err(booking_error(transaction, BookingError::Negative));
    }
    Ok(())
}

fn add(total: &mut Money, amount: Option<Money>, day: Day) -> Result<(), PhaseError> {
    *total = amount
        .and_then(|amount| total.plus(amount))
        .ok_or(PhaseError::TotalOutOfRange { day })?;
    Ok(())
}
