//! Converts a close from the file's basis to the raw close that the database stores.

use rust_decimal::Decimal;

use super::read::PriceRow;
use crate::domain::{Day, Price, SecurityId};
use crate::import::existing::ExistingRecords;
use crate::import::options::Basis;
use crate::import::row_error::{RowError, RowErrorKind};

/// A row's raw close, and the largest distance to a stored close that counts as equal.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawClose {
    pub(super) security: SecurityId,
    pub(super) day: Day,
    pub(super) price: Price,
    tolerance: Decimal,
}

impl RawClose {
    /// Returns the stored close, if any, and the close to keep: the stored one if both count as
    /// equal.
    pub(super) fn compare(&self, known: &ExistingRecords) -> (Option<Price>, Price) {
        let closes = known.closes(self.security);
        let was = closes.and_then(|closes| closes.get(&self.day)).copied();
        match was {
            Some(was) if self.matches(was) => (Some(was), was),
            _ => (was, self.price),
        }
    }

    /// Returns true if the stored close counts as equal.
    pub(super) fn is_known(&self, known: &ExistingRecords) -> bool {
        let (was, keep) = self.compare(known);
        was == Some(keep)
    }

    fn matches(&self, was: Price) -> bool {
        (self.price.decimal() - was.decimal()).abs() <= self.tolerance
    }
}

/// Computes the raw close of a row: a split-adjusted close times the combined ratio of the splits
/// after its day, up to `adjusted_as_of`.
pub(super) fn to_raw_close(
    row: &PriceRow,
    basis: Basis,
    known: &ExistingRecords,
    adjusted_as_of: Day,
) -> Result<RawClose, Vec<RowError>> {
    let error_in_close = |reason| vec![RowError::in_column("close", row.close, reason)];
    let security = known
        .require_security(&row.symbol)
        .map_err(|reason| vec![RowError::in_column("symbol", &row.symbol, reason)])?
        .id;
    let units = match basis {
        Basis::Raw => Some((Decimal::ONE, Decimal::ONE)),
        Basis::SplitAdjusted => known.units_between(security, row.day, adjusted_as_of),
    };
    let raw = units.and_then(|(new, old)| row.close.checked_mul(new)?.checked_div(old));
    // An overflowing product is larger than any price; `MAX` gives the usual out-of-range error.
    let price = Price::rounded(raw.unwrap_or(Decimal::MAX))
        .map_err(|error| error_in_close(error.into()))?;
    if price.is_zero() {
        let reason = RowErrorKind::RoundsToZero(row.close.to_string());
        return Err(error_in_close(reason));
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

/// Returns the largest rounding error of a raw close that was converted back from a vendor's
/// adjusted close. It has two parts. Vendors compute in single precision (one part in ten million).
/// They also round an adjusted close to its last written decimal (to the fourth, if fewer are
/// written); half of that decimal is converted back like the close. Without this tolerance each
/// split would appear to correct all earlier closes.
fn tolerance(close: Decimal, price: Price, (new, old): (Decimal, Decimal)) -> Decimal {
    let single_precision = price.decimal() * Decimal::new(1, 7);
    if new == old {
        return single_precision;
    }
    let half = Decimal::new(5, close.scale().clamp(4, 20) + 1);
    let rounding = half
        .checked_mul(new)
        .and_then(|half| half.checked_div(old))
        .unwrap_or_default();
    single_precision + rounding
}
