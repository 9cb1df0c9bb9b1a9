//! Defines the rows of a file of corporate actions and the changes that they make, and parses ratios.

use crate::domain::{
    ActionChange, ActionKind, Correction, CostShare, Day, Price, Security, SplitChange, SplitKind,
};
use crate::import::row_error_kind::RowErrorKind;

/// One row of a file of corporate actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRow {
    /// The symbol of the security that is held; for a change of symbol, the one before it.
    pub symbol: String,
    /// The first session with the new quantities and the new price.
    pub day: Day,
    /// The kind with its terms.
    pub terms: ActionTerms,
}

impl ActionRow {
    /// Returns the symbol that the row gives its security.
    pub(in crate::import) fn new_symbol(&self) -> Option<&str> {
        match &self.terms {
            ActionTerms::SymbolChange(new) => Some(new),
            _ => None,
        }
    }
}

/// The terms of a corporate action, as a file states them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionTerms {
    /// A split, or a stock dividend as the split with the same effect: units after and units before,
    /// both above zero.
    Split(SplitKind, u32, u32),
    /// The new symbol of the security.
    SymbolChange(String),
    /// Any other kind of action.
    Other(OtherTerms),
}

/// The terms of a kind of [`ActionKind`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherTerms {
    /// The kind of the action.
    pub kind: ActionKind,
    /// The symbol received, with units received and units held.
    pub received: Option<(String, u32, u32)>,
    /// Cash for a unit, in the currency of the security.
    pub cash: Option<Price>,
    /// The share of the cost that the received units take.
    pub cost_share: Option<CostShare>,
}

/// Changes that a file of corporate actions makes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActionChanges {
    /// Splits to add or correct, in the file's order.
    pub splits: Vec<SplitChange>,
    /// Other actions to add or correct, in the file's order.
    pub actions: Vec<ActionChange>,
    /// Securities with other symbols, each with all changes of the file.
    pub symbols: Vec<Correction<Security>>,
}

pub(super) fn parse_count(text: &str) -> Result<u32, RowErrorKind> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(RowErrorKind::InvalidCount(text.to_owned())),
    }
}

pub(super) fn parse_ratio(text: &str) -> Result<(u32, u32), RowErrorKind> {
    let (new, old) = text
        .split_once([':', '/'])
        .ok_or_else(|| RowErrorKind::InvalidRatio(text.to_owned()))?;
    match (parse_count(new.trim()), parse_count(old.trim())) {
        (Ok(new), Ok(old)) => Ok((new, old)),
        _ => Err(RowErrorKind::InvalidRatio(text.to_owned())),
    }
}
