//! Reads and writes values of one word: bare or quoted, one or a list.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::{Spanned, Value};

use super::node::LITERAL;
use crate::domain::{
    ActionKind, ActionName, CostShare, Currency, Day, FeeTreatment, LotChoices, LotMethod, Money,
    Price, Quantity, SplitKind, TimeOfDay, TransactionKind,
};
use crate::scenario::market::Style;

/// A value that a file has as one word: a text, or a literal of TOML.
pub(crate) trait Word: FromStr<Err: fmt::Display> + fmt::Display {
    /// The form of the word.
    const KIND: WordKind;
    /// Whether a list of one value is written as a list.
    const IS_ALWAYS_LISTED: bool = false;
}

/// The form of a word in files.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WordKind {
    /// Any text, always in quotes.
    Text,
    /// A text that matches a regular expression.
    Pattern(&'static str),
    /// One of these texts.
    OneOf(fn() -> Vec<&'static str>),
    /// A number, in quotes if TOML would not keep its digits.
    Number,
    /// A text that matches a regular expression, bare if it is a single date.
    Date(&'static str),
    /// A date and time with an offset.
    Instant,
}

/// The pattern of a day.
const DAY: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
/// The pattern of an instant.
const INSTANT: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?\
                       (Z|[+-][0-9]{2}:[0-9]{2})$";

impl WordKind {
    /// Returns whether a text of this kind is written as a literal of TOML.
    fn is_literal(self, text: &str) -> bool {
        match self {
            Self::Text | Self::Pattern(_) | Self::OneOf(_) => false,
            Self::Number => is_exact_number(text),
            Self::Date(_) => text.parse::<Day>().is_ok(),
            Self::Instant => true,
        }
    }

    pub(crate) fn schema(self) -> Schema {
        match self {
            Self::Text => json_schema!({ "type": "string" }),
            Self::OneOf(words) => json_schema!({ "enum": words() }),
            Self::Number => json_schema!({ "type": ["number", "string"] }),
            Self::Pattern(pattern) | Self::Date(pattern) => {
                json_schema!({ "type": "string", "pattern": pattern })
            }
            Self::Instant => json_schema!({ "type": "string", "pattern": INSTANT }),
        }
    }
}

/// Returns whether a number keeps all its digits when it is read as a number of TOML: those with a
/// decimal point are read as a float.
fn is_exact_number(text: &str) -> bool {
    text.parse::<i64>().is_ok()
        || text
            .parse::<f64>()
            .is_ok_and(|read| read.to_string() == text)
}

/// Implements [`Word`] for types of a kind.
macro_rules! words {
    ($($type:ty: $kind:expr;)*) => {
        $(impl Word for $type {
            const KIND: WordKind = $kind;
        })*
    };
}

words! {
    String: WordKind::Text;
    Currency: WordKind::Pattern("^[A-Z]{3}$");
    Style: WordKind::OneOf(|| Style::ALL.map(Style::name).to_vec());
    LotChoices: WordKind::Text;
    LotMethod: WordKind::OneOf(|| LotMethod::ALL.map(LotMethod::name).to_vec());
    FeeTreatment: WordKind::OneOf(|| FeeTreatment::ALL.map(FeeTreatment::name).to_vec());
    TransactionKind: WordKind::OneOf(|| TransactionKind::ALL.map(TransactionKind::name).to_vec());
    ActionKind: WordKind::OneOf(|| ActionKind::ALL.map(ActionKind::name).to_vec());
    ActionName: WordKind::OneOf(|| {
        let others = ActionKind::ALL.map(ActionKind::name);
        let splits = [SplitKind::Split, SplitKind::StockDividend].map(ActionName::Split);
        let own = splits.into_iter().chain([ActionName::SymbolChange]);
        let own = own.map(ActionName::name);
        own.chain(others).collect()
    });
    CostShare: WordKind::Number;
    Day: WordKind::Date(DAY);
    TimeOfDay: WordKind::Pattern("^[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,6})?)?$");
    Money: WordKind::Number;
    Price: WordKind::Number;
    Quantity: WordKind::Number;
}

/// Implements [`JsonSchema`] by an expression. The schema is written wherever the type is used.
macro_rules! inline_schema {
    ($type:ty $(, [$T:ident: $bound:path])?, |$generator:ident| $schema:expr) => {
        impl$(<$T: $bound>)? schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema($generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $schema
            }
        }
    };
}

pub(crate) use inline_schema;

inline_schema!(Day, |_generator| Self::KIND.schema());
inline_schema!(Lenient<T>, [T: Word], |_generator| T::KIND.schema());
inline_schema!(OneOrMany<T>, [T: Word], |_generator| {
    let word = T::KIND.schema();
    json_schema!({ "anyOf": [word, { "type": "array", "items": word }] })
});
inline_schema!(Located<T>, [T: JsonSchema], |generator| generator.subschema_for::<T>());

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
        match T::KIND.is_literal(&text) {
            true => serializer.serialize_newtype_struct(LITERAL, &text),
            false => serializer.serialize_str(&text),
        }
    }
}

/// A list of values, which may be written as a single value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OneOrMany<T>(pub(crate) Vec<T>);

impl<T> OneOrMany<T> {
    pub(crate) fn one(value: impl Into<T>) -> Self {
        Self(vec![value.into()])
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::format::to_toml;
    use crate::scenario::world::spec::PortfolioSpec;

    fn written(cash: &str) -> String {
        let spec = PortfolioSpec {
            cash: Some(Lenient(cash.parse().unwrap())),
            ..PortfolioSpec::default()
        };
        let text = to_toml(&spec);
        assert_eq!(toml::from_str::<PortfolioSpec>(&text).unwrap(), spec);
        text
    }

    #[test]
    fn a_number_that_toml_would_round_is_written_in_quotes() {
        assert_eq!(written("100"), "cash = 100\n");
        assert_eq!(written("-0.25"), "cash = -0.25\n");
        assert_eq!(
            written("901234567890123.1234"),
            "cash = \"901234567890123.1234\"\n"
        );
    }
}
