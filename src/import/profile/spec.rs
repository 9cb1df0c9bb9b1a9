//! Defines profiles, as their TOML files have them, and checks them.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use chrono::format::{Item, StrftimeItems};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use super::formula::NumberSource;
use super::pattern::Patterns;
use super::text_source::{OneOrMore, TextSource};
use crate::domain::{Nearest, TransactionKind};
use crate::import::options::{DecimalMark, Encoding};
use crate::import::table::Escape;

/// Rules by which the transactions in a file of another program are read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Profile {
    /// The name, by which a user chooses the profile.
    pub name: String,
    /// The beginning of the ids of the transactions; the name if absent. Profiles of one export in
    /// several languages share it, so that the language can change.
    pub(super) ids: Option<String>,
    /// The program, and the export that the profile reads.
    pub title: String,
    pub(super) file: FileRules,
    /// The columns of all transactions, unless a rule has others.
    #[serde(default)]
    pub(super) columns: FieldSources,
    #[serde(default)]
    pub(super) security: SecuritySources,
    #[serde(default)]
    pub(super) portfolio: PortfolioSources,
    #[serde(default)]
    pub(super) rows: Vec<RowRule>,
    /// The file of the profile.
    #[serde(skip)]
    pub(super) text: String,
}

/// The form of the files, and the marks by which they are recognised.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FileRules {
    /// Columns that each file has; a header with all of them is one of the profile.
    pub(super) header: Vec<String>,
    /// The lists of records in a JSON document, whose keys are the columns, or the elements of an XML
    /// document, whose attributes are; a table of text if there are none.
    #[serde(default)]
    pub(super) records: OneOrMore,
    /// Other lists of the document to which the records refer.
    #[serde(default)]
    pub(super) lookup: Vec<Lookup>,
    /// Columns whose values are not read.
    #[serde(default)]
    pub(super) ignored: Vec<String>,
    /// First fields of lines above the header and below the rows.
    #[serde(default)]
    pub(super) skipped_lines: Patterns,
    /// Values that stand for an empty field.
    #[serde(default)]
    pub(super) empty: Patterns,
    /// Lists of columns whose values must be the same where they are filled, such as the currencies of
    /// numbers that a formula adds.
    #[serde(default)]
    pub(super) same: Vec<Vec<String>>,
    /// Columns of numbers that count only in the rules that read them. Any other number that a rule
    /// reads must be read, or be zero or empty, in the rows of all rules.
    #[serde(default)]
    pub(super) informative: Vec<String>,
    /// The formats of dates, and of times behind them, as chrono writes them.
    pub(super) dates: Vec<String>,
    /// The text at which a date ends; all of the field if absent.
    pub(super) date_end: Option<String>,
    /// The sign before decimals; determined from the file if absent.
    #[serde(default, deserialize_with = "by_name")]
    pub(super) decimal: Option<DecimalMark>,
    #[serde(default)]
    pub(super) quotes: Escape,
    /// The encoding of files that are not UTF-8.
    #[serde(default, deserialize_with = "by_name")]
    pub(super) encoding: Option<Encoding>,
}

/// A list of a document, whose objects the records name by their key. Their fields become columns
/// of the records, named by the column and the field: `accountId.name`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lookup {
    /// The column of the records that has the key.
    pub(super) column: String,
    pub(super) list: String,
    /// The field of the objects that has the key.
    pub(super) key: String,
}

/// The sources of the fields of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldSources {
    #[serde(default, deserialize_with = "by_name")]
    pub(super) kind: Option<TransactionKind>,
    /// A column without which there is no such transaction, or in which zero means so.
    #[serde(rename = "if")]
    pub(super) condition: Option<NumberSource>,
    pub(super) id: Option<TextSource>,
    pub(super) portfolio: Option<TextSource>,
    pub(super) date: Option<TextSource>,
    pub(super) time: Option<TextSource>,
    pub(super) symbol: Option<TextSource>,
    pub(super) quantity: Option<NumberSource>,
    pub(super) price: Option<NumberSource>,
    pub(super) amount: Option<NumberSource>,
    pub(super) fee: Option<NumberSource>,
    pub(super) currency: Option<TextSource>,
    pub(super) fee_currency: Option<TextSource>,
    pub(super) from_amount: Option<NumberSource>,
    pub(super) from_currency: Option<TextSource>,
}

/// The sources of what the file says about a security.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecuritySources {
    pub(super) name: Option<TextSource>,
    pub(super) class: Option<TextSource>,
    pub(super) currency: Option<TextSource>,
}

/// The sources of what the file says about a portfolio.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PortfolioSources {
    pub(super) currency: Option<TextSource>,
}

/// The transactions of rows that fit, or the reason to skip them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RowRule {
    /// The values of columns that fit.
    #[serde(default)]
    pub(super) when: BTreeMap<String, Patterns>,
    /// Columns of which one has a value.
    #[serde(default)]
    pub(super) filled: OneOrMore,
    /// Columns of which none has a value.
    #[serde(default)]
    pub(super) empty: OneOrMore,
    /// A number that is below zero.
    pub(super) negative: Option<NumberSource>,
    /// The reason to skip the row.
    pub(super) skip: Option<String>,
    /// True if a skipped row needs a step by hand.
    #[serde(default)]
    pub(super) warning: bool,
    #[serde(default)]
    pub(super) transactions: Vec<FieldSources>,
}

