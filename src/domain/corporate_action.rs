//! Defines corporate actions other than splits: what each unit of a security becomes on a day.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use thiserror::Error;

use super::amount::Money;
use super::day::Day;
use super::division::divide_half_even;
use super::fine_amount::{Price, Quantity};
use super::ids::SecurityId;
use super::security::UnknownValue;

/// The kind of a corporate action. The order of the variants is the order in which actions of one
/// security and day are booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActionKind {
    /// Cash that reduces cost.
    ReturnOfCapital,
    /// Units of another security, which take a share of the cost.
    SpinOff,
    /// Rights to buy, received like units of a spin-off; by default without cost.
    Rights,
    /// The security is exchanged for units of another one, cash, or both.
    Merger,
    /// The security ends at a final value, which may be zero.
    Delisting,
    /// The fraction of a unit that is held is paid out.
    CashInLieu,
}

impl ActionKind {
    /// All kinds, in booking order.
    pub const ALL: [Self; 6] = [
        Self::ReturnOfCapital,
        Self::SpinOff,
        Self::Rights,
        Self::Merger,
        Self::Delisting,
        Self::CashInLieu,
    ];

    /// Returns the name, as files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReturnOfCapital => "return-of-capital",
            Self::SpinOff => "spin-off",
            Self::Rights => "rights",
            Self::Merger => "merger",
            Self::Delisting => "delisting",
            Self::CashInLieu => "cash-in-lieu",
        }
    }

    /// Returns whether the action ends the holding of its security.
    pub const fn ends_holding(self) -> bool {
        matches!(self, Self::Merger | Self::Delisting)
    }

    /// Returns whether a security may have several of them on one day, one for each security that
    /// is received.
    pub const fn is_by_received(self) -> bool {
        matches!(self, Self::SpinOff | Self::Rights)
    }

    const fn terms(self) -> Terms {
        use Need::{Never, Optional, Required};
        let (received, cash, cost_share) = match self {
            Self::ReturnOfCapital | Self::Delisting | Self::CashInLieu => (Never, Required, Never),
            Self::SpinOff => (Required, Never, Required),
            Self::Rights => (Required, Never, Optional),
            Self::Merger => (Optional, Optional, Optional),
        };
        Terms {
            received,
            cash,
            cost_share,
        }
    }
}

impl fmt::Display for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for ActionKind {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| UnknownValue {
                value: text.to_owned(),
                kind: "corporate action",
                known: "return-of-capital, spin-off, rights, merger, delisting, cash-in-lieu; \
                        in files also split, stock-dividend and symbol-change",
            })
    }
}

/// The terms that a kind has.
struct Terms {
    received: Need,
    cash: Need,
    cost_share: Need,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Never,
    Optional,
    Required,
}

/// A share of cost, above or equal to zero and at most one, with twelve decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CostShare(i64);

impl CostShare {
    /// No part of the cost.
    pub const ZERO: Self = Self(0);
    /// Smallest parts in the whole cost.
    pub const SCALE: i64 = 1_000_000_000_000;
    const DECIMALS: u32 = 12;

    /// Returns the share of this many smallest parts; `None` below
    /// zero and above one.
    pub const fn from_parts(parts: i64) -> Option<Self> {
        if parts >= 0 && parts <= Self::SCALE {
            Some(Self(parts))
        } else {
            None
        }
    }

    /// Returns the share that a number states.
    ///
    /// # Errors
    ///
    /// The number is below zero, above one, or has more than twelve decimals.
    pub fn from_decimal(number: Decimal) -> Result<Self, ActionError> {
        let parts = number.checked_mul(Decimal::from(Self::SCALE));
        let parts = parts
            .filter(Decimal::is_integer)
            .and_then(|parts| parts.to_i64());
        let share = parts.and_then(Self::from_parts);
        share.ok_or_else(|| ActionError::InvalidShare(number.to_string()))
    }

    /// Returns the sum of two shares; `None` above one.
    pub const fn plus(self, other: Self) -> Option<Self> {
        Self::from_parts(self.0 + other.0)
    }

