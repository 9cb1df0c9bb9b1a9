//! Defines the sources of the books: transactions, splits and closes.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::amount::Money;
use super::cash_terms::CashTerms;
use super::day::Day;
use super::division::greatest_common_divisor;
use super::fine_amount::{Price, Quantity};
use super::ids::{PortfolioId, SecurityId};
use super::lots::LotChoices;
use super::natural_order::natural_order;
use super::security::UnknownValue;
use super::time_of_day::TimeOfDay;

/// The kind of a transaction. The order of the variants is the booking order within a day, whatever
/// the order of import: units of a security come in before they go out, and deposits come before
/// withdrawals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransactionKind {
    /// Cash paid in from outside.
    Deposit,
    /// Cash of one currency paid for cash of another.
    Exchange,
    /// A holding received from outside, with its cost. Opening positions are transfers in.
    TransferIn,
    /// Purchase of a security.
    Buy,
    /// Cash received on a holding; when negative, a reversal, or paid on a short.
    Dividend,
    /// Cash received (or, when negative, paid) on cash.
    Interest,
    /// Sale of a security; beyond the holding it opens a short.
    Sell,
    /// A holding delivered to the outside.
    TransferOut,
    /// Cash paid for a service; when negative, a refund.
    Fee,
    /// Cash paid as tax; when negative, a refund.
    Tax,
    /// Cash paid out to the outside.
    Withdrawal,
}

impl TransactionKind {
    /// All kinds, in their order within a day.
    pub const ALL: [Self; 11] = [
        Self::Deposit,
        Self::Exchange,
        Self::TransferIn,
        Self::Buy,
        Self::Dividend,
        Self::Interest,
        Self::Sell,
        Self::TransferOut,
        Self::Fee,
        Self::Tax,
        Self::Withdrawal,
    ];

    /// Returns the name, as files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Exchange => "exchange",
            Self::TransferIn => "transfer-in",
            Self::Buy => "buy",
            Self::Dividend => "dividend",
            Self::Interest => "interest",
            Self::Sell => "sell",
            Self::TransferOut => "transfer-out",
            Self::Fee => "fee",
            Self::Tax => "tax",
            Self::Withdrawal => "withdrawal",
        }
    }

    /// Returns whether an amount may be below zero, which turns the direction round: a reversed
    /// dividend or one paid on a short, interest paid, a refund of a fee or tax.
    pub const fn can_be_reversed(self) -> bool {
        matches!(
            self,
            Self::Dividend | Self::Interest | Self::Fee | Self::Tax
        )
    }

    /// Returns whether the kind moves a quantity of a security.
    pub const fn is_movement(self) -> bool {
        matches!(
            self,
            Self::Buy | Self::Sell | Self::TransferIn | Self::TransferOut
        )
    }
}

impl fmt::Display for TransactionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for TransactionKind {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| UnknownValue {
                value: text.to_owned(),
                kind: "transaction kind",
                known: "deposit, withdrawal, exchange, buy, sell, transfer-in, transfer-out, dividend, interest, fee, tax",
            })
    }
}

/// One entry in a portfolio's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The portfolio that books it.
    pub portfolio: PortfolioId,
    /// First day on which it counts.
    pub day: Day,
    /// Time of day, which orders the transactions of one day.
    pub time: Option<TimeOfDay>,
    /// The kind, which also gives the sign.
    pub kind: TransactionKind,
    /// The security moved, or on which cash is paid; always present if the kind is a movement.
    pub security: Option<SecurityId>,
    /// Quantity moved, never negative; zero if the kind is not a movement.
    pub quantity: Quantity,
    /// Price of one unit, in the security's currency unless [`Self::cash`] names one: of a trade its
    /// price, of a transfer its cost.
    /// `None` on a transfer means the day's price.
    pub price: Option<Price>,
    /// Cash moved, in the currency of [`Self::cash`], before the fee; negative only where
    /// [`TransactionKind::can_be_reversed`]. `None` on a trade means quantity × multiplier × price,
    /// converted at the day's rate.
    pub amount: Option<Money>,
    /// Fee, taken from cash in addition to the amount; negative for a rebate.
    pub fee: Money,
    /// The currencies of amount and fee, and what an exchange pays.
    pub cash: CashTerms,
    /// The portfolio at the other end of a transfer, whose lots the transfer carries; `None` for a
    /// transfer from or to the outside.
    pub counterpart: Option<PortfolioId>,
    /// The lots that a sale or transfer out closes; `None` closes them by the portfolio's method.
    pub lots: Option<LotChoices>,
    /// External id, unique over all portfolios; the last key of the order within a day, as in
    /// [`Self::booking_order`].
    pub reference: String,
}

impl Transaction {
    /// Returns an entry of a kind that moves nothing, without security, terms and reference.
    pub fn new(portfolio: PortfolioId, day: Day, kind: TransactionKind) -> Self {
        Self {
            portfolio,
            day,
            time: None,
            kind,
            security: None,
            quantity: Quantity::ZERO,
            price: None,
            amount: None,
            fee: Money::ZERO,
            cash: CashTerms::default(),
            counterpart: None,
            lots: None,
            reference: String::new(),
        }
    }
}

