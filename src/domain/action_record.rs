//! Names corporate actions, and defines the history that is kept of their changes.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::corporate_action::{ActionKind, CorporateAction};
use super::day::Day;
use super::ids::SecurityId;
use super::security::UnknownValue;
use super::source::{Split, SplitKind};
use super::transaction_edit::Attribution;

/// The kind of any corporate action that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionName {
    /// A split, or a stock dividend, which is booked as one.
    Split(SplitKind),
    /// Another symbol of the security.
    SymbolChange,
    /// Any other kind of action.
    Other(ActionKind),
}

impl ActionName {
    /// Returns the name, as files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Split(SplitKind::Split) => "split",
            Self::Split(SplitKind::StockDividend) => "stock-dividend",
            Self::SymbolChange => "symbol-change",
            Self::Other(kind) => kind.name(),
        }
    }
}

impl fmt::Display for ActionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for ActionName {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "split" => Ok(Self::Split(SplitKind::Split)),
            "stock-dividend" => Ok(Self::Split(SplitKind::StockDividend)),
            "symbol-change" => Ok(Self::SymbolChange),
            _ => text.parse().map(Self::Other),
        }
    }
}

/// A change of a corporate action, as the history keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRecord {
    /// The security that is held.
    pub security: SecurityId,
    /// The first day on which the action counted.
    pub day: Day,
    /// The kind of the action.
    pub kind: ActionName,
    /// Time of the change.
    pub at: DateTime<Utc>,
    /// The terms before the change.
    pub was: String,
    /// The terms after it, or who deleted the action and why.
    pub became: Result<String, Attribution>,
}

/// Describes the terms of a split, such as `2:1`.
pub fn split_terms(split: &Split) -> String {
    format!("{}:{}", split.new, split.old)
}

/// Describes the terms of an action, such as `1:4 KID, cost share 0.25`.
pub fn action_terms(action: &CorporateAction, symbol: impl Fn(SecurityId) -> String) -> String {
    let received = action.received;
    let received = received.map(|delivery| delivery.terms(&symbol(delivery.security)));
    let cash = action.cash.map(|cash| format!("cash {cash}"));
    let share = action.cost_share.map(|share| format!("cost share {share}"));
    let terms: Vec<_> = received.into_iter().chain(cash).chain(share).collect();
    terms.join(", ")
}
