//! Options that a user declares for a file: facts that the file does not state. If the basis of
//! prices is not declared, a [`PriceWarning`] may say so.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::domain::{Currency, Day, UnknownValue};

/// Options declared for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportOptions {
    /// The order of day and month; determined from the file if `None`.
    pub date_order: Option<DateOrder>,
    /// The sign before the decimals of numbers; determined from the file if `None`.
    pub decimal_mark: Option<DecimalMark>,
    /// The symbol of all prices, for a file without a symbol column.
    pub symbol: Option<String>,
    /// The basis of the closes; the shape's default basis if `None`.
    pub basis: Option<Basis>,
    /// Handling of closes that are implausibly far from their neighbours.
    pub jumps: Jumps,
    /// The day up to which split-adjusted closes are adjusted; today if `None`.
    pub adjusted_as_of: Option<Day>,
    /// Handling of files that give existing records another meaning.
    pub restatements: Restatements,
    /// Handling of rows that are questionable.
    pub warnings: Warnings,
    /// Handling of the valid rows of a file with invalid ones.
    pub valid_rows: ValidRows,
    /// Handling of known transactions with other values.
    pub corrections: Corrections,
    /// Handling of rows on known records.
    pub known_rows: KnownRows,
    /// The encoding of the text; UTF-8, or that of the profile, if `None`.
    pub encoding: Option<Encoding>,
    /// The name of the profile that reads a file of transactions; recognised if `None`.
    pub profile: Option<String>,
    /// The id or name of the portfolio of all transactions, for a file that does not name it.
    pub portfolio: Option<String>,
    /// Handling of securities of an export that the database lacks.
    pub unknown_securities: UnknownRecords,
    /// Handling of portfolios of an export that the database lacks.
    pub unknown_portfolios: UnknownRecords,
    /// The currency of portfolios that are created, if the file states none.
    pub new_currency: Option<Currency>,
}

impl Default for ImportOptions {
    /// Declares nothing, refuses jumps, restatements and corrections, reports warnings, and imports
    /// the valid rows of a file.
    fn default() -> Self {
        Self {
            date_order: None,
            decimal_mark: None,
            symbol: None,
            basis: None,
            jumps: Jumps::Refused,
            adjusted_as_of: None,
            restatements: Restatements::Refused,
            warnings: Warnings::Reported,
            valid_rows: ValidRows::Imported,
            corrections: Corrections::Refused,
            known_rows: KnownRows::Accepted,
            encoding: None,
            profile: None,
            portfolio: None,
            unknown_securities: UnknownRecords::Refused,
            unknown_portfolios: UnknownRecords::Refused,
            new_currency: None,
        }
    }
}

/// Order of day and month in dates whose year comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// Day, month, year: `dmy` on the command line.
    Dmy,
    /// Month, day, year: `mdy` on the command line.
    Mdy,
}

impl fmt::Display for DateOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Dmy => "day/month/year",
            Self::Mdy => "month/day/year",
        })
    }
}

impl FromStr for DateOrder {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "dmy" => Ok(Self::Dmy),
            "mdy" => Ok(Self::Mdy),
            _ => Err(UnknownValue {
                value: text.to_owned(),
                kind: "date order",
                known: "dmy, mdy",
            }),
        }
    }
}

/// Sign before the decimals of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalMark {
    /// A point, as in `1234.50`.
    Point,
    /// A comma, as in `1234,50` or `1.234,50`.
    Comma,
}

impl fmt::Display for DecimalMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Point => "point",
            Self::Comma => "comma",
        })
    }
}

impl FromStr for DecimalMark {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "point" => Ok(Self::Point),
            "comma" => Ok(Self::Comma),
            _ => Err(UnknownValue {
                value: text.to_owned(),
                kind: "decimal mark",
                known: "point, comma",
            }),
        }
    }
}

/// Encoding of a text that is neither UTF-8 nor begins with a byte order mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The one-byte encoding of Windows in western Europe, a superset of printable ISO 8859-1.
    Windows1252,
}

