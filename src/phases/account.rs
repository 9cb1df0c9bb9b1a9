//! A portfolio's cash, lots and realized profit at one moment, and what a transaction or a split
//! does to them. Which ones, and when, is for [`super::Books`] to say.

use super::error::{BookingError, PhaseError};
use super::instrument::Instrument;
use super::lots::Lots;
use super::market::Market;
use crate::domain::{
    Currency, Day, Money, Quantity, SecurityId, Split, Transaction, TransactionKind,
};

/// One security held, with its lots; never empty between two transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holding {
    pub(super) instrument: Instrument,
    pub(super) lots: Lots,
}

/// A portfolio at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    currency: Currency,
    pub(super) cash: Money,
    /// Profit realized since inception.
    pub(super) realized: Money,
    /// What came in from outside since the session before, zero or more.
    pub(super) inflow: Money,
    /// What went out since the session before, zero or more.
    pub(super) outflow: Money,
    /// By security id.
    pub(super) holdings: Vec<Holding>,
}

impl Account {
    /// An account in `currency`, before everything.
    pub(super) fn new(currency: Currency) -> Self {
        Self {
            currency,
            cash: Money::ZERO,
            realized: Money::ZERO,
            inflow: Money::ZERO,
            outflow: Money::ZERO,
            holdings: Vec::new(),
        }
    }

    /// Starts to count flows anew.
    pub(super) fn reset_flows(&mut self) {
        self.inflow = Money::ZERO;
        self.outflow = Money::ZERO;
    }

    /// Books a transaction. After an error the account means nothing any more.
    pub(super) fn book(
        &mut self,
        market: &Market,
        transaction: &Transaction,
    ) -> Result<(), PhaseError> {
        let kind = transaction.kind;
        check_signs(transaction)?;
        if kind.is_movement() {
            self.book_movement(market, transaction)?;
        } else {
            let amount = transaction
                .amount
                .ok_or_else(|| booking_error(transaction, BookingError::NoAmount))?;
            let (cash, flow) = match kind {
                TransactionKind::Deposit => (Some(amount), Some(&mut self.inflow)),
                TransactionKind::Withdrawal => (amount.negated(), Some(&mut self.outflow)),
                TransactionKind::Fee | TransactionKind::Tax => (amount.negated(), None),
                _ => (Some(amount), None),
            };
            if let Some(flow) = flow {
                add(flow, Some(amount), transaction.day)?;
            }
            add(&mut self.cash, cash, transaction.day)?;
        }
        add(&mut self.cash, transaction.fee.negated(), transaction.day)
    }

    fn book_movement(
        &mut self,
        market: &Market,
        transaction: &Transaction,
    ) -> Result<(), PhaseError> {
        let security = transaction
            .security
            .ok_or_else(|| booking_error(transaction, BookingError::NoSecurity))?;
        let instrument = Instrument::new(market, security, self.currency)?;
        let moved = Movement {
            market,
            instrument: &instrument,
            transaction,
        };
        match transaction.kind {
            TransactionKind::Buy => {
                let cost = moved.cash_amount()?;
                add(&mut self.cash, cost.negated(), transaction.day)?;
                self.trade(&instrument, transaction, transaction.quantity, cost)
            }
            TransactionKind::Sell => {
                let proceeds = moved.cash_amount()?;
                add(&mut self.cash, Some(proceeds), transaction.day)?;
                let (out, cost) = (transaction.quantity.negated(), proceeds.negated());
                let (out, cost) = out.zip(cost).ok_or_else(|| moved.out_of_range())?;
                self.trade(&instrument, transaction, out, cost)
            }
            TransactionKind::TransferIn => {
                let value = moved.market_value()?;
                let cost = moved.stated_value()?.or(value).unwrap_or(Money::ZERO);
                add(&mut self.inflow, value.or(Some(cost)), transaction.day)?;
                self.trade(&instrument, transaction, transaction.quantity, cost)
            }
            _ => self.transfer_out(&moved),
        }
    }

    fn trade(
        &mut self,
        instrument: &Instrument,
        transaction: &Transaction,
        quantity: Quantity,
        cost: Money,
    ) -> Result<(), PhaseError> {
        let at = self
            .holding_index(instrument.security)
            .unwrap_or_else(|at| {
                let holding = Holding {
                    instrument: instrument.clone(),
                    lots: Lots::default(),
                };
                self.holdings.insert(at, holding);
                at
            });
        let realized = self.holdings[at].lots.trade(quantity, cost);
        self.realize(at, realized, transaction.day)
    }