    /// Returns the number of smallest parts.
    pub const fn parts(self) -> i64 {
        self.0
    }
}

impl FromStr for CostShare {
    type Err = ActionError;

    fn from_str(text: &str) -> Result<Self, ActionError> {
        let share = text.parse().ok().map(Self::from_decimal);
        match share {
            Some(Ok(share)) => Ok(share),
            _ => Err(ActionError::InvalidShare(text.to_owned())),
        }
    }
}

impl fmt::Display for CostShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = Decimal::new(self.0, Self::DECIMALS).normalize();
        f.pad(&share.to_string())
    }
}

/// Units of a security that are received for units held: `new` for each `old`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// The security received.
    pub security: SecurityId,
    /// Units received, at least 1.
    pub new: u32,
    /// Units held, at least 1.
    pub old: u32,
}

impl Delivery {
    /// Describes the units received, such as `1:4 KID`, by the symbol of their security.
    pub fn terms(&self, symbol: &str) -> String {
        format!("{}:{} {symbol}", self.new, self.old)
    }
}

/// A corporate action: from `day` on, its terms apply to each unit of `security` that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CorporateAction {
    /// The security of which units are held.
    pub security: SecurityId,
    /// The first day on which it counts.
    pub day: Day,
    /// The kind, which decides the meaning of the terms.
    pub kind: ActionKind,
    /// The units received.
    pub received: Option<Delivery>,
    /// Cash for a unit held, in the currency of the security; for cash in lieu, for a whole unit.
    pub cash: Option<Price>,
    /// The share of the cost that the received units take.
    pub cost_share: Option<CostShare>,
}

/// Largest number of units that one unit becomes or brings, or that become or bring one unit.
pub const MAX_FOLD: u32 = 100_000;

/// The reason why the terms of a corporate action make no sense.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ActionError {
    /// The kind needs a term that is missing.
    #[error("`{kind}` needs {term}")]
    Missing {
        /// The kind of action.
        kind: ActionKind,
        /// The missing term.
        term: &'static str,
    },
    /// The kind does not use a term.
    #[error("`{kind}` has no {term}")]
    Unused {
        /// The kind of action.
        kind: ActionKind,
        /// The unused term.
        term: &'static str,
    },
    /// The ratio has a zero.
    #[error("invalid ratio `{new}:{old}` (expected units received to units held, above zero)")]
    InvalidRatio {
        /// Units received.
        new: u32,
        /// Units held.
        old: u32,
    },
    /// The ratio is beyond any real one.
    #[error("a ratio of `{new}:{old}` is beyond any real one (at most 100000 to 1)")]
    ImplausibleRatio {
        /// Units received.
        new: u32,
        /// Units held.
        old: u32,
    },
    /// Spin-offs and rights of one security and day take more than its whole cost.
    #[error("the shares of cost of one day add up to {0}, more than the whole cost")]
    SharesBeyondCost(Decimal),
    /// The cash for one unit does not fit.
    #[error("cash `{0}` for a unit is beyond {max}, the largest amount", max = Money::MAX)]
    CashBeyondMoney(Price),
    /// The cash is negative, or zero where that has no effect.
    #[error("invalid cash `{0}` (expected an amount for a unit above zero)")]
    InvalidCash(Price),
    /// A security would be received for itself.
    #[error("`{0}` cannot deliver its own security")]
    ReceivesItself(ActionKind),
    /// The share is not between zero and one, or has more than twelve decimals.
    #[error("invalid share of cost `{0}` (expected 0 to 1 with at most 12 decimals)")]
    InvalidShare(String),
}

