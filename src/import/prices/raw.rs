//! From a close on a file's basis to the raw one that the books keep.

use rust_decimal::Decimal;

use super::read::PriceRow;
use super::shape::Basis;
use crate::domain::{Day, Price, SecurityId};
use crate::import::{ExistingRecords, RowError, RowErrorKind};

/// A row's raw close and how far from it a known one may be and still say the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawClose {
    pub(super) security: SecurityId,
    pub(super) day: Day,
    pub(super) price: Price,
    tolerance: Decimal,
}

impl RawClose {
    /// The close that is known, if one is, and the one to keep: the known one where it says
    /// the same.
    pub(super) fn compare(&self, known: &ExistingRecords) -> (Option<Price>, Price) {
        let closes = known.closes(self.security);
        let was = closes.and_then(|closes| closes.get(&self.day)).copied();
        match was {
            Some(was) if self.matches(was) => (Some(was), was),
            _ => (was, self.price),
        }
    }

    /// Whether the books have this close already.
    pub(super) fn is_known(&self, known: &ExistingRecords) -> bool {
        let (was, keep) = self.compare(known);
        was == Some(keep)
    }

    fn matches(&self, was: Price) -> bool {
        (self.price.decimal() - was.decimal()).abs() <= self.tolerance
    }
}

/// The raw close of a row: a split-adjusted one times the units that one unit has become in the
/// splits after its day.
pub(super) fn to_raw_close(
    row: &PriceRow,
    basis: Basis,
    known: &ExistingRecords,
    adjusted_as_of: Day,
) -> Result<RawClose, Vec<RowError>> {
    let flaw = |reason| vec![RowError::in_column("close", row.close, reason)];
    let security = known
        .require_security(&row.symbol)
        .map_err(|reason| vec![RowError::in_column("symbol", &row.symbol, reason)])?
        .id;
    let units = match basis {
        Basis::Raw => Some((Decimal::ONE, Decimal::ONE)),
        Basis::SplitAdjusted => known.units_between(security, row.day, adjusted_as_of),
    };
    let raw = units.and_then(|(new, old)| row.close.checked_mul(new)?.checked_div(old));
    // A product that no decimal number holds is larger than any price.
    let price = Price::rounded(raw.unwrap_or(Decimal::MAX)).map_err(|error| flaw(error.into()))?;
    if price.is_zero() {
        return Err(flaw(RowErrorKind::RoundsToZero(row.close.to_string())));
    }
    let tolerance = match (basis, units) {
        (Basis::SplitAdjusted, Some(units)) => tolerance(row.close, price, units),
        _ => Decimal::ZERO,
    };
    Ok(RawClose {
        security,
        day: row.day,
        price,
        tolerance,
    })
}

/// How far a raw close that was adjusted and turned back may be from the true one. Vendors
/// compute in single precision (a part in ten million) and write a close that they divided with
/// some decimals, of which at least four count: half of the last one, turned back. Without this
/// each split would seem to correct all of the history before it.
fn tolerance(close: Decimal, price: Price, (new, old): (Decimal, Decimal)) -> Decimal {
    let single = price.decimal() * Decimal::new(1, 7);
    if new == old {
        return single;
    }
    let half = Decimal::new(5, close.scale().clamp(4, 20) + 1);
    let written = half
        .checked_mul(new)
        .and_then(|half| half.checked_div(old))
        .unwrap_or_default();
    single + written
}
