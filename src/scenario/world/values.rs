//! Reads and writes single values of a file: bare or quoted, one or a list.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset, SecondsFormat, TimeZone, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use toml::{Spanned, Value};

use crate::domain::{
    AmountError, Currency, Day, DayError, DayRange, InvalidationCause, Money, Phase, PhaseSet,
    Price, Quantity, TransactionKind, UnknownPhase,
};
use crate::scenario::format::LITERAL;
use crate::scenario::market::Style;

/// A value that a file has as one word: a text, or a literal of TOML.
pub(crate) trait Word: FromStr<Err: fmt::Display> + fmt::Display {
    /// Whether a list of one value is written as a list.
    const IS_ALWAYS_LISTED: bool = false;

    /// Returns whether `text`, the text of this value, is written as a literal of TOML.
    fn is_literal(&self, _text: &str) -> bool {
        false
    }
}

/// Implements [`Word`] for types, of which some values are literals.
macro_rules! words {
    ($($type:ty $(: |$value:ident, $text:ident| $is_literal:expr)?;)*) => {
        $(impl Word for $type {
            $(fn is_literal(&self, $text: &str) -> bool {
                let $value = self;
                $is_literal
            })?
        })*
    };
}

words! {
    String;
    Currency;
    Style;
    TransactionKind;
    CauseName;
    Day: |_day, _text| true;
    Instant: |_instant, _text| true;
    Span: |span, _text| span.single().is_some();
    Money: |_money, text| is_exact_number(text);
    Price: |_price, text| is_exact_number(text);
    Quantity: |_quantity, text| is_exact_number(text);
    CloseSpec: |_close, text| is_exact_number(text);
}

impl Word for CellPhase {
    const IS_ALWAYS_LISTED: bool = true;
}

/// Returns whether a number keeps all its digits when it is read as a number of TOML: those with a
/// decimal point are read as a float.
fn is_exact_number(text: &str) -> bool {
    text.parse::<i64>().is_ok()
        || text
            .parse::<f64>()
            .is_ok_and(|read| read.to_string() == text)
}

/// A value parsed from its text form, which TOML may have as a string, number or date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lenient<T>(pub(crate) T);

impl<'de, T: Word> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Through `Value`, since serde does not see TOML's bare dates and numbers as strings.
        let value = Value::deserialize(deserializer)?;
        scalar(&value)?.parse().map(Self).map_err(D::Error::custom)
    }
}

impl<T: Word> Serialize for Lenient<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.to_string();
        match self.0.is_literal(&text) {
            true => serializer.serialize_newtype_struct(LITERAL, &text),
            false => serializer.serialize_str(&text),
        }
    }
}

/// A list of values, which may be written as a single value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OneOrMany<T>(pub(crate) Vec<T>);

impl<'de, T: Word> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = match Value::deserialize(deserializer)? {
            Value::Array(values) => values,
            value => vec![value],
        };
        let read = |value| scalar::<D::Error>(value)?.parse().map_err(D::Error::custom);
        values.iter().map(read).collect::<Result<_, _>>().map(Self)
    }
}

impl<T: Word + Clone> Serialize for OneOrMany<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [value] if !T::IS_ALWAYS_LISTED => Lenient(value.clone()).serialize(serializer),
            // An empty list is not the same as a missing one.
            values => {
                serializer.serialize_some(&values.iter().cloned().map(Lenient).collect::<Vec<_>>())
            }
        }
    }
}

/// Returns the text of a value that is neither a list, a table nor a boolean. A number keeps its
/// shortest digits, so that `0.1` is exactly one tenth.
fn scalar<E: serde::de::Error>(value: &Value) -> Result<String, E> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(number.to_string()),
        Value::Datetime(date) => Ok(date.to_string()),
        Value::Boolean(_) | Value::Array(_) | Value::Table(_) => Err(E::custom(format_args!(
            "expected a single value, not a {}",
            value.type_str()
        ))),
    }
}

/// A value with its place in the text; values that are built in code have none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Located<T>(Spanned<T>);

impl<T> Located<T> {
    pub(crate) fn new(span: Range<usize>, value: T) -> Self {
        Self(Spanned::new(span, value))
    }

    pub(crate) fn get(&self) -> &T {
        self.0.get_ref()
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }

    /// Returns the byte range in the text.
    pub(crate) fn span(&self) -> Range<usize> {
        self.0.span()
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

impl<T> From<T> for Located<T> {
    fn from(value: T) -> Self {
        Self(Spanned::new(0..0, value))
    }
}

/// An instant, written with its offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instant(DateTime<FixedOffset>);

impl Instant {
    /// Returns an instant that is written as the local time of `zone`.
    pub(crate) fn local(at: DateTime<Utc>, zone: impl TimeZone) -> Self {
        Self(at.with_timezone(&zone).fixed_offset())
    }

    pub(crate) fn to_utc(self) -> DateTime<Utc> {
        self.0.to_utc()
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, false))
    }
}

/// The text is not an instant with an offset.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("invalid instant `{0}` (expected date, time and offset, as in 2026-01-08T18:00:00-05:00)")]
pub(crate) struct InstantError(pub(crate) String);

impl FromStr for Instant {
    type Err = InstantError;

    fn from_str(text: &str) -> Result<Self, InstantError> {
        DateTime::parse_from_rfc3339(text)
            .map(Self)
            .map_err(|_| InstantError(text.to_owned()))
    }
}

/// A day, or a range of days with both ends included, either of which may be open: `2026-01-05`,
/// `2026-01-05..2026-01-07`, `..2026-01-07`, `2026-01-05..`, `..`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    first: Option<Day>,
    last: Option<Day>,
}

impl Span {
    /// Returns the span of one day.
    pub(crate) const fn from_day(day: Day) -> Self {
        Self {
            first: Some(day),
            last: Some(day),
        }
    }

    /// Returns the span from `first` to `last`, both included; `None` leaves an end open.
    pub(crate) const fn new(first: Option<Day>, last: Option<Day>) -> Self {
        Self { first, last }
    }

    /// The span without a first and a last day.
    pub(crate) const EVERY_DAY: Self = Self {
        first: None,
        last: None,
    };

    /// Returns the days of `lifetime` that the span covers; `None` if it covers none.
    pub fn within(self, lifetime: DayRange) -> Option<DayRange> {
        let first = self.first.unwrap_or(Day::MIN).max(lifetime.first());
        let last = self.last.unwrap_or(Day::MAX).min(lifetime.last());
        DayRange::new(first, last).ok()
    }

    /// Returns the day of a span of exactly one day.
    pub fn single(self) -> Option<Day> {
        self.first.filter(|_| self.first == self.last)
    }

    /// Returns the days that bound the span, in order. Open ends are left out; the day of a
    /// single-day span occurs twice.
    pub fn endpoints(self) -> impl Iterator<Item = Day> {
        self.first.into_iter().chain(self.last)
    }
}

impl FromStr for Span {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        let Some((first, last)) = text.split_once("..") else {
            return Ok(Self::from_day(text.parse()?));
        };
        let end = |text: &str| match text.trim() {
            "" => Ok(None),
            day => day.parse::<Day>().map(Some),
        };
        match (end(first)?, end(last)?) {
            (Some(first), Some(last)) if first > last => Err(DayError::Reversed { first, last }),
            (first, last) => Ok(Self { first, last }),
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    /// Reads the text of a key, which TOML cannot have as a date.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(day) = self.single() {
            return write!(f, "{day}");
        }
        if let Some(first) = self.first {
            write!(f, "{first}")?;
        }
        f.write_str("..")?;
        self.last.map_or(Ok(()), |last| write!(f, "{last}"))
    }
}

/// One of the four phases of a cell, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CellPhase(pub(crate) Phase);

/// The word is not a phase of a cell.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum PhaseError {
    /// The word is not a phase.
    #[error(transparent)]
    Unknown(#[from] UnknownPhase),
    /// The phase is done per run or per security, not per portfolio.
    #[error(
        "`{0}` is not a phase of a portfolio (expected snapshot, positions, exposures or risk)"
    )]
    OtherGrain(Phase),
}

impl FromStr for CellPhase {
    type Err = PhaseError;

    fn from_str(text: &str) -> Result<Self, PhaseError> {
        let phase: Phase = text.parse()?;
        if !PhaseSet::CELL_PHASES.contains(phase) {
            return Err(PhaseError::OtherGrain(phase));
        }
        Ok(Self(phase))
    }
}