    /// Takes lots out at the market's value, or at their cost where there is no price.
    fn transfer_out(&mut self, moved: &Movement<'_>) -> Result<(), PhaseError> {
        let (security, quantity) = (moved.instrument.security, moved.transaction.quantity);
        let exceeds = || booking_error(moved.transaction, BookingError::ExceedsHolding);
        let value = moved.market_value()?;
        let at = self.holding_index(security).map_err(|_| exceeds())?;
        let lots = &mut self.holdings[at].lots;
        if lots.quantity() < quantity {
            return Err(exceeds());
        }
        let out = quantity.negated();
        let cost = out
            .and_then(|out| lots.close(out))
            .ok_or_else(|| moved.out_of_range())?;
        let value = value.unwrap_or(cost);
        add(&mut self.outflow, Some(value), moved.transaction.day)?;
        self.realize(at, value.minus(cost), moved.transaction.day)
    }

    /// Applies a split to every lot of its security.
    pub(super) fn split(&mut self, split: &Split) -> Result<(), PhaseError> {
        let Ok(at) = self.holding_index(split.security) else {
            return Ok(());
        };
        let realized = self.holdings[at].lots.split(split.new, split.old);
        self.realize(at, realized, split.day)
    }

    /// Adds what was realized and drops the holding where nothing is left of it.
    fn realize(&mut self, at: usize, realized: Option<Money>, day: Day) -> Result<(), PhaseError> {
        let holding = &self.holdings[at];
        let realized = realized.ok_or(PhaseError::HoldingOutOfRange {
            security: holding.instrument.security,
            day,
        })?;
        if holding.lots.quantity().is_zero() {
            self.holdings.remove(at);
        }
        add(&mut self.realized, Some(realized), day)
    }

    fn holding_index(&self, security: SecurityId) -> Result<usize, usize> {
        self.holdings
            .binary_search_by_key(&security, |holding| holding.instrument.security)
    }
}

/// A transaction that moves a holding, with what is needed to put a value on it.
struct Movement<'a> {
    market: &'a Market,
    instrument: &'a Instrument,
    transaction: &'a Transaction,
}

impl Movement<'_> {
    /// The amount that was paid or received, before the fee.
    fn cash_amount(&self) -> Result<Money, PhaseError> {
        self.stated_value()?
            .ok_or_else(|| booking_error(self.transaction, BookingError::NoAmount))
    }

    /// What the transaction says it is about: its amount, or else quantity × price.
    fn stated_value(&self) -> Result<Option<Money>, PhaseError> {
        let Transaction {
            amount,
            price,
            quantity,
            ..
        } = *self.transaction;
        match (amount, price) {
            (Some(amount), _) => Ok(Some(amount)),
            (None, None) => Ok(None),
            (None, Some(price)) => self
                .instrument
                .value(self.market, self.session(), price, quantity)
                .map(Some),
        }
    }

    /// What the market says it is worth on the session on which it counts, if there is a price.
    /// A movement before a split that counts on the same session is worth what it became.
    fn market_value(&self) -> Result<Option<Money>, PhaseError> {
        let session = self.session();
        let Some(as_of) = self.instrument.as_of(self.market, session) else {
            return Ok(None);
        };
        let (first, last) = (self.transaction.day, self.market.sessions()[session]);
        let splits = self.market.splits();
        let splits = &splits[splits.partition_point(|split| split.day <= first)..];
        let quantity = splits
            .iter()
            .take_while(|split| split.day <= last)
            .filter(|split| split.security == self.instrument.security)
            .try_fold(self.transaction.quantity, |quantity, split| {
                quantity.times_ratio(i64::from(split.new), i64::from(split.old))
            })
            .ok_or_else(|| self.out_of_range())?;
        self.instrument
            .value(self.market, session, as_of.price, quantity)
            .map(Some)
    }

    fn session(&self) -> usize {
        self.market.session_on_or_after(self.transaction.day)
    }

    fn out_of_range(&self) -> PhaseError {
        PhaseError::HoldingOutOfRange {
            security: self.instrument.security,
            day: self.transaction.day,
        }
    }
}

fn check_signs(transaction: &Transaction) -> Result<(), PhaseError> {
    let amount = transaction.amount.unwrap_or(Money::ZERO);
    let signed = transaction.kind == TransactionKind::Interest;
    if transaction.quantity.is_negative() || (amount.is_negative() && !signed) {
        return Err(booking_error(transaction, BookingError::Negative));
    }
    Ok(())
}

fn booking_error(transaction: &Transaction, why: BookingError) -> PhaseError {
    PhaseError::Unbookable {
        reference: transaction.reference.clone(),
        reason: why,
    }
}

fn add(total: &mut Money, amount: Option<Money>, day: Day) -> Result<(), PhaseError> {
    *total = amount
        .and_then(|amount| total.plus(amount))
        .ok_or(PhaseError::TotalOutOfRange { day })?;
    Ok(())
}