/// Reason that a text is not a profile.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// The text is not TOML, or has unknown keys or values of a wrong kind.
    #[error("invalid profile{nearest}")]
    Text {
        /// The nearest known key.
        nearest: Nearest,
        /// The error with its line.
        #[source]
        source: toml::de::Error,
    },
    /// A part contradicts itself or has no effect.
    #[error("{place}: {problem}")]
    Part {
        /// The key, or the rule by its number.
        place: String,
        /// The contradiction, or the missing part.
        problem: &'static str,
    },
}

impl Profile {
    /// Reads a profile from TOML.
    ///
    /// # Errors
    ///
    /// The text is not TOML, has unknown keys, or a part contradicts itself or has no effect.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let profile = Self::read(text)?;
        profile.check()?;
        Ok(profile)
    }

    /// Reads a profile that may contradict itself.
    pub(super) fn read(text: &str) -> Result<Self, ProfileError> {
        let profile: Self = toml::from_str(text).map_err(|source| ProfileError::Text {
            nearest: Nearest::from_message(source.message()),
            source,
        })?;
        Ok(Self {
            text: text.to_owned(),
            ..profile
        })
    }

    /// Returns whether the profile reads JSON or XML documents, not tables of text.
    pub(super) fn is_of_documents(&self) -> bool {
        !self.file.records.0.is_empty()
    }

    /// Returns the file of the profile.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn check(&self) -> Result<(), ProfileError> {
        let part = |place: String, problem| Err(ProfileError::Part { place, problem });
        for (key, name) in [("name", Some(&self.name)), ("ids", self.ids.as_ref())] {
            if name.is_some_and(|name| !is_profile_name(name)) {
                let problem = "use small letters, digits and hyphens";
                return part(key.to_owned(), problem);
            }
        }
        if self.file.header.is_empty() || self.file.dates.is_empty() {
            let problem = "`header` and `dates` need at least one entry";
            return part("file".to_owned(), problem);
        }
        let of_tables = self.file.quotes != Escape::default()
            || self.file.encoding.is_some()
            || self.file.skipped_lines != Patterns::default();
        if self.is_of_documents() && of_tables {
            let problem = "`quotes`, `encoding` and `skipped-lines` belong to tables of text";
            return part("file.records".to_owned(), problem);
        }
        if !self.is_of_documents() && !self.file.lookup.is_empty() {
            let problem = "`lookup` belongs to `records`";
            return part("file.lookup".to_owned(), problem);
        }
        for format in &self.file.dates {
            if StrftimeItems::new(format).any(|item| item == Item::Error) {
                return part(format!("file.dates: `{format}`"), "invalid date format");
            }
        }
        let mut numbers = BTreeSet::new();
        self.columns.add_number_columns(&mut numbers);
        let of_rows = self.columns.kind.is_some() || self.columns.from_currency.is_some();
        if of_rows || !numbers.is_empty() {
            let problem =
                "`kind`, `if`, `from_currency` and numbers belong to the transactions of rows";
            return part("columns".to_owned(), problem);
        }
        self.check_header()?;
        for (index, rule) in self.rows.iter().enumerate() {
            rule.check(&self.columns).or_else(|problem| {
                let place = format!("rule {} of `rows`", index + 1);
                part(place, problem)
            })?;
        }
        match self.rows.is_empty() {
            true => part("rows".to_owned(), "a profile needs at least one rule"),
            false => Ok(()),
        }
    }

    /// Checks that no column is both read and ignored, that each of the header is one of them, and that
    /// informative ones hold numbers.
    fn check_header(&self) -> Result<(), ProfileError> {
        let (read, known) = (self.read_columns(), self.known_columns());
        let is_in = |column: &str, columns: &BTreeSet<&str>| {
            let mut columns = columns.iter();
            columns.any(|other| is_same_column(column, other))
        };
        let error = |list, column: &str, problem| ProfileError::Part {
            place: format!("file.{list}: `{column}`"),
            problem,
        };
        for column in &self.file.ignored {
            if is_in(column, &read) {
                let problem = "the profile reads the column, so it is not ignored";
                return Err(error("ignored", column, problem));
            }
        }
        let numbers = self.number_columns();
        for column in &self.file.informative {
            if !is_in(column, &numbers) {
                let problem = "no rule reads a number from the column";
                return Err(error("informative", column, problem));
            }
        }
        for column in &self.file.header {
            if !is_in(column, &known) {
                let problem = "the column is not read; list it under `ignored` too";
                return Err(error("header", column, problem));
            }
        }
        Ok(())
    }
}

impl RowRule {
    fn check(&self, columns: &FieldSources) -> Result<(), &'static str> {
        if self.skip.is_some() != self.transactions.is_empty() {
            return Err("a rule has either `skip` or `transactions`");
        }
        if self.skip.as_deref() == Some("") {
            return Err("`skip` needs a reason");
        }
        if self.warning && self.skip.is_none() {
            return Err("`warning` belongs to `skip`");
        }
        for transaction in &self.transactions {
            if transaction.kind.is_none() {
                return Err("a transaction needs a `kind`");
            }
            if transaction.date.is_none() && columns.date.is_none() {
                return Err("no column has the `date`");
            }
        }
        Ok(())
    }
}

/// Returns whether a text can be the name of a profile.
pub(super) fn is_profile_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.chars().all(is_part)
}

/// Returns whether two texts name one column; capitals do not count.
pub(super) fn is_same_column(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// Reads a value by its name.
fn by_name<'de, D: Deserializer<'de>, T: FromStr<Err: std::fmt::Display>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let name = String::deserialize(deserializer)?;
    name.parse().map(Some).map_err(D::Error::custom)
}
