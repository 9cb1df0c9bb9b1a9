//! Defines the sources of texts in a profile: a column, the first filled one of several, a fixed
//! text, or a translated value.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The source of a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TextSource {
    /// The columns, of which the first that is not empty counts.
    pub(super) columns: Vec<String>,
    /// The text if no column has one.
    pub(super) fixed: Option<String>,
    /// The known values of the columns, each with its translation; all values, untranslated, if
    /// there is none.
    pub(super) values: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Parts {
    #[serde(default)]
    column: OneOrMore,
    fixed: Option<String>,
    #[serde(default)]
    values: BTreeMap<String, String>,
}

/// A text, or a list of texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct OneOrMore(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_or_more(deserializer).map(Self)
    }
}

/// Reads a text, or a list of texts.
pub(super) fn one_or_more<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    struct TextsVisitor;
    impl<'de> Visitor<'de> for TextsVisitor {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text or a list of texts")
        }

        fn visit_str<E>(self, text: &str) -> Result<Vec<String>, E> {
            Ok(vec![text.to_owned()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, texts: A) -> Result<Vec<String>, A::Error> {
            Vec::deserialize(SeqAccessDeserializer::new(texts))
        }
    }
    deserializer.deserialize_any(TextsVisitor)
}

impl<'de> Deserialize<'de> for TextSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SourceVisitor;
        impl<'de> Visitor<'de> for SourceVisitor {
            type Value = TextSource;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a column, a list of columns, or a table with `column`, `fixed` and `values`",
                )
            }

            fn visit_str<E>(self, column: &str) -> Result<TextSource, E> {
                Ok(TextSource {
                    columns: vec![column.to_owned()],
                    ..TextSource::default()
                })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, columns: A) -> Result<TextSource, A::Error> {
                Ok(TextSource {
                    columns: Vec::deserialize(SeqAccessDeserializer::new(columns))?,
                    ..TextSource::default()
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TextSource, A::Error> {
                let parts = Parts::deserialize(MapAccessDeserializer::new(map))?;
                if parts.column.0.is_empty() && (parts.fixed.is_none() || !parts.values.is_empty())
                {
                    let problem = "`values` and a table without `fixed` need a `column`";
                    return Err(A::Error::custom(problem));
                }
                Ok(TextSource {
                    columns: parts.column.0,
                    fixed: parts.fixed,
                    values: parts.values,
                })
            }
        }
        deserializer.deserialize_any(SourceVisitor)
    }
}
