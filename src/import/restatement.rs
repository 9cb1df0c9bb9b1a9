//! Describes closes and splits that contradict the stored ones by the factor of a split, and names
//! the two commands that settle it.

use std::fmt;

use rust_decimal::Decimal;
use thiserror::Error;

use crate::domain::{Day, Price};

/// Ratio of a split: units after to units before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitRatio {
    /// Units after the split.
    pub new: u32,
    /// Units before the split.
    pub old: u32,
}

/// Ratios that splits have, as (larger, smaller) units.
const USUAL_RATIOS: [(u32, u32); 14] = [
    (5, 4),
    (4, 3),
    (3, 2),
    (5, 3),
    (5, 2),
    (7, 2),
    (25, 1),
    (30, 1),
    (40, 1),
    (50, 1),
    (60, 1),
    (75, 1),
    (80, 1),
    (100, 1),
];

/// Largest whole ratio that every split may have.
const MAX_WHOLE: u32 = 20;

/// Largest number of days between closes whose move shows a split. Over a longer gap a market moves
/// by as much.
pub(super) const MAX_GAP: i32 = 10;

impl SplitRatio {
    /// Returns the ratio of a split that is nearest to `factor`, the close before to the close after,
    /// and within `tolerance`, a share of it.
    pub(super) fn near(factor: Decimal, tolerance: Decimal) -> Option<Self> {
        let distance = |(new, old): (u32, u32)| {
            let ratio = Decimal::from(new) / Decimal::from(old);
            (factor - ratio).abs() / ratio
        };
        let whole = (2..=MAX_WHOLE).map(|new| (new, 1));
        let larger = whole.chain(USUAL_RATIOS);
        let ratios = larger.flat_map(|(new, old)| [(new, old), (old, new)]);
        let near = ratios.map(|ratio| (distance(ratio), ratio));
        let near = near.filter(|(distance, _)| *distance <= tolerance);
        let (_, (new, old)) = near.min_by_key(|(distance, _)| *distance)?;
        Some(Self { new, old })
    }
}

impl fmt::Display for SplitRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.new, self.old)
    }
}

/// Stored closes that differ from those of a file by one ratio.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct Restatement {
    /// The symbol of the security.
    pub symbol: String,
    /// The number of stored closes that differ by the ratio.
    pub closes: usize,
    /// The first and last day of these closes.
    pub days: (Day, Day),
    /// The first day after them with another close.
    pub next: Option<Day>,
    /// The stored close divided by that of the file, rounded to four decimals.
    pub factor: Decimal,
    /// The ratio of the split that explains the factor.
    pub split: Option<SplitRatio>,
}

impl fmt::Display for Restatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = self.days;
        let (closes, symbol, factor) = (self.closes, &self.symbol, self.factor);
        match closes {
            1 => write!(
                f,
                "the known close of {symbol} on {last} is {factor} times that of the file"
            )?,
            _ => write!(
                f,
                "{closes} known closes of {symbol}, {first} to {last}, are {factor} times those of the file"
            )?,
        }
        match self.split {
            Some(split) => write!(f, ": is a split {split} missing?"),
            None => Ok(()),
        }
    }
}

impl Restatement {
    pub(super) fn hint(&self) -> String {
        match self.split {
            Some(split) => {
                let day = self.next.map_or("DAY".to_owned(), |day| day.to_string());
                split_hint(&self.symbol, &day, split)
            }
            None => {
                "download closes that are not adjusted for dividends; if the file is right, add `--allow-restatement`"
                    .to_owned()
            }
        }
    }
}

/// A close that moves by the factor of a split from the close before it, with any gap between them.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{close}` on {day} follows `{before}` on {before_day}, about the factor of a split {split}, and no known split explains it"
)]
pub struct SplitJump {
    /// The symbol of the security.
    pub symbol: String,
    /// The day before the move.
    pub before_day: Day,
    /// The raw close of that day.
    pub before: Price,
    /// The day after the move.
    pub day: Day,
    /// The raw close of that day.
    pub close: Price,
    /// The ratio of the split that would explain the move.
    pub split: SplitRatio,
}

impl SplitJump {
    pub(super) fn hint(&self) -> String {
        // Of a long gap, nothing says on which day the split was.
        let day = match self.day.number() - self.before_day.number() {
            ..=MAX_GAP => self.day.to_string(),
            _ => "DAY".to_owned(),
        };
        split_hint(&self.symbol, &day, self.split)
    }
}

/// A split that the stored closes around its day do not show.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "the known closes of {symbol} do not move by a split {split}: `{before}` on {before_day}, `{close}` on {day}"
)]
pub struct UnseenSplit {
    /// The symbol of the security.
    pub symbol: String,
    /// The last day with a close before the split.
    pub before_day: Day,
    /// The raw close of that day.
    pub before: Price,
    /// The first day with a close from the split on.
    pub day: Day,
    /// The raw close of that day.
    pub close: Price,
    /// The ratio of the split in the file.
    pub split: SplitRatio,
}

impl UnseenSplit {
    pub(super) fn hint(&self) -> String {
        "correct the day or the ratio; if the closes before it are adjusted for the split already, add `--allow-restatement`, then import raw closes with `--allow-restatement`"
            .to_owned()
    }
}

/// Names the two commands that settle a missing split.
fn split_hint(symbol: &str, day: &str, split: SplitRatio) -> String {
    let SplitRatio { new, old } = split;
    let mut hint = format!(
        "if {symbol} split, import the split first, `plimsoll import actions FILE` with the line `{symbol},{day},split,{new},{old}` below `symbol,date,kind,new,old`; if the file is right, add `--allow-restatement`"
    );
    if new < old {
        hint.push_str("; if the file was saved before a known split, add `--adjusted-as-of DAY`");
    }
    hint
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(factor: &str) -> Option<String> {
        let tolerance = Decimal::new(5, 3);
        SplitRatio::near(factor.parse().unwrap(), tolerance).map(|ratio| ratio.to_string())
    }

    #[test]
    fn ratios_of_splits_are_recognised_in_both_directions() {
        assert_eq!(near("4.0001").as_deref(), Some("4:1"));
        assert_eq!(near("1.5").as_deref(), Some("3:2"));
        assert_eq!(near("0.1").as_deref(), Some("1:10"));
        assert_eq!(near("2.49").as_deref(), Some("5:2"));
        assert_eq!(near("0.0101"), None);
        assert_eq!(near("1.01"), None);
        let nearest = SplitRatio::near(Decimal::new(179, 1), Decimal::new(6, 2));
        assert_eq!(nearest.map(|ratio| ratio.new), Some(18));
    }
}
