//! Defines the values of a file that have a form of their own: instants, spans of days, phases,
//! causes, closes and failure counts.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset, SecondsFormat, TimeZone, Utc};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use toml::Value;

use crate::domain::{
    AmountError, Day, DayError, DayRange, InvalidationCause, Phase, PhaseSet, Price, UnknownPhase,
};
use crate::scenario::format::lenient::{Lenient, OneOrMany, Word, WordKind, inline_schema};

/// The pattern of a span of days.
const SPAN: &str = "^([0-9]{4}-[0-9]{2}-[0-9]{2})?(\\.\\.([0-9]{4}-[0-9]{2}-[0-9]{2})?)?$";

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

impl Word for Instant {
    const KIND: WordKind = WordKind::Instant;
}

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

    /// Returns the first and the last day, with `first` and `last` for open ends.
    pub(crate) fn ends_or(self, first: Day, last: Day) -> (Day, Day) {
        (self.first.unwrap_or(first), self.last.unwrap_or(last))
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

impl Word for Span {
    const KIND: WordKind = WordKind::Date(SPAN);
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

inline_schema!(Span, |_generator| Self::KIND.schema());

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

impl Word for CellPhase {
    const KIND: WordKind = WordKind::OneOf(|| Phase::CELL_PHASES.map(Phase::name).to_vec());
    const IS_ALWAYS_LISTED: bool = true;
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

impl Word for CauseName {
    const KIND: WordKind =
        WordKind::OneOf(|| InvalidationCause::ALL.map(InvalidationCause::name).to_vec());
}

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

impl Word for CloseSpec {
    const KIND: WordKind = WordKind::Number;
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(transparent)]
pub(crate) struct FailureCounts(
    #[schemars(with = "FailuresInFiles")] pub(crate) BTreeMap<Phase, u32>,
);

/// The forms of failure counts in files.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it only has a schema")]
enum FailuresInFiles {
    Once(OneOrMany<CellPhase>),
    Counted(BTreeMap<Lenient<CellPhase>, u32>),
}

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
        assert_eq!(price.compact(), Some(Price::SCALE / 10));
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
