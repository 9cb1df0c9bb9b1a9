//! Converts closes from the file's basis to the raw closes that the database stores, and finds those
//! that are implausibly far from their neighbours.
//!
//! A close in cents instead of dollars, or of a wrong symbol, is often off by a factor that markets
//! rarely reach in a day without a split. A close is a jump if it is more than 20-fold away from
//! both the previous close and the last accepted close. So a single bad close is reported once, and
//! a shift of the whole level only on its first day. Zeros up to the last close, at least two, are
//! the end of a security and no jump. A price below zero has no factor to its neighbours.

use rust_decimal::Decimal;

use super::price_row::PriceRow;
use crate::domain::{CloseSigns, Day, Price, SecurityId};
use crate::import::currency::check_price_currency;
use crate::import::existing::ExistingRecords;
use crate::import::options::Basis;
use crate::import::row_error::RowError;
use crate::import::row_error_kind::RowErrorKind;

/// Largest factor between neighbouring closes that is not a jump.
const MAX_FOLD: Decimal = Decimal::from_parts(20, 0, 0, false, 0);

/// Largest share of a close that rounding may take: a tenth of a percent.
const MAX_LOSS: Decimal = Decimal::from_parts(1, 0, 0, false, 3);

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
/// after its day, up to `adjusted_as_of`. `decimals` are those to which the file rounds its closes.
pub(super) fn to_raw_close(
    row: &PriceRow,
    basis: Basis,
    decimals: u32,
    known: &ExistingRecords,
    adjusted_as_of: Day,
) -> Result<RawClose, Vec<RowError>> {
    let error_in_close = |reason| vec![RowError::in_column("close", row.close, reason)];
    let priced = known
        .require_in_history(&row.symbol, row.day)
        .map_err(|reason| vec![RowError::in_column("symbol", &row.symbol, reason)])?;
    if let Some(currency) = &row.currency {
        check_price_currency(currency, priced, row.day)
            .map_err(|reason| vec![RowError::in_column("currency", currency, reason)])?;
    }
    let security = priced.id;
    let units = match basis {
        Basis::Raw => Some((Decimal::ONE, Decimal::ONE)),
        Basis::SplitAdjusted => known.units_between(security, row.day, adjusted_as_of),
    };
    let raw = units.and_then(|(new, old)| row.close.checked_mul(new)?.checked_div(old));
    // An overflowing product is larger than any price; `MAX` gives the usual out-of-range error.
    let raw = raw.unwrap_or(Decimal::MAX);
    let price = match basis {
        Basis::Raw => Price::from_decimal(raw),
        Basis::SplitAdjusted => Price::from_decimal(raw.round_dp(kept_decimals(raw))),
    };
    let price = price.map_err(|error| error_in_close(error.into()))?;
    let class = priced.class_on(row.day);
    if !class.closes().include(price) {
        return Err(error_in_close(RowErrorKind::CloseSign { price, class }));
    }
    if (raw - price.decimal()).abs() > raw.abs() * MAX_LOSS {
        return Err(error_in_close(RowErrorKind::LosesDigits {
            value: raw.normalize().to_string(),
            rounded: price,
        }));
    }
    let tolerance = match (basis, units) {
        (Basis::SplitAdjusted, Some(units)) => tolerance(decimals, price, units),
        _ => eight_decimals_tolerance(price),
    };
    Ok(RawClose {
        security,
        day: row.day,
        price,
        tolerance,
    })
}

/// Returns the decimals that are kept of a close that is computed from a vendor's: eight, or as
/// many as give eight significant digits, for vendors compute in single precision.
fn kept_decimals(close: Decimal) -> u32 {
    let mut decimals = Price::COMPACT_DECIMALS;
    let mut low = Decimal::new(1, 1);
    while decimals < Price::DECIMALS && close.abs() < low {
        decimals += 1;
        low /= Decimal::TEN;
    }
    decimals
}

/// Returns the largest distance to an equal close that was stored when prices had eight decimals.
fn eight_decimals_tolerance(price: Price) -> Decimal {
    let number = price.decimal();
    let is_finer = number.normalize().scale() > Price::COMPACT_DECIMALS;
    let half = Decimal::new(5, Price::COMPACT_DECIMALS + 1);
    // A larger part of the close is a correction.
    let part = number.abs() * Decimal::new(1, 7);
    if is_finer {
        half.min(part)
    } else {
        Decimal::ZERO
    }
}