impl CorporateAction {
    /// Checks that the kind has the terms that it needs, and no others.
    ///
    /// # Errors
    ///
    /// A term is missing, not used by the kind, or impossible.
    pub fn check(&self) -> Result<(), ActionError> {
        let kind = self.kind;
        let terms = kind.terms();
        for (need, is_given, term) in [
            (
                terms.received,
                self.received.is_some(),
                "received security and ratio",
            ),
            (terms.cash, self.cash.is_some(), "cash"),
            (terms.cost_share, self.cost_share.is_some(), "share of cost"),
        ] {
            match (need, is_given) {
                (Need::Required, false) => return Err(ActionError::Missing { kind, term }),
                (Need::Never, true) => return Err(ActionError::Unused { kind, term }),
                _ => {}
            }
        }
        if kind == ActionKind::Merger {
            if self.received.is_none() && self.cash.is_none() {
                let term = "cash, or a received security and ratio";
                return Err(ActionError::Missing { kind, term });
            }
            if self.cost_share.is_some() && (self.received.is_none() || self.cash.is_none()) {
                let term = "share of cost unless it pays both cash and units";
                return Err(ActionError::Unused { kind, term });
            }
        }
        if let Some(Delivery { security, new, old }) = self.received {
            if security == self.security {
                return Err(ActionError::ReceivesItself(kind));
            }
            if new == 0 || old == 0 {
                return Err(ActionError::InvalidRatio { new, old });
            }
            if new / old > MAX_FOLD || old / new > MAX_FOLD {
                return Err(ActionError::ImplausibleRatio { new, old });
            }
        }
        let may_be_zero = matches!(kind, ActionKind::Delisting | ActionKind::CashInLieu);
        match self.cash {
            Some(cash) if cash < Price::ZERO || (cash == Price::ZERO && !may_be_zero) => {
                Err(ActionError::InvalidCash(cash))
            }
            Some(cash) if cash.value_of(Quantity::whole(1)).is_none() => {
                Err(ActionError::CashBeyondMoney(cash))
            }
            _ => Ok(()),
        }
    }

    /// Checks that the share of cost that it takes and those of `others`, as far as they are
    /// spin-offs and rights of the same security and day, are no more than the whole cost. An action
    /// with the same key is replaced by this one.
    ///
    /// # Errors
    ///
    /// The shares add up to more than one.
    pub fn check_shares<'a>(
        &'a self,
        others: impl IntoIterator<Item = &'a Self>,
    ) -> Result<(), ActionError> {
        if !self.kind.is_by_received() {
            return Ok(());
        }
        let others = others.into_iter().filter(|other| {
            (other.security, other.day) == (self.security, self.day)
                && other.kind.is_by_received()
                && other.key() != self.key()
        });
        let shares = others.chain([self]).filter_map(|action| action.cost_share);
        let parts: i64 = shares.map(CostShare::parts).sum();
        if parts <= CostShare::SCALE {
            return Ok(());
        }
        let sum = Decimal::new(parts, CostShare::DECIMALS).normalize();
        Err(ActionError::SharesBeyondCost(sum))
    }

    /// Returns the key by which a later file corrects this action: its kind and, if the kind can
    /// have several on one day, the security received.
    pub fn key(&self) -> (SecurityId, Day, ActionKind, Option<SecurityId>) {
        let received = self.received.map(|delivery| delivery.security);
        let received = received.filter(|_| self.kind.is_by_received());
        (self.security, self.day, self.kind, received)
    }
}

impl Quantity {
    /// Smallest units in a whole.
    const WHOLE: i128 = 10_i128.pow(Self::DECIMALS);

    /// Returns the part beyond whole units, with the sign of the quantity.
    pub fn fraction(self) -> Self {
        Self::from_fine_units(self.fine_units() % Self::WHOLE).unwrap_or_default()
    }

    /// Returns the nearest number of whole units, or `None` if it does not fit.
    pub fn nearest_whole(self) -> Option<Self> {
        let units = divide_half_even(self.fine_units(), Self::WHOLE.unsigned_abs());
        Self::from_fine_units(units.checked_mul(Self::WHOLE)?)
    }
}

/// A corporate action to add or to correct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionChange {
    /// The existing action with the same key, if any.
    pub was: Option<CorporateAction>,
    /// The action after the change.
    pub action: CorporateAction,
}

#[cfg(test)]
mod tests;