impl fmt::Display for CellPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The cause of an invalidation, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CauseName(pub(crate) InvalidationCause);

/// The word is not a cause of an invalidation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown cause `{0}` (expected one of {known})", known = InvalidationCause::ALL.map(InvalidationCause::name).join(", "))]
pub(crate) struct UnknownCause(String);

impl FromStr for CauseName {
    type Err = UnknownCause;

    fn from_str(text: &str) -> Result<Self, UnknownCause> {
        let cause =
            InvalidationCause::from_name(text).ok_or_else(|| UnknownCause(text.to_owned()))?;
        Ok(Self(cause))
    }
}

impl fmt::Display for CauseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

/// A close, or the word `missing` for a day without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CloseSpec {
    At(Price),
    Missing,
}

impl FromStr for CloseSpec {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        match text {
            "missing" => Ok(Self::Missing),
            price => price.parse().map(Self::At),
        }
    }
}

impl fmt::Display for CloseSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(price) => price.fmt(f),
            Self::Missing => f.write_str("missing"),
        }
    }
}

/// Failed phases, each with its number of failures: `["risk"]` for one, `{ risk = 2 }` for two.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub(crate) struct FailureCounts(pub(crate) BTreeMap<Phase, u32>);

impl<'de> Deserialize<'de> for FailureCounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let counted: BTreeMap<String, u32> = match value {
            Value::Table(_) => value.try_into().map_err(D::Error::custom)?,
            value => {
                let OneOrMany(phases) =
                    OneOrMany::<CellPhase>::deserialize(value).map_err(D::Error::custom)?;
                return Ok(Self(phases.iter().map(|phase| (phase.0, 1)).collect()));
            }
        };
        let read = |(name, times): (String, u32)| {
            let CellPhase(phase) = name.parse().map_err(D::Error::custom)?;
            Ok((phase, times))
        };
        counted
            .into_iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Document<T> {
        #[serde(rename = "it")]
        value: T,
    }

    fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
        toml::from_str::<Document<T>>(text)
            .map(|document| document.value)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_span_is_a_day_or_has_an_open_end() {
        let OneOrMany(spans) =
            read::<OneOrMany<Span>>("it = [2026-01-05, \"..2026-01-07\", \"2026-01-08..\"]")
                .unwrap();
        let texts: Vec<_> = spans.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["2026-01-05", "..2026-01-07", "2026-01-08.."]);
        assert!(spans[0].single().is_some() && spans[1].single().is_none());
        assert!("2026-01-07..2026-01-05".parse::<Span>().is_err());
    }

    #[test]
    fn an_error_shows_the_line_and_points_at_the_value() {
        let error = read::<Lenient<Day>>("\nit = \"2026-02-30\"").unwrap_err();
        assert!(error.contains("line 2, column 6"), "{error}");
        assert!(error.contains("^^^^"), "{error}");
        assert!(error.contains("`2026-02-30` is not a date"), "{error}");
    }

    #[test]
    fn an_instant_needs_its_offset() {
        let instant = read::<Lenient<Instant>>("it = 2026-01-08T18:00:00-05:00").unwrap();
        assert_eq!(instant.0.to_utc().to_rfc3339(), "2026-01-08T23:00:00+00:00");
        assert!(read::<Lenient<Instant>>("it = 2026-01-08T18:00:00").is_err());
    }

    #[test]
    fn floats_keep_their_shortest_digits() {
        use crate::domain::Price;
        let Lenient(price) = read::<Lenient<Price>>("it = 0.1").unwrap();
        assert_eq!(price.units(), Price::SCALE / 10);
        assert!(read::<Lenient<Price>>("it = nan").is_err());
        assert!(read::<Lenient<Price>>("it = { a = 1 }").is_err());
    }

    #[test]
    fn failures_are_a_list_or_a_table_of_counts() {
        assert_eq!(
            read::<FailureCounts>("it = \"risk\"").unwrap().0,
            BTreeMap::from([(Phase::Risk, 1)])
        );
        assert_eq!(
            read::<FailureCounts>("it = { risk = 2 }").unwrap().0,
            BTreeMap::from([(Phase::Risk, 2)])
        );
        assert!(
            read::<FailureCounts>("it = [\"prices\"]")
                .unwrap_err()
                .contains("not a phase of a portfolio")
        );
    }
}
