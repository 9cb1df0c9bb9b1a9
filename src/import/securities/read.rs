//! Reads the rows of a file of securities.

use crate::domain::{AssetClass, AttributeValues, Currency, Day, Quantity};
use crate::import::currency::parse_currency;
use crate::import::error::ImportError;
use crate::import::numbers::NumberReader;
use crate::import::options::ImportOptions;
use crate::import::row_error_kind::RowErrorKind;
use crate::import::row_reader::{OptionalField, RowReader, Rows, TableFormat, parse_text};

/// The columns of a file of securities.
pub const SECURITY_COLUMNS: [&str; 10] = [
    "symbol",
    "name",
    "class",
    "sector",
    "currency",
    "multiplier",
    "inactive_from",
    "calendar",
    "symbol_from",
    "valid_from",
];

const FORMAT: TableFormat = TableFormat {
    columns: &SECURITY_COLUMNS,
    required: &["symbol"],
    date_columns: &["inactive_from", "symbol_from", "valid_from"],
    number_columns: &["multiplier"],
};

/// One row of a file of securities. For a new security, absent and empty fields get the defaults
/// named below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityRow {
    /// The symbol, which identifies the security.
    pub symbol: String,
    /// The display name; default: the symbol.
    pub name: OptionalField<String>,
    /// The asset class; default: equity.
    pub class: OptionalField<AssetClass>,
    /// The sector; an empty field removes it.
    pub sector: OptionalField<String>,
    /// The currency of its price; default: US dollars, or the quote currency of a currency pair.
    pub currency: OptionalField<Currency>,
    /// The number of underlying units for one unit, above zero; default: 1.
    pub multiplier: OptionalField<Quantity>,
    /// The first day on which no price is expected; an empty field removes it.
    pub inactive_from: OptionalField<Day>,
    /// The name of its exchange's calendar; an empty field removes it.
    pub calendar: OptionalField<String>,
    /// A day on which the security has the symbol. It tells a security that took the symbol over from
    /// the one that had it before.
    pub symbol_from: OptionalField<Day>,
    /// The first day of class, sector and multiplier; the values before stay. Without it, they are
    /// those of today, with all days before and after that have the same.
    pub valid_from: OptionalField<Day>,
}

impl SecurityRow {
    /// Returns the days that the row gives.
    pub(in crate::import) fn days(&self) -> Vec<Day> {
        let days = [&self.inactive_from, &self.symbol_from, &self.valid_from];
        days.into_iter()
            .filter_map(|day| day.as_value().copied())
            .collect()
    }

    /// Returns the values of dated attributes. An empty field removes the sector.
    pub(super) fn attributes(&self) -> AttributeValues {
        AttributeValues {
            class: self.class.as_value().copied(),
            sector: match &self.sector {
                OptionalField::Absent => None,
                OptionalField::Empty => Some(String::new()),
                OptionalField::Value(sector) => Some(sector.clone()),
            },
            multiplier: self.multiplier.as_value().copied(),
        }
    }
}

/// Reads a file of securities.
///
/// # Errors
///
/// Refuses a body that is not a table, an unknown, missing or repeated column, and dates in an
/// ambiguous or mixed order.
pub fn read_securities(
    file: &str,
    bytes: &[u8],
    options: &ImportOptions,
) -> Result<Rows<SecurityRow>, ImportError> {
    FORMAT.read(file, bytes, options, read_row)
}

fn read_row(cells: &mut RowReader<'_>) -> Option<SecurityRow> {
    let dates = cells.dates;
    let symbol = cells.required("symbol", parse_text);
    let name = cells.optional("name", parse_text);
    let class = cells.optional("class", str::parse);
    let sector = cells.optional("sector", parse_text);
    let currency = cells.optional("currency", parse_currency);
    let numbers = cells.numbers;
    let multiplier = cells.optional("multiplier", |text| parse_multiplier(text, numbers));
    let inactive_from = cells.optional("inactive_from", |text| dates.parse_day(text));
    Some(SecurityRow {
        symbol: symbol?,
        name,
        class,
        sector,
        currency,
        multiplier,
        inactive_from,
        calendar: cells.optional("calendar", parse_text),
        symbol_from: cells.optional("symbol_from", |text| dates.parse_day(text)),
        valid_from: cells.optional("valid_from", |text| dates.parse_day(text)),
    })
}

fn parse_multiplier(text: &str, numbers: NumberReader) -> Result<Quantity, RowErrorKind> {
    let quantity = Quantity::from_decimal(numbers.parse(text)?)?;
    if quantity <= Quantity::ZERO {
        return Err(RowErrorKind::NotPositive(text.to_owned()));
    }
    Ok(quantity)
}