/// Returns the largest rounding error of a raw close that was converted back from a vendor's
/// adjusted close. It has two parts. Vendors compute in single precision (one part in ten million).
/// They also round an adjusted close to the decimals of their file; half of the last one is converted
/// back like the close. Without this tolerance each split would appear to correct all earlier closes.
fn tolerance(decimals: u32, price: Price, (new, old): (Decimal, Decimal)) -> Decimal {
    let single_precision = price.decimal().abs() * Decimal::new(1, 7);
    if new == old {
        return single_precision;
    }
    let half = Decimal::new(5, decimals + 1);
    let rounding = half
        .checked_mul(new)
        .and_then(|half| half.checked_div(old))
        .unwrap_or_default();
    single_precision + rounding
}

/// A raw close, and its origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) day: Day,
    pub(super) close: Price,
    pub(super) origin: Origin,
}

/// Origin of a close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The database; such a close is never reported.
    Books,
    /// The price with this index in the file.
    File(usize),
}

/// A refused close of the file, and the close it is too far from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Jump {
    pub(super) index: usize,
    pub(super) close: Price,
    pub(super) neighbour: Point,
}

/// Returns the jumps among the closes of one security, which must be in day order. `units` returns
/// the combined split ratio (units after, units before) between two days, the first exclusive.
pub(super) fn find_jumps(
    points: &[Point],
    signs: CloseSigns,
    units: impl Fn(Day, Day) -> Option<(Decimal, Decimal)>,
) -> Vec<Jump> {
    let far = |a: &Point, b: &Point| {
        has_factor(a, b, signs) && units(a.day, b.day).is_none_or(|units| is_far(a, b, units))
    };
    let first_of_final_zeros = final_zeros(points.iter());
    let mut jumps = Vec::new();
    let mut points_after = points.iter();
    let Some(mut before) = points_after.next() else {
        return jumps;
    };
    let mut accepted = before;
    // Before the first stored close, the file itself may start at the wrong level. The first stored
    // close then shows that the accepted close of the file is the jump.
    let mut anchored = before.origin == Origin::Books;
    for point in points_after {
        let is_end = first_of_final_zeros.is_some_and(|first| point.day >= first);
        let is_jump = !is_end && far(before, point) && far(accepted, point);
        match (point.origin, accepted.origin) {
            (Origin::File(index), _) if is_jump => jumps.push(Jump {
                index,
                close: point.close,
                neighbour: *accepted,
            }),
            (Origin::Books, Origin::File(index)) if is_jump && !anchored => {
                jumps.push(Jump {
                    index,
                    close: accepted.close,
                    neighbour: *point,
                });
                accepted = point;
            }
            _ => accepted = point,
        }
        anchored |= point.origin == Origin::Books;
        before = point;
    }
    jumps
}

/// Returns the first day of the zeros that end a history, if it ends with at least two.
pub(super) fn final_zeros<'p>(points: impl DoubleEndedIterator<Item = &'p Point>) -> Option<Day> {
    let mut zeros = points.rev().take_while(|point| point.close.is_zero());
    let last = zeros.next()?;
    let first = zeros.last().unwrap_or(last);
    (first.day < last.day).then_some(first.day)
}

/// Returns whether one close divided by the other tells anything about a jump.
fn has_factor(a: &Point, b: &Point, signs: CloseSigns) -> bool {
    let (a, b) = (a.close, b.close);
    match signs {
        CloseSigns::Any => a.is_negative() == b.is_negative() && !a.is_zero() && !b.is_zero(),
        _ => true,
    }
}

fn is_far(a: &Point, b: &Point, (new, old): (Decimal, Decimal)) -> bool {
    let was = a.close.decimal().abs().checked_mul(old);
    let now = b.close.decimal().abs().checked_mul(new);
    // Only absurd closes or ratios overflow, so an overflow counts as a jump.
    let Some((was, now)) = was.zip(now) else {
        return true;
    };
    let exceeds =
        |low: Decimal, high: Decimal| low.checked_mul(MAX_FOLD).is_some_and(|limit| high > limit);
    exceeds(was, now) || exceeds(now, was)
}

#[cfg(test)]
mod tests;