impl Transaction {
    /// Compares two transactions of one portfolio by the order in which they are booked: day, time,
    /// kind, and reference, in which a run of digits is a number.
    ///
    /// Of those without a time, deposits, exchanges, transfers in and purchases come before the
    /// day's first time, and all other kinds after its last.
    pub fn booking_order(&self, other: &Self) -> Ordering {
        let key = |of: &Self| (of.day, of.part_of_day(), of.time, of.kind);
        // Kinds are declared in booking order: on one day, holdings come in before they go out.
        (key(self).cmp(&key(other))).then_with(|| natural_order(&self.reference, &other.reference))
    }

    /// Compares transactions of any portfolios by portfolio, and then as [`Self::booking_order`] does.
    pub fn booking_order_of_all(&self, other: &Self) -> Ordering {
        let by_portfolio = self.portfolio.cmp(&other.portfolio);
        by_portfolio.then_with(|| self.booking_order(other))
    }

    /// Returns 0 before the times of the day, 1 at a time, 2 after them.
    fn part_of_day(&self) -> u8 {
        use TransactionKind::{Buy, Deposit, Exchange, TransferIn};
        match (self.time, self.kind) {
            (Some(_), _) => 1,
            (None, Deposit | Exchange | TransferIn | Buy) => 0,
            (None, _) => 2,
        }
    }

    /// Returns whether it takes units out of a holding, or opens a short.
    pub const fn takes_units(&self) -> bool {
        matches!(
            self.kind,
            TransactionKind::Sell | TransactionKind::TransferOut
        )
    }

    /// Returns the quantity that it adds to its holding, negative if it takes units.
    pub fn signed_quantity(&self) -> Quantity {
        match self.takes_units() {
            true => self.quantity.negated().unwrap_or(self.quantity),
            false => self.quantity,
        }
    }

    /// Returns whether it brings the lots of another portfolio.
    pub fn carries_lots_in(&self) -> bool {
        self.kind == TransactionKind::TransferIn && self.counterpart.is_some()
    }

    /// Returns whether the two cancel each other: a movement and its exact opposite on the same
    /// day, so that together they change neither cash nor holdings.
    pub fn cancels(&self, other: &Self) -> bool {
        use TransactionKind::{Buy, Deposit, Sell, TransferIn, TransferOut, Withdrawal};
        let is_opposite = matches!(
            (self.kind, other.kind),
            (Buy, Sell)
                | (Sell, Buy)
                | (Deposit, Withdrawal)
                | (Withdrawal, Deposit)
                | (TransferIn, TransferOut)
                | (TransferOut, TransferIn)
        );
        is_opposite
            && (self.portfolio, self.day, self.security)
                == (other.portfolio, other.day, other.security)
            && (self.quantity, self.price, self.amount)
                == (other.quantity, other.price, other.amount)
            && (self.counterpart, &self.lots) == (other.counterpart, &other.lots)
            && self.cash == other.cash
            // Times say that both happened.
            && self.time.is_none()
            && other.time.is_none()
            && self.fee.plus(other.fee).is_some_and(Money::is_zero)
    }
}

/// A split: from `day` on, `old` units become `new` units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// The security that is split.
    pub security: SecurityId,
    /// The first day at the new quantity and the new price.
    pub day: Day,
    /// Units after the split, at least 1.
    pub new: u32,
    /// Units before the split, at least 1.
    pub old: u32,
}

impl Split {
    /// Returns the ratio of both splits together, units after and units before, in lowest terms; `None`
    /// if it does not fit.
    pub fn ratio_with(&self, other: &Self) -> Option<(u32, u32)> {
        let product = |a: u32, b: u32| u64::from(a) * u64::from(b);
        let (new, old) = (product(self.new, other.new), product(self.old, other.old));
        let divisor = greatest_common_divisor(new.into(), old.into());
        let reduced = |units: u64| u32::try_from(u128::from(units) / divisor).ok();
        reduced(new).zip(reduced(old))
    }
}

/// The corporate action that is booked as a split. Of one security and day, the variants are in booking
/// order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SplitKind {
    /// A split of the shares.
    Split,
    /// A stock dividend, as the split with the same effect.
    StockDividend,
}

/// A new close or the correction of an earlier one, unadjusted for splits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseChange {
    /// The security that is priced.
    pub security: SecurityId,
    /// The day of the close.
    pub day: Day,
    /// The close before the change; `None` if there was none.
    pub previous: Option<Price>,
    /// The close after the change.
    pub price: Price,
}

/// A split to add or to correct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitChange {
    /// Whether it is a split or a stock dividend: a security may have both on one day.
    pub kind: SplitKind,
    /// The existing one of that kind, security and day, if any.
    pub was: Option<Split>,
    /// The split after the change.
    pub split: Split,
}