impl FromStr for Encoding {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "windows-1252" => Ok(Self::Windows1252),
            _ => Err(UnknownValue {
                value: text.to_owned(),
                kind: "encoding",
                known: "windows-1252",
            }),
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Windows1252 => "windows-1252",
        })
    }
}

/// Relation of a close to the price that was paid on its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The price that was paid. The database stores raw closes.
    Raw,
    /// The price in units of the day of the download: divided by the ratios of the splits after the
    /// day of the close, up to the download.
    SplitAdjusted,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Raw => "raw",
            Self::SplitAdjusted => "split-adjusted",
        })
    }
}

impl FromStr for Basis {
    type Err = UnknownValue;

    fn from_str(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "raw" => Ok(Self::Raw),
            "split-adjusted" => Ok(Self::SplitAdjusted),
            _ => Err(UnknownValue {
                value: text.to_owned(),
                kind: "price basis",
                known: "raw, split-adjusted",
            }),
        }
    }
}

/// The day up to which the split-adjusted closes of a file are adjusted, usually that of the download.
/// A later split may be known already, but the closes do not reflect it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdjustedAsOf {
    /// The user declared the day.
    Declared(Day),
    /// The day of the import, for nothing else is known.
    Assumed(Day),
}

impl AdjustedAsOf {
    /// Returns the day of the option.
    pub const fn day(self) -> Day {
        match self {
            Self::Declared(day) | Self::Assumed(day) => day,
        }
    }
}

/// Handling of closes that are implausibly far from their neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jumps {
    /// A move of more than 20-fold that no known split explains is invalid.
    Refused,
    /// Moves of any size are accepted.
    Allowed,
}

/// Handling of files that give existing records another meaning: closes that differ from the stored
/// ones by one ratio or jump by the factor of a split, a split that the stored closes contradict, another
/// currency of a portfolio with transactions, and another currency or multiplier of a security with
/// prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restatements {
    /// The rows concerned are invalid.
    Refused,
    /// The rows are imported without a question.
    Allowed,
}

impl Restatements {
    /// Returns the handling that a flag asks for.
    pub const fn allowed_if(is_allowed: bool) -> Self {
        match is_allowed {
            true => Self::Allowed,
            false => Self::Refused,
        }
    }
}

/// Handling of rows that are questionable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warnings {
    /// The rows are imported, and the report names them.
    Reported,
    /// The file is refused as a whole.
    Refused,
}

/// Handling of the valid rows of a file with invalid ones. A file of transactions with an invalid
/// row is always refused, because books with half of the transactions would be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValidRows {
    /// They are imported, and the invalid ones are held back.
    Imported,
    /// The file is refused as a whole.
    Refused,
}

/// Handling of rows on records that the database has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownRows {
    /// They correct or repeat the records.
    Accepted,
    /// They are invalid: all rows are new.
    Refused,
    /// Other rows are invalid: none is new.
    Required,
}

/// A record that breaks the rule on known records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KnownRowError {
    /// The row must add the record, and the database has it.
    #[error("it exists already")]
    Exists,
    /// The row must change the record, and the database lacks it.
    #[error("it does not exist")]
    Missing,
}

/// Handling of securities or portfolios that an export names and the database lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownRecords {
    /// The rows that name them are invalid.
    Refused,
    /// They are created from what the export says about them.
    Created,
}

/// Handling of rows with the id of a known transaction and other values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Corrections {
    /// The row is invalid, and a voided transaction stays voided.
    Refused,
    /// The row replaces the known transaction, or restores a voided one.
    By(String),
}

/// Warning about prices that can be imported nevertheless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceWarning {
    /// By default the vendor also adjusts for dividends. The numbers do not show this, and it cannot
    /// be undone here.
    MaybeDividendAdjusted,
}

impl PriceWarning {
    /// Returns the next step for the user.
    pub fn hint(self) -> &'static str {
        match self {
            Self::MaybeDividendAdjusted => {
                "download without dividend adjustment (yfinance: `auto_adjust=False`), then add `--basis`"
            }
        }
    }
}

impl fmt::Display for PriceWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaybeDividendAdjusted => f.write_str(
                "closes in this file format may be adjusted for dividends as well as for splits",
            ),
        }
    }
}
